//! A property is found only because names ignore case; the vendor's service may refuse it.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule, Signature};
use crate::template::check::report::Report;

pub(crate) const RULE: Rule = Rule {
    code: "property-case",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in &cx.tasks {
        for Signature { spec, entries, .. } in step.signatures() {
            for entry in entries {
                let Some(property) = spec.property(&entry.key) else {
                    continue;
                };
                // Two properties may differ only in case; then the exact one is meant.
                if spec.properties.iter().any(|exact| exact.name == entry.key) {
                    continue;
                }
                report.push(
                    Diagnostic::warning(
                        RULE.code,
                        entry.key_span,
                        format!("`{}` spells this property `{}`", spec.name, property.name),
                    )
                    .hint(format!("write `{}`", property.name)),
                );
            }
        }
    }
}

//! A task gives a property that its action does not have; for a template, an argument that is no
//! parameter.

use crate::action::ActionSpec;
use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule, Signature};
use crate::template::check::report::{Report, suggest};
use crate::template::expr::MapEntry;

pub(crate) const RULE: Rule = Rule {
    code: "unknown-property",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in &cx.tasks {
        for Signature { spec, entries, .. } in step.signatures() {
            for entry in entries
                .iter()
                .filter(|entry| spec.property(&entry.key).is_none())
            {
                report.push(unknown(spec, entry));
            }
        }
    }
}

fn unknown(spec: &ActionSpec, entry: &MapEntry) -> Diagnostic {
    let error = Diagnostic::error(
        RULE.code,
        entry.key_span,
        format!("`{}` has no property called `{}`", spec.name, entry.key),
    );
    let names = spec.properties.iter();
    suggest(
        error,
        &entry.key,
        names.map(|property| property.name.as_str()),
    )
}

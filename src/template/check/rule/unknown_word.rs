//! A property takes one of a few words, and the word given is none of them.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule, Signature};
use crate::template::check::literal::literal_text;
use crate::template::check::report::{Report, suggest};

pub(crate) const RULE: Rule = Rule {
    code: "unknown-word",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in &cx.tasks {
        for Signature { spec, entries, .. } in step.signatures() {
            for entry in entries {
                let Some(property) = spec.property(&entry.key) else {
                    continue;
                };
                let (Some(text), false) = (literal_text(&entry.value), property.allowed.is_empty())
                else {
                    continue;
                };
                if property
                    .allowed
                    .iter()
                    .any(|word| word.eq_ignore_ascii_case(text))
                {
                    continue;
                }
                let words: Vec<_> = property
                    .allowed
                    .iter()
                    .map(|word| format!("`{word}`"))
                    .collect();
                let error = Diagnostic::error(
                    RULE.code,
                    entry.value.span(),
                    format!("`{}` is none of {}", text, words.join(", ")),
                );
                report.push(suggest(
                    error,
                    text,
                    property.allowed.iter().map(String::as_str),
                ));
            }
        }
    }
}

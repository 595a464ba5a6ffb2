//! `Outputs` of the template, and the types that outputs and parameters share.

use crate::base::diagnostic::Diagnostic;
use crate::base::name::nearest;
use crate::base::source::Spanned;
use crate::template::expr::Expression;
use crate::template::model::{TemplateOutput, ValueType};
use crate::template::parse::section::{Section, Unknown, entries, name, text};
use crate::template::yaml::{Entry, Node};

const KEYS: [&str; 3] = ["Type", "Value", "Description"];

/// Reads the outputs of the template.
pub(super) fn read(document: &Section<'_>, report: &mut Vec<Diagnostic>) -> Vec<TemplateOutput> {
    let Some(node) = document.get("Outputs") else {
        return Vec::new();
    };
    entries(node, "`Outputs`", report)
        .unwrap_or_default()
        .iter()
        .filter_map(|entry| output(entry, report))
        .collect()
}

fn output(entry: &Entry, report: &mut Vec<Diagnostic>) -> Option<TemplateOutput> {
    let what = format!("output `{}`", entry.key);
    let section = Section::open(&entry.value, what, report)?;
    section.only(&KEYS, Unknown::Ignored, report);
    let declared = section
        .get("Type")
        .and_then(|node| value_type(node, &section.value_of("Type"), report));
    let value = section.required("Value", report)?;
    Some(TemplateOutput {
        name: name(&entry.key, entry.key_span, "an output", report),
        value_type: declared.map_or(ValueType::List, |spanned| spanned.value),
        value: Expression::parse(value, report),
    })
}

/// Reads the name of a type.
pub(super) fn value_type(
    node: &Node,
    what: &str,
    report: &mut Vec<Diagnostic>,
) -> Option<Spanned<ValueType>> {
    const TYPES: [(&str, ValueType); 5] = [
        ("String", ValueType::String),
        ("Number", ValueType::Number),
        ("Boolean", ValueType::Boolean),
        ("List", ValueType::List),
        ("Json", ValueType::Json),
    ];
    let written = text(node, what, report)?;
    let found = TYPES.iter().find(|(word, _)| *word == written.value);
    if let Some((_, value_type)) = found {
        return Some(Spanned::new(*value_type, node.span));
    }
    let problem = Diagnostic::error(
        "unknown-type",
        node.span,
        format!("`{}` is not a type", written.value),
    );
    report.push(match nearest(&written.value, TYPES.map(|(word, _)| word)) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint("types are `String`, `Number`, `Boolean`, `List` and `Json`"),
    });
    None
}

//! `Outputs` of a task: a selector and a type for each name.

use crate::base::diagnostic::Diagnostic;
use crate::base::source::Spanned;
use crate::template::expr::Expression;
use crate::template::model::{TaskOutput, ValueType};
use crate::template::parse::outputs::value_type;
use crate::template::parse::section::{Section, Unknown, entries, name};
use crate::template::yaml::Entry;

const KEYS: [&str; 3] = ["Type", "ValueSelector", "Description"];

/// Reads the outputs of a task.
pub(super) fn read(task: &Section<'_>, report: &mut Vec<Diagnostic>) -> Vec<TaskOutput> {
    let Some(node) = task.get("Outputs") else {
        return Vec::new();
    };
    entries(node, &task.value_of("Outputs"), report)
        .unwrap_or_default()
        .iter()
        .filter_map(|entry| output(entry, report))
        .collect()
}

fn output(entry: &Entry, report: &mut Vec<Diagnostic>) -> Option<TaskOutput> {
    let what = format!("output `{}`", entry.key);
    let section = Section::open(&entry.value, what, report)?;
    section.only(&KEYS, Unknown::Ignored, report);
    let declared = section
        .required("Type", report)
        .and_then(|node| value_type(node, &section.value_of("Type"), report));
    let selector = section.required("ValueSelector", report)?;
    Some(TaskOutput {
        name: name(&entry.key, entry.key_span, "an output", report),
        value_type: declared.unwrap_or(Spanned::new(ValueType::String, entry.value.span)),
        selector: Expression::parse(selector, report),
    })
}

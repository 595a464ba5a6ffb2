//! `FormatVersion`, and the `States` of the format that has them.

use crate::base::diagnostic::Diagnostic;
use crate::template::model::Format;
use crate::template::parse::section::{Section, wrong_kind};
use crate::template::yaml::NodeKind;

const AUTOMATION: &str = "OOS-2019-06-01";
const STATE: &str = "OOS-2019-06-01-State";

/// Reads the format; one that is missing or unknown is taken as automation after the report.
pub(super) fn format(document: &Section<'_>, report: &mut Vec<Diagnostic>) -> Format {
    let Some(node) = document.required("FormatVersion", report) else {
        return Format::Automation;
    };
    match &node.kind {
        NodeKind::Text(text) if text == AUTOMATION => Format::Automation,
        NodeKind::Text(text) if text == STATE => {
            states(document, report);
            Format::State
        }
        _ => {
            report.push(
                Diagnostic::error(
                    "format-version",
                    node.span,
                    "the format of the template is not known",
                )
                .hint(format!("write `FormatVersion: {AUTOMATION}`")),
            );
            Format::Automation
        }
    }
}

fn states(document: &Section<'_>, report: &mut Vec<Diagnostic>) {
    let Some(node) = document.required("States", report) else {
        return;
    };
    let NodeKind::List(states) = &node.kind else {
        report.push(wrong_kind(node, "`States`", "a list"));
        return;
    };
    for (at, state) in states.iter().enumerate() {
        if let Some(state) = Section::open(state, format!("state {}", at + 1), report) {
            state.required("ResourceType", report);
        }
    }
}

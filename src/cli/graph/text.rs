//! The flow as lines of text: tasks in order, and where control goes if not to the next one.

use std::fmt::Write as _;

use crate::cli::graph::flow::{Flow, Step, WayKind};
use crate::cli::output::Status as _;

/// Returns the flow as text.
pub(in crate::cli) fn text(flow: &Flow) -> String {
    let width = flow
        .steps
        .iter()
        .map(|step| step.name.chars().count())
        .max()
        .unwrap_or_default();
    let digits = flow.steps.len().to_string().len();
    let mut page = String::new();
    for (place, step) in flow.steps.iter().enumerate() {
        let number = place + 1;
        let name = &step.name;
        let line = format!(
            "{number:>digits$}  {name:<width$}  {}{}",
            step.action,
            remarks(step)
        );
        writeln!(page, "{}", line.trim_end()).expect("writing to a string cannot fail");
        for way in flow.ways.iter().filter(|way| way.from == place) {
            let is_usual = way.kind == WayKind::Success
                && (way.to == Some(place + 1)
                    || (way.to.is_none() && place + 1 == flow.steps.len()));
            if is_usual {
                continue;
            }
            let target = match way.to {
                Some(to) => flow.steps[to].name.as_str(),
                None => "end",
            };
            let label = match &way.kind {
                WayKind::Success => "then",
                WayKind::Choice(condition) => &format!("if {condition}"),
                kind => kind.label(),
            };
            writeln!(page, "{:digits$}    {label} → {target}", "")
                .expect("writing to a string cannot fail");
        }
    }
    page
}

fn remarks(step: &Step) -> String {
    let status = step
        .status
        .map(|status| format!("{} {}", status.sign(), status.word()));
    let words = [
        step.is_loop.then(|| "loop".to_owned()),
        step.is_conditional.then(|| "conditional".to_owned()),
        status,
    ];
    let words: Vec<String> = words.into_iter().flatten().collect();
    if words.is_empty() {
        String::new()
    } else {
        format!("  [{}]", words.join(", "))
    }
}

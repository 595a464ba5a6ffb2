//! What changed between two executions, as text and as data.

use serde_json::{Value, json};

use crate::cli::fleet::json::normalized;
use crate::cli::fleet::text::{Extent, cut_names};
use crate::cli::output::{Role, Status as _, harmless, harmless_line};
use crate::provider::inventory::fold;
use crate::runner::report::{Change, ChangeKind, Comparison, Report, State};

/// Returns the changes from one execution to another as one document.
pub(in crate::cli) fn change_document(
    (old, new): (&Report, &Report),
    comparison: &Comparison,
) -> Value {
    let changes = comparison.changes.iter().map(|change| {
        let (from, to) = states(&change.kind);
        json!({
            "Step": change.step,
            "Kind": kind_name(&change.kind),
            "From": from.map(state),
            "To": to.map(state),
            "Count": change.targets.len(),
            "Targets": change.targets,
            "Difference": change.difference,
            "Message": change.message,
        })
    });
    json!({
        "From": old.execution.execution_id,
        "To": new.execution.execution_id,
        "TemplateName": new.execution.template_name,
        "Normalized": normalized(new.normal),
        "Unchanged": comparison.unchanged,
        "Changes": changes.collect::<Vec<_>>(),
    })
}

fn state(state: &State) -> Value {
    json!({ "Status": state.status, "Code": state.code })
}

fn states(kind: &ChangeKind) -> (Option<&State>, Option<&State>) {
    match kind {
        ChangeKind::New { to } => (None, Some(to)),
        ChangeKind::Gone { from } => (Some(from), None),
        ChangeKind::Status { from, to } => (Some(from), Some(to)),
        ChangeKind::Output => (None, None),
    }
}

fn kind_name(kind: &ChangeKind) -> &'static str {
    match kind {
        ChangeKind::New { .. } => "New",
        ChangeKind::Gone { .. } => "Gone",
        ChangeKind::Status { .. } => "Status",
        ChangeKind::Output => "Output",
    }
}

/// Returns the changes from one execution to another as text.
pub(in crate::cli) fn change_text(
    (old, new): (&Report, &Report),
    comparison: &Comparison,
    extent: Extent,
) -> String {
    let words = extent.words;
    let paint = |role: Role, text: &str| role.paint(text, extent.color);
    let ids = [old, new].map(|report| paint(Role::Strong, report.execution.execution_id.as_str()));
    let name = harmless_line(&new.execution.template_name);
    let mut lines = vec![format!("{} → {}  {name}", ids[0], ids[1])];
    if old.execution.parameters != new.execution.parameters {
        let note = words.say("Their parameters differ.", "两次执行的参数不同。");
        lines.push(paint(Role::Attention, note));
    }
    let changed: usize = comparison.changes.iter().map(|c| c.targets.len()).sum();
    lines.push(format!(
        "{} {}, {} {}",
        words.targets(changed),
        words.say("changed", "有变化"),
        words.targets(comparison.unchanged),
        words.say("unchanged", "无变化"),
    ));
    let has_steps = new.steps.len().max(old.steps.len()) > 1;
    for change in &comparison.changes {
        lines.push(String::new());
        lines.push(heading(change, has_steps, extent));
        if let Some(message) = &change.message {
            let message = Role::Bad.paint(&harmless_line(message), extent.color);
            lines.push(format!("    {message}"));
        }
        lines.extend(body(change, extent));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Returns what happened, and to which targets.
fn heading(change: &Change, has_steps: bool, extent: Extent) -> String {
    let words = extent.words;
    let say = |state: &State| {
        let word = words.status(state.status);
        let code = harmless_line(&state.code);
        let word = format!("{} {word} {code}", state.status.sign());
        state.status.role().paint(word.trim_end(), extent.color)
    };
    let what = match states(&change.kind) {
        (None, Some(to)) => format!("+ {}: {}", words.say("new", "新增"), say(to)),
        (Some(from), None) => format!("- {}: {}", words.say("gone", "消失"), say(from)),
        (Some(from), Some(to)) => format!("{} → {}", say(from), say(to)),
        (None, None) => format!("≠ {}", words.say("output", "输出变化")),
    };
    let step = if has_steps {
        format!("  {}", harmless_line(&change.step))
    } else {
        String::new()
    };
    let count = words.targets(change.targets.len());
    let names = fold(change.targets.iter().map(String::as_str));
    let names = cut_names(&names, extent.names);
    format!("{what}  {count}{step}  {names}")
}

/// Returns the lines of the difference, no more than wanted.
fn body(change: &Change, extent: Extent) -> Vec<String> {
    let difference = harmless(change.difference.as_deref().unwrap_or_default());
    let shown = difference.lines().take(extent.lines);
    let mut lines: Vec<String> = shown
        .map(|line| {
            let role = match line.as_bytes().first() {
                Some(b'-') => Role::Bad,
                Some(b'+') => Role::Good,
                _ => Role::Faint,
            };
            format!("    {}", role.paint(line, extent.color))
        })
        .collect();
    let rest = difference.lines().count().saturating_sub(extent.lines);
    if rest > 0 {
        lines.push(format!("    {}", extent.words.more_lines(rest)));
    }
    lines
}

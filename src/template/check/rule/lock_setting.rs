//! `Lock` of a task is written so that no lock follows from it, or the task takes none.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::{Report, suggest};
use crate::template::expr::Expression;
use crate::template::lock::{KEYS, LockSetting};

pub(crate) const RULE: Rule = Rule {
    code: "lock-setting",
    check,
};

/// What changes nothing: people decide, the path does, or the time comes.
const LOCKLESS: [&str; 6] = [
    "ACS::AlarmTrigger",
    "ACS::Approve",
    "ACS::Choice",
    "ACS::EventTrigger",
    "ACS::Pause",
    "ACS::TimerTrigger",
];

fn check(cx: &Context<'_>, report: &mut Report) {
    for task in &cx.template.tasks {
        let Some(lock) = &task.lock else { continue };
        let action = &task.action.value;
        if LOCKLESS.iter().any(|lockless| action.is(lockless)) {
            let message = format!("`{action}` takes no lock, as it changes nothing");
            report.push(Diagnostic::error(RULE.code, lock.span(), message));
            continue;
        }
        let entries = lock.entries().unwrap_or_default();
        let unknown = entries
            .iter()
            .find(|entry| !KEYS.iter().any(|key| key.eq_ignore_ascii_case(&entry.key)));
        if let Some(entry) = unknown {
            let message = format!("`Lock` has nothing called `{}`", entry.key);
            let error = Diagnostic::error(RULE.code, entry.key_span, message);
            report.push(suggest(error, &entry.key, KEYS));
        } else if let Some(Err(reason)) = lock.as_literal().map(|value| LockSetting::read(&value)) {
            report.push(Diagnostic::error(RULE.code, lock.span(), reason));
        } else {
            partner(lock, report);
        }
    }
}

/// A group and its limit go together, whatever they are.
fn partner(lock: &Expression, report: &mut Report) {
    for (one, other) in [("Group", "MaxInChange"), ("MaxInChange", "Group")] {
        if let (Some(given), None) = (lock.get(one), lock.get(other)) {
            let message = format!("`Lock.{one}` needs `{other}`");
            report.push(Diagnostic::error(RULE.code, given.span(), message));
        }
    }
}

//! Locks: who has what, and who waits for whom.

use std::io;

use crate::base::id::ExecutionId;
use crate::cli::output::stream::Output;
use crate::store::LockView;

/// How many of those that somebody waits for are named.
const NAMED: usize = 3;

/// How many locks are listed; a loop may want thousands.
const LISTED: usize = 20;

/// Prints locks, those that are waited for first, and what to do about those that were `left` by a
/// process that had some.
pub(in crate::cli) fn print_locks(
    locks: &[LockView],
    left: &[ExecutionId],
    output: &mut Output,
) -> io::Result<()> {
    if locks.is_empty() {
        return Ok(());
    }
    output.line("")?;
    output.line("Locks")?;
    let waiting = locks.iter().filter(|lock| !lock.granted);
    let granted = locks.iter().filter(|lock| lock.granted);
    for lock in waiting.chain(granted).take(LISTED) {
        output.line(format_args!("  {}", words(lock)))?;
    }
    match locks.len().saturating_sub(LISTED) {
        0 => {}
        more => output.line(format_args!("  and {more} more"))?,
    }
    for id in left.iter().take(NAMED) {
        output.line(format_args!(
            "Nobody works on {id}. Go on with it, or end it:"
        ))?;
        output.line(format_args!("  oos resume {id}"))?;
        output.line(format_args!("  oos cancel {id} && oos resume {id}"))?;
    }
    Ok(())
}

fn words(lock: &LockView) -> String {
    if lock.granted {
        return format!("has {}", wanted(lock));
    }
    waits_for_lock(lock)
}

/// Says what somebody waits for, and who has it or is to have it before.
pub(in crate::cli) fn waits_for_lock(lock: &LockView) -> String {
    let what = wanted(lock);
    let others: Vec<&str> = lock.waits_for.iter().map(ExecutionId::as_str).collect();
    match others.as_slice() {
        [] => format!("waits for {what}, and is next"),
        others if others.len() <= NAMED => {
            format!("waits for {what}, held by {}", others.join(", "))
        }
        others => {
            let more = others.len() - NAMED;
            format!(
                "waits for {what}, held by {} and {more} more",
                others[..NAMED].join(", ")
            )
        }
    }
}

fn wanted(lock: &LockView) -> String {
    let names = lock.names.iter().map(|name| format!("lock `{name}`"));
    let place = lock
        .group
        .iter()
        .map(|group| format!("a place in `{group}`"));
    names.chain(place).collect::<Vec<_>>().join(", ")
}

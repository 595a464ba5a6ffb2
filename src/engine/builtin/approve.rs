//! `ACS::Approve`: sends a message, then waits for people (language reference 4.8).

use std::collections::BTreeSet;

use crate::base::value::text;
use crate::engine::builtin::context::Context;
use crate::engine::builtin::notify;
use crate::engine::event::{Failure, TimeoutOutcome, Work};
use crate::template::number::whole;

pub(super) fn work(context: &Context) -> Result<Work, Failure> {
    let approvers: Vec<String> = context.list("Approvers").iter().map(text).collect();
    let required = match context.property("MinRequiredApprovals") {
        None => 1,
        Some(value) => whole(value).filter(|number| *number > 0).ok_or_else(|| {
            context.failure("`MinRequiredApprovals` must be a whole number from 1")
        })?,
    };
    expect_enough(context, &approvers, required)?;
    Ok(Work::Approval {
        notice: notify::message(context)?,
        approvers,
        required,
        on_timeout: on_timeout(context)?,
    })
}

/// Fails if the approval could never be given. A list without names lets anybody approve.
fn expect_enough(context: &Context, approvers: &[String], required: u32) -> Result<(), Failure> {
    if approvers.is_empty() {
        return Ok(());
    }
    let started = context.started();
    let people: BTreeSet<&String> = approvers.iter().collect();
    if people.len() < required as usize {
        return Err(context.failure(&format!(
            "{required} approvals are required, but only {} may approve",
            people.len()
        )));
    }
    let others = people.iter().filter(|person| ***person != started.user);
    if !started.self_approval && others.count() < required as usize {
        return Err(context.failure(&format!(
            "{required} approvals are required, but besides `{}`, who started the execution, only \
             {} may approve; name more approvers, or start it with `--allow-self-approval`",
            started.user,
            people.len() - 1
        )));
    }
    Ok(())
}

fn on_timeout(context: &Context) -> Result<TimeoutOutcome, Failure> {
    let Some(word) = context.text("TimeoutOutcome") else {
        return Ok(TimeoutOutcome::default());
    };
    let outcome = TimeoutOutcome::from_text(&word).ok_or_else(|| {
        context.failure(&format!(
            "`TimeoutOutcome` is Fail, Reject or Approve, not `{word}`"
        ))
    })?;
    // The time of a loop is that of all its items together, most of which have not begun.
    if outcome != TimeoutOutcome::Fail && context.unit.item.is_some() {
        return Err(context.failure("`TimeoutOutcome` cannot be chosen for an approval in a loop"));
    }
    Ok(outcome)
}

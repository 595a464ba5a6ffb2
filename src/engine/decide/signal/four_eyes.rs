//! Whose approval counts, and for which plan. The one place for every way in: command line,
//! prompt, mailbox.

use crate::base::digest::Digest;
use crate::engine::decide::signal::target::not_now;
use crate::engine::draft::Draft;
use crate::engine::event::Signal;
use crate::engine::input::Refused;
use crate::engine::state::{Phase, Unit};

/// Fails unless `signal` may decide about what `unit` waits for, one way or the other.
pub(super) fn may_decide(unit: &Unit, by: &str) -> Result<(), Refused> {
    match unit.terms() {
        Some(terms) if !is_among(&terms.approvers, by) => Err(not_now(format!(
            "`{by}` is not one of the approvers: {}",
            terms.approvers.join(", ")
        ))),
        _ => Ok(()),
    }
}

/// Fails unless the approval in `signal` counts for what `unit` waits for.
pub(super) fn may_approve(draft: &Draft, unit: &Unit, signal: &Signal) -> Result<(), Refused> {
    may_decide(unit, &signal.by)?;
    let Phase::Approving(given) = &unit.phase else {
        return Ok(());
    };
    if let Some(plan) = draft.state.plan.as_ref().filter(|_| signal.plan.is_none()) {
        return Err(not_now(format!(
            "an approval is for one plan: look at it and say `--plan {plan}`"
        )));
    }
    let by = &signal.by;
    is_somebody_else(draft, by)?;
    if given.iter().any(|given| draft.state.counts(given, by)) {
        return Err(not_now(format!(
            "`{by}` has approved already: somebody else must approve too"
        )));
    }
    Ok(())
}

/// Fails if `signal` was given for another plan than that of the run at this moment.
pub(super) fn expect_plan(draft: &Draft, signal: &Signal) -> Result<(), Refused> {
    let Some(given) = &signal.plan else {
        return Ok(());
    };
    match &draft.state.plan {
        Some(plan) if plan == given => Ok(()),
        Some(plan) => Err(other_plan(given, plan)),
        None => Err(not_now(format!(
            "the execution is bound to no plan, so it cannot be approved for {given}"
        ))),
    }
}

fn other_plan(given: &Digest, plan: &Digest) -> Refused {
    not_now(format!(
        "this is for plan {given}, but the plan is {plan} now: look at it and approve again"
    ))
}

/// Fails if `by` started the run or changed its plan, and the run was not started so that this is
/// allowed.
pub(super) fn is_somebody_else(draft: &Draft, by: &str) -> Result<(), Refused> {
    let started = draft.state.started.as_ref();
    if started.is_none_or(|started| started.self_approval) {
        return Ok(());
    }
    let what = if started.is_some_and(|started| started.user == by) {
        "started this execution"
    } else if draft.state.all_editors().any(|editor| editor == by) {
        "changed what this execution runs with"
    } else {
        return Ok(());
    };
    Err(not_now(format!(
        "`{by}` {what}, so another person must approve; where one person is meant to do both, \
         start it with `--allow-self-approval`"
    )))
}

fn is_among(approvers: &[String], by: &str) -> bool {
    approvers.is_empty() || approvers.iter().any(|approver| approver == by)
}

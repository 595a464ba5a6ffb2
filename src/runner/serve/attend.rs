//! Attending to one timer: what becomes of the times that have come.

use std::sync::Arc;

use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::engine::event::{Hold, PassCause, Passed, TriggerKind};
use crate::engine::input::Input;
use crate::engine::status::{ExecutionStatus, WaitReason};
use crate::engine::timer::Timer;
use crate::runner::handle::{Runner, RunnerError};
use crate::runner::serve::ahead::Ahead;
use crate::runner::serve::brake::Braked;
use crate::runner::trigger::{FireError, nominal_event};
use crate::schedule::{
    Calendar, Decision, Overlap, Policy, Situation, SkipReason, Verdict, decide_due, next_decision,
};
use crate::store::{StoreError, TriggerView};

/// What came of attending to a trigger.
#[derive(Debug, Default)]
pub(super) struct Attendance {
    /// What was started and may begin at once.
    pub(super) started: Vec<ExecutionId>,
    /// Whether something was started that waits for its turn.
    pub(super) queued: bool,
    /// When to attend to it again; never, if it has no more times or is paused.
    pub(super) next: Option<Timestamp>,
}

impl Attendance {
    /// Attends once more at once: what was decided on has changed meanwhile. Whoever went on with the rest of
    /// the decisions would leave out the times between what another daemon did and what it does itself.
    fn again(self, now: Timestamp) -> Self {
        Self {
            next: Some(now),
            ..self
        }
    }
}

/// How attending goes.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// When nothing is to start.
    pub(super) calendar: Arc<Calendar>,
    /// Whether everything waits for its turn first, as not all may run at once.
    pub(super) in_turn: bool,
    /// When nothing was started the last time because the disk was almost full.
    pub(super) braked: Option<Braked>,
}

/// Decides what becomes of the times of a trigger that have come, and makes it so.
pub(super) async fn attend(
    runner: &Runner,
    id: &ExecutionId,
    ahead: Option<Ahead>,
    rules: &Rules,
) -> Result<Attendance, RunnerError> {
    let mut attendance = Attendance::default();
    let Some(trigger) = runner.store().trigger(id).await? else {
        return Ok(attendance);
    };
    if trigger.status.is_final() || trigger.paused || trigger.trigger_type != TriggerKind::Timer {
        return Ok(attendance);
    }
    let ahead = ahead.filter(|ahead| ahead.is_in_force(&trigger));
    let (timer, fuse) = ahead.map(|ahead| (ahead.timer, ahead.fuse)).unzip();
    let read = || Timer::read(&trigger.settings, trigger.start_date);
    let timer = match timer.map_or_else(read, Ok) {
        Ok(timer) => timer,
        Err(error) => {
            tracing::error!(trigger = %id, %error, "its timer cannot be read; it fires nothing");
            return Ok(attendance);
        }
    };
    let now = runner.clock().now();
    let line = Line::of(runner, &trigger, &timer.policy, rules).await?;
    let handled = trigger.settled();
    let situation = Situation {
        schedule: &timer.schedule,
        name: id.as_str(),
        policy: &timer.policy,
        calendar: &rules.calendar,
        last_handled: handled,
        now,
        running: line.running,
        queued: line.queued,
        held: line.held,
        paused: false,
    };
    let mut last = handled;
    let mut passing = Vec::new();
    for decision in decide_due(&situation) {
        last = decision.last;
        let paused = trigger.resumed.filter(|resumed| decision.last <= *resumed);
        let act = match paused {
            Some(_) => Act::Pass(PassCause::Paused, String::new()),
            None => Act::of(&decision, &timer.policy, rules),
        };
        match act {
            Act::Pass(cause, note) => passing.push(Input::TimesPassed(Passed {
                from: decision.first,
                until: decision.last,
                count: decision.count,
                cause,
                note,
            })),
            Act::Fire(hold) => {
                if pass(runner, id, &mut passing).await? == Passing::Stale {
                    return Ok(attendance.again(now));
                }
                let fuse = match &fuse {
                    Some(fuse) => fuse.clone(),
                    None => runner.fuse(id).await?,
                };
                let event = nominal_event(decision.first, now);
                let queued = matches!(hold, Some(Hold::Turn { .. }));
                match runner.fire(&fuse, Some(decision.first), event, hold).await {
                    Ok(_) if queued => attendance.queued = true,
                    Ok(started) => attendance.started.push(started),
                    Err(FireError::Passed { .. }) => return Ok(attendance.again(now)),
                    Err(FireError::Runner(error)) => return Err(error),
                }
            }
        }
    }
    if pass(runner, id, &mut passing).await? == Passing::Stale {
        return Ok(attendance.again(now));
    }
    attendance.next = next_decision(&Situation {
        last_handled: last,
        ..situation
    });
    if attendance.next.is_none() {
        match timer.schedule.end().filter(|end| *end > now) {
            // It is there until then, as it says.
            Some(end) => attendance.next = Some(end),
            None => drop(runner.tell(id, &[Input::TriggerEnded]).await?),
        }
    }
    Ok(attendance)
}

/// What is to be done about a nominal time.
enum Act {
    Fire(Option<Hold>),
    Pass(PassCause, String),
}

impl Act {
    fn of(decision: &Decision, policy: &Policy, rules: &Rules) -> Self {
        let verdict = &decision.verdict;
        match verdict {
            Verdict::Start { .. } if rules.in_turn => Self::Fire(Some(Hold::Turn {
                reason: "so many executions may run at once".to_owned(),
            })),
            Verdict::Start { .. } => Self::Fire(None),
            Verdict::Queued => Self::Fire(Some(Hold::Turn {
                reason: "the one before it has not ended".to_owned(),
            })),
            // Its turn comes after the blackout, and after those that run then.
            Verdict::Held { .. } if policy.overlap != Overlap::Allow || rules.in_turn => {
                Self::Fire(Some(Hold::Turn {
                    reason: verdict.to_string(),
                }))
            }
            Verdict::Held { by, until } => Self::Fire(Some(Hold::Blackout {
                calendar: by.clone(),
                until: rules.calendar.free_from(*until),
            })),
            Verdict::Missed { .. } => {
                let braked = rules.braked.filter(|braked| braked.meets(decision));
                let why = braked
                    .map(|braked| format!("; {braked}"))
                    .unwrap_or_default();
                Self::Pass(PassCause::Missed, format!("{verdict}{why}"))
            }
            Verdict::Skipped { reason } => {
                let cause = match reason {
                    SkipReason::Paused => PassCause::Paused,
                    SkipReason::StillRunning | SkipReason::QueueFull => PassCause::Overlap,
                    SkipReason::Blackout { .. } | SkipReason::AlreadyHeld => PassCause::Blackout,
                };
                Self::Pass(cause, verdict.to_string())
            }
        }
    }
}

/// What came of recording times.
#[derive(PartialEq, Eq)]
enum Passing {
    Recorded,
    /// Another daemon was faster, or the trigger has ended.
    Stale,
}

/// Records times that start nothing, in order before what comes after them.
async fn pass(
    runner: &Runner,
    id: &ExecutionId,
    passing: &mut Vec<Input>,
) -> Result<Passing, RunnerError> {
    if passing.is_empty() {
        return Ok(Passing::Recorded);
    }
    let told = runner.tell(id, passing).await;
    passing.clear();
    match told {
        Ok(None) => Ok(Passing::Recorded),
        Ok(Some(_)) | Err(RunnerError::Store(StoreError::Passed { .. })) => Ok(Passing::Stale),
        Err(error) => Err(error),
    }
}

/// What of a trigger has not ended.
#[derive(Debug, Default)]
struct Line {
    running: u32,
    queued: u32,
    held: bool,
}

impl Line {
    /// Looks, if it matters.
    async fn of(
        runner: &Runner,
        trigger: &TriggerView,
        policy: &Policy,
        rules: &Rules,
    ) -> Result<Self, StoreError> {
        let mut line = Self::default();
        if matches!(policy.overlap, Overlap::Allow) && rules.calendar.is_empty() {
            return Ok(line);
        }
        for id in runner.store().running(&trigger.execution_id).await? {
            let Some(view) = runner.store().execution(&id).await? else {
                continue;
            };
            match view.waiting_status {
                Some(WaitReason::Turn { .. }) => line.queued += 1,
                Some(WaitReason::Blackout { .. }) => line.held = true,
                _ if view.status == ExecutionStatus::Queued => line.queued += 1,
                _ => line.running += 1,
            }
        }
        Ok(line)
    }
}

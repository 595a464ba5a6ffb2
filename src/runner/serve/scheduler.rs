//! Fires timers. Keeps nothing but when each trigger is due next: what has become of its times is in
//! the store, and two schedulers that fire the same time start one execution.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::engine::event::TriggerKind;
use crate::engine::timer::Timer;
use crate::runner::handle::{Runner, RunnerError};
use crate::runner::serve::ahead::Ahead;
use crate::runner::serve::attend::{Attendance, Rules, attend};
use crate::runner::serve::wait::wait_until;
use crate::schedule::Overlap;
use crate::store::TriggerMark;
use crate::store::view::ExecutionView;

/// What is due so soon is read from the store beforehand, so that it begins on time.
const AHEAD: Duration = Duration::from_secs(3);

/// How many triggers are read ahead at most.
const MOST_AHEAD: usize = 512;

/// How many are attended to at the same time.
const MOST_AT_ONCE: usize = 128;

/// How long a trigger that could not be attended to is left alone.
const AGAIN: Duration = Duration::from_secs(1);

/// A trigger that was attended to, or whose next firing was read ahead.
#[derive(Debug)]
pub(super) struct Attended {
    id: ExecutionId,
    /// What came of it.
    pub(super) outcome: Result<Attendance, RunnerError>,
}

/// Knows when each trigger is due.
#[derive(Debug)]
pub(super) struct Scheduler {
    runner: Runner,
    rules: Rules,
    /// How many looks there were.
    round: u64,
    /// Every trigger that waits, whatever fires it.
    known: HashMap<ExecutionId, Known>,
    order: BTreeSet<(Timestamp, ExecutionId)>,
    work: JoinSet<Attended>,
    /// What was read ahead; nothing, if it could not be read.
    ahead: HashMap<ExecutionId, Option<Ahead>>,
    /// Those that are to be attended to as soon as others have been.
    line: VecDeque<ExecutionId>,
    /// Whether nothing is attended to for now.
    is_held: bool,
}

/// What is known of a trigger.
#[derive(Debug, Default)]
struct Known {
    /// Whether a person has paused it, when one let it go on, and when it was changed; news mean that it is to
    /// be attended to.
    said: Option<(bool, Option<Timestamp>, Option<Timestamp>)>,
    /// The last look that found it.
    round: u64,
    due: Option<Timestamp>,
    /// Whether it is attended to at the moment.
    is_busy: bool,
    /// Whether it is to be attended to once more after that.
    again: bool,
}

impl Scheduler {
    /// Knows of no trigger yet.
    pub(super) fn new(runner: Runner, rules: Rules) -> Self {
        Self {
            runner,
            rules,
            round: 0,
            known: HashMap::new(),
            order: BTreeSet::new(),
            work: JoinSet::new(),
            ahead: HashMap::new(),
            line: VecDeque::new(),
            is_held: false,
        }
    }

    /// Attends to nothing until it is released.
    pub(super) fn hold(&mut self) {
        self.is_held = true;
    }

    /// Attends to everything that it did not attend to while it was held.
    pub(super) fn release(&mut self, rules: Rules) {
        self.is_held = false;
        self.change_rules(rules);
        self.spawn_next();
    }

    /// Goes by other rules from now on.
    pub(super) fn change_rules(&mut self, rules: Rules) {
        self.rules = rules;
        let ids: Vec<ExecutionId> = self.known.keys().cloned().collect();
        for id in ids {
            self.begin(id);
        }
    }

    /// Learns which triggers there are; new and changed ones are attended to.
    pub(super) async fn refresh(&mut self) -> Result<(), RunnerError> {
        self.round += 1;
        for mark in self.runner.store().marks().await? {
            self.look_at(mark);
        }
        let round = self.round;
        let gone = self.known.iter().filter(|(_, known)| known.round != round);
        let gone: Vec<ExecutionId> = gone.map(|(id, _)| id.clone()).collect();
        for id in gone {
            self.forget(&id);
        }
        Ok(())
    }

    /// Tells whether an execution waits for its trigger: there is nothing else to do about it.
    pub(super) fn has(&self, id: &ExecutionId) -> bool {
        self.known.contains_key(id)
    }

    /// Returns how many triggers there are.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    fn look_at(&mut self, mark: TriggerMark) {
        let id = mark.execution_id;
        let said = (mark.paused, mark.resumed, mark.renewed);
        let known = self.known.entry(id.clone()).or_default();
        known.round = self.round;
        let is_new = known.said.replace(said) != Some(said);
        if is_new && mark.trigger_type == TriggerKind::Timer {
            self.begin(id);
        }
    }

    /// Waits until a trigger is due, or is to be read ahead; for ever if none is.
    pub(super) fn due(&self) -> impl Future<Output = ()> + use<> {
        let first = self.order.first().filter(|_| !self.is_held);
        let at = first.map(|(at, id)| {
            let may_read = self.ahead.len() < MOST_AHEAD && !self.ahead.contains_key(id);
            let ahead = at.checked_sub(AHEAD).ok().filter(|_| may_read);
            ahead.unwrap_or(*at)
        });
        wait_until(self.runner.clock(), at)
    }

    /// Attends to the triggers that are due, and reads ahead those that soon are.
    pub(super) async fn attend_due(&mut self) {
        let now = self.runner.clock().now();
        let soon = now.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
        let coming: Vec<(Timestamp, ExecutionId)> = self
            .order
            .iter()
            .take_while(|(at, _)| *at <= soon)
            .cloned()
            .collect();
        for (at, id) in coming {
            if at <= now {
                self.begin(id);
            } else if self.ahead.len() < MOST_AHEAD && !self.ahead.contains_key(&id) {
                let ahead = Ahead::read(&self.runner, &id).await;
                if let Err(error) = &ahead {
                    // It is read again when it is due, and then this is told.
                    tracing::debug!(trigger = %id, %error, "not read ahead");
                }
                self.ahead.insert(id, ahead.ok().flatten());
            }
        }
    }

    /// Attends to a trigger, now or once more.
    fn begin(&mut self, id: ExecutionId) {
        if self.is_held {
            return;
        }
        let Some(known) = self.known.get_mut(&id) else {
            return;
        };
        if known.is_busy {
            known.again = true;
            return;
        }
        known.is_busy = true;
        if let Some(due) = known.due.take() {
            self.order.remove(&(due, id.clone()));
        }
        if self.work.len() < MOST_AT_ONCE {
            self.spawn(id);
        } else {
            self.line.push_back(id);
        }
    }

    /// Attends to those whose turn has come.
    fn spawn_next(&mut self) {
        while !self.is_held
            && self.work.len() < MOST_AT_ONCE
            && let Some(next) = self.line.pop_front()
        {
            self.spawn(next);
        }
    }

    fn spawn(&mut self, id: ExecutionId) {
        let ahead = self.ahead.remove(&id).flatten();
        let (runner, rules) = (self.runner.clone(), self.rules.clone());
        self.work.spawn(async move {
            let outcome = attend(&runner, &id, ahead, &rules).await;
            Attended { id, outcome }
        });
    }

    /// Waits until a trigger has been attended to; for ever if none is. Cancel-safe.
    pub(super) async fn attended(&mut self) -> Attended {
        loop {
            match self.work.join_next().await {
                Some(Ok(attended)) => return attended,
                // A panic must not be lost.
                Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
                None => std::future::pending().await,
            }
        }
    }

    /// Notes when a trigger is due next.
    pub(super) fn note(&mut self, attended: Attended) {
        let Attended { id, outcome } = attended;
        self.spawn_next();
        let next = match outcome {
            Ok(attendance) => attendance.next,
            Err(error) => {
                let again = self.runner.clock().now().checked_add(AGAIN).ok();
                match error {
                    // Somebody speaks to it at this moment.
                    RunnerError::Owned(_) => {}
                    error => {
                        let error = &error as &dyn std::error::Error;
                        tracing::error!(trigger = %id, error, "it cannot be attended to");
                    }
                }
                again
            }
        };
        let Some(known) = self.known.get_mut(&id) else {
            return;
        };
        known.is_busy = false;
        known.due = next;
        if let Some(next) = next {
            self.order.insert((next, id.clone()));
        }
        if std::mem::take(&mut known.again) {
            self.begin(id);
        }
    }

    fn forget(&mut self, id: &ExecutionId) {
        if let Some(known) = self.known.remove(id)
            && let Some(due) = known.due
        {
            self.order.remove(&(due, id.clone()));
        }
        self.ahead.remove(id);
    }

    /// Tells whether no other execution that the same trigger has started comes before a queued one.
    pub(super) async fn is_first_in_line(&self, view: &ExecutionView) -> Result<bool, RunnerError> {
        let Some(parent) = &view.parent_execution_id else {
            return Ok(true);
        };
        let Some(trigger) = self.runner.store().trigger(parent).await? else {
            return Ok(true);
        };
        let timer = Timer::read(&trigger.settings, trigger.start_date);
        let in_line = timer.is_ok_and(|timer| timer.policy.overlap != Overlap::Allow);
        if !in_line {
            return Ok(true);
        }
        let running = self.runner.store().running(parent).await?;
        Ok(running.first() == Some(&view.execution_id))
    }
}

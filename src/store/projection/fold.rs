//! Folds events into changed rows. An event costs the same however long the loop it belongs to is:
//! only the rows it touches are looked at.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::time::{Timestamp, utc_text};
use crate::base::value::{Map, Value};
use crate::engine::event::{End, Event, Fact, Kept, LoopPlan, Started, UnitId, Work};
use crate::engine::status::{ExecutionStatus, TaskStatus, WaitReason};
use crate::store::projection::changes::{Changes, Rows};
use crate::store::projection::command::commands;
use crate::store::projection::properties::properties;
use crate::store::projection::status::{close, counter, first_wait, is_waiting};
use crate::store::projection::watch::{WatchRow, began, fired, passed, paused, renewed};
use crate::store::projection::{DetailRow, ExecutionRow, Place, TaskRow, moment};
use crate::store::view::LoopCounts;
use crate::store::{Seq, StoreError};

/// What the row of a unit says that waits for its lock.
const LOCKING: &str = "waits for its lock";

/// Folds `events`, the first of which has position `first`, over `rows`.
pub(crate) fn fold(
    id: &ExecutionId,
    rows: &impl Rows,
    first: Seq,
    events: &[Event],
) -> Result<Changes, StoreError> {
    let mut events = (first..).zip(events);
    let (execution, start) = match rows.execution()? {
        Some(row) => (row, None),
        None => match events.next() {
            Some((_, event)) => match &event.fact {
                Fact::ExecutionStarted(started) => (
                    ExecutionRow::begin(started, event.at),
                    Some((started, event.at)),
                ),
                _ => return Err(headless(id)),
            },
            None => return Err(headless(id)),
        },
    };
    let mut folding = Folding {
        id,
        rows,
        changes: Changes {
            execution,
            detail: None,
            outputs: None,
            repeat: None,
            cleared: BTreeSet::new(),
            plans: BTreeMap::new(),
            tasks: BTreeMap::new(),
            commands: BTreeMap::new(),
            watch: None,
            firings: BTreeMap::new(),
        },
    };
    if let Some((started, at)) = start {
        folding.announce(id, started, at);
    }
    for (seq, event) in events {
        folding.event(seq, event)?;
    }
    Ok(folding.changes)
}

fn headless(id: &ExecutionId) -> StoreError {
    StoreError::Damaged {
        what: format!("journal of {id}"),
        reason: "its first event is not `ExecutionStarted`".into(),
    }
}

struct Folding<'a, R> {
    id: &'a ExecutionId,
    rows: &'a R,
    changes: Changes,
}

impl<R: Rows> Folding<'_, R> {
    fn announce(&mut self, id: &ExecutionId, started: &Started, at: Timestamp) {
        let firing = started.fired.as_ref().map(|firing| fired(id, firing, at));
        self.changes.firings.extend(firing);
        self.changes.detail = Some(DetailRow {
            parameters: started.parameters.clone(),
            outputs: Map::new(),
            description: started.description.clone(),
            tags: started.tags.clone(),
        });
        let repeat = started.repeats.as_ref();
        self.changes.repeat = repeat.map(|repeat| (repeat.execution.clone(), repeat.rest));
        for (task, head) in (0..).zip(&started.tasks) {
            let row = TaskRow::pending(&head.name, &head.action);
            self.changes.tasks.insert(Place { task, item: None }, row);
        }
    }

    fn event(&mut self, seq: Seq, event: &Event) -> Result<(), StoreError> {
        let at = moment(event.at);
        self.changes.execution.updated = at;
        match &event.fact {
            Fact::TaskStarted {
                task,
                attempt,
                looping,
                replanned,
                ..
            } => {
                if let Some(replanned) = replanned {
                    self.changes.execution.plan = Some(replanned.digest.clone());
                }
                self.task_started(*task, *attempt, looping.as_ref(), seq, at)
            }
            Fact::TaskSkipped { task } => self.task_skipped(*task, seq, at),
            Fact::TaskTaken { task, end, .. } => {
                let row = self.task(*task)?;
                row.begun = Some(seq);
                row.started = Some(at);
                close(row, end, at);
                self.follow(*task)
            }
            Fact::UnitStarted {
                unit,
                work,
                confirm,
                approval,
                lock,
            } => {
                let waits = first_wait(work, *confirm, approval.as_ref());
                self.unit_started(*unit, work, waits, (seq, at))?;
                if lock.is_some() && approval.is_none() && !confirm {
                    self.unit_locking(*unit)?;
                }
                Ok(())
            }
            Fact::UnitSkipped { unit } => self.unit_skipped(*unit, seq, at),
            Fact::NoticeSent { unit } => {
                let reason = self.unit(*unit)?.waiting.clone();
                self.unit_moved(*unit, TaskStatus::Waiting, reason)
            }
            Fact::Approved {
                unit,
                by,
                note,
                plan,
            } => self.approved(*unit, (by, note), plan.as_ref(), event.at),
            Fact::ApprovalExpired { unit, outcome } => {
                let entry = json!({ "TimeoutOutcome": outcome, "At": utc_text(event.at) });
                self.note_approval(*unit, entry)
            }
            Fact::UnitConfirmed { unit, lock: true } => self.unit_locking(*unit),
            Fact::UnitConfirmed { unit, .. } => self.unit_moved(*unit, TaskStatus::Running, None),
            Fact::LockGranted { unit } => self.unit_locked(*unit),
            Fact::UnitLost { unit, reason } => self.unit_lost(*unit, reason),
            Fact::ChildChanged { unit, waiting } => self.child_changed(*unit, *waiting),
            Fact::UnitEnded { unit, end } => self.unit_ended(*unit, end, at),
            Fact::BatchEnded {
                task, batch, pause, ..
            } if *pause => self.batch_paused(*task, *batch),
            Fact::RoundStarted { task, attempt } => {
                self.task(*task).map(|row| row.attempt = *attempt)
            }
            Fact::BatchReleased { task } => self.task_moved(*task, TaskStatus::Running, None),
            Fact::TaskEnded { task, end, .. } => {
                close(self.task(*task)?, end, at);
                self.follow(*task)
            }
            Fact::ExecutionPaused { reason, .. } => {
                self.execution_waits(Some(reason));
                Ok(())
            }
            Fact::ExecutionReleased { .. } => {
                self.execution_waits(None);
                Ok(())
            }
            Fact::TriggerPaused { .. }
            | Fact::TriggerResumed { .. }
            | Fact::TriggerRenewed { .. }
            | Fact::TimesPassed { .. } => self.watch_changed(&event.fact, (seq, at)),
            Fact::ExecutionEnded {
                status,
                outputs,
                message,
            } => {
                self.execution_ended(*status, outputs, message, at);
                Ok(())
            }
            // These change nothing that a listing shows.
            Fact::ExecutionStarted(_)
            | Fact::PollMissed { .. }
            | Fact::PollDue { .. }
            | Fact::BatchEnded { .. }
            | Fact::RoundPlanned { .. }
            | Fact::TaskStopping { .. }
            | Fact::SignalReceived { .. }
            | Fact::CancelRequested { .. } => Ok(()),
        }
    }

    /// The execution waits between tasks, or no longer does.
    fn execution_waits(&mut self, reason: Option<&WaitReason>) {
        self.changes.execution.status = match reason {
            None => ExecutionStatus::Running,
            Some(WaitReason::Turn { .. }) => ExecutionStatus::Queued,
            Some(_) => ExecutionStatus::Waiting,
        };
        self.changes.execution.waiting = reason.cloned();
    }

    fn task_started(
        &mut self,
        task: u32,
        attempt: u32,
        plan: Option<&LoopPlan>,
        seq: Seq,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some(plan) = plan {
            self.changes.cleared.insert(task);
            self.changes
                .tasks
                .retain(|place, _| place.task != task || place.item.is_none());
            self.changes.plans.insert(task, plan.items.clone());
        }
        let row = self.task(task)?;
        let counts = plan.map(|plan| LoopCounts {
            total: u32::try_from(plan.items.len()).unwrap_or(u32::MAX),
            ..LoopCounts::default()
        });
        *row = TaskRow {
            status: TaskStatus::Running,
            // A later attempt without a plan goes on with the items of the one before.
            counts: counts.or(row.counts),
            attempt,
            begun: Some(seq),
            started: Some(at),
            ..TaskRow::pending(&row.name, &row.action)
        };
        if let Some(plan) = plan {
            self.items_kept(task, plan, at)?;
        }
        self.follow(task)
    }

    fn task_skipped(&mut self, task: u32, seq: Seq, at: Timestamp) -> Result<(), StoreError> {
        let row = self.task(task)?;
        row.started.get_or_insert(at);
        row.begun.get_or_insert(seq);
        close(row, &End::SKIPPED, at);
        self.follow(task)
    }

    /// Shows the items that are taken over from the execution that is repeated.
    fn items_kept(&mut self, task: u32, plan: &LoopPlan, at: Timestamp) -> Result<(), StoreError> {
        for (item, kept) in (0..).zip(plan.kept.iter()) {
            let end = match kept {
                Some(Kept::Success { outputs }) => End::Success {
                    outputs: outputs.clone(),
                },
                Some(Kept::Skipped) => End::SKIPPED,
                None => continue,
            };
            let unit = UnitId {
                task,
                item: Some(item),
                attempt: 1,
            };
            close(self.unit(unit)?, &end, at);
            let after = self.unit(unit)?.status;
            self.count(task, TaskStatus::Pending, after, None)?;
        }
        Ok(())
    }

    fn unit_started(
        &mut self,
        unit: UnitId,
        work: &Work,
        (status, waiting): (TaskStatus, Option<WaitReason>),
        (seq, at): (Seq, Timestamp),
    ) -> Result<(), StoreError> {
        self.open(unit, seq, at)?;
        let row = self.unit(unit)?;
        row.properties = properties(work);
        row.child = match work {
            Work::Child { id, .. } => Some(id.clone()),
            _ => None,
        };
        self.unit_moved(unit, status, waiting)?;
        self.changes.watch = began(work, at).or(self.changes.watch.take());
        self.note_commands(unit)
    }

    fn batch_paused(&mut self, task: u32, batch: u32) -> Result<(), StoreError> {
        let reason = WaitReason::BatchPause { batch };
        self.task_moved(task, TaskStatus::Waiting, Some(reason))
    }

    /// Folds a fact about a trigger that waits.
    fn watch_changed(
        &mut self,
        fact: &Fact,
        (seq, at): (Seq, Timestamp),
    ) -> Result<(), StoreError> {
        match fact {
            Fact::TriggerPaused { unit } => self.watch_paused(*unit, None),
            Fact::TriggerResumed { unit } => self.watch_paused(*unit, Some(at)),
            Fact::TriggerRenewed { renewal, .. } => {
                self.changes.watch = Some(renewed(self.watch()?, renewal, at));
                Ok(())
            }
            Fact::TimesPassed { passed: times, .. } => {
                let (key, row) = passed(self.id, times, (seq, at));
                self.changes.firings.insert(key, row);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn watch_paused(&mut self, unit: UnitId, resumed: Option<Timestamp>) -> Result<(), StoreError> {
        let row = paused(self.watch()?, resumed);
        let reason = WaitReason::Trigger {
            trigger: row.kind,
            paused: row.paused,
        };
        self.changes.watch = Some(row);
        self.unit_moved(unit, TaskStatus::Waiting, Some(reason))
    }

    fn watch(&mut self) -> Result<WatchRow, StoreError> {
        let row = match self.changes.watch.take() {
            Some(row) => Some(row),
            None => self.rows.watch()?,
        };
        row.ok_or_else(|| StoreError::Damaged {
            what: format!("trigger of {}", self.id),
            reason: "it is not listed".into(),
        })
    }

    /// Shows a unit that waits for its lock. An item of a loop does not count as running: others of it
    /// may wait for a person meanwhile.
    fn unit_locking(&mut self, unit: UnitId) -> Result<(), StoreError> {
        LOCKING.clone_into(&mut self.unit(unit)?.message);
        let status = match unit.item {
            Some(_) => TaskStatus::Pending,
            None => TaskStatus::Running,
        };
        self.unit_moved(unit, status, None)?;
        self.note_commands(unit)
    }

    fn unit_locked(&mut self, unit: UnitId) -> Result<(), StoreError> {
        self.unit(unit)?.message.clear();
        self.unit_moved(unit, TaskStatus::Running, None)?;
        self.note_commands(unit)
    }

    /// Brings the time lines of the hosts that a unit runs commands on to what its row says.
    fn note_commands(&mut self, unit: UnitId) -> Result<(), StoreError> {
        let commands = commands(unit, self.unit(unit)?);
        self.changes.commands.extend(commands);
        Ok(())
    }

    fn unit_lost(&mut self, unit: UnitId, reason: &str) -> Result<(), StoreError> {
        let reason = reason.to_owned();
        self.unit_moved(
            unit,
            TaskStatus::Unknown,
            Some(WaitReason::Unknown { reason }),
        )?;
        self.note_commands(unit)
    }

    fn unit_skipped(&mut self, unit: UnitId, seq: Seq, at: Timestamp) -> Result<(), StoreError> {
        self.open(unit, seq, at)?;
        self.unit_ended(unit, &End::SKIPPED, at)
    }

    /// Readies the row of a unit for a new attempt; its status is left to the caller.
    fn open(&mut self, unit: UnitId, seq: Seq, at: Timestamp) -> Result<(), StoreError> {
        let row = self.unit(unit)?;
        row.attempt = unit.attempt;
        row.message = String::new();
        row.outputs = Map::new();
        row.ended = None;
        row.started = Some(at);
        row.begun.get_or_insert(seq);
        Ok(())
    }

    fn approved(
        &mut self,
        unit: UnitId,
        (by, note): (&str, &str),
        plan: Option<&Digest>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let entry = json!({ "By": by, "Note": note, "Plan": plan, "At": utc_text(at) });
        self.note_approval(unit, entry)?;
        let row = self.unit(unit)?;
        let status = row.status;
        let mut waiting = row.waiting.clone();
        if let Some(WaitReason::Approval { given, .. }) = &mut waiting {
            given.push(by.to_owned());
        }
        self.unit_moved(unit, status, waiting)
    }

    /// Adds to what is known of the approvals of a unit, which is shown when they have served, too.
    fn note_approval(&mut self, unit: UnitId, entry: Value) -> Result<(), StoreError> {
        let row = self.unit(unit)?;
        if !row.properties.is_object() {
            row.properties = Value::Object(Map::new());
        }
        if let Value::Object(properties) = &mut row.properties {
            let approvals = properties
                .entry("Approvals")
                .or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(approvals) = approvals {
                approvals.push(entry);
            }
        }
        Ok(())
    }

    fn child_changed(&mut self, unit: UnitId, waiting: bool) -> Result<(), StoreError> {
        let child = self.unit(unit)?.child.clone();
        match child {
            Some(id) if waiting => {
                self.unit_moved(unit, TaskStatus::Waiting, Some(WaitReason::Child { id }))
            }
            _ => self.unit_moved(unit, TaskStatus::Running, None),
        }
    }

    fn unit_ended(&mut self, unit: UnitId, end: &End, at: Timestamp) -> Result<(), StoreError> {
        let before = self.unit(unit)?.status;
        close(self.unit(unit)?, end, at);
        let after = self.unit(unit)?.status;
        if unit.item.is_some() {
            self.count(unit.task, before, after, None)?;
        }
        self.note_commands(unit)?;
        self.follow(unit.task)
    }

    fn unit_moved(
        &mut self,
        unit: UnitId,
        status: TaskStatus,
        waiting: Option<WaitReason>,
    ) -> Result<(), StoreError> {
        let row = self.unit(unit)?;
        let before = row.status;
        row.status = status;
        row.waiting.clone_from(&waiting);
        if unit.item.is_some() {
            self.count(unit.task, before, status, waiting)?;
        }
        self.follow(unit.task)
    }

    fn task_moved(
        &mut self,
        task: u32,
        status: TaskStatus,
        waiting: Option<WaitReason>,
    ) -> Result<(), StoreError> {
        let row = self.task(task)?;
        row.status = status;
        row.waiting = waiting;
        self.follow(task)
    }

    /// Counts an item of a loop that went from one status to another. The loop waits when every
    /// item at work waits.
    fn count(
        &mut self,
        task: u32,
        before: TaskStatus,
        after: TaskStatus,
        waiting: Option<WaitReason>,
    ) -> Result<(), StoreError> {
        let row = self.task(task)?;
        let counts = row.counts.get_or_insert_default();
        for (status, by) in [(before, -1), (after, 1)] {
            if let Some(count) = counter(counts, status) {
                *count = count.saturating_add_signed(by);
            }
            if is_waiting(status) {
                row.waiting_items = row.waiting_items.saturating_add_signed(by);
            }
        }
        // Kept while some item waits: it says why, should the others end before it.
        row.waiting = waiting
            .or_else(|| row.waiting.take())
            .filter(|_| row.waiting_items > 0);
        row.status = match &row.waiting {
            Some(_) if row.waiting_items < counts.running => TaskStatus::Running,
            Some(WaitReason::Unknown { .. }) => TaskStatus::Unknown,
            Some(_) => TaskStatus::Waiting,
            None => TaskStatus::Running,
        };
        Ok(())
    }

    /// Makes the execution wait or work as its present task does: tasks run one after another.
    fn follow(&mut self, task: u32) -> Result<(), StoreError> {
        let row = self.task(task)?;
        let waiting = row.waiting.clone().filter(|_| is_waiting(row.status));
        self.changes.execution.status = match waiting {
            Some(_) => ExecutionStatus::Waiting,
            None => ExecutionStatus::Running,
        };
        self.changes.execution.waiting = waiting;
        Ok(())
    }

    fn execution_ended(
        &mut self,
        status: ExecutionStatus,
        outputs: &Map,
        message: &str,
        at: Timestamp,
    ) {
        let row = &mut self.changes.execution;
        row.status = status;
        row.waiting = None;
        message.clone_into(&mut row.message);
        row.ended = Some(at);
        self.changes.outputs = Some(outputs.clone());
    }

    fn task(&mut self, task: u32) -> Result<&mut TaskRow, StoreError> {
        let place = Place { task, item: None };
        if !self.changes.tasks.contains_key(&place) {
            let row = self.rows.task(place)?;
            // A journal that does not name its tasks shows them by their place.
            let row = row.unwrap_or_else(|| TaskRow::pending(&task.to_string(), ""));
            self.changes.tasks.insert(place, row);
        }
        Ok(self
            .changes
            .tasks
            .entry(place)
            .or_insert_with(|| TaskRow::pending("", "")))
    }

    fn unit(&mut self, unit: UnitId) -> Result<&mut TaskRow, StoreError> {
        let Some(item) = unit.item else {
            return self.task(unit.task);
        };
        let place = Place {
            task: unit.task,
            item: Some(item),
        };
        if !self.changes.tasks.contains_key(&place) {
            let stored = if self.changes.cleared.contains(&unit.task) {
                None
            } else {
                self.rows.task(place)?
            };
            let row = if let Some(row) = stored {
                row
            } else {
                let task = self.task(unit.task)?;
                TaskRow::pending(&task.name, &task.action)
            };
            self.changes.tasks.insert(place, row);
        }
        Ok(self
            .changes
            .tasks
            .entry(place)
            .or_insert_with(|| TaskRow::pending("", "")))
    }
}

//! The state of an execution as far as progress shows it, folded from its journal.

use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::base::value::text;
use crate::cli::output::{between, counted, duration, waits_for};
use crate::cli::progress::lock::Wanting;
use crate::engine::event::{
    End, Event, Fact, Kept, Lock, LoopPlan, Request, Started, UnitId, Work,
};
use crate::engine::status::{ExecutionStatus, TaskStatus, WaitReason};
use crate::store::view::LoopCounts;

/// One execution.
#[derive(Debug)]
pub(super) struct ExecutionProgress {
    /// Its id.
    pub(super) id: ExecutionId,
    /// The tasks around it, each followed by a slash; lines of its tasks begin with them.
    pub(super) path: String,
    /// The child executions that its tasks have started, with their paths. Those of loops are not
    /// followed: they may be a hundred thousand.
    pub(super) children: Vec<(ExecutionId, String)>,
    /// Its template.
    pub(super) template: String,
    /// Its status.
    pub(super) status: ExecutionStatus,
    /// Its tasks in order.
    pub(super) tasks: Vec<TaskProgress>,
    /// When it began.
    pub(super) start: Option<Timestamp>,
    /// When it ended.
    pub(super) end: Option<Timestamp>,
}

/// One task.
#[derive(Debug)]
pub(super) struct TaskProgress {
    /// Its name.
    pub(super) name: String,
    /// Its action.
    pub(super) action: String,
    /// Its status.
    pub(super) status: TaskStatus,
    /// When its last attempt began.
    pub(super) start: Option<Timestamp>,
    /// When it ended.
    pub(super) end: Option<Timestamp>,
    /// Its loop.
    pub(super) counts: Option<LoopCounts>,
    /// Why it failed, what it waits for, what it polls.
    pub(super) message: String,
    /// The child execution that it runs now.
    pub(super) child: Option<ExecutionId>,
    /// Those of its units that wait for a lock.
    pub(super) wanting: Wanting,
}

impl TaskProgress {
    /// Makes the state of a task that has not begun.
    pub(super) fn new(name: &str, action: &str) -> Self {
        Self {
            name: name.to_owned(),
            action: action.to_owned(),
            status: TaskStatus::Pending,
            start: None,
            end: None,
            counts: None,
            message: String::new(),
            child: None,
            wanting: Wanting::new(),
        }
    }
}

/// Something worth a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::cli) struct Change {
    /// When it happened.
    pub(super) at: Timestamp,
    /// What changed: an execution, a task, an item of a task.
    pub(super) subject: String,
    /// The word for its new state.
    pub(super) word: &'static str,
    /// More, in words; may be empty.
    pub(super) details: String,
}

impl ExecutionProgress {
    /// Makes the state before the first event.
    pub(super) fn new(id: ExecutionId, path: String) -> Self {
        Self {
            id,
            path,
            children: Vec::new(),
            template: String::new(),
            status: ExecutionStatus::Queued,
            tasks: Vec::new(),
            start: None,
            end: None,
        }
    }

    /// Folds an event and returns what is worth a line.
    pub(super) fn apply(&mut self, event: &Event) -> Option<Change> {
        let at = event.at;
        match &event.fact {
            Fact::ExecutionStarted(started) => Some(self.start(at, started)),
            Fact::ExecutionPaused { reason, .. } => {
                self.status = match reason {
                    WaitReason::Turn { .. } => ExecutionStatus::Queued,
                    _ => ExecutionStatus::Waiting,
                };
                let details = format!("for {}", waits_for(reason));
                Some(self.change(at, self.status.as_str(), details))
            }
            Fact::ExecutionReleased { by } => {
                self.status = ExecutionStatus::Running;
                let details = match by.as_str() {
                    "" => String::new(),
                    by => format!("by {by}"),
                };
                Some(self.change(at, "Released", details))
            }
            Fact::TimesPassed { passed, .. } => {
                let details = format!("{} of its times: {}", passed.count, passed.cause.as_str());
                Some(self.change(at, "Passed", details))
            }
            Fact::TriggerPaused { .. } => Some(self.change(at, "Paused", String::new())),
            Fact::TriggerResumed { .. } => Some(self.change(at, "Resumed", String::new())),
            Fact::TriggerRenewed { .. } => Some(self.change(at, "Renewed", String::new())),
            Fact::SignalReceived { signal } => {
                self.status = ExecutionStatus::Running;
                let details = format!("{} by {}", request_word(&signal.request), signal.by);
                Some(self.change(at, "Signal", details))
            }
            Fact::CancelRequested { by, note } if by.is_empty() => {
                Some(self.change(at, "Cancelling", note.clone()))
            }
            Fact::CancelRequested { by, .. } => {
                Some(self.change(at, "Cancelling", format!("by {by}")))
            }
            Fact::ExecutionEnded {
                status, message, ..
            } => {
                self.status = *status;
                self.end = Some(at);
                Some(self.change(at, status.as_str(), message.clone()))
            }
            Fact::TaskStarted {
                task,
                attempt,
                looping,
                ..
            } => self.start_task(at, *task, *attempt, looping.as_ref()),
            Fact::TaskSkipped { task } => self.enter(at, *task, TaskStatus::Skipped, ""),
            Fact::TaskStopping { task, .. } => {
                self.enter(at, *task, TaskStatus::Running, "stopping")
            }
            Fact::TaskEnded { task, end, .. } => self.end_task(at, *task, end),
            Fact::TaskTaken { task, end, .. } => self.take_task(at, *task, end),
            Fact::BatchEnded {
                task,
                batch,
                pause: true,
            } => {
                let message = format!("batch {batch} has ended");
                self.enter(at, *task, TaskStatus::Waiting, &message)
            }
            Fact::BatchReleased { task } => self.go_on(*task),
            Fact::RoundPlanned {
                task, items, round, ..
            } => {
                let items = counted(*items as usize, "unreachable item");
                let message = format!("{items} later again, time {round}");
                self.enter(at, *task, TaskStatus::Running, &message)
            }
            Fact::BatchEnded { .. } | Fact::RoundStarted { .. } | Fact::PollDue { .. } => None,
            Fact::UnitStarted { unit, .. }
            | Fact::UnitSkipped { unit }
            | Fact::UnitConfirmed { unit, .. }
            | Fact::LockGranted { unit }
            | Fact::PollMissed { unit, .. }
            | Fact::NoticeSent { unit }
            | Fact::Approved { unit, .. }
            | Fact::ApprovalExpired { unit, .. }
            | Fact::UnitLost { unit, .. }
            | Fact::ChildChanged { unit, .. }
            | Fact::UnitEnded { unit, .. } => self.apply_to_unit(at, *unit, &event.fact),
        }
    }

    fn apply_to_unit(&mut self, at: Timestamp, unit: UnitId, fact: &Fact) -> Option<Change> {
        match fact {
            Fact::UnitStarted {
                approval: Some(_), ..
            } => self.enter(
                at,
                unit.task,
                TaskStatus::Waiting,
                "for approvals, as its plan was changed",
            ),
            Fact::UnitStarted {
                work,
                confirm,
                lock,
                ..
            } => {
                let change = self.start_unit(at, unit, work, *confirm);
                if let Some(lock) = lock {
                    let task = self.task(unit.task)?;
                    task.want(unit.item);
                    task.message = lock_words(lock);
                }
                change
            }
            Fact::ApprovalExpired { outcome, .. } => {
                let message = format!("nobody approved in time: {}", outcome.as_str());
                self.enter(at, unit.task, TaskStatus::Running, &message)
            }
            Fact::UnitSkipped { .. } => self.count(unit, |counts| counts.skipped += 1),
            Fact::PollMissed { poll, value, .. } => {
                self.task(unit.task)?.message = format!("poll {}: {}", poll + 1, text(value));
                None
            }
            Fact::NoticeSent { .. } => {
                self.enter(at, unit.task, TaskStatus::Waiting, "for an approval")
            }
            Fact::UnitLost { reason, .. } => self.enter(at, unit.task, TaskStatus::Unknown, reason),
            Fact::ChildChanged { waiting: true, .. } if unit.item.is_none() => self.enter(
                at,
                unit.task,
                TaskStatus::Waiting,
                "a child execution waits",
            ),
            Fact::LockGranted { .. } => {
                self.task(unit.task)?.want_no_more(unit.item);
                None
            }
            Fact::UnitEnded { end, .. } => {
                self.task(unit.task)?.want_no_more(unit.item);
                self.end_unit(at, unit, end)
            }
            // What was waited for has come: a confirmation, an approval, a child.
            _ => self.go_on(unit.task),
        }
    }

    fn start(&mut self, at: Timestamp, started: &Started) -> Change {
        self.template.clone_from(&started.template_name);
        self.status = ExecutionStatus::Running;
        self.start = Some(at);
        self.tasks = started
            .tasks
            .iter()
            .map(|head| TaskProgress::new(&head.name, &head.action))
            .collect();
        self.change(at, "Running", started.template_name.clone())
    }

    fn start_task(
        &mut self,
        at: Timestamp,
        task: u32,
        attempt: u32,
        looping: Option<&LoopPlan>,
    ) -> Option<Change> {
        let state = self.task(task)?;
        state.start = Some(at);
        state.end = None;
        state.child = None;
        state.wanting.clear();
        if let Some(plan) = looping {
            let total = u32::try_from(plan.items.len()).unwrap_or(u32::MAX);
            let mut counts = LoopCounts {
                total,
                ..LoopCounts::default()
            };
            for kept in plan.kept.iter().flatten() {
                match kept {
                    Kept::Success { .. } => counts.success += 1,
                    Kept::Skipped => counts.skipped += 1,
                }
            }
            state.counts = Some(counts);
        }
        let mut details = state.action.clone();
        if let Some(plan) = looping {
            details = format!("{details}, {}", counted(plan.items.len(), "item"));
            let kept = plan.kept.iter().flatten().count();
            if kept > 0 {
                details = format!("{details}, {kept} taken over");
            }
        }
        if attempt > 1 {
            details = format!("{details}, attempt {attempt}");
        }
        let change = self.enter(at, task, TaskStatus::Running, &details);
        self.task(task)?.message.clear();
        change
    }

    /// Shows a task that was done in the execution that is repeated.
    fn take_task(&mut self, at: Timestamp, task: u32, end: &End) -> Option<Change> {
        let (status, _) = outcome(end);
        self.enter(at, task, status, "taken over")
    }

    fn start_unit(
        &mut self,
        at: Timestamp,
        unit: UnitId,
        work: &Work,
        confirm: bool,
    ) -> Option<Change> {
        self.count(unit, |counts| counts.running += 1);
        if let Work::Child { id, .. } = work
            && unit.item.is_none()
        {
            let state = self.task(unit.task)?;
            state.child = Some(id.clone());
            let path = format!("{}/", state.name);
            self.children
                .push((id.clone(), format!("{}{path}", self.path)));
        }
        let waits = match work {
            _ if confirm => "for a confirmation of its high-risk call",
            Work::Approval { notice: None, .. } => "for an approval",
            Work::Pause => "for somebody to end the pause",
            Work::Watch { .. } => "for its trigger",
            _ => return None,
        };
        self.enter(at, unit.task, TaskStatus::Waiting, waits)
    }

    fn end_unit(&mut self, at: Timestamp, unit: UnitId, end: &End) -> Option<Change> {
        let item = unit.item?;
        self.count(unit, |counts| {
            counts.running = counts.running.saturating_sub(1);
            match end {
                End::Success { .. } => counts.success += 1,
                End::Failed { .. } | End::Cancelled { .. } => counts.failed += 1,
                End::Skipped { .. } => counts.skipped += 1,
                End::Deferred { .. } => {}
            }
        });
        let (status, message) = outcome(end);
        let name = self.task(unit.task)?.name.clone();
        let subject = format!("{}{name}[{item}]", self.path);
        // Items that end well are told by the counts; a loop may have a hundred thousand.
        (status == TaskStatus::Failed).then(|| Change {
            at,
            subject,
            word: status.as_str(),
            details: message,
        })
    }

    fn end_task(&mut self, at: Timestamp, task: u32, end: &End) -> Option<Change> {
        let (status, message) = outcome(end);
        let state = self.task(task)?;
        state.end = Some(at);
        state.child = None;
        let mut details = state
            .start
            .map(|start| duration(between(start, at)))
            .unwrap_or_default();
        if let Some(counts) = &state.counts {
            details = format!("{details}, {}", crate::cli::output::loop_words(counts));
        }
        if !message.is_empty() {
            details = format!("{details}, {message}");
        }
        let change = self.enter(at, task, status, &details);
        self.task(task)?.message = message;
        change
    }

    /// Puts a task into a status.
    fn enter(
        &mut self,
        at: Timestamp,
        task: u32,
        status: TaskStatus,
        details: &str,
    ) -> Option<Change> {
        let state = self.task(task)?;
        state.status = status;
        details.clone_into(&mut state.message);
        let (name, word) = (state.name.clone(), status.as_str());
        let subject = format!("{}{name}", self.path);
        Some(Change {
            at,
            subject,
            word,
            details: details.to_owned(),
        })
    }

    /// Puts a task that waited back to work.
    fn go_on(&mut self, task: u32) -> Option<Change> {
        let state = self.task(task)?;
        if !state.status.is_final() {
            state.status = TaskStatus::Running;
            state.message.clear();
        }
        None
    }

    /// Counts an item of a loop.
    fn count(&mut self, unit: UnitId, count: impl FnOnce(&mut LoopCounts)) -> Option<Change> {
        unit.item?;
        if let Some(counts) = &mut self.task(unit.task)?.counts {
            count(counts);
        }
        None
    }

    fn task(&mut self, place: u32) -> Option<&mut TaskProgress> {
        self.tasks.get_mut(usize::try_from(place).ok()?)
    }

    fn change(&self, at: Timestamp, word: &'static str, details: String) -> Change {
        Change {
            at,
            subject: self.id.to_string(),
            word,
            details,
        }
    }
}

fn outcome(end: &End) -> (TaskStatus, String) {
    match end {
        End::Success { .. } => (TaskStatus::Success, String::new()),
        End::Failed { failure, .. } => (TaskStatus::Failed, failure.to_string()),
        End::Cancelled { report } => (TaskStatus::Cancelled, report.clone()),
        End::Skipped { reason } => {
            let reason = reason.as_ref().map(ToString::to_string);
            (TaskStatus::Skipped, reason.unwrap_or_default())
        }
        End::Deferred { failure } => (TaskStatus::Pending, failure.to_string()),
    }
}

/// Says what a unit waits for before it works.
fn lock_words(lock: &Lock) -> String {
    let group = lock
        .cap
        .iter()
        .map(|cap| format!("a place in `{}`", cap.group));
    let names = lock.names.iter().map(|name| format!("`{name}`"));
    let words: Vec<String> = names.chain(group).collect();
    format!("waits for {}", words.join(", "))
}

fn request_word(request: &Request) -> &'static str {
    match request {
        Request::Approve { .. } => "Approve",
        Request::Reject { .. } => "Reject",
        Request::ExecuteTask { .. } => "ExecuteTask",
        Request::RetryTask { .. } => "RetryTask",
        Request::SkipTask { .. } => "SkipTask",
        Request::CancelTask { .. } => "CancelTask",
        Request::CompleteExecution { .. } => "CompleteExecution",
        Request::Cancel => "Cancel",
        Request::PauseTrigger => "PauseTrigger",
        Request::ResumeTrigger => "ResumeTrigger",
    }
}

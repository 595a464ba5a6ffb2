//! The loop of the daemon.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::base::id::ExecutionId;
use crate::engine::status::{ExecutionStatus, WaitReason};
use crate::runner::handle::{Runner, RunnerError};
use crate::runner::serve::attend::Rules;
use crate::runner::serve::crew::{Crew, Left};
use crate::runner::serve::scheduler::{Attended, Scheduler};
use crate::schedule::Calendar;
use crate::store::view::{ExecutionFilter, ExecutionView};

/// The shortest time between two looks at what nobody works on: a busy store changes all the time.
const LOOK_PAUSE: Duration = Duration::from_millis(500);

/// How many executions that triggers have started are worked on at once, at most.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// In all.
    pub in_all: usize,
    /// Of one template, by its name in lower case.
    pub of_template: BTreeMap<String, usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_all: usize::MAX,
            of_template: BTreeMap::new(),
        }
    }
}

/// How a daemon serves.
#[derive(Clone, Debug)]
pub struct Serving {
    /// Fires when nothing new is to be started.
    pub stop: CancellationToken,
    /// How much is worked on at once.
    pub limits: Limits,
    /// When nothing is to start.
    pub calendar: watch::Receiver<Arc<Calendar>>,
}

impl Runner {
    /// Takes up what nobody works on, fires triggers and brings signals, until `stop` fires. What is
    /// under way then is let go of; it goes on with the next daemon or with who takes it up.
    pub async fn serve(&self, serving: Serving) -> Result<(), RunnerError> {
        let _attendance = self.store().attend()?;
        let rules = Rules {
            calendar: Arc::clone(&serving.calendar.borrow()),
            in_turn: serving.limits != Limits::default(),
        };
        let mut daemon = Daemon {
            runner: self.clone(),
            crew: Crew::new(self.clone(), serving.stop.clone()),
            scheduler: Scheduler::new(self.clone(), rules),
            limits: serving.limits,
            calendar: serving.calendar,
            seen_mail: 0,
            seen_change: 0,
        };
        let result = tokio::select! {
            biased;
            result = daemon.run(&serving.stop) => result,
            error = self.carry_locks() => Err(error.into()),
        };
        serving.stop.cancel();
        daemon.crew.finish().await;
        result
    }
}

struct Daemon {
    runner: Runner,
    crew: Crew,
    scheduler: Scheduler,
    limits: Limits,
    calendar: watch::Receiver<Arc<Calendar>>,
    /// The last signal that was seen.
    seen_mail: u64,
    /// The moment of the store that was looked at.
    seen_change: u64,
}

/// What happened next.
enum Next {
    Stop,
    Mail(Vec<(u64, ExecutionId)>),
    Changed(u64),
    Left(Left),
    Rested,
    Due,
    Attended(Attended),
    Calendar,
}

impl Daemon {
    async fn run(&mut self, stop: &CancellationToken) -> Result<(), RunnerError> {
        self.look().await?;
        let mut not_before = tokio::time::Instant::now();
        loop {
            match self.next(stop, not_before).await? {
                Next::Stop => return Ok(()),
                Next::Mail(posted) => self.deliver(posted).await?,
                Next::Changed(moment) => {
                    self.seen_change = moment;
                    self.look().await?;
                    not_before = tokio::time::Instant::now() + LOOK_PAUSE;
                }
                Next::Left(left) => {
                    if self.crew.note(&left) {
                        self.release_queued().await?;
                    }
                }
                Next::Rested => self.crew.take_up_due(),
                Next::Due => self.scheduler.attend_due().await,
                Next::Attended(attended) => self.begin_fired(attended).await?,
                Next::Calendar => self.scheduler.change_rules(Rules {
                    calendar: Arc::clone(&self.calendar.borrow_and_update()),
                    in_turn: self.limits != Limits::default(),
                }),
            }
        }
    }

    /// Waits for something to happen. Cancel-safe.
    async fn next(
        &mut self,
        stop: &CancellationToken,
        not_before: tokio::time::Instant,
    ) -> Result<Next, RunnerError> {
        let store = self.runner.store();
        let seen_change = self.seen_change;
        let changed = async {
            tokio::time::sleep_until(not_before).await;
            store.changed(seen_change).await
        };
        let (due, rested) = (self.scheduler.due(), self.crew.due());
        let next = tokio::select! {
            biased;
            () = stop.cancelled() => Next::Stop,
            attended = self.scheduler.attended() => Next::Attended(attended),
            left = self.crew.left() => Next::Left(left),
            posted = store.posted(self.seen_mail) => Next::Mail(posted?),
            () = due => Next::Due,
            () = rested => Next::Rested,
            Ok(()) = self.calendar.changed() => Next::Calendar,
            moment = changed => Next::Changed(moment?),
        };
        Ok(next)
    }

    /// Begins to work on what a trigger has started.
    async fn begin_fired(&mut self, attended: Attended) -> Result<(), RunnerError> {
        if let Ok(attendance) = &attended.outcome {
            for id in &attendance.started {
                self.crew.take_up(id.clone(), false);
            }
            if attendance.queued {
                self.release_queued().await?;
            }
        }
        self.scheduler.note(attended);
        Ok(())
    }

    /// Hands signals to who works on their executions, or begins to work on them.
    async fn deliver(&mut self, posted: Vec<(u64, ExecutionId)>) -> Result<(), RunnerError> {
        for (number, id) in posted {
            self.seen_mail = self.seen_mail.max(number);
            if self.runner.mail().has(&id) {
                self.runner.deliver(&id).await?;
            } else if !self.runner.store().is_owned(&id.root())? {
                self.crew.take_up(id.root(), false);
            }
        }
        Ok(())
    }

    /// Takes up what nobody works on, and learns of new triggers.
    async fn look(&mut self) -> Result<(), RunnerError> {
        self.scheduler.refresh().await?;
        for id in self.runner.store().unfinished().await? {
            if self.crew.knows(&id) || self.runner.store().is_owned(&id)? {
                continue;
            }
            if self.is_for_a_worker(&id).await? {
                self.crew.take_up(id, false);
            }
        }
        self.release_queued().await
    }

    /// Tells whether there may be something to do about an execution: those that wait for their
    /// trigger or for their turn wait for this daemon, not for a worker.
    async fn is_for_a_worker(&self, id: &ExecutionId) -> Result<bool, RunnerError> {
        let store = self.runner.store();
        let Some(view) = store.execution(id).await? else {
            return Ok(false);
        };
        let waits = matches!(
            view.waiting_status,
            Some(WaitReason::Trigger { .. } | WaitReason::Turn { .. })
        );
        Ok(!waits || !store.waiting(id).await?.is_empty())
    }

    /// Lets queued executions begin, oldest first, as far as there is room for them.
    async fn release_queued(&mut self) -> Result<(), RunnerError> {
        let store = self.runner.store();
        let filter = ExecutionFilter {
            statuses: vec![ExecutionStatus::Queued],
            limit: usize::MAX,
            ..ExecutionFilter::default()
        };
        let mut queued = store.executions(&filter).await?;
        queued.reverse();
        for view in queued {
            let is_held = matches!(view.waiting_status, Some(WaitReason::Turn { .. }));
            if !is_held || self.crew.works_on(&view.execution_id) {
                continue;
            }
            if self.has_room_for(&view).await? && !store.is_owned(&view.execution_id)? {
                self.crew.take_up(view.execution_id, true);
            }
        }
        Ok(())
    }
}

impl Daemon {
    /// Tells whether a queued execution may begin.
    async fn has_room_for(&self, view: &ExecutionView) -> Result<bool, RunnerError> {
        if self.crew.len() >= self.limits.in_all {
            return Ok(false);
        }
        let key = view.template_name.to_lowercase();
        if let Some(most) = self.limits.of_template.get(&key) {
            let filter = ExecutionFilter {
                template_name: Some(view.template_name.clone()),
                statuses: vec![ExecutionStatus::Running, ExecutionStatus::Waiting],
                limit: most.saturating_add(1),
                ..ExecutionFilter::default()
            };
            let at_work = self.runner.store().executions(&filter).await?;
            let is_trigger = |view: &ExecutionView| {
                matches!(view.waiting_status, Some(WaitReason::Trigger { .. }))
            };
            if at_work.iter().filter(|view| !is_trigger(view)).count() >= *most {
                return Ok(false);
            }
        }
        self.scheduler.is_first_in_line(view).await
    }
}

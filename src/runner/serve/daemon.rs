//! The loop of the daemon.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::base::id::ExecutionId;
use crate::engine::status::{ExecutionStatus, WaitReason};
use crate::runner::handle::{Runner, RunnerError};
use crate::runner::retention::{Keep, MinFree};
use crate::runner::serve::attend::Rules;
use crate::runner::serve::brake::{Brake, Change};
use crate::runner::serve::crew::{Crew, Left};
use crate::runner::serve::keeper::keep;
use crate::runner::serve::renew::renew_all;
use crate::runner::serve::scheduler::{Attended, Scheduler};
use crate::schedule::Calendar;
use crate::store::StoreError;
use crate::store::view::{ExecutionFilter, ExecutionView};

/// The shortest time between two looks at what nobody works on: a busy store changes all the time.
const LOOK_PAUSE: Duration = Duration::from_millis(500);

/// What a trigger adds to it: a look reads them all.
const PAUSE_OF_A_TRIGGER: Duration = Duration::from_micros(500);

/// How long a look waits at most while executions are being taken up: it takes as long as some of them, and
/// what was fired is to begin on time.
const LOOK_AT_LAST: Duration = Duration::from_millis(200);

/// How often it is asked meanwhile whether they are.
const MEANWHILE: Duration = Duration::from_millis(20);

/// The longest time without a look: a process that dies changes nothing in the store.
const LOOK_AT_LEAST: Duration = Duration::from_secs(10);

/// How long a daemon that failed waits before it goes on.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// After how many failures in a row it gives up.
const MOST_FAILURES: u32 = 10;

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
    /// How much is kept of what has ended.
    pub keep: Keep,
    /// How much room the disk must have for something new to be started.
    pub min_free: MinFree,
    /// Is notified when templates are to be read again.
    pub renew: Arc<Notify>,
    /// Is fired as soon as everything that was left has been looked at.
    pub ready: CancellationToken,
}

impl Runner {
    /// Takes up what nobody works on, fires triggers and brings signals, until `stop` fires. What is
    /// under way then is let go of; it goes on with the next daemon or with who takes it up.
    pub async fn serve(&self, serving: Serving) -> Result<(), RunnerError> {
        let _attendance = self.store().attend()?;
        let rules = Rules {
            calendar: Arc::clone(&serving.calendar.borrow()),
            in_turn: serving.limits != Limits::default(),
            braked: None,
        };
        let mut daemon = Daemon {
            runner: self.clone(),
            crew: Crew::new(self.clone(), serving.stop.clone()),
            scheduler: Scheduler::new(self.clone(), rules),
            limits: serving.limits,
            calendar: serving.calendar,
            brake: Brake::new(serving.min_free),
            renew: serving.renew,
            renewing: JoinSet::new(),
            seen_mail: 0,
            seen_change: 0,
            noticed: None,
            unheard: BTreeSet::new(),
        };
        let result = tokio::select! {
            biased;
            result = daemon.run(&serving.stop, &serving.ready) => result,
            error = self.carry_locks() => Err(error.into()),
            never = keep(self, serving.keep) => match never {},
        };
        serving.stop.cancel();
        daemon.crew.finish().await;
        if let Err(error) = self.finish_guests(serving.stop).await {
            tell_of(&error);
        }
        result
    }
}

struct Daemon {
    runner: Runner,
    crew: Crew,
    scheduler: Scheduler,
    limits: Limits,
    calendar: watch::Receiver<Arc<Calendar>>,
    brake: Brake,
    renew: Arc<Notify>,
    /// Templates that are being read again.
    renewing: JoinSet<Result<(), StoreError>>,
    /// The last signal that was seen.
    seen_mail: u64,
    /// The moment of the store that was looked at.
    seen_change: u64,
    /// The one that is to be looked at, or `None` as it is time to look, and until when that may wait.
    noticed: Option<(Option<u64>, tokio::time::Instant)>,
    /// Executions that somebody else had when a signal for them came.
    unheard: BTreeSet<ExecutionId>,
}

/// What happened next.
enum Next {
    Mail(Vec<(u64, ExecutionId)>),
    /// The store changed, or nothing was looked at for long.
    Changed(Option<u64>),
    /// It is time to look.
    Look(Option<u64>),
    Left(Left),
    Rested,
    Due,
    Attended(Attended),
    Calendar,
    /// It is time to look at the disk.
    Room,
    Renew,
    Renewed(Result<(), StoreError>),
    Guest(RunnerError),
}

impl Daemon {
    async fn run(
        &mut self,
        stop: &CancellationToken,
        ready: &CancellationToken,
    ) -> Result<(), RunnerError> {
        self.look_at_room()?;
        self.look(true).await?;
        ready.cancel();
        let mut not_before = tokio::time::Instant::now();
        let mut failures = 0;
        loop {
            let work = async {
                let next = self.next(not_before).await?;
                let looks = matches!(next, Next::Look(_));
                self.handle(next).await.map(|()| looks)
            };
            let outcome = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                outcome = work => outcome,
            };
            match outcome {
                Ok(looked) => {
                    failures = 0;
                    if looked {
                        not_before = tokio::time::Instant::now() + self.look_pause();
                    }
                }
                Err(error) => {
                    failures += 1;
                    if failures >= MOST_FAILURES {
                        return Err(error);
                    }
                    tell_of(&error);
                    tokio::time::sleep(FAILURE_PAUSE).await;
                }
            }
        }
    }

    fn look_pause(&self) -> Duration {
        let triggers = u32::try_from(self.scheduler.len()).unwrap_or(u32::MAX);
        LOOK_PAUSE + PAUSE_OF_A_TRIGGER.saturating_mul(triggers)
    }

    async fn handle(&mut self, next: Next) -> Result<(), RunnerError> {
        match next {
            Next::Mail(posted) => {
                for (number, id) in posted {
                    self.deliver(&id).await?;
                    self.seen_mail = self.seen_mail.max(number);
                }
            }
            Next::Changed(moment) => {
                let at_last = tokio::time::Instant::now() + LOOK_AT_LAST;
                self.noticed = Some((moment, at_last));
            }
            Next::Look(moment) => {
                self.noticed = None;
                self.seen_change = moment.unwrap_or(self.seen_change);
                self.look(moment.is_some()).await?;
            }
            Next::Left(left) => {
                self.crew.note(&left);
                self.release_queued().await?;
            }
            Next::Rested => self.crew.take_up_due(),
            Next::Due => self.scheduler.attend_due().await,
            Next::Attended(attended) => self.begin_fired(attended).await?,
            Next::Calendar => {
                let rules = self.rules();
                self.scheduler.change_rules(rules);
            }
            Next::Room => {
                if self.look_at_room()? {
                    self.release_queued().await?;
                }
            }
            Next::Renew => drop(self.renewing.spawn(renew_all(self.runner.clone()))),
            Next::Renewed(result) => result?,
            Next::Guest(error) => {
                tell_of(&error);
                self.runner.guests().forget_failure();
            }
        }
        Ok(())
    }

    fn rules(&mut self) -> Rules {
        Rules {
            calendar: Arc::clone(&self.calendar.borrow_and_update()),
            in_turn: self.limits != Limits::default(),
            braked: self.brake.last(),
        }
    }

    /// Looks whether the disk has room for something new; tells whether it has again.
    fn look_at_room(&mut self) -> Result<bool, RunnerError> {
        let room = self.runner.store().room()?;
        match self.brake.look(room, self.runner.clock().now()) {
            Some(Change::Pulled) => self.scheduler.hold(),
            Some(Change::Released) => {
                let rules = self.rules();
                self.scheduler.release(rules);
                return Ok(true);
            }
            None => {}
        }
        Ok(false)
    }

    /// Waits for something to happen. Cancel-safe.
    async fn next(&mut self, not_before: tokio::time::Instant) -> Result<Next, RunnerError> {
        let store = self.runner.store();
        let seen_change = self.seen_change;
        let (beginning, noticed) = (self.crew.beginning(), self.noticed);
        let changed = async {
            if let Some((moment, at_last)) = noticed {
                while beginning.is_any() && tokio::time::Instant::now() < at_last {
                    tokio::time::sleep(MEANWHILE).await;
                }
                return Ok(Next::Look(moment));
            }
            tokio::time::sleep_until(not_before).await;
            let changed = store.changed(seen_change);
            match tokio::time::timeout(LOOK_AT_LEAST, changed).await {
                Ok(moment) => moment.map(|moment| Next::Changed(Some(moment))),
                Err(_) => Ok(Next::Changed(None)),
            }
        };
        let (due, rested) = (self.scheduler.due(), self.crew.due());
        let next = tokio::select! {
            biased;
            attended = self.scheduler.attended() => Next::Attended(attended),
            left = self.crew.left() => Next::Left(left),
            posted = store.posted(self.seen_mail) => Next::Mail(posted?),
            () = due => Next::Due,
            () = rested => Next::Rested,
            Ok(()) = self.calendar.changed() => Next::Calendar,
            () = self.renew.notified(), if self.renewing.is_empty() => Next::Renew,
            Some(renewed) = self.renewing.join_next() => match renewed {
                Ok(renewed) => Next::Renewed(renewed),
                // A panic must not be lost.
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            },
            error = self.runner.guests().failure() => Next::Guest(error),
            () = self.brake.due() => Next::Room,
            changed = changed => changed?,
        };
        Ok(next)
    }

    /// Begins to work on what a trigger has started.
    async fn begin_fired(&mut self, attended: Attended) -> Result<(), RunnerError> {
        let mut queued = false;
        if let Ok(attendance) = &attended.outcome {
            for id in &attendance.started {
                self.crew.take_up(id.clone(), false);
            }
            queued = attendance.queued;
        }
        self.scheduler.note(attended);
        if queued {
            self.release_queued().await?;
        }
        Ok(())
    }

    /// Hands the signals for an execution to who works on it, or begins to work on it.
    async fn deliver(&mut self, id: &ExecutionId) -> Result<(), RunnerError> {
        let root = id.root();
        if self.crew.works_on(&root) {
            // It may just be let go of: then it is looked at once more.
            self.crew.take_up(root, false);
            if self.runner.mail().has(id) {
                self.runner.deliver(id).await?;
            }
        } else if self.runner.store().is_owned(&root)? {
            self.unheard.insert(id.clone());
        } else {
            self.crew.take_up(root, false);
        }
        Ok(())
    }

    /// Takes up what nobody works on; with `changed`, learns of new triggers, too.
    async fn look(&mut self, changed: bool) -> Result<(), RunnerError> {
        if changed {
            self.scheduler.refresh().await?;
        }
        for id in std::mem::take(&mut self.unheard) {
            if !self.runner.store().waiting(&id).await?.is_empty() {
                self.deliver(&id).await?;
            }
        }
        for id in self.runner.store().unfinished().await? {
            let is_known = self.crew.knows(&id) || self.scheduler.has(&id);
            if is_known || self.runner.store().is_owned(&id)? {
                continue;
            }
            if self.waits_for_us(&id).await? {
                self.crew.leave(id);
            } else {
                self.crew.take_up(id, false);
            }
        }
        self.release_queued().await
    }

    /// Tells whether an execution waits for this daemon, not for a worker: for its trigger or its turn.
    async fn waits_for_us(&self, id: &ExecutionId) -> Result<bool, RunnerError> {
        let store = self.runner.store();
        let view = store.execution(id).await?;
        let waits = view.is_some_and(|view| {
            matches!(
                view.waiting_status,
                Some(WaitReason::Trigger { .. } | WaitReason::Turn { .. })
            )
        });
        Ok(waits && store.waiting(id).await?.is_empty())
    }

    /// Lets queued executions begin, oldest first, as far as there is room for them.
    async fn release_queued(&mut self) -> Result<(), RunnerError> {
        if self.brake.is_pulled() || self.crew.len() >= self.limits.in_all {
            return Ok(());
        }
        let store = self.runner.store();
        let filter = ExecutionFilter {
            statuses: vec![ExecutionStatus::Queued],
            limit: usize::MAX,
            ..ExecutionFilter::default()
        };
        let mut queued = store.executions(&filter).await?;
        // The calendar last: its rules may take long to read.
        let now = self.runner.clock().now();
        if queued.is_empty() || self.calendar.borrow().covers(now).is_some() {
            return Ok(());
        }
        queued.reverse();
        // Those that are being taken up still look queued.
        let mut beginning: BTreeMap<String, usize> = BTreeMap::new();
        let mut full_lines: BTreeSet<ExecutionId> = BTreeSet::new();
        for view in queued {
            let is_held = matches!(view.waiting_status, Some(WaitReason::Turn { .. }));
            let key = view.template_name.to_lowercase();
            if self.crew.works_on(&view.execution_id) {
                *beginning.entry(key).or_default() += 1;
                continue;
            }
            let line = view.parent_execution_id.clone();
            if !is_held || line.as_ref().is_some_and(|line| full_lines.contains(line)) {
                continue;
            }
            let ahead = beginning.get(&key).copied().unwrap_or_default();
            let has_room = self.has_room_for(&view, ahead).await?;
            if has_room && !store.is_owned(&view.execution_id)? {
                self.crew.take_up(view.execution_id, true);
                *beginning.entry(key).or_default() += 1;
            } else {
                full_lines.extend(line);
            }
        }
        Ok(())
    }

    /// Tells whether a queued execution may begin while `ahead` others of its template do.
    async fn has_room_for(&self, view: &ExecutionView, ahead: usize) -> Result<bool, RunnerError> {
        if self.crew.len() >= self.limits.in_all {
            return Ok(false);
        }
        let key = view.template_name.to_lowercase();
        if let Some(most) = self.limits.of_template.get(&key) {
            let filter = ExecutionFilter {
                template_name: Some(view.template_name.clone()),
                statuses: vec![ExecutionStatus::Running, ExecutionStatus::Waiting],
                limit: usize::MAX,
                ..ExecutionFilter::default()
            };
            let at_work = self.runner.store().executions(&filter).await?;
            let is_trigger = |view: &&ExecutionView| {
                matches!(view.waiting_status, Some(WaitReason::Trigger { .. }))
            };
            let triggers = at_work.iter().filter(is_trigger).count();
            if at_work.len() - triggers + ahead >= *most {
                return Ok(false);
            }
        }
        self.scheduler.is_first_in_line(view).await
    }
}

/// Tells of an error that the daemon goes on after.
fn tell_of(error: &RunnerError) {
    let error = error as &dyn std::error::Error;
    tracing::error!(error, "serving goes on");
}

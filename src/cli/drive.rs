//! Works on an execution in this process, shows how it goes and lets a person answer.

use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::cli::answer::{self, Answer};
use crate::cli::aside::ask_aside;
use crate::cli::client;
use crate::cli::environment;
use crate::cli::exit::Exit;
use crate::cli::fleet::{MANY, print_digest};
use crate::cli::global::Format;
use crate::cli::guard;
use crate::cli::interrupt::Interrupts;
use crate::cli::output::{Output, print_result, wait_lines};
use crate::cli::progress::{Change, Follower, Tree, print_changes};
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::engine::event::{Event, Fact, Signal};
use crate::engine::status::ExecutionStatus;
use crate::runner::{DriveOptions, News, Outcome as Driven, Runner, RunnerError, SignalError};
use crate::store::view::{ExecutionView, TaskFilter};

/// How often progress is looked at: often enough to look alive, seldom enough to cost nothing.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How often the queue of locks is looked at while something waits for one.
const LOOK_AT_LOCKS: Duration = Duration::from_secs(1);

/// Which part of an execution's story is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Story {
    /// All of it: it begins here.
    Whole,
    /// What happens from now on: the rest has been told before.
    FromNow,
}

/// Works on an execution to its end, prints it and returns the exit code that it stands for.
pub(super) async fn drive(
    runner: &Runner,
    id: &ExecutionId,
    story: Story,
    stop_when_waiting: bool,
    session: &mut Session,
) -> Outcome {
    if let Some(exit) = print_ended(runner, id, session).await? {
        return Ok(exit);
    }
    // One stream for all of it, so that no Ctrl-C is missed between two looks.
    let mut interrupts = Interrupts::new()?;
    let mut watch = Watch::new(runner, id, stop_when_waiting, session).await?;
    if story == Story::FromNow {
        watch.skip_past().await?;
    }
    let driven = watch.drive(&mut interrupts).await?;
    finish_guests(runner, &driven, &mut interrupts).await?;
    let view = runner.store().execution(id).await?;
    let view = view.ok_or_else(|| Failure::internal(RunnerError::NotFound(id.clone())))?;
    if driven == Driven::Stopped {
        say_how_to_go_on(&view, &mut session.output);
    }
    let tasks = runner.store().tasks(id, &TaskFilter::default()).await?;
    print_result(&view, &tasks, client::now(), &mut session.output)?;
    if session.output.is_read_by_person() {
        let language = session.settings.language;
        print_digest(runner.store(), &view, MANY.., language, &mut session.output).await?;
    }
    Ok(exit_of(view.status))
}

/// Waits for the executions that this one has started; Ctrl-C lets go of them.
async fn finish_guests(
    runner: &Runner,
    driven: &Driven,
    interrupts: &mut Interrupts,
) -> Result<(), RunnerError> {
    let stop = CancellationToken::new();
    if *driven == Driven::Stopped {
        stop.cancel();
    }
    let finishing = runner.finish_guests(stop.clone());
    tokio::pin!(finishing);
    tokio::select! {
        finished = &mut finishing => return finished,
        () = interrupts.next() => stop.cancel(),
    }
    finishing.await
}

/// Prints an execution that has ended already and returns the exit code that it stands for.
async fn print_ended(
    runner: &Runner,
    id: &ExecutionId,
    session: &mut Session,
) -> Result<Option<Exit>, Failure> {
    let Some(view) = runner.store().execution(id).await? else {
        return Ok(None);
    };
    if !view.status.is_final() {
        return Ok(None);
    }
    session
        .output
        .note(format_args!("`{id}` has ended already."));
    let tasks = runner.store().tasks(id, &TaskFilter::default()).await?;
    print_result(&view, &tasks, client::now(), &mut session.output)?;
    Ok(Some(exit_of(view.status)))
}

/// Returns the exit code that a status stands for.
fn exit_of(status: ExecutionStatus) -> Exit {
    match status {
        ExecutionStatus::Success => Exit::Success,
        ExecutionStatus::Failed => Exit::Failed,
        ExecutionStatus::Cancelled => Exit::Cancelled,
        ExecutionStatus::Queued | ExecutionStatus::Running | ExecutionStatus::Waiting => {
            Exit::Waiting
        }
    }
}

fn say_how_to_go_on(view: &ExecutionView, output: &mut Output) {
    match &view.waiting_status {
        Some(reason) => {
            for line in wait_lines(view, reason) {
                output.note(line);
            }
        }
        None => output.note(format_args!(
            "Nobody works on the execution now. Go on with:\n  oos resume {}",
            view.execution_id
        )),
    }
}

/// An execution that is worked on and watched.
struct Watch<'a> {
    runner: &'a Runner,
    id: &'a ExecutionId,
    output: &'a mut Output,
    follower: Follower,
    /// Drawn on terminals; elsewhere there are lines.
    tree: Option<Tree>,
    stop: CancellationToken,
    /// Whether nobody is asked, since the work stops when it comes to waiting.
    leaves_when_waiting: bool,
    /// Answers of the person who is being asked.
    asked: JoinSet<Option<Answer>>,
    /// What was asked last: the same is not asked again.
    question: Option<answer::Question>,
    /// When the queue of locks was looked at last.
    looked_at_locks: Option<Timestamp>,
}

/// What woke the watcher up.
enum Wake {
    Driven(Result<Driven, RunnerError>),
    Answered(Option<Answer>),
    Interrupted,
    News(News),
    Tick,
}

impl<'a> Watch<'a> {
    async fn new(
        runner: &'a Runner,
        id: &'a ExecutionId,
        leaves_when_waiting: bool,
        session: &'a mut Session,
    ) -> Result<Self, Failure> {
        hide_secrets(&runner.store().read(id).await?);
        let output = &mut session.output;
        let tree = output.can_redraw().then(Tree::default);
        Ok(Self {
            runner,
            id,
            output,
            follower: Follower::new(id.clone()),
            tree,
            stop: CancellationToken::new(),
            leaves_when_waiting,
            asked: JoinSet::new(),
            question: None,
            looked_at_locks: None,
        })
    }

    /// Takes what has happened so far as told.
    async fn skip_past(&mut self) -> Result<(), Failure> {
        self.follower.update(self.runner.store()).await?;
        Ok(())
    }

    async fn drive(mut self, interrupts: &mut Interrupts) -> Result<Driven, Failure> {
        let mut news = self.runner.subscribe();
        let mut working = JoinSet::new();
        let (runner, id) = (self.runner.clone(), self.id.clone());
        let options = DriveOptions {
            stop: self.stop.clone(),
            stop_when_waiting: self.leaves_when_waiting,
        };
        working.spawn(async move { runner.drive(&id, options).await });
        let mut clock = tokio::time::interval(LOOK_AGAIN);
        let driven = loop {
            let wake = self.wake(&mut working, &mut news, &mut clock, interrupts);
            match wake.await {
                Wake::Driven(driven) => break driven,
                Wake::Answered(answer) => self.send(answer).await?,
                Wake::Interrupted => self.interrupt()?,
                Wake::News(news) => self.hear(&news),
                Wake::Tick => self.look().await?,
            }
        };
        self.look().await?;
        if let Some(mut tree) = self.tree.take() {
            tree.clear(self.output);
        }
        driven.map_err(Failure::from)
    }

    async fn wake(
        &mut self,
        working: &mut JoinSet<Result<Driven, RunnerError>>,
        news: &mut Receiver<News>,
        clock: &mut tokio::time::Interval,
        interrupts: &mut Interrupts,
    ) -> Wake {
        tokio::select! {
            Some(driven) = working.join_next() => {
                Wake::Driven(driven.expect("the runner does not panic"))
            }
            Some(answer) = self.asked.join_next() => {
                Wake::Answered(answer.expect("asking does not panic"))
            }
            () = interrupts.next() => Wake::Interrupted,
            // What a slow watcher misses is the newest line of output, and events that it reads later.
            Ok(news) = news.recv() => Wake::News(news),
            _ = clock.tick() => Wake::Tick,
        }
    }

    /// Shows what is new and asks if somebody is to decide.
    async fn look(&mut self) -> Result<(), Failure> {
        let mut changes = self.follower.update(self.runner.store()).await?;
        changes.extend(self.look_at_locks().await?);
        let is_being_asked = !self.asked.is_empty();
        match &mut self.tree {
            Some(tree) if !is_being_asked => {
                tree.draw(&self.follower, client::now(), self.output);
            }
            None if self.output.format() == Format::Text => print_changes(&changes, self.output)?,
            Some(_) | None => {}
        }
        if !changes.is_empty() && !is_being_asked && !self.leaves_when_waiting {
            self.ask().await?;
        }
        Ok(())
    }

    /// Looks who has the locks that something waits for.
    async fn look_at_locks(&mut self) -> Result<Vec<Change>, Failure> {
        let now = client::now();
        let is_due = |last: Timestamp| now.duration_since(last).unsigned_abs() >= LOOK_AT_LOCKS;
        if !self.follower.wants_locks() || !self.looked_at_locks.is_none_or(is_due) {
            return Ok(Vec::new());
        }
        self.looked_at_locks = Some(now);
        let locks = self.runner.store().locks(self.id).await?;
        Ok(self.follower.note_locks(&locks, now))
    }

    /// Asks the person in front of the terminal what the execution waits for.
    async fn ask(&mut self) -> Result<(), Failure> {
        let Some(view) = self.runner.store().execution(self.id).await? else {
            return Ok(());
        };
        let question = answer::question(self.runner.store(), &view).await?;
        if question == self.question {
            return Ok(());
        }
        self.question.clone_from(&question);
        let Some(question) = question else {
            return Ok(());
        };
        if !self.output.can_ask() || question.is_for_others() {
            say_how_to_go_on(&view, self.output);
            return Ok(());
        }
        if let Some(tree) = &mut self.tree {
            tree.leave();
        }
        self.asked.spawn(ask_aside(question));
        Ok(())
    }

    /// Passes an answer on; no answer leaves the question to others.
    async fn send(&mut self, answer: Option<Answer>) -> Result<(), Failure> {
        let Some(Answer {
            execution,
            request,
            plan,
        }) = answer
        else {
            self.output.note("The execution goes on waiting.");
            return Ok(());
        };
        let signal = Signal {
            by: environment::user_name(),
            note: String::new(),
            request,
            plan,
            number: None,
        };
        match self.runner.signal(&execution, &signal).await {
            Ok(()) => Ok(()),
            Err(SignalError::Refused(reason)) => {
                self.output
                    .note(format_args!("This was refused: {reason}."));
                self.question = None;
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The first interrupt stops starting new work, the second leaves at once; both are resumable.
    fn interrupt(&mut self) -> Result<(), Failure> {
        if let Some(tree) = &mut self.tree {
            tree.leave();
        }
        if self.stop.is_cancelled() {
            let hint = format!("Nothing is lost. Go on with:\n  oos resume {}", self.id);
            self.output.note(hint);
            return Err(Failure::Reported(Exit::Waiting));
        }
        self.stop.cancel();
        self.output
            .note("Nothing new is started. Press Ctrl-C again to leave at once.");
        Ok(())
    }

    fn hear(&mut self, news: &News) {
        match (news, &mut self.tree) {
            (News::Events { id, after, events }, _) => self.follower.hear(id, *after, events),
            (News::Output { key, bytes, .. }, Some(tree)) => {
                tree.note_output(key, &String::from_utf8_lossy(bytes));
            }
            (News::Output { .. }, None) => {}
        }
    }
}

/// Hides the secrets of an execution from messages.
fn hide_secrets(events: &[Event]) {
    if let Some(Event {
        fact: Fact::ExecutionStarted(started),
        ..
    }) = events.first()
    {
        guard::hide(started.secrets());
    }
}

impl From<RunnerError> for Failure {
    fn from(error: RunnerError) -> Self {
        match error {
            RunnerError::NotFound(_) => Self::usage(error),
            RunnerError::OtherInventory { .. } => Self::refused(error),
            RunnerError::Unbound { ref id, .. } => {
                let hint = format!(
                    "Make it anew and give the parameter with `-p`:\n  oos trigger delete {id}"
                );
                Self::refused(error).hinted(hint)
            }
            RunnerError::Owned(ref id) => {
                let hint = format!("`oos logs {id} --follow` shows what it does.");
                Self::refused(error).hinted(hint)
            }
            RunnerError::Journal { .. } => {
                Self::internal(error).hinted("`oos store check` says what is damaged.")
            }
            RunnerError::Store(error) => error.into(),
            RunnerError::Guest { ref id, .. } => {
                let hint = format!("Once its cause is mended, go on with it:\n  oos resume {id}");
                Self::internal(error).hinted(hint)
            }
            RunnerError::Storage { .. } => {
                Self::internal(error).hinted("`oos doctor` checks the data directory.")
            }
        }
    }
}

impl From<SignalError> for Failure {
    fn from(error: SignalError) -> Self {
        match error {
            SignalError::Refused(_) => Self::refused(error),
            SignalError::Nobody(ref id) => {
                let hint = format!("It is taken up by `oos resume {id}`.");
                Self::refused(error).hinted(hint)
            }
            SignalError::Unanswered(_) => Self::refused(error)
                .hinted("Say nothing again: it is taken up as soon as the process can."),
            SignalError::Runner(error) => error.into(),
        }
    }
}

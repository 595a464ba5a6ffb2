//! The people of a world: sooner or later they answer whatever waits for one of them.

use std::collections::BTreeMap;
use std::time::Duration;

use oos::base::id::ExecutionId;
use oos::engine::Execution;
use oos::engine::event::{Request, Signal};
use oos::engine::status::{ExecutionStatus, WaitReason};
use oos::runner::{DriveOptions, Runner, SignalError};
use tokio_util::sync::CancellationToken;

use crate::chance::Chance;
use crate::world::World;

/// Who they are.
const NAMES: [&str; 4] = ["bob", "cy", "dee", "ann"];

/// How long they think before they answer.
const THINKING: Duration = Duration::from_secs(3);

/// After so many words they give up: something goes round in circles.
const PATIENCE: u32 = 300;

/// What the people remember.
#[derive(Debug)]
pub(crate) struct People {
    seed: u64,
    said: u32,
    /// How often a task of an execution was answered.
    answers: BTreeMap<(ExecutionId, String), u32>,
}

impl People {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            said: 0,
            answers: BTreeMap::new(),
        }
    }

    /// Decides what to say to an execution that waits for a person.
    fn decide(&mut self, id: &ExecutionId, execution: &Execution) -> Option<(String, Request)> {
        let reason = execution.wait_reasons().into_iter().next()?;
        let task = execution.current_tasks().first()?.to_string();
        let times = self.answers.entry((id.clone(), task.clone())).or_default();
        *times += 1;
        let times = *times;
        let mut chance = Chance::named(self.seed, &task);
        let name = |names: &[&str]| names[times as usize % names.len()].to_owned();
        let request = match &reason {
            WaitReason::Approval { approvers, .. } if !approvers.is_empty() => {
                let names: Vec<&str> = approvers.iter().map(String::as_str).collect();
                return Some((name(&names), Request::Approve { task: None }));
            }
            WaitReason::Approval { .. }
            | WaitReason::Pause
            | WaitReason::Confirmation { .. }
            | WaitReason::BatchPause { .. } => Request::Approve { task: None },
            WaitReason::Failure | WaitReason::Unknown { .. } if times == 1 => Request::RetryTask {
                task: None,
                parameters: None,
            },
            // Nothing passes by an approval: one that cannot be asked for ends the run.
            WaitReason::Failure | WaitReason::Unknown { .. } if times > 3 => Request::Cancel,
            WaitReason::Failure if chance.one_in(3) => Request::CompleteExecution {
                status: ExecutionStatus::Failed,
            },
            WaitReason::Failure | WaitReason::Unknown { .. } => Request::SkipTask { task: None },
            WaitReason::Debug if chance.one_in(5) => Request::SkipTask { task: None },
            WaitReason::Debug => Request::ExecuteTask {
                task,
                parameters: None,
            },
            // Nobody fires it in these worlds, and it would wait for ever.
            WaitReason::Trigger { .. } => Request::Cancel,
            WaitReason::Timer
            | WaitReason::Turn { .. }
            | WaitReason::Blackout { .. }
            | WaitReason::Child { .. } => return None,
        };
        Some((name(&NAMES), request))
    }
}

/// Answers whatever waits for a person; returns only when nothing helps.
pub(crate) async fn talk(world: &World, runner: &Runner) {
    loop {
        if asked(world).is_none() {
            world.news.notified().await;
            continue;
        }
        tokio::time::sleep(THINKING).await;
        if let Some(id) = answer(world, runner).await {
            go_on(world, runner, &id).await;
        }
        if world.people.lock().unwrap().said > PATIENCE {
            world
                .witness()
                .accuse("people are asked and asked".to_owned());
            return;
        }
    }
}

/// Goes on with an execution that has been answered and that nobody works on, as `oos approve` offers
/// to: one that was started by another is let go of when it asks, while the other may go on for hours.
async fn go_on(world: &World, runner: &Runner, id: &ExecutionId) {
    let options = DriveOptions {
        stop: CancellationToken::new(),
        stop_when_waiting: true,
    };
    match runner.drive(&id.root(), options).await {
        Ok(outcome) => world.note(|| format!("somebody went on with {id}: {outcome:?}")),
        Err(error) => world.note(|| format!("somebody could not go on with {id}: {error}")),
    }
}

/// Answers once, if somebody is asked. Returns the execution if nobody works on it.
pub(crate) async fn answer(world: &World, runner: &Runner) -> Option<ExecutionId> {
    let id = asked(world)?;
    let word = {
        let witness = world.witness();
        let execution = witness.execution(&id).expect("it asked");
        let mut people = world.people.lock().unwrap();
        people.said += 1;
        people.decide(&id, execution)
    };
    let (by, request) = word?;
    say(world, runner, &by, request).await
}

/// Returns the execution that waits for a person, following children downwards.
fn asked(world: &World) -> Option<ExecutionId> {
    let witness = world.witness();
    witness
        .ids()
        .find(|id| {
            let execution = witness.execution(id).expect("it is known");
            let reasons = execution.wait_reasons();
            execution.status() == ExecutionStatus::Waiting
                && !reasons
                    .iter()
                    .all(|reason| matches!(reason, WaitReason::Child { .. }))
        })
        .cloned()
}

/// Says something to the execution that was started first, as `oos approve` and its like do. Returns
/// it if nobody works on it.
pub(crate) async fn say(
    world: &World,
    runner: &Runner,
    by: &str,
    request: Request,
) -> Option<ExecutionId> {
    let root = world.witness().ids().next().cloned();
    let root = asked(world).or(root)?;
    let plan = world
        .witness()
        .execution(&root)
        .and_then(|execution| execution.plan().cloned());
    let signal = Signal {
        by: by.to_owned(),
        note: String::new(),
        request,
        plan,
        number: None,
    };
    match runner.signal(&root, &signal).await {
        Ok(()) => world.note(|| format!("{by} was heard")),
        Err(SignalError::Refused(reason)) => world.note(|| format!("{by}: {reason}")),
        Err(error @ SignalError::Nobody(_)) => {
            world.note(|| format!("{by}: {error}"));
            return Some(root);
        }
        Err(error @ SignalError::Unanswered(_)) => world.note(|| format!("{by}: {error}")),
        Err(SignalError::Runner(error)) => world.note(|| format!("{by}: {error}")),
    }
    None
}

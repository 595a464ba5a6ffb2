//! What is to happen in a world: made from a seed, written down as JSON, cut down to what matters.

use std::time::Duration;

use oos::engine::event::Request;
use oos::engine::status::ExecutionStatus;
use serde::{Deserialize, Serialize};

use crate::chance::Chance;

/// Everything that makes one world differ from another of the same scenario.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// The scenario.
    pub(crate) scenario: String,
    /// What all small things follow from: how long calls take, who answers, what is retried.
    pub(crate) seed: u64,
    /// Whether processes leave when the execution waits for a person.
    #[serde(default)]
    pub(crate) leaves: bool,
    /// What goes wrong, and what people say without being asked.
    #[serde(default)]
    pub(crate) steps: Vec<Step>,
}

/// One thing that happens.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) enum Step {
    /// The power fails at an append, counted from 1 over all processes.
    PowerFails { append: u32, moment: Moment },
    /// The power fails at a time, in milliseconds from the beginning.
    PowerFailsAt { at: u64 },
    /// The store fails at an operation of a kind, counted from 1.
    StoreFails { operation: Operation, number: u32 },
    /// A new call, counted from 1, goes otherwise than it should.
    Call { number: u32, fate: Fate },
    /// Somebody says something.
    Says {
        at: u64,
        by: String,
        request: Request,
    },
    /// The clock is set.
    ClockJumps { at: u64, seconds: i64 },
    /// The process is asked to end.
    Stops { at: u64 },
    /// The mailbox hands out everything again.
    MailTwice { at: u64 },
}

/// When, around an append, the power fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Moment {
    /// Nothing was written.
    Before,
    /// It was written, and nothing followed from it.
    After,
    /// It was written, and everything that followed at once has left.
    Later,
}

/// Operations of the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Operation {
    /// An append that writes nothing.
    Append,
    /// An append that fails after it has written.
    AppendWritten,
    /// Reading a journal, a text or a view.
    Read,
    /// Reading the mailbox or writing to it.
    Mail,
    /// Writing a record.
    Record,
}

/// What becomes of a call.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) enum Fate {
    /// The answer takes its time.
    Slow { milliseconds: u64 },
    /// The service refuses.
    Fails { code: String },
    /// The service is not reached, so often.
    Unreachable { times: u32 },
    /// Nobody knows what came of it.
    Lost,
}

const PEOPLE: [&str; 3] = ["ann", "bob", "cy"];

impl Plan {
    /// Returns a plan in which nothing goes wrong.
    pub(crate) fn calm(scenario: &str, seed: u64) -> Self {
        Self {
            scenario: scenario.to_owned(),
            seed,
            leaves: false,
            steps: Vec::new(),
        }
    }

    /// Draws a plan.
    pub(crate) fn of_seed(scenarios: &[&str], seed: u64) -> Self {
        let mut chance = Chance::named(seed, "plan");
        let scenario = (*chance.pick(scenarios)).to_owned();
        let leaves = chance.one_in(4);
        // One kind of world only loses power: there the end must be the same as without.
        let only_crashes = chance.one_in(3);
        let count = 1 + chance.below(5);
        let steps = (0..count)
            .map(|_| {
                if only_crashes {
                    crash(&mut chance)
                } else {
                    step(&mut chance)
                }
            })
            .collect();
        Self {
            scenario,
            seed,
            leaves,
            steps,
        }
    }

    /// Tells whether the plan only takes away power or interrupts: what an execution comes to does
    /// not depend on that.
    pub(crate) fn only_interrupts(&self) -> bool {
        self.steps.iter().all(|step| {
            matches!(
                step,
                Step::PowerFails { .. }
                    | Step::PowerFailsAt { .. }
                    | Step::StoreFails { .. }
                    | Step::Stops { .. }
                    | Step::MailTwice { .. }
            )
        })
    }
}

impl Step {
    /// Returns when the step is due, if that is a matter of time.
    pub(crate) fn at(&self) -> Option<Duration> {
        match self {
            Self::PowerFailsAt { at }
            | Self::Says { at, .. }
            | Self::ClockJumps { at, .. }
            | Self::Stops { at }
            | Self::MailTwice { at } => Some(Duration::from_millis(*at)),
            Self::PowerFails { .. } | Self::StoreFails { .. } | Self::Call { .. } => None,
        }
    }
}

/// Draws a small number more often than a great one.
fn number(chance: &mut Chance) -> u32 {
    let limit = *chance.pick(&[4, 12, 30]);
    1 + u32::try_from(chance.below(limit)).unwrap()
}

/// Draws a time: soon, or a while later.
fn time(chance: &mut Chance) -> u64 {
    let limit = *chance.pick(&[100, 3_000, 60_000, 400_000]);
    chance.below(limit)
}

fn crash(chance: &mut Chance) -> Step {
    match chance.below(8) {
        0 => Step::PowerFailsAt { at: time(chance) },
        1 => Step::StoreFails {
            operation: *chance.pick(&[
                Operation::Append,
                Operation::AppendWritten,
                Operation::Read,
                Operation::Mail,
            ]),
            number: number(chance),
        },
        2 => Step::Stops { at: time(chance) },
        3 => Step::MailTwice { at: time(chance) },
        _ => Step::PowerFails {
            append: number(chance),
            moment: *chance.pick(&[Moment::Before, Moment::After, Moment::Later]),
        },
    }
}

fn step(chance: &mut Chance) -> Step {
    match chance.below(10) {
        0..=3 => Step::Call {
            number: number(chance),
            fate: fate(chance),
        },
        4 => Step::Says {
            at: time(chance),
            by: (*chance.pick(&PEOPLE)).to_owned(),
            request: request(chance),
        },
        5 => Step::ClockJumps {
            at: time(chance),
            seconds: *chance.pick(&[-86_400, -3_600, -10, 10, 600, 7_200]),
        },
        6 => Step::StoreFails {
            operation: Operation::Record,
            number: number(chance),
        },
        _ => crash(chance),
    }
}

fn fate(chance: &mut Chance) -> Fate {
    match chance.below(6) {
        0 | 1 => Fate::Slow {
            milliseconds: *chance.pick(&[800, 20_000, 1_800_000]),
        },
        2 | 3 => Fate::Fails {
            code: "Forbidden".to_owned(),
        },
        4 => Fate::Unreachable {
            times: 1 + u32::try_from(chance.below(5)).unwrap(),
        },
        _ => Fate::Lost,
    }
}

fn request(chance: &mut Chance) -> Request {
    let task = "first".to_owned();
    match chance.below(10) {
        0 => Request::Approve { task: None },
        1 => Request::Reject { task: None },
        2 => Request::ExecuteTask {
            task,
            parameters: None,
        },
        3 => Request::RetryTask {
            task: None,
            parameters: None,
        },
        4 => Request::SkipTask { task: None },
        5 => Request::CancelTask { task },
        6 => Request::CompleteExecution {
            status: ExecutionStatus::Success,
        },
        _ => Request::Cancel,
    }
}

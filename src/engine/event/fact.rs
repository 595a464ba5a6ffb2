//! The events and their facts.

use serde::{Deserialize, Serialize};

use crate::base::digest::Digest;
use crate::base::time::Timestamp;
use crate::base::value::{Map, Value};
use crate::engine::event::{
    ApprovalTerms, End, Lock, LoopPlan, Passed, Renewal, Replanned, Signal, Started, StopCause,
    TimeoutOutcome, UnitId, Work,
};
use crate::engine::status::{ExecutionStatus, WaitReason};
use crate::template::model::Jump;

/// A fact about one execution, at a time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
}

/// The facts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
#[expect(
    clippy::large_enum_variant,
    reason = "facts are made, written and applied one by one; a box for each start saves nothing"
)]
pub enum Fact {
    /// The execution was accepted. Always the first event, and only there.
    ExecutionStarted(Box<Started>),
    /// A task began. A later attempt of a loop that has no plan of its own goes on with the plan
    /// before and runs only the items that did not end well.
    TaskStarted {
        /// The task's place.
        task: u32,
        /// The attempt, from 1.
        attempt: u32,
        /// The loop, rendered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        looping: Option<LoopPlan>,
        /// Properties given by a person in place of the template's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        overrides: Option<Map>,
        /// When the task's time is up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<Timestamp>,
        /// The plan from here on, if the properties change it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replanned: Option<Replanned>,
    },
    /// A task was not run: `When` was false, or a person skipped it.
    TaskSkipped {
        /// The task's place.
        task: u32,
    },
    /// A task was taken over from the execution that is repeated: it does not run.
    TaskTaken {
        /// The task's place.
        task: u32,
        /// How it had ended: well, or skipped.
        end: End,
        /// Where an `ACS::Choice` had gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Jump>,
    },
    /// A unit began; what it runs with is here and is never rendered again.
    UnitStarted {
        /// The unit.
        unit: UnitId,
        /// What it does.
        work: Work,
        /// Whether the call waits for a person's confirmation first.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        confirm: bool,
        /// The approvals that it waits for first: a person changed what the task runs with after
        /// the run had been approved.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approval: Option<ApprovalTerms>,
        /// What it must have to itself first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lock: Option<Lock>,
    },
    /// A unit has its lock until it ends.
    LockGranted {
        /// The unit.
        unit: UnitId,
    },
    /// A loop item was not run because its `When` was false.
    UnitSkipped {
        /// The unit.
        unit: UnitId,
    },
    /// A person confirmed the high-risk call of a unit, or enough people approved a unit again.
    UnitConfirmed {
        /// The unit.
        unit: UnitId,
        /// Whether it waits for its lock now.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        lock: bool,
    },
    /// A poll did not match; the next one is due at `next`.
    PollMissed {
        /// The unit.
        unit: UnitId,
        /// The poll that was answered, from 0.
        poll: u32,
        /// What the selector gave.
        value: Value,
        /// Why there was no answer to select from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<String>,
        /// When to poll again.
        next: Timestamp,
    },
    /// The time for the next poll came.
    PollDue {
        /// The unit.
        unit: UnitId,
        /// The poll that is to be made, from 1.
        poll: u32,
    },
    /// The message of an approval was sent; now people decide.
    NoticeSent {
        /// The unit.
        unit: UnitId,
    },
    /// A person approved a waiting unit.
    Approved {
        /// The unit.
        unit: UnitId,
        /// Who approved.
        by: String,
        /// Why.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
        /// The plan that it was approved for, if the run is bound to one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan: Option<Digest>,
    },
    /// Nobody approved in time; what comes of it was chosen by the template.
    ApprovalExpired {
        /// The unit.
        unit: UnitId,
        /// What comes of it.
        outcome: TimeoutOutcome,
    },
    /// The outcome of a unit's call cannot be known.
    UnitLost {
        /// The unit.
        unit: UnitId,
        /// What is not known, in words.
        reason: String,
    },
    /// A child execution changed between working and waiting.
    ChildChanged {
        /// The unit that started the child.
        unit: UnitId,
        /// Whether the child waits for someone.
        waiting: bool,
    },
    /// A unit ended.
    UnitEnded {
        /// The unit.
        unit: UnitId,
        /// How.
        end: End,
    },
    /// A batch of a loop ended and another one follows.
    BatchEnded {
        /// The task's place.
        task: u32,
        /// The batch, from 1.
        batch: u32,
        /// Whether the next batch waits for a person.
        pause: bool,
    },
    /// A person let the next batch begin.
    BatchReleased {
        /// The task's place.
        task: u32,
    },
    /// All items of a batch are done but for those that could not be reached, which are tried again
    /// when the moment comes.
    RoundPlanned {
        /// The task's place.
        task: u32,
        /// Which time it is, from 1.
        round: u32,
        /// How many items are tried again.
        items: u32,
        /// When.
        until: Timestamp,
    },
    /// Items that could not be reached are tried again, as a new attempt.
    RoundStarted {
        /// The task's place.
        task: u32,
        /// The attempt.
        attempt: u32,
    },
    /// A task at work is being ended: nothing new starts in it, and what is under way is
    /// cancelled.
    TaskStopping {
        /// The task's place.
        task: u32,
        /// Why.
        cause: StopCause,
    },
    /// A task ended.
    TaskEnded {
        /// The task's place.
        task: u32,
        /// How; outputs are the aggregates when it looped.
        end: End,
        /// Where an `ACS::Choice` goes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Jump>,
    },
    /// The execution waits for a person between tasks.
    ExecutionPaused {
        /// The task that failed, or that is next in mode Debug.
        task: u32,
        /// Why.
        reason: WaitReason,
    },
    /// An execution that was held may begin.
    ExecutionReleased {
        /// Who let it begin; empty: nobody, what held it is over.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        by: String,
    },
    /// A person paused a trigger: it fires nothing.
    TriggerPaused {
        /// The unit that waits to be fired.
        unit: UnitId,
    },
    /// A person let a paused trigger go on.
    TriggerResumed {
        /// The unit that waits to be fired.
        unit: UnitId,
    },
    /// The template of a trigger was changed: it fires with what it says now.
    TriggerRenewed {
        /// The unit that waits to be fired.
        unit: UnitId,
        /// What it says.
        #[serde(flatten)]
        renewal: Renewal,
    },
    /// Times of a trigger started nothing. Those that did are told by what they started.
    TimesPassed {
        /// The unit that waits to be fired.
        unit: UnitId,
        /// Which, and why.
        #[serde(flatten)]
        passed: Passed,
    },
    /// A person said something; what follows from it is in the events after it.
    SignalReceived {
        /// What, and who.
        signal: Signal,
    },
    /// Cancelling began: nothing new starts.
    CancelRequested {
        /// Who asked; empty: nobody, an approval was not given in time.
        by: String,
        /// Why.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
    },
    /// The execution ended. Nothing follows it.
    ExecutionEnded {
        /// One of the final statuses.
        status: ExecutionStatus,
        /// The template's outputs.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        outputs: Map,
        /// Why it failed: the first failure's message.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        message: String,
    },
}

impl Fact {
    /// Returns the stable name of the fact, as the journal spells it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ExecutionStarted(_) => "ExecutionStarted",
            Self::TaskStarted { .. } => "TaskStarted",
            Self::TaskSkipped { .. } => "TaskSkipped",
            Self::TaskTaken { .. } => "TaskTaken",
            Self::UnitStarted { .. } => "UnitStarted",
            Self::LockGranted { .. } => "LockGranted",
            Self::UnitSkipped { .. } => "UnitSkipped",
            Self::UnitConfirmed { .. } => "UnitConfirmed",
            Self::PollMissed { .. } => "PollMissed",
            Self::PollDue { .. } => "PollDue",
            Self::NoticeSent { .. } => "NoticeSent",
            Self::Approved { .. } => "Approved",
            Self::ApprovalExpired { .. } => "ApprovalExpired",
            Self::UnitLost { .. } => "UnitLost",
            Self::ChildChanged { .. } => "ChildChanged",
            Self::UnitEnded { .. } => "UnitEnded",
            Self::BatchEnded { .. } => "BatchEnded",
            Self::BatchReleased { .. } => "BatchReleased",
            Self::RoundPlanned { .. } => "RoundPlanned",
            Self::RoundStarted { .. } => "RoundStarted",
            Self::TaskStopping { .. } => "TaskStopping",
            Self::TaskEnded { .. } => "TaskEnded",
            Self::ExecutionPaused { .. } => "ExecutionPaused",
            Self::ExecutionReleased { .. } => "ExecutionReleased",
            Self::TriggerPaused { .. } => "TriggerPaused",
            Self::TriggerResumed { .. } => "TriggerResumed",
            Self::TriggerRenewed { .. } => "TriggerRenewed",
            Self::TimesPassed { .. } => "TimesPassed",
            Self::SignalReceived { .. } => "SignalReceived",
            Self::CancelRequested { .. } => "CancelRequested",
            Self::ExecutionEnded { .. } => "ExecutionEnded",
        }
    }
}

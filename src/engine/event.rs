//! What happened: the facts of the journal. Past tense, complete, never edited.
//!
//! The serialized names are stable: a journal written by any released version must decode.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::call::{ApiCall, CallFault};
use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::base::value::{Map, Value};
use crate::engine::status::{ExecutionStatus, LoopMode, Mode, SafetyCheck, WaitReason};
use crate::template::model::Jump;

/// Addresses one run of a task's action: the task, the loop item if it loops, and the attempt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct UnitId {
    /// Place of the task in the template, from 0.
    pub task: u32,
    /// Place of the item in the loop, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// The attempt, from 1; a retry by a person is a new attempt.
    pub attempt: u32,
}

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
pub enum Fact {
    /// The execution was accepted. Always the first event, and only there.
    ExecutionStarted(Box<Started>),
    /// A task began; `items` is set when it loops.
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
    },
    /// A task was not run: `When` was false, or a person skipped it.
    TaskSkipped {
        /// The task's place.
        task: u32,
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
    },
    /// A loop item was not run because its `When` was false.
    UnitSkipped {
        /// The unit.
        unit: UnitId,
    },
    /// A person confirmed the high-risk call of a unit.
    UnitConfirmed {
        /// The unit.
        unit: UnitId,
    },
    /// A poll did not match; the next one is due at `next`.
    PollMissed {
        /// The unit.
        unit: UnitId,
        /// The poll that was answered, from 0.
        poll: u32,
        /// What the selector gave.
        value: Value,
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
    /// A person approved a waiting unit.
    Approved {
        /// The unit.
        unit: UnitId,
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
    /// A loop waits after a batch.
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
    /// A person said something; what follows from it is in the events after it.
    SignalReceived {
        /// What, and who.
        signal: Signal,
    },
    /// Cancelling began: nothing new starts.
    CancelRequested {
        /// Who asked.
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

/// Everything that an execution starts with.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Started {
    /// Its id.
    pub id: ExecutionId,
    /// The template's name.
    pub template_name: String,
    /// The template's version, where versions are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_version: Option<String>,
    /// The digest under which the template's text is stored.
    pub template: Digest,
    /// The digest of the stored list of every template this one may call, name to digest.
    pub library: Digest,
    /// The actions of this template that the provider serves itself, in lower case.
    #[serde(default)]
    pub native: Vec<String>,
    /// The bound parameters.
    pub parameters: Map,
    /// Names of the parameters whose values must not be shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret: Vec<String>,
    /// Secret values taken over from the parent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherited_secrets: Vec<Value>,
    /// How tasks are treated.
    #[serde(default)]
    pub mode: Mode,
    /// How loops pause.
    #[serde(default)]
    pub loop_mode: LoopMode,
    /// Whether high-risk calls wait.
    #[serde(default)]
    pub safety_check: SafetyCheck,
    /// The region.
    pub region: String,
    /// The account number.
    pub account: String,
    /// Who started it.
    pub user: String,
    /// The effective role, rendered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The unit of the parent that waits for this execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<UnitId>,
    /// What the steps of an `ACS::Loop` see of the execution around them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outer: Option<Outer>,
    /// What it is for, in the words of who started it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// Values of the execution around the steps of an `ACS::Loop` item.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Outer {
    /// Parameters by name.
    pub parameters: Map,
    /// Outputs by task, then by name.
    pub outputs: BTreeMap<String, Map>,
    /// The loop item.
    pub item: Value,
}

/// A loop, rendered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LoopPlan {
    /// The items, in order.
    pub items: Vec<Value>,
    /// How many failed items are tolerated.
    pub max_errors: u32,
    /// The batches; a single one unless the mode is Batch.
    pub batches: Batches,
}

/// How a loop goes through its items.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "mode")]
pub enum Batches {
    /// A sliding window.
    Concurrency {
        /// How many items run at once.
        window: u32,
    },
    /// One batch after another.
    Batch {
        /// Size of each batch; they add up to the number of items.
        sizes: Vec<u32>,
        /// How many items of each batch run at once.
        windows: Vec<u32>,
        /// When to wait for a person.
        pause: LoopMode,
    },
}

/// What a unit does, rendered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Work {
    /// One call: `ACS::ExecuteAPI`, `ACS::Notify`, `ACS::ExecuteHttpRequest`,
    /// `ACS::SelectTargets`, a native product action.
    Call {
        /// The call.
        call: ApiCall,
    },
    /// `ACS::WaitFor`, `ACS::CheckFor`.
    Poll {
        /// The call.
        call: ApiCall,
        /// When to stop.
        policy: PollPolicy,
    },
    /// `ACS::Sleep`.
    Sleep {
        /// Until when.
        until: Timestamp,
    },
    /// `ACS::Choice`: decided at once.
    Choice,
    /// `ACS::Approve`, after its message has been sent.
    Approval {
        /// The message to send first.
        notice: Option<ApiCall>,
        /// Who may decide; empty: anybody.
        approvers: Vec<String>,
        /// How many must approve.
        required: u32,
    },
    /// `ACS::Pause`.
    Pause,
    /// A product action or `ACS::Template`: a child execution.
    Child {
        /// The child's id.
        id: ExecutionId,
        /// The template's name.
        template: String,
        /// The template's version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
        /// The template's text, for `TemplateContent` and the steps of an `ACS::Loop`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
        /// The parameters as given.
        parameters: Map,
        /// What the steps of an `ACS::Loop` see.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outer: Option<Outer>,
    },
}

/// When a poll ends (language reference 4.2).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PollPolicy {
    /// The jq program whose first result is compared.
    pub selector: String,
    /// Success on any of these; empty: no such test.
    pub desired: Vec<Value>,
    /// Success on none of these; empty: no such test.
    pub not_desired: Vec<Value>,
    /// Failure on any of these.
    pub stop: Vec<Value>,
    /// How many polls after the first.
    pub retries: u32,
    /// The pause before poll n, in seconds.
    pub delay: Delay,
    /// The longest pause in seconds.
    pub max_interval: u32,
}

/// Pauses between polls, in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Delay {
    /// 2ⁿ.
    Exponential,
    /// Always the same.
    Constant {
        /// The pause.
        delay: u32,
    },
    /// `delay + back_off·n`.
    Linear {
        /// The base.
        delay: u32,
        /// The increment.
        back_off: u32,
    },
}

/// How a unit or task ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "status")]
pub enum End {
    /// Well.
    Success {
        /// Outputs by name.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        outputs: Map,
    },
    /// With a failure.
    Failed {
        /// Which.
        failure: Failure,
        /// Outputs that could be had all the same.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        outputs: Map,
    },
    /// Cancelled or rejected.
    Cancelled {
        /// What was ended and what survived, in words.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        report: String,
    },
    /// A person skipped it.
    Skipped,
}

/// A failure: code and message as `StatusMessage` shows them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Failure {
    /// A vendor's error code, or one of ours (`Timeout`, `RetriesExhausted`, `Evaluation`, ...).
    pub code: String,
    /// In words.
    pub message: String,
}

impl From<CallFault> for Failure {
    fn from(fault: CallFault) -> Self {
        match fault {
            CallFault::Api(error) => Self {
                code: error.code,
                message: error.message,
            },
            CallFault::Unreachable { reason } => Self {
                code: "Unreachable".into(),
                message: reason,
            },
            CallFault::Unknown { reason } => Self {
                code: "Unknown".into(),
                message: reason,
            },
            CallFault::Cancelled { report } => Self {
                code: "Cancelled".into(),
                message: report,
            },
        }
    }
}

/// What a person says to an execution (language reference 6.4).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Signal {
    /// Who says it.
    pub by: String,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What.
    pub request: Request,
}

/// The things a person can ask for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Request {
    /// Approve an approval, a pause, a high-risk call or the next batch.
    Approve {
        /// Which task; needed when several wait.
        #[serde(default)]
        task: Option<String>,
    },
    /// Reject any of those: the execution is cancelled.
    Reject {
        /// Which task; needed when several wait.
        #[serde(default)]
        task: Option<String>,
    },
    /// Run a task: in mode Debug the next or another, after a failure another.
    ExecuteTask {
        /// Which.
        task: String,
        /// Properties in place of the template's, key by key.
        #[serde(default)]
        parameters: Option<Map>,
    },
    /// Run the failed or unknown task again.
    RetryTask {
        /// Which; the failed one when not given.
        #[serde(default)]
        task: Option<String>,
        /// Properties in place of the template's, key by key.
        #[serde(default)]
        parameters: Option<Map>,
    },
    /// Take the failed or unknown task as skipped and go on.
    SkipTask {
        /// Which; the failed one when not given.
        #[serde(default)]
        task: Option<String>,
    },
    /// End a running or unknown task as cancelled.
    CancelTask {
        /// Which.
        task: String,
    },
    /// End the paused execution with a status.
    CompleteExecution {
        /// One of the final statuses.
        status: ExecutionStatus,
    },
    /// Cancel the execution.
    Cancel,
}

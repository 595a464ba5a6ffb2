//! What a unit does: everything it runs with, rendered.

use serde::{Deserialize, Serialize};

use crate::base::call::ApiCall;
use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::base::value::{Map, Value};
use crate::engine::event::{Outer, TimeoutOutcome, TriggerKind};
use crate::template::model::Jump;

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
    Choice {
        /// Where it goes.
        target: Jump,
    },
    /// A trigger that has fired: its event is the document that outputs are selected from.
    Trigger {
        /// The event.
        event: Value,
    },
    /// A trigger that waits to be fired: every firing is an execution of its own.
    Watch {
        /// What fires it.
        trigger: TriggerKind,
        /// The task's properties.
        settings: Map,
    },
    /// `ACS::Approve`, after its message has been sent.
    Approval {
        /// The message to send first.
        notice: Option<ApiCall>,
        /// Who may decide; empty: anybody.
        approvers: Vec<String>,
        /// How many must approve.
        required: u32,
        /// What comes of it if the task's time is up before.
        #[serde(default, skip_serializing_if = "TimeoutOutcome::is_fail")]
        on_timeout: TimeoutOutcome,
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

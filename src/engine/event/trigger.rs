//! What a trigger listens for, and what became of the times that started nothing.

use serde::{Deserialize, Serialize};

use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::base::value::Map;
use crate::engine::event::Started;
use crate::engine::status::WaitReason;

/// What fires a trigger.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum TriggerKind {
    /// The clock: `ACS::TimerTrigger`.
    Timer,
    /// An event: `ACS::EventTrigger`.
    Event,
    /// An alarm: `ACS::AlarmTrigger`.
    Alarm,
}

impl TriggerKind {
    /// Returns the word that OOS uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timer => "Timer",
            Self::Event => "Event",
            Self::Alarm => "Alarm",
        }
    }
}

/// Which trigger fired an execution, and for which of its times.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Firing {
    /// The execution whose trigger it is.
    pub trigger: ExecutionId,
    /// The nominal time, if the clock fired it: it starts at most one execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nominal: Option<Timestamp>,
}

/// Why an execution that was accepted does not begin yet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Hold {
    /// Others come first.
    Turn {
        /// What it waits for, in words.
        reason: String,
    },
    /// A calendar says that nothing is to be changed now.
    Blackout {
        /// The calendar, and the entry in it.
        calendar: String,
        /// When it is over.
        until: Timestamp,
    },
}

impl Hold {
    /// Returns what the held execution waits for.
    pub fn wait_reason(&self) -> WaitReason {
        match self.clone() {
            Self::Turn { reason } => WaitReason::Turn { reason },
            Self::Blackout { calendar, until } => WaitReason::Blackout { calendar, until },
        }
    }
}

/// Why a nominal time of a schedule started nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum PassCause {
    /// Nobody was there to fire it, and the schedule does not catch up.
    Missed,
    /// An execution that was fired before had not ended.
    Overlap,
    /// It fell into a blackout.
    Blackout,
    /// The trigger was paused.
    Paused,
    /// The schedule was changed before it was decided about.
    Renewed,
}

impl PassCause {
    /// Returns the word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missed => "Missed",
            Self::Overlap => "Overlap",
            Self::Blackout => "Blackout",
            Self::Paused => "Paused",
            Self::Renewed => "Renewed",
        }
    }
}

/// What a trigger goes on with after its template was changed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Renewal {
    /// The properties of the trigger's task.
    pub settings: Map,
    /// What it starts from now on.
    pub started: Box<Started>,
}

/// Nominal times in a row that started nothing, for one cause.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Passed {
    /// The first of them.
    pub from: Timestamp,
    /// The last of them.
    pub until: Timestamp,
    /// How many.
    pub count: u64,
    /// Why.
    pub cause: PassCause,
    /// More about it, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

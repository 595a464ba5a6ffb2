//! What is decided on a nominal time, in words.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::time::{Timestamp, utc_text};

/// A decision on one nominal time, or on a run of them that all came to the same.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Decision {
    /// The first nominal time.
    pub first: Timestamp,
    /// The last one; equal to the first if there is one only.
    pub last: Timestamp,
    /// How many there are.
    pub count: u64,
    /// What becomes of them.
    pub verdict: Verdict,
}

/// What becomes of a nominal time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// An execution is to be started, now.
    Start {
        /// Whether it makes up for a time that was missed.
        late: bool,
    },
    /// It waits until executions before it have ended.
    Queued,
    /// It waits until a blackout is over.
    Held {
        /// The blackout.
        by: String,
        /// The first moment after it.
        until: Timestamp,
    },
    /// Nobody was there at the time, and nothing comes of it.
    Missed {
        /// Why it is not made up for.
        reason: MissedReason,
    },
    /// Somebody was there, and nothing comes of it.
    Skipped {
        /// Why.
        #[serde(flatten)]
        reason: SkipReason,
    },
}

/// Why a missed time is not made up for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissedReason {
    /// Missed times are skipped.
    Policy,
    /// One later start makes up for all that were missed.
    OnceForAll,
    /// It is older than the window of those that are made up for.
    TooOld,
    /// More were missed than are made up for.
    TooMany,
}

/// Why nothing comes of a nominal time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum SkipReason {
    /// The schedule was paused.
    Paused,
    /// An execution of the schedule was running.
    StillRunning,
    /// As many were waiting as may.
    QueueFull,
    /// A blackout.
    Blackout {
        /// What it is called.
        by: String,
        /// The first moment after it.
        until: Timestamp,
    },
    /// Another one waits already for the end of a blackout.
    AlreadyHeld,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { late: false } => f.write_str("started"),
            Self::Start { late: true } => f.write_str("started late, as it was missed"),
            Self::Queued => f.write_str("waits for executions before it"),
            Self::Held { by, until } => {
                write!(f, "waits for the end of `{by}` at {}", utc_text(*until))
            }
            Self::Missed { reason } => write!(f, "missed: {reason}"),
            Self::Skipped { reason } => write!(f, "skipped: {reason}"),
        }
    }
}

impl fmt::Display for MissedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Policy => "nobody was there, and missed times are skipped",
            Self::OnceForAll => "nobody was there, and a later start makes up for all",
            Self::TooOld => "nobody was there, and it is too old to make up for",
            Self::TooMany => "nobody was there, and too many were missed to make up for all",
        })
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused => f.write_str("the schedule was paused"),
            Self::StillRunning => f.write_str("the execution before it was still running"),
            Self::QueueFull => f.write_str("as many were waiting as may"),
            Self::Blackout { by, until } => {
                write!(f, "in `{by}` until {}", utc_text(*until))
            }
            Self::AlreadyHeld => f.write_str("another one waits already for the end of a blackout"),
        }
    }
}

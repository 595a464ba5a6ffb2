//! The rules that a schedule goes by, and the words for them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::jitter::LONGEST_JITTER;
use crate::base::duration::duration;

/// Most missed fires that may be made up for at once.
const MOST_MADE_UP: u32 = 500;

/// How many missed fires `all` makes up for if it does not say.
const MADE_UP: u32 = 100;

/// How old they may be if it does not say.
const WINDOW: Duration = Duration::from_hours(24);

/// Most fires that `queue` lets wait, and how many if it does not say.
const MOST_QUEUED: u32 = 1_000;
const QUEUED: u32 = 1;

/// What a schedule does when a nominal time cannot simply be acted upon.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Policy {
    /// What becomes of nominal times at which nobody was there.
    #[serde(default)]
    pub missed: Missed,
    /// What becomes of a nominal time while an execution of the schedule runs.
    #[serde(default)]
    pub overlap: Overlap,
    /// What becomes of a nominal time in a blackout.
    #[serde(default)]
    pub blackout: InBlackout,
    /// Up to how long after its nominal time a fire is started, to spread schedules that have the same.
    #[serde(default)]
    pub jitter: Duration,
}

/// What becomes of nominal times at which nobody was there. As text `skip`, `once`, `all`, `all:20` or
/// `all:20:PT6H`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Missed {
    /// Nothing.
    #[default]
    Skip,
    /// The newest of them is started, for all.
    Once,
    /// They are started, in order.
    All {
        /// The newest so many of them.
        at_most: u32,
        /// Those that are not older than this.
        window: Duration,
    },
}

/// What becomes of a nominal time while an execution of the schedule runs. As text `allow`, `skip`,
/// `queue` or `queue:5`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Overlap {
    /// It is started all the same.
    #[default]
    Allow,
    /// Nothing.
    Skip,
    /// It waits until those before it have ended.
    Queue {
        /// So many may wait; further ones are skipped.
        at_most: u32,
    },
}

/// What becomes of a nominal time in a blackout. As text `hold` or `skip`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InBlackout {
    /// One waits until the blackout is over; further ones of the same blackout are skipped.
    #[default]
    Hold,
    /// Nothing.
    Skip,
}

/// A word for a policy that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PolicyError {
    /// The word is not known.
    #[error("must be {allowed}, not `{found}`")]
    Unknown {
        /// What is written.
        found: String,
        /// What there is.
        allowed: &'static str,
    },
    /// A number is out of its range.
    #[error("`{found}` must be a number from 1 to {most}")]
    Number {
        /// What is written.
        found: String,
        /// The largest one.
        most: u32,
    },
    /// A duration cannot be read.
    #[error("`{found}` must be a duration such as `PT6H`, longer than nothing")]
    Duration {
        /// What is written.
        found: String,
    },
    /// The jitter is too long.
    #[error("jitter must be at most an hour, not {found:?}")]
    Jitter {
        /// What is asked for.
        found: Duration,
    },
}

impl Policy {
    /// Refuses what cannot be worked with.
    pub fn check(&self) -> Result<(), PolicyError> {
        if self.jitter > LONGEST_JITTER {
            return Err(PolicyError::Jitter { found: self.jitter });
        }
        Ok(())
    }
}

impl FromStr for Missed {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let mut parts = text.trim().split(':');
        let word = parts.next().unwrap_or_default();
        let details: Vec<&str> = parts.collect();
        let is = |known: &str| word.eq_ignore_ascii_case(known);
        match details.as_slice() {
            [] if is("skip") => Ok(Self::Skip),
            [] if is("once") => Ok(Self::Once),
            [] | [_] | [_, _] if is("all") => Ok(Self::All {
                at_most: count(details.first(), MADE_UP, MOST_MADE_UP)?,
                window: details.get(1).map_or(Ok(WINDOW), |text| window(text))?,
            }),
            _ => Err(PolicyError::Unknown {
                found: text.to_owned(),
                allowed: "`skip`, `once`, `all`, `all:20` or `all:20:PT6H`",
            }),
        }
    }
}

impl FromStr for Overlap {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let (word, at_most) = match text.trim().split_once(':') {
            Some((word, at_most)) => (word, Some(at_most)),
            None => (text.trim(), None),
        };
        let is = |known: &str| word.eq_ignore_ascii_case(known);
        match at_most {
            None if is("allow") => Ok(Self::Allow),
            None if is("skip") => Ok(Self::Skip),
            _ if is("queue") => Ok(Self::Queue {
                at_most: count(at_most.as_ref(), QUEUED, MOST_QUEUED)?,
            }),
            _ => Err(PolicyError::Unknown {
                found: text.to_owned(),
                allowed: "`allow`, `skip`, `queue` or `queue:5`",
            }),
        }
    }
}

impl FromStr for InBlackout {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let is = |known: &str| text.trim().eq_ignore_ascii_case(known);
        match (is("hold"), is("skip")) {
            (true, _) => Ok(Self::Hold),
            (_, true) => Ok(Self::Skip),
            _ => Err(PolicyError::Unknown {
                found: text.to_owned(),
                allowed: "`hold` or `skip`",
            }),
        }
    }
}

fn count(text: Option<&&str>, usual: u32, most: u32) -> Result<u32, PolicyError> {
    let Some(text) = text else {
        return Ok(usual);
    };
    let number = text.trim().parse().ok();
    number
        .filter(|number| (1..=most).contains(number))
        .ok_or_else(|| PolicyError::Number {
            found: (*text).to_owned(),
            most,
        })
}

fn window(text: &str) -> Result<Duration, PolicyError> {
    // Whole seconds, as it is written.
    let read = duration(text.trim()).map(|window| Duration::from_secs(window.as_secs()));
    read.filter(|window| !window.is_zero())
        .ok_or_else(|| PolicyError::Duration {
            found: text.to_owned(),
        })
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skip => f.write_str("skip"),
            Self::Once => f.write_str("once"),
            Self::All { at_most, window } => write!(f, "all:{at_most}:PT{}S", window.as_secs()),
        }
    }
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow => f.write_str("allow"),
            Self::Skip => f.write_str("skip"),
            Self::Queue { at_most } => write!(f, "queue:{at_most}"),
        }
    }
}

impl fmt::Display for InBlackout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hold => "hold",
            Self::Skip => "skip",
        })
    }
}

impl From<Missed> for String {
    fn from(missed: Missed) -> Self {
        missed.to_string()
    }
}

impl TryFrom<String> for Missed {
    type Error = PolicyError;

    fn try_from(text: String) -> Result<Self, PolicyError> {
        text.parse()
    }
}

impl From<Overlap> for String {
    fn from(overlap: Overlap) -> Self {
        overlap.to_string()
    }
}

impl TryFrom<String> for Overlap {
    type Error = PolicyError;

    fn try_from(text: String) -> Result<Self, PolicyError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_written_alike() {
        #[track_caller]
        fn case<T: FromStr<Err = PolicyError> + fmt::Display>(text: &str, written: &str) {
            let read = text.parse::<T>().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(read.to_string(), written);
        }
        case::<Missed>("skip", "skip");
        case::<Missed>(" Once ", "once");
        case::<Missed>("all", "all:100:PT86400S");
        case::<Missed>("ALL:20:PT6H", "all:20:PT21600S");
        case::<Overlap>("allow", "allow");
        case::<Overlap>("queue", "queue:1");
        case::<Overlap>("Queue:5", "queue:5");
        case::<InBlackout>("HOLD", "hold");
    }

    #[test]
    fn words_that_are_not_known_are_refused_with_those_that_are() {
        #[track_caller]
        fn case(found: Result<impl fmt::Debug, PolicyError>, expected: &str) {
            assert_eq!(found.unwrap_err().to_string(), expected);
        }
        let missed = "must be `skip`, `once`, `all`, `all:20` or `all:20:PT6H`, not `never`";
        case("never".parse::<Missed>(), missed);
        case(
            "all:501".parse::<Missed>(),
            "`501` must be a number from 1 to 500",
        );
        case(
            "all:0".parse::<Missed>(),
            "`0` must be a number from 1 to 500",
        );
        let window = "`PT0S` must be a duration such as `PT6H`, longer than nothing";
        case("all:1:PT0S".parse::<Missed>(), window);
        assert!("once:1".parse::<Missed>().is_err());
        assert!("allow:1".parse::<Overlap>().is_err());
        assert!("queue:1001".parse::<Overlap>().is_err());
        assert!("drop".parse::<InBlackout>().is_err());
    }

    #[test]
    fn a_policy_of_nothing_is_the_usual_one() {
        let policy: Policy = serde_json::from_str("{}").unwrap();
        assert_eq!(policy, Policy::default());
        let written = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&written).unwrap(), policy);
    }
}

//! What is known of an API before it is called: how dangerous it is, and what may be done about a
//! call whose answer never came (language reference 5.5 and 6.7).

use std::fmt;

use crate::base::call::Recovery;

/// How dangerous an API is (language reference 5.5).
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize,
)]
pub enum Risk {
    /// Changes nothing, or nothing that cannot be changed back.
    Normal,
    /// Deletes something.
    High,
}

impl Risk {
    /// Reads the property `Risk` of a task, ignoring case; `None` for any other word.
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Normal, Self::High]
            .into_iter()
            .find(|risk| risk.to_string().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Normal => "Normal",
            Self::High => "High",
        })
    }
}

/// What is known of one API of a provider.
#[derive(Clone, PartialEq, Debug)]
pub struct ApiSpec {
    /// The product code as it is spelt.
    pub service: String,
    /// The operation as it is spelt.
    pub api: String,
    /// What may be done about a call that was under way when the process died.
    pub recovery: Recovery,
}

/// First words of operations that take something away for good.
const HIGH_RISK: [&str; 4] = ["Delete", "Remove", "Terminate", "Drop"];

/// First words of operations that only look.
const READING: [&str; 7] = [
    "Describe", "List", "Get", "Query", "Check", "Search", "Validate",
];

/// Returns how dangerous a call of `api` is: what the task declares, or what the first word of the
/// operation says.
pub fn risk(api: &str, declared: Option<Risk>) -> Risk {
    declared.unwrap_or(if begins_with_any(api, &HIGH_RISK) {
        Risk::High
    } else {
        Risk::Normal
    })
}

/// Returns what may be done about an unanswered call of `api` when the provider knows nothing more
/// of it: an operation that only looks can be called again, anything else needs a person.
pub fn default_recovery(api: &str) -> Recovery {
    if begins_with_any(api, &READING) {
        Recovery::Idempotent
    } else {
        Recovery::Manual
    }
}

/// Tells whether `api` begins with one of `words`, as a whole word: `GetStack`, not `Getaway`.
fn begins_with_any(api: &str, words: &[&str]) -> bool {
    words.iter().any(|word| {
        api.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
            && !api[word.len()..].starts_with(|next: char| next.is_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn risk_follows_the_first_word_unless_declared() {
        #[track_caller]
        fn case(api: &str, declared: Option<Risk>, expected: Risk) {
            assert_eq!(risk(api, declared), expected, "{api}");
        }
        case("DeleteInstance", None, Risk::High);
        case("removeBackendServers", None, Risk::High);
        case("TerminateDesktops", None, Risk::High);
        case("DropDatabase", None, Risk::High);
        case("StopInstance", None, Risk::Normal);
        case("DeletionProtection", None, Risk::Normal);
        case("DeleteInstance", Some(Risk::Normal), Risk::Normal);
        case("StopInstance", Some(Risk::High), Risk::High);
    }

    #[test]
    fn only_reading_operations_may_be_repeated_blindly() {
        #[track_caller]
        fn case(api: &str, expected: Recovery) {
            assert_eq!(default_recovery(api), expected, "{api}");
        }
        case("DescribeInstances", Recovery::Idempotent);
        case("listExecutions", Recovery::Idempotent);
        case("GetStack", Recovery::Idempotent);
        case("RunInstances", Recovery::Manual);
        case("Gettysburg", Recovery::Manual);
        case("ü", Recovery::Manual);
    }

    #[test]
    fn risk_is_read_in_any_case() {
        assert_eq!(Risk::from_text("high"), Some(Risk::High));
        assert_eq!(Risk::from_text("Medium"), None);
    }
}

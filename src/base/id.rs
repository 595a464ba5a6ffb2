//! Ids of executions. Typed, so that no text from outside reaches a path or a query unchecked.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::base::time::Timestamp;

/// Crockford's base 32 in lower case: sorts like the bits it stands for.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Letters of time (48 bits of milliseconds) and of chance (50 bits) in a root id.
const TIME_LETTERS: usize = 10;
const CHANCE_LETTERS: usize = 10;

/// Levels of children that an id may name: templates embed at most eight deep.
pub const MAX_DEPTH: usize = 8;

/// The id of an execution: `exec-` and twenty letters, then one dotted number per level of
/// embedding (`exec-01jd….0001.0002`). Root ids hold no dot and sort by time of start.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExecutionId(String);

impl ExecutionId {
    /// Makes a root id from the time of start and 64 bits of chance.
    pub fn new(at: Timestamp, chance: u64) -> Self {
        let mut text = String::with_capacity(5 + TIME_LETTERS + CHANCE_LETTERS);
        text.push_str("exec-");
        push_letters(&mut text, at.as_millisecond().unsigned_abs(), TIME_LETTERS);
        push_letters(&mut text, chance, CHANCE_LETTERS);
        Self(text)
    }

    /// Returns when the outermost execution was started, to the millisecond.
    pub fn created(&self) -> Timestamp {
        let letters = self.0["exec-".len()..].bytes().take(TIME_LETTERS);
        let millisecond = letters.fold(0_i64, |all, letter| {
            let digit = ALPHABET.iter().position(|known| *known == letter);
            let digit = digit.and_then(|digit| i64::try_from(digit).ok());
            all * 32 + digit.expect("an id has letters of the alphabet only")
        });
        Timestamp::from_millisecond(millisecond).unwrap_or_default()
    }

    /// Returns the id of this execution's child number `number`, counted from 1.
    #[must_use]
    pub fn child(&self, number: u32) -> Self {
        Self(format!("{}.{number:04}", self.0))
    }

    /// Returns the id of the execution that this one is a child of.
    pub fn parent(&self) -> Option<Self> {
        self.0
            .rsplit_once('.')
            .map(|(parent, _)| Self(parent.to_owned()))
    }

    /// Returns the id of the outermost execution.
    #[must_use]
    pub fn root(&self) -> Self {
        Self(self.0.split('.').next().unwrap_or_default().to_owned())
    }

    /// Tells whether this is `around` or is embedded in it, however deep.
    pub fn is_within(&self, around: &Self) -> bool {
        let rest = self.0.strip_prefix(&around.0);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// Returns how many executions this one is embedded in.
    pub fn depth(&self) -> usize {
        self.0.matches('.').count()
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn push_letters(text: &mut String, bits: u64, letters: usize) {
    for place in (0..letters).rev() {
        let digit = usize::try_from(bits >> (5 * place) & 31).expect("five bits fit");
        text.push(char::from(ALPHABET[digit]));
    }
}

impl fmt::Display for ExecutionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no execution id.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not an execution id: expected `exec-` and letters, then dotted numbers")]
pub struct InvalidId(String);

impl FromStr for ExecutionId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let valid = text.strip_prefix("exec-").is_some_and(|rest| {
            let mut levels = rest.split('.');
            let root = levels.next().unwrap_or_default();
            root.len() == TIME_LETTERS + CHANCE_LETTERS
                && root.bytes().all(|letter| ALPHABET.contains(&letter))
                && levels.clone().count() <= MAX_DEPTH
                && levels.all(|level| {
                    (4..=9).contains(&level.len()) && level.bytes().all(|b| b.is_ascii_digit())
                })
        });
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId(text.to_owned()))
        }
    }
}

impl TryFrom<String> for ExecutionId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<ExecutionId> for String {
    fn from(id: ExecutionId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> ExecutionId {
        ExecutionId::new(
            "2026-11-21T10:00:00Z".parse().unwrap(),
            0x0123_4567_89ab_cdef,
        )
    }

    #[test]
    fn tells_when_it_was_made() {
        let at = Timestamp::from_millisecond(1_763_744_412_345).unwrap();
        let id = ExecutionId::new(at, 7);
        assert_eq!((id.created(), id.child(3).created()), (at, at));
    }

    #[test]
    fn root_ids_have_no_dot_and_children_one_per_level() {
        let root = id();
        assert!(!root.as_str().contains('.'));
        let grandchild = root.child(1).child(12);
        assert_eq!(grandchild.as_str(), format!("{root}.0001.0012"));
        assert_eq!(grandchild.parent(), Some(root.child(1)));
        assert_eq!(grandchild.root(), root);
        assert_eq!(grandchild.depth(), 2);
        assert_eq!(
            grandchild.as_str().parse::<ExecutionId>().unwrap(),
            grandchild
        );
    }

    #[test]
    fn ids_sort_by_time() {
        let later = ExecutionId::new("2026-11-21T10:00:01Z".parse().unwrap(), 0);
        assert!(id() < later);
    }

    #[test]
    fn texts_that_are_no_id_are_refused() {
        for text in [
            "",
            "exec-",
            "exec-../../x",
            "exec-0123456789abcdefghjk/",
            "exec-0123456789abcdefghjk.1",
            "EXEC-0123456789abcdefghjk",
        ] {
            assert!(text.parse::<ExecutionId>().is_err(), "{text}");
        }
    }
}

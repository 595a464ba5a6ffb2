//! Limits of what is kept, as people write them: `age=30d,count=1000,bytes=2GiB`; and numbers of bytes.

use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

use crate::base::duration::duration;
use crate::runner::retention::{Limits, MinFree};

/// Units of bytes, those with more letters first.
const UNITS: [(&str, u64); 9] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("b", 1),
];

/// What is kept, as text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(try_from = "String")]
pub struct KeepText(pub Limits);

/// A number of bytes, as text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Bytes(pub u64);

/// A text that is no limit.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidLimit {
    /// A part of it is none.
    #[error(
        "`{0}` is no limit: expected `age=30d`, `count=1000` or `bytes=2GiB`, or several with commas"
    )]
    Part(String),
    /// A part occurs twice.
    #[error("`{0}` is given twice")]
    Twice(String),
    /// A time that is none.
    #[error("`{0}` is no time: expected a number and a unit, such as `12h` or `30d`")]
    Age(String),
    /// A number that is none.
    #[error("`{0}` is no number of executions")]
    Count(String),
    /// A number of bytes that is none.
    #[error("`{0}` is no number of bytes: expected one such as `500MiB` or `2GB`")]
    Bytes(String),
}

impl FromStr for KeepText {
    type Err = InvalidLimit;

    fn from_str(text: &str) -> Result<Self, InvalidLimit> {
        let mut limits = Limits::default();
        for part in text.split(',').map(str::trim) {
            let invalid = || InvalidLimit::Part(part.to_owned());
            let (name, value) = part.split_once('=').ok_or_else(invalid)?;
            let is_new = match name {
                "age" => limits.age.replace(age(value)?).is_none(),
                "count" => limits.count.replace(count(value)?).is_none(),
                "bytes" => limits.bytes.replace(value.parse::<Bytes>()?.0).is_none(),
                _ => return Err(invalid()),
            };
            if !is_new {
                return Err(InvalidLimit::Twice(name.to_owned()));
            }
        }
        Ok(Self(limits))
    }
}

impl FromStr for Bytes {
    type Err = InvalidLimit;

    fn from_str(text: &str) -> Result<Self, InvalidLimit> {
        let small = text.trim().to_ascii_lowercase();
        let found = UNITS
            .iter()
            .find_map(|(unit, bytes)| Some((small.strip_suffix(unit)?, *bytes)));
        let (number, unit) = found.unwrap_or((&small, 1));
        let number: Option<u64> = number.trim().parse().ok();
        let bytes = number.and_then(|number| number.checked_mul(unit));
        bytes
            .map(Self)
            .ok_or_else(|| InvalidLimit::Bytes(text.to_owned()))
    }
}

impl From<Bytes> for MinFree {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes.0)
    }
}

impl TryFrom<String> for KeepText {
    type Error = InvalidLimit;

    fn try_from(text: String) -> Result<Self, InvalidLimit> {
        text.parse()
    }
}

impl TryFrom<String> for Bytes {
    type Error = InvalidLimit;

    fn try_from(text: String) -> Result<Self, InvalidLimit> {
        text.parse()
    }
}

/// Reads a time since the end of an execution. A number alone would be taken for days by some and for
/// seconds by others.
pub fn age(text: &str) -> Result<Duration, InvalidLimit> {
    let has_unit = text.ends_with(|letter: char| letter.is_ascii_alphabetic());
    let found = duration(text).filter(|_| has_unit);
    found.ok_or_else(|| InvalidLimit::Age(text.to_owned()))
}

fn count(text: &str) -> Result<usize, InvalidLimit> {
    text.parse()
        .map_err(|_| InvalidLimit::Count(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_one_by_one_and_together() {
        #[track_caller]
        fn case(text: &str, age: Option<u64>, count: Option<usize>, bytes: Option<u64>) {
            let expected = Limits {
                age: age.map(Duration::from_secs),
                count,
                bytes,
            };
            assert_eq!(text.parse(), Ok(KeepText(expected)), "{text}");
        }
        case("age=30d", Some(2_592_000), None, None);
        case("count=0", None, Some(0), None);
        case("bytes=2GiB", None, None, Some(2 << 30));
        case(
            "age=12h, count=1000,bytes=5 mb",
            Some(43_200),
            Some(1000),
            Some(5_000_000),
        );
        case("bytes=1024", None, None, Some(1024));
    }

    #[test]
    fn what_is_no_limit_is_refused_with_what_is_wrong() {
        #[track_caller]
        fn case(text: &str, part: &str) {
            let error = text.parse::<KeepText>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        case("", "is no limit");
        case("30d", "`30d` is no limit");
        case("ages=30d", "`ages=30d` is no limit");
        case("age=30", "`30` is no time");
        case("age=soon", "`soon` is no time");
        case("count=-1", "`-1` is no number");
        case("bytes=2 GiBi", "is no number of bytes");
        case("bytes=99999999TiB", "is no number of bytes");
        case("age=1d,age=2d", "twice");
    }
}

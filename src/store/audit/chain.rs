//! Following a chain from its beginning.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::base::digest::Digest;
use crate::store::audit::AuditRecord;

/// The last record of a chain: its number and digest. Noted outside, it finds out later whether
/// the chain up to there is still the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditHead {
    /// The record's number.
    pub number: u64,
    /// Its digest.
    pub digest: String,
}

impl fmt::Display for AuditHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, self.digest)
    }
}

impl Serialize for AuditHead {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text that is no head.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a head: expected `NUMBER:sha256:…` as `oos audit verify` prints it")]
pub struct InvalidHead(String);

impl FromStr for AuditHead {
    type Err = InvalidHead;

    fn from_str(text: &str) -> Result<Self, InvalidHead> {
        let invalid = || InvalidHead(text.to_owned());
        let (number, digest) = text.split_once(':').ok_or_else(invalid)?;
        let digest: Digest = digest.parse().map_err(|_| invalid())?;
        Ok(Self {
            number: number.parse().map_err(|_| invalid())?,
            digest: digest.to_string(),
        })
    }
}

/// Something wrong with a record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Flaw {
    /// The number of the record that is wrong or missing.
    pub number: u64,
    /// What is wrong with it.
    pub problem: String,
}

impl Flaw {
    /// Makes a flaw.
    pub fn new(number: u64, problem: impl Into<String>) -> Self {
        Self {
            number,
            problem: problem.into(),
        }
    }
}

/// What a check of a chain came to.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AuditReport {
    /// How many records are whole, from the first.
    pub records: u64,
    /// The last of them.
    pub head: Option<AuditHead>,
    /// What is wrong, first record first; empty for a whole chain.
    pub flaws: Vec<Flaw>,
    /// Executions whose journals could not be compared: they are sealed with a key that is not
    /// there.
    pub not_compared: u64,
}

/// Follows a chain record by record. Behind the first flaw nothing can be told.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    head: Option<AuditHead>,
    expected: Option<AuditHead>,
    flaw: Option<Flaw>,
}

impl Chain {
    /// Begins before the first record; the record of the number of `expected` must have its digest.
    pub fn new(expected: Option<AuditHead>) -> Self {
        Self {
            expected,
            ..Self::default()
        }
    }

    /// Takes the next record, or why there is none that can be read; tells whether the chain is
    /// whole so far.
    pub fn follow(&mut self, record: Result<&AuditRecord, String>) -> bool {
        if self.flaw.is_none() {
            let next = self.head.as_ref().map_or(1, |head| head.number + 1);
            let step = record
                .map_err(|problem| Flaw::new(next, problem))
                .and_then(|record| self.step(next, record));
            match step {
                Ok(head) => self.head = Some(head),
                Err(flaw) => self.flaw = Some(flaw),
            }
        }
        self.flaw.is_none()
    }

    fn step(&self, next: u64, record: &AuditRecord) -> Result<AuditHead, Flaw> {
        let previous = self.head.as_ref().map_or("", |head| &head.digest);
        if record.number != next {
            let problem = format!(
                "it is missing: record {} stands in its place",
                record.number
            );
            return Err(Flaw::new(next, problem));
        }
        if record.previous != previous {
            return Err(Flaw::new(
                next,
                "it does not follow on the record before it",
            ));
        }
        if record.expected_digest() != record.digest {
            return Err(Flaw::new(
                next,
                "it was changed: its digest is not that of what it says",
            ));
        }
        match &self.expected {
            Some(expected) if expected.number == next && expected.digest != record.digest => Err(
                Flaw::new(next, "it is not the record whose digest is expected"),
            ),
            _ => Ok(record.head()),
        }
    }

    /// Returns what following came to.
    pub fn finish(self) -> AuditReport {
        let records = self.head.as_ref().map_or(0, |head| head.number);
        let flaw = self.flaw.or_else(|| match self.expected {
            Some(expected) if expected.number > records => Some(Flaw::new(
                records + 1,
                format!(
                    "it is missing: there were records up to {}",
                    expected.number
                ),
            )),
            _ if records == 0 => Some(Flaw::new(1, "it is missing: every chain has a beginning")),
            _ => None,
        });
        AuditReport {
            records,
            head: self.head,
            flaws: flaw.into_iter().collect(),
            not_compared: 0,
        }
    }
}

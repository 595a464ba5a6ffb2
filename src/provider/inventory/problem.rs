//! What is wrong with an inventory: where, what, and what to do about it.

use std::fmt;
use std::sync::Arc;

use crate::base::source::{Source, Span};

/// The most problems of one load that are told; more would bury the first.
const MOST: usize = 20;

/// One problem: an error, or something odd that was passed over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Where: `file:line:column`, `file:line`, or the name of a source.
    pub place: String,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// What to do about it, if that is known.
    pub hint: Option<String>,
}

impl Problem {
    /// Makes a problem.
    pub(super) fn new(place: impl fmt::Display, message: impl Into<String>) -> Self {
        Self {
            place: printable(&place.to_string()),
            message: printable(&message.into()),
            hint: None,
        }
    }

    /// Makes a problem of a place in a text.
    pub(super) fn at(source: &Source, span: Span, message: impl Into<String>) -> Self {
        let position = source.position(span.start);
        Self::new(format_args!("{}:{position}", source.name()), message)
    }

    /// Adds what to do about it.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(printable(&hint.into()));
        self
    }

    /// Adds what was probably meant.
    pub(super) fn suggest(self, nearest: Option<&str>) -> Self {
        match nearest {
            Some(nearest) => self.hint(format!("did you mean `{nearest}`?")),
            None => self,
        }
    }
}

/// Takes out what a terminal would follow: texts of inventories are quoted in messages.
fn printable(text: &str) -> String {
    text.chars()
        .map(|letter| {
            if letter.is_control() {
                '\u{fffd}'
            } else {
                letter
            }
        })
        .collect()
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// An inventory that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the inventory cannot be used:{}", lines(.problems))]
pub struct InventoryError {
    /// Everything that is wrong, as far as it was read; not empty.
    pub problems: Vec<Problem>,
}

impl From<Problem> for InventoryError {
    fn from(problem: Problem) -> Self {
        Self {
            problems: vec![problem],
        }
    }
}

fn lines(problems: &[Problem]) -> String {
    let mut lines: Vec<String> = problems.iter().take(MOST).map(Problem::to_string).collect();
    if problems.len() > MOST {
        lines.push(format!("and {} more", problems.len() - MOST));
    }
    lines.iter().flat_map(|line| ["\n  ", line]).collect()
}

/// Where a host or a group was named first: a source and a line in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Origin {
    /// The name of the source.
    pub(super) source: Arc<str>,
    /// The line, from 1; 0 where a source has no lines.
    pub(super) line: u32,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.source),
            line => write!(f, "{}:{line}", self.source),
        }
    }
}

/// Problems as they are found: errors, and what was passed over.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// What makes the inventory unusable.
    pub(super) errors: Vec<Problem>,
    /// What was odd, but could be passed over.
    pub(super) warnings: Vec<Problem>,
    /// Whether a password in plain text was read, which is not to be kept.
    pub(super) has_secrets: bool,
}

impl Findings {
    /// Adds an error.
    pub(super) fn error(&mut self, problem: Problem) {
        self.errors.push(problem);
    }

    /// Adds something that is passed over; the same is told once.
    pub(super) fn warn(&mut self, problem: Problem) {
        if self.warnings.len() < MOST && !self.warnings.contains(&problem) {
            self.warnings.push(problem);
        }
    }

    /// Tells whether so much is wrong that reading on helps nobody.
    pub(super) fn is_full(&self) -> bool {
        self.errors.len() > MOST
    }
}

//! Settings that take one of a few words.

use crate::base::value::{Value, text};
use crate::template::number::Amount;
use crate::template::rate::Problem;

/// How a loop goes through its items.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// A sliding window.
    Concurrency,
    /// One batch after another.
    Batch,
}

/// How many items run at once.
#[derive(Clone, PartialEq, Debug)]
pub enum Concurrency {
    /// So many.
    Window(Amount),
    /// A list has always meant batches of these sizes.
    Batches(Vec<Amount>),
}

/// Where somebody is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BatchPause {
    /// Nowhere.
    Automatic,
    /// After the first batch.
    FirstBatch,
    /// After every batch.
    EveryBatch,
}

/// What is done about an item whose target cannot be reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unreachable {
    /// It fails.
    Fail,
    /// It is passed over and counts as skipped.
    Skip,
    /// It is tried again after all others of its batch.
    Defer,
}

impl Style {
    const WORDS: [(&'static str, Self); 2] =
        [("Concurrency", Self::Concurrency), ("Batch", Self::Batch)];

    pub(super) fn read(name: &str, value: &Value) -> Result<Option<Self>, Problem> {
        choose(name, value, &Self::WORDS)
    }
}

impl BatchPause {
    const WORDS: [(&'static str, Self); 3] = [
        ("Automatic", Self::Automatic),
        ("FirstBatchPause", Self::FirstBatch),
        ("EveryBatchPause", Self::EveryBatch),
    ];

    pub(super) fn read(name: &str, value: &Value) -> Result<Option<Self>, Problem> {
        choose(name, value, &Self::WORDS)
    }
}

impl Unreachable {
    const WORDS: [(&'static str, Self); 3] = [
        ("Fail", Self::Fail),
        ("Skip", Self::Skip),
        ("Defer", Self::Defer),
    ];

    pub(super) fn read(name: &str, value: &Value) -> Result<Option<Self>, Problem> {
        choose(name, value, &Self::WORDS)
    }
}

/// Reads a word in any case, without the stray commas of some templates; an empty one is none.
fn choose<T: Copy>(
    name: &str,
    value: &Value,
    words: &[(&'static str, T)],
) -> Result<Option<T>, Problem> {
    let text = text(value);
    let found = text.trim_matches(|c: char| c == ',' || c.is_whitespace());
    if found.is_empty() {
        return Ok(None);
    }
    let choice = words
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(found));
    if let Some((_, choice)) = choice {
        return Ok(Some(*choice));
    }
    let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    Err(Problem::word(name, &words, found))
}

//! Words that stand for nothing.

use crate::provider::inventory::range::RangeError;

/// Why target words cannot be followed. Every error names the word.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WordError {
    /// There is no word.
    #[error("there are no target words; `all` stands for every host")]
    Empty,
    /// A sign has no word behind it.
    #[error("`{0}` stands alone; expected a word right behind it")]
    Bare(String),
    /// The words only take away.
    #[error("`{0}` only takes hosts away; begin with `all`, or with what there is to take from")]
    NothingChosen(String),
    /// A range is none.
    #[error("`{word}` cannot be expanded")]
    Range {
        /// The word.
        word: String,
        /// Why.
        #[source]
        source: RangeError,
    },
    /// No inventory is known.
    #[error("`{word}` names nothing, because there is no inventory; name one with `--inventory`")]
    NoInventory {
        /// The word.
        word: String,
    },
    /// No host has the name.
    #[error("`{word}`: no inventory has the host `{missing}`{}", did_you_mean(.nearest.as_deref()))]
    NoHost {
        /// The word.
        word: String,
        /// The names that are missing, folded.
        missing: String,
        /// The word that was probably meant.
        nearest: Option<String>,
    },
    /// No group has the name.
    #[error("`{word}`: there is no group `{group}`{}", did_you_mean(.nearest.as_deref()))]
    NoGroup {
        /// The word.
        word: String,
        /// The group.
        group: String,
        /// The word that was probably meant.
        nearest: Option<String>,
    },
    /// No host carries the tag.
    #[error("`{word}`: no host carries the tag `{key}`{}", did_you_mean(.nearest.as_deref()))]
    NoTag {
        /// The word.
        word: String,
        /// The key.
        key: String,
        /// The word that was probably meant.
        nearest: Option<String>,
    },
    /// A pattern fits no host.
    #[error("`{word}` fits no host")]
    NothingFits {
        /// The word.
        word: String,
    },
    /// Too many patterns in one word.
    #[error("`{word}` stands for more than {most} patterns")]
    TooManyPatterns {
        /// The word.
        word: String,
        /// How many there may be.
        most: usize,
    },
    /// A file or standard input is named where none is read.
    #[error("`{word}` is read by the command line only, before anything starts")]
    NotHere {
        /// The word.
        word: String,
    },
    /// Narrowing to what a file names is not known.
    #[error(
        "`{word}` narrows to the words of a file, which only `&WORD` with a single word can do"
    )]
    NarrowedByFile {
        /// The word.
        word: String,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| {
        format!("; did you mean `{nearest}`?")
    })
}

//! From a text to words.

use std::path::{Path, PathBuf};

use crate::provider::inventory::host::ALL;
use crate::provider::inventory::words::error::WordError;

/// Target words: `@group`, `tag:KEY`, `tag:KEY=VALUE`, names, ranges (`web[01-20]`), patterns
/// (`web*`) and `all`, between commas or blanks. `!WORD` takes hosts away, `&WORD` keeps only those
/// that the word names as well, wherever they stand. `file:PATH` and `-` stand for the words in a
/// file and on standard input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Words(pub(super) Vec<Word>);

/// One word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Word {
    /// What it does to what is chosen.
    pub(super) sign: Sign,
    /// What it names.
    pub(super) term: Term,
    /// It as it was written.
    pub(super) text: String,
}

/// What a word does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sign {
    /// Adds hosts.
    Add,
    /// Keeps only these hosts.
    Keep,
    /// Takes hosts away.
    Drop,
}

/// What a word names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Term {
    /// Every host.
    All,
    /// The hosts of a group, or of all groups that fit.
    Group(String),
    /// Hosts with a tag.
    Tag { key: String, value: Option<String> },
    /// Hosts by name; ranges and patterns not yet expanded.
    Names(String),
    /// The words in a file; standard input without a path.
    File(Option<PathBuf>),
}

impl Words {
    /// Reads words. They are looked up later, by [`Words::select`].
    pub fn parse(text: &str) -> Result<Self, WordError> {
        let words: Vec<Word> = split(text)
            .into_iter()
            .map(word)
            .collect::<Result<_, _>>()?;
        if words.is_empty() {
            return Err(WordError::Empty);
        }
        if words.iter().all(|word| word.sign != Sign::Add) {
            return Err(WordError::NothingChosen(text.trim().to_owned()));
        }
        Ok(Self(words))
    }

    /// Returns the text of the words with what stands in files in place of `file:PATH` and `-`.
    /// `read` returns the text of a file, or of standard input without a path.
    pub fn inline<E: From<WordError>>(
        text: &str,
        mut read: impl FnMut(Option<&Path>) -> Result<String, E>,
    ) -> Result<String, E> {
        let mut texts: Vec<String> = Vec::new();
        for Word { sign, term, text } in Self::parse(text)?.0 {
            let Term::File(path) = term else {
                texts.push(text);
                continue;
            };
            let lines = read(path.as_deref())?;
            let read = read_lines(&lines);
            match sign {
                Sign::Add => texts.extend(read.into_iter().map(str::to_owned)),
                Sign::Drop => texts.extend(read.into_iter().map(|word| format!("!{word}"))),
                Sign::Keep => match read[..] {
                    [word] => texts.push(format!("&{word}")),
                    _ => return Err(WordError::NarrowedByFile { word: text }.into()),
                },
            }
        }
        Ok(texts.join(","))
    }
}

/// Returns the words of a file: on any number of lines, `#` begins a remark.
pub fn read_lines(text: &str) -> Vec<&str> {
    text.lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .flat_map(split)
        .collect()
}

/// Splits a text at commas and blanks outside of brackets.
pub(in crate::provider::inventory) fn split(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let is_end = move |c: char| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && (c == ',' || c.is_whitespace())
    };
    text.split(is_end).filter(|word| !word.is_empty()).collect()
}

fn word(text: &str) -> Result<Word, WordError> {
    let (sign, rest) = match text.strip_prefix('!') {
        Some(rest) => (Sign::Drop, rest),
        None => match text.strip_prefix('&') {
            Some(rest) => (Sign::Keep, rest),
            None => (Sign::Add, text),
        },
    };
    let bare = || WordError::Bare(text.to_owned());
    let some = |rest: &str| (!rest.is_empty()).then(|| rest.to_owned());
    let term = if rest == "-" {
        Term::File(None)
    } else if rest == ALL {
        Term::All
    } else if let Some(group) = rest.strip_prefix('@') {
        match some(group).ok_or_else(bare)? {
            group if group == ALL => Term::All,
            group => Term::Group(group),
        }
    } else if let Some(tag) = rest.strip_prefix("tag:") {
        let (key, value) = match tag.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (tag, None),
        };
        let key = some(key).ok_or_else(bare)?;
        Term::Tag { key, value }
    } else if let Some(path) = rest.strip_prefix("file:") {
        Term::File(Some(some(path).ok_or_else(bare)?.into()))
    } else {
        Term::Names(some(rest).ok_or_else(bare)?)
    };
    Ok(Word {
        sign,
        term,
        text: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_between_commas_and_blanks_outside_of_brackets() {
        assert_eq!(
            split(" web[01-20,30], db1\n@x  !y,"),
            ["web[01-20,30]", "db1", "@x", "!y"]
        );
    }

    #[test]
    fn words_of_files_take_the_place_of_the_file() {
        let read = |path: Option<&Path>| -> Result<String, WordError> {
            Ok(match path {
                None => "in1 in2\n".to_owned(),
                Some(path) => format!("# {}\nweb[1-2] # two\n\ndb1\n", path.display()),
            })
        };
        let inline = |text| Words::inline(text, read);
        assert_eq!(inline("a,file:x,-").unwrap(), "a,web[1-2],db1,in1,in2");
        assert_eq!(inline("all !file:x").unwrap(), "all,!web[1-2],!db1");
        assert!(inline("all &file:x").is_err());
    }

    #[test]
    fn signs_without_a_word_are_refused() {
        for text in [
            "", " , ", "@", "a !", "tag:", "tag:=x", "file:", "!a", "&@b",
        ] {
            Words::parse(text).unwrap_err();
        }
    }
}

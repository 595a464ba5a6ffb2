//! Regular expressions with look-around, as jq has them; backtracking is bounded.

use std::cell::RefCell;
use std::rc::Rc;

use fancy_regex::{Captures, Regex, RegexBuilder};

use super::budget::{self, Limit};
use super::item::{Error, Item, Result};

/// Backtracking steps of one search.
const MAX_BACKTRACKS: usize = 20_000;
/// Bytes of one compiled expression.
const MAX_COMPILED: usize = 1 << 20;
/// Longest pattern.
const MAX_PATTERN: usize = 4096;
/// What a search costs at least; its backtracking cannot be counted.
const COST: u64 = 100;
/// Compiled expressions kept per thread: a filter over many items uses one or two.
const KEPT: usize = 16;

thread_local! {
    static COMPILED: RefCell<Vec<Compiled>> = const { RefCell::new(Vec::new()) };
}

/// An expression with what its flags say about searching.
#[derive(Clone)]
struct Compiled {
    pattern: String,
    flags: String,
    regex: Rc<Regex>,
    is_global: bool,
    skips_empty: bool,
}

/// Returns all matches as jq describes them: offset, length, string, captures.
pub(super) fn matches(text: &Item, pattern: &Item, flags: &Item) -> Result {
    let compiled = compile(pattern, flags)?;
    let text = text.expect_text()?;
    let names: Vec<_> = compiled.regex.capture_names().collect();
    let mut described = Vec::new();
    let mut place = Place::new(text);
    for captures in search(&compiled, text)? {
        described.push(describe(&captures, &names, &mut place));
    }
    Ok(Item::list(described))
}

/// Returns the text in pieces: what lies between matches as text, each match as a map of its named
/// captures.
pub(super) fn parts(text: &Item, pattern: &Item, flags: &Item) -> Result {
    let compiled = compile(pattern, flags)?;
    let text = text.expect_text()?;
    let names: Vec<_> = compiled.regex.capture_names().collect();
    let mut pieces = Vec::new();
    let mut end = 0;
    for captures in search(&compiled, text)? {
        let Some(whole) = captures.get(0) else {
            continue;
        };
        pieces.push(Item::text(&text[end..whole.start()]));
        let groups = names.iter().enumerate().filter_map(|(index, name)| {
            let value = captures
                .get(index)
                .map_or(Item::Null, |m| Item::text(m.as_str()));
            Some(((*name)?.into(), value))
        });
        pieces.push(Item::map(groups));
        end = whole.end();
    }
    pieces.push(Item::text(&text[end..]));
    Ok(Item::list(pieces))
}

fn search<'t>(compiled: &Compiled, text: &'t str) -> Result<Vec<Captures<'t, str>>> {
    let limit = if compiled.is_global { usize::MAX } else { 1 };
    let mut found = Vec::new();
    budget::pay(COST);
    for captures in compiled.regex.captures_iter(text) {
        let captures = captures.map_err(|error| {
            budget::exceed(Limit::Steps);
            Error::str(format!("the search was given up: {error}"))
        })?;
        if !budget::pay(COST / 10) {
            break;
        }
        if compiled.skips_empty && captures.get(0).is_none_or(|m| m.range().is_empty()) {
            continue;
        }
        found.push(captures);
        if found.len() >= limit {
            break;
        }
    }
    budget::pay_for(text.len());
    Ok(found)
}

fn compile(pattern: &Item, flags: &Item) -> Result<Compiled> {
    let pattern = pattern.expect_text()?;
    let flags = match flags {
        Item::Null => "",
        flags => flags.expect_text()?,
    };
    let kept = COMPILED.with_borrow(|kept| {
        let same = |known: &&Compiled| known.pattern == pattern && known.flags == flags;
        kept.iter().find(same).cloned()
    });
    if let Some(compiled) = kept {
        return Ok(compiled);
    }
    budget::pay(10 * COST);
    let compiled = build(pattern, flags)?;
    COMPILED.with_borrow_mut(|kept| {
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push(compiled.clone());
    });
    Ok(compiled)
}

fn build(pattern: &str, flags: &str) -> Result<Compiled> {
    if pattern.len() > MAX_PATTERN {
        return Err(Error::str(format!(
            "a pattern has at most {MAX_PATTERN} bytes"
        )));
    }
    let (mut global, mut skip_empty) = (false, false);
    let mut inline = String::new();
    for flag in flags.chars() {
        match flag {
            'g' => global = true,
            'n' => skip_empty = true,
            'i' | 'x' => inline.push(flag),
            'p' => inline.push('s'),
            // Single line and longest match: no difference here.
            's' | 'l' => {}
            other => {
                return Err(Error::str(format!(
                    "`{other}` is no flag of regular expressions"
                )));
            }
        }
    }
    let text = if inline.is_empty() {
        pattern.to_owned()
    } else {
        format!("(?{inline}){pattern}")
    };
    let regex = RegexBuilder::new(&text)
        .backtrack_limit(MAX_BACKTRACKS)
        .delegate_size_limit(MAX_COMPILED)
        .build()
        .map_err(|error| Error::str(format!("`{pattern}` is no regular expression: {error}")))?;
    Ok(Compiled {
        pattern: pattern.to_owned(),
        flags: flags.to_owned(),
        regex: Rc::new(regex),
        is_global: global,
        skips_empty: skip_empty,
    })
}

fn describe(captures: &Captures<'_, str>, names: &[Option<&str>], place: &mut Place<'_>) -> Item {
    let mut group = |index: usize| {
        let found = captures.get(index);
        let offset = found.map_or(Item::Number(super::number::Number::Whole(-1)), |m| {
            Item::whole(place.characters(m.start()))
        });
        let text = found.map(|m| m.as_str());
        let length = Item::whole(text.map_or(0, |text| text.chars().count()));
        vec![
            ("offset".into(), offset),
            ("length".into(), length),
            ("string".into(), text.map_or(Item::Null, Item::text)),
        ]
    };
    let mut whole = group(0);
    let inner = (1..captures.len()).map(|index| {
        let mut entries = group(index);
        let name = names.get(index).copied().flatten();
        entries.push(("name".into(), name.map_or(Item::Null, Item::text)));
        Item::map(entries)
    });
    let inner: Vec<_> = inner.collect();
    whole.push(("captures".into(), Item::list(inner)));
    Item::map(whole)
}

/// Turns byte offsets into character offsets; cheap if they are asked for in order.
struct Place<'t> {
    text: &'t str,
    bytes: usize,
    characters: usize,
}

impl<'t> Place<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            bytes: 0,
            characters: 0,
        }
    }

    fn characters(&mut self, offset: usize) -> usize {
        if offset < self.bytes {
            (self.bytes, self.characters) = (0, 0);
        }
        let between = &self.text[self.bytes..offset];
        budget::pay_for(between.len());
        self.characters += between.chars().count();
        self.bytes = offset;
        self.characters
    }
}

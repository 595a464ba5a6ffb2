//! One file of known hosts, read once: plain names are found through an index, hashed names through
//! their key, so that a file of any size costs a look-up next to nothing.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::provider::ssh::known_hosts::error::HostKeyError;
use crate::provider::ssh::known_hosts::kind::Kinds;
use crate::provider::ssh::known_hosts::line::{Line, Marker, Parsed, parse};
use crate::provider::ssh::known_hosts::name;

/// A file with its index.
#[derive(Debug)]
pub(super) struct KnownFile {
    pub(super) path: PathBuf,
    text: String,
    lines: usize,
    entries: Vec<Entry>,
    hasher: RandomState,
    /// Lines of keys by each plain name.
    names: Places,
    /// Lines of keys with hashed names, by key.
    hashed_keys: Places,
    /// Lines of keys that must be matched one by one.
    patterns: Vec<u32>,
    hashed: Vec<u32>,
    hashed_kinds: Kinds,
    authorities: Vec<u32>,
    revoked: Vec<u32>,
}

/// Where in the text an entry is.
#[derive(Debug)]
struct Entry {
    line: usize,
    hosts: Range<usize>,
    kind: Range<usize>,
    key: Range<usize>,
}

/// Entries by the hash of a word; whoever looks one up compares the word itself.
type Places = HashMap<u64, (u32, Vec<u32>)>;

/// An entry of a file, as look-ups return it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub(super) line: usize,
    pub(super) hosts: &'a str,
    pub(super) kind: &'a str,
    pub(super) key: &'a str,
}

impl KnownFile {
    /// Reads the text of a file.
    pub(super) fn parse(path: &Path, text: String) -> Result<Self, HostKeyError> {
        let mut file = Self {
            path: path.to_owned(),
            text: String::new(),
            lines: 0,
            entries: Vec::new(),
            hasher: RandomState::new(),
            names: HashMap::new(),
            hashed_keys: HashMap::new(),
            patterns: Vec::new(),
            hashed: Vec::new(),
            hashed_kinds: Kinds::NONE,
            authorities: Vec::new(),
            revoked: Vec::new(),
        };
        file.read(&text)?;
        file.text = text;
        Ok(file)
    }

    /// Takes over what was appended to the file.
    pub(super) fn append(&mut self, text: &str) -> Result<(), HostKeyError> {
        let mut rest = text;
        // The end of a last line that lacked it is no line of its own.
        let is_open = !self.text.is_empty() && !self.text.ends_with('\n');
        if let Some(behind) = text.strip_prefix('\n').filter(|_| is_open) {
            self.text.push('\n');
            rest = behind;
        }
        self.read(rest)?;
        self.text.push_str(rest);
        Ok(())
    }

    /// Indexes text that comes after all that there is.
    fn read(&mut self, text: &str) -> Result<(), HostKeyError> {
        let (offset, start) = (self.text.len(), text.as_ptr() as usize);
        for row in text.lines() {
            self.lines += 1;
            let line = match parse(row) {
                Parsed::Line(line) => line,
                Parsed::Empty => continue,
                Parsed::Other => {
                    tracing::debug!(file = %self.path.display(), line = self.lines, "line of known hosts is not understood");
                    continue;
                }
                Parsed::Revokes => {
                    return Err(HostKeyError::Malformed {
                        file: self.path.clone(),
                        line: self.lines,
                    });
                }
            };
            let span = |part: &str| {
                let from = offset + (part.as_ptr() as usize - start);
                from..from + part.len()
            };
            let number = u32::try_from(self.entries.len()).expect("a file has fewer lines");
            self.entries.push(Entry {
                line: self.lines,
                hosts: span(line.hosts),
                kind: span(line.kind),
                key: span(line.key),
            });
            self.index(number, line);
        }
        Ok(())
    }

    fn index(&mut self, number: u32, line: Line<'_>) {
        let put = |places: &mut Places, word: &str| {
            places
                .entry(self.hasher.hash_one(word))
                .and_modify(|place| place.1.push(number))
                .or_insert((number, Vec::new()));
        };
        match line.marker {
            Marker::Authority => self.authorities.push(number),
            Marker::Revoked => self.revoked.push(number),
            Marker::Key if name::is_hashed(line.hosts) => {
                put(&mut self.hashed_keys, line.key);
                self.hashed.push(number);
                self.hashed_kinds = self.hashed_kinds.with(Kinds::of(line.kind));
            }
            Marker::Key if name::is_pattern(line.hosts) => self.patterns.push(number),
            Marker::Key => {
                for host in line.hosts.split(',') {
                    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
                        put(&mut self.names, &host.to_lowercase());
                    } else {
                        put(&mut self.names, host);
                    }
                }
            }
        }
    }

    fn found(&self, number: u32) -> Found<'_> {
        let entry = &self.entries[number as usize];
        Found {
            line: entry.line,
            hosts: &self.text[entry.hosts.clone()],
            kind: &self.text[entry.kind.clone()],
            key: &self.text[entry.key.clone()],
        }
    }

    fn at(&self, places: &Places, word: &str) -> impl Iterator<Item = Found<'_>> {
        let place = places.get(&self.hasher.hash_one(word));
        let numbers: Vec<u32> = place.map_or_else(Vec::new, |(first, more)| {
            std::iter::once(*first)
                .chain(more.iter().copied())
                .collect()
        });
        numbers.into_iter().map(|number| self.found(number))
    }

    /// Returns the lines with keys of a host, save those whose name is hashed.
    pub(super) fn plain<'a>(&'a self, host: &'a str) -> impl Iterator<Item = Found<'a>> {
        let patterns = self.patterns.iter().map(|number| self.found(*number));
        self.at(&self.names, host)
            .chain(patterns)
            .filter(move |found| name::matches(found.hosts, host))
    }

    /// Returns the lines with this key whose hashed name is the host. Costs one hash for each line
    /// that has the key.
    pub(super) fn hashed_with<'a>(
        &'a self,
        host: &'a str,
        key: &'a str,
    ) -> impl Iterator<Item = Found<'a>> {
        self.at(&self.hashed_keys, key)
            .filter(move |found| found.key == key && name::matches(found.hosts, host))
    }

    /// Returns the lines with keys of a host whose name is hashed. Costs one hash for each line with a
    /// hashed name: only a key that is not known is worth it.
    pub(super) fn hashed<'a>(&'a self, host: &'a str) -> impl Iterator<Item = Found<'a>> {
        let hashed = self.hashed.iter().map(|number| self.found(*number));
        hashed.filter(move |found| name::matches(found.hosts, host))
    }

    /// Returns the types of keys that lines with hashed names have.
    pub(super) fn hashed_kinds(&self) -> Kinds {
        self.hashed_kinds
    }

    /// Returns the lines of authorities that may sign keys of a host.
    pub(super) fn authorities<'a>(&'a self, host: &'a str) -> impl Iterator<Item = Found<'a>> {
        let authorities = self.authorities.iter().map(|number| self.found(*number));
        authorities.filter(move |found| name::matches(found.hosts, host))
    }

    /// Returns the line that revokes a key for a host.
    pub(super) fn revoked<'a>(
        &'a self,
        host: &str,
        is_it: impl Fn(&str) -> bool,
    ) -> Option<Found<'a>> {
        let mut revoked = self.revoked.iter().map(|number| self.found(*number));
        revoked.find(|found| is_it(found.key) && name::matches(found.hosts, host))
    }
}

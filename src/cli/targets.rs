//! Target words of the command line.

use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use serde_json::json;

use crate::base::name::nearest;
use crate::base::value::{Map, Value};
use crate::cli::report::Failure;
use crate::provider::inventory::{Host, Inventory, WordError, Words};
use crate::template::model::Template;

/// The largest list of targets that is read, in bytes: a million names fit.
const LARGEST: u64 = 64 << 20;

/// What words are, for the help of commands.
pub(super) const WORDS_HELP: &str = "Which hosts: @group, tag:KEY=VALUE, names, ranges (web[01-20]), \
    patterns (web*), file:PATH, - for standard input, !WORD to take away, &WORD to narrow";

/// Returns the hosts that words choose, at least one; files that they name, and standard input, are
/// read now.
pub(super) fn choose(text: &str, inventory: &Inventory) -> Result<Vec<Arc<Host>>, Failure> {
    select(&with_files(text)?, inventory).map_err(Failure::usage)
}

fn select(words: &str, inventory: &Inventory) -> anyhow::Result<Vec<Arc<Host>>> {
    let chosen = Words::parse(words)?.select(inventory)?;
    if chosen.is_empty() {
        return Err(anyhow!(
            "the target words choose no host: what they name is empty, or is taken away again"
        ));
    }
    Ok(chosen)
}

/// The property that says that a parameter selects targets.
const TARGETS: &str = "Targets";

/// Makes filters of target words: a text that is given for a parameter with
/// `AssociationProperty: Targets` and is no JSON. The words must choose something in `inventory`, and
/// are recorded with what stands in files in their place.
pub(super) fn complete(
    template: &Template,
    arguments: &mut Map,
    inventory: &Inventory,
) -> Result<(), Failure> {
    for parameter in &template.parameters {
        let is_target = parameter
            .association_property
            .as_ref()
            .is_some_and(|property| property.eq_ignore_ascii_case(TARGETS));
        let given = arguments
            .iter_mut()
            .find(|(name, _)| parameter.name.value.is(name))
            .map(|(_, value)| value);
        let (true, Some(given)) = (is_target, given) else {
            continue;
        };
        let Value::String(text) = &*given else {
            continue;
        };
        if text.trim().is_empty() || serde_json::from_str::<Value>(text).is_ok() {
            continue;
        }
        *given = filter(text, inventory, || {
            format!("parameter `{}` selects no targets", parameter.name.value)
        })?;
    }
    Ok(())
}

/// Returns the filter that target words are, with what stands in files in their place. The words must
/// choose something in `inventory`; `context` says what it means if they do not.
pub(super) fn filter(
    text: &str,
    inventory: &Inventory,
    context: impl FnOnce() -> String,
) -> Result<Value, Failure> {
    let words = with_files(text)?;
    select(&words, inventory).map_err(|error| Failure::usage(error.context(context())))?;
    Ok(json!({"Type": "Words", "Words": words}))
}

/// Returns the one host of this name.
pub(super) fn choose_one(name: &str, inventory: &Inventory) -> Result<Arc<Host>, Failure> {
    inventory.host(name).cloned().ok_or_else(|| {
        let near = nearest(name, inventory.hosts().map(|host| host.name.as_str()));
        Failure::usage(anyhow!("no inventory has the host `{name}`")).hinted(match near {
            Some(near) => format!("Did you mean `{near}`?"),
            None => "`oos host list` shows which there are.".to_owned(),
        })
    })
}

/// Returns the words with what stands in files, and on standard input, in their place.
pub(super) fn with_files(text: &str) -> Result<String, Failure> {
    Words::inline(text, |path| {
        let name = path.unwrap_or(Path::new("/dev/stdin"));
        read(path)
            .with_context(|| format!("cannot read targets from `{}`", name.display()))
            .map_err(|error| Unread(Failure::usage(error)))
    })
    .map_err(|Unread(failure)| failure)
}

fn read(path: Option<&Path>) -> io::Result<String> {
    match path {
        Some(path) => read_within(std::fs::File::open(path)?, LARGEST),
        None => read_within(io::stdin(), LARGEST),
    }
}

/// Reads all or nothing: what is cut off might be the words that take hosts away.
fn read_within(source: impl io::Read, most: u64) -> io::Result<String> {
    let mut text = String::new();
    source.take(most + 1).read_to_string(&mut text)?;
    if text.len() as u64 > most {
        let why = format!("it has more than {most} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(text)
}

/// A failure, as words want one.
struct Unread(Failure);

impl From<WordError> for Unread {
    fn from(error: WordError) -> Self {
        Self(Failure::usage(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_too_long_is_refused_whole() {
        assert_eq!(read_within(&b"web,!db"[..], 7).unwrap(), "web,!db");
        let error = read_within(&b"web,!db1"[..], 7).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}

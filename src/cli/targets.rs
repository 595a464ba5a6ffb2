//! Target words of the command line.

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
    patterns (web*), file:PATH, - for standard input, !WORD to take away, &WORD to narrow; all when \
    not given";

/// Returns the hosts that words choose; files that they name, and standard input, are read now.
pub(super) fn choose(text: &str, inventory: &Inventory) -> Result<Vec<Arc<Host>>, Failure> {
    let text = with_files(text)?;
    let words = Words::parse(&text).map_err(Failure::usage)?;
    words.select(inventory).map_err(Failure::usage)
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
        let words = with_files(text)?;
        let chosen = Words::parse(&words).and_then(|words| words.select(inventory));
        chosen.map_err(|error| {
            let context = format!("parameter `{}` selects no targets", parameter.name.value);
            Failure::usage(anyhow::Error::new(error).context(context))
        })?;
        *given = json!({"Type": "Words", "Words": words});
    }
    Ok(())
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

fn read(path: Option<&Path>) -> std::io::Result<String> {
    use std::io::Read as _;

    let mut text = String::new();
    let source: Box<dyn std::io::Read> = match path {
        Some(path) => Box::new(std::fs::File::open(path)?),
        None => Box::new(std::io::stdin()),
    };
    source.take(LARGEST).read_to_string(&mut text)?;
    Ok(text)
}

/// A failure, as words want one.
struct Unread(Failure);

impl From<WordError> for Unread {
    fn from(error: WordError) -> Self {
        Self(Failure::usage(error))
    }
}

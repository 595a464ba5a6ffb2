//! What a plan's digest is over: everything that a run depends on, in a form that tells plans apart
//! and says what differs. Kept in the store under the digest.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::base::digest::Digest;
use crate::base::name::Name;
use crate::base::value::{Map, Value, text};
use crate::runner::plan::Repeats;
use crate::runner::prepare::Prepared;
use crate::store::{Contents, StoreError};

/// Items that a sentence names of each kind.
const NAMED: usize = 3;

/// Everything that the digest of a plan is over. Values that are secret, and in runs with secrets
/// the items of loops, are there as keyed digests only.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(in crate::runner) struct PlanRecord {
    /// The template's text.
    template: Digest,
    /// The texts of what it calls, by name.
    called: BTreeMap<String, Digest>,
    /// The bound parameters.
    parameters: BTreeMap<String, Entry>,
    /// The entries of the parameter store that it names.
    stored: BTreeMap<String, Entry>,
    /// The items of its loops, in order of the tasks.
    targets: Vec<Targets>,
    /// Where it runs.
    region: String,
    account: String,
}

/// A value as a plan knows it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
enum Entry {
    /// As it is.
    Value(Value),
    /// Its keyed digest: it is secret.
    Secret(Digest),
    /// The parameter's default, which comes to another value in every run: its text is in the
    /// template.
    Default,
}

/// The items of one loop.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Targets {
    path: Vec<String>,
    items: Items,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
enum Items {
    List(Vec<Value>),
    /// Their keyed digest and number, of a run with secrets.
    Secret(Digest, usize),
    /// Known when it runs.
    Unknown,
}

impl PlanRecord {
    /// Collects what the digest is over.
    pub(super) fn of(
        prepared: &Prepared,
        loops: &[(Vec<String>, Repeats)],
        contents: &(impl Contents + ?Sized),
    ) -> Result<Self, StoreError> {
        let started = &prepared.started;
        let has_secrets = started.secrets().next().is_some();
        let keyed = |value: &Value| contents.keyed_digest(&value.to_string());
        let mut parameters = BTreeMap::new();
        for (name, value) in &started.parameters {
            let is = |names: &[String]| {
                names
                    .iter()
                    .any(|other| Name::from(other.as_str()).is(name))
            };
            let entry = if is(&prepared.changing) {
                Entry::Default
            } else if is(&started.secret) {
                Entry::Secret(keyed(value)?)
            } else {
                Entry::Value(value.clone())
            };
            parameters.insert(name.clone(), entry);
        }
        let targets = loops
            .iter()
            .filter_map(|(path, repeats)| {
                let items = match repeats {
                    Repeats::Once => return None,
                    Repeats::Unknown => Ok(Items::Unknown),
                    Repeats::Items(items) if has_secrets => {
                        keyed(&Value::Array(items.clone())).map(|d| Items::Secret(d, items.len()))
                    }
                    Repeats::Items(items) => Ok(Items::List(items.clone())),
                };
                let path = path.clone();
                Some(items.map(|items| Targets { path, items }))
            })
            .collect::<Result<_, _>>()?;
        let called = prepared.closure.entries().map(|entry| {
            let version = entry
                .version
                .as_deref()
                .map(|version| format!(" {version}"));
            let name = format!("{}{}", entry.name, version.unwrap_or_default());
            (name, entry.digest.clone())
        });
        Ok(Self {
            template: started.template.clone(),
            called: called.collect(),
            parameters,
            stored: stored(&started.stored, &started.stored_secrets, contents)?,
            targets,
            region: started.region.clone(),
            account: started.account.clone(),
        })
    }

    /// Returns the text that is kept, and whose digest is the plan's.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).expect("texts, values and digests always serialize")
    }

    /// Reads a kept text; `None` if it is none of a plan.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Returns how many items each loop has, where that is known.
    pub(super) fn counts(&self) -> Vec<(String, Option<usize>)> {
        let count = |items: &Items| match items {
            Items::List(items) => Some(items.len()),
            Items::Secret(_, count) => Some(*count),
            Items::Unknown => None,
        };
        self.targets
            .iter()
            .map(|targets| (targets.path.join(" > "), count(&targets.items)))
            .collect()
    }

    /// Says in words in what `now` differs, a sentence each.
    pub(super) fn differences(&self, now: &Self) -> Vec<String> {
        let mut words = Vec::new();
        if self.template != now.template {
            words.push("the template is another text".to_owned());
        }
        for name in keys(&self.called, &now.called) {
            words.extend(match (self.called.get(name), now.called.get(name)) {
                (Some(before), Some(after)) if before == after => None,
                (Some(_), Some(_)) => Some(format!("the called template `{name}` is another text")),
                (None, _) => Some(format!("the template `{name}` is called, too")),
                (Some(_), None) => Some(format!("the template `{name}` is not called any more")),
            });
        }
        words.extend(changed("parameter", &self.parameters, &now.parameters));
        words.extend(changed("entry", &self.stored, &now.stored));
        words.extend(self.targets_changed(now));
        for (name, before, after) in [
            ("region", &self.region, &now.region),
            ("account", &self.account, &now.account),
        ] {
            if before != after {
                words.push(format!("the {name} was `{before}` and is `{after}`"));
            }
        }
        words
    }

    fn targets_changed(&self, now: &Self) -> Vec<String> {
        let by_path = |record: &Self| -> BTreeMap<String, Items> {
            let targets = record.targets.iter();
            targets
                .map(|targets| (targets.path.join(" > "), targets.items.clone()))
                .collect()
        };
        let (before, after) = (by_path(self), by_path(now));
        let paths = keys(&before, &after);
        paths
            .into_iter()
            .filter(|path| before.get(*path) != after.get(*path))
            .map(|path| match (before.get(path), after.get(path)) {
                (Some(Items::List(before)), Some(Items::List(after))) => {
                    format!(
                        "the targets of `{path}` differ: {}",
                        difference(before, after)
                    )
                }
                _ => format!("the targets of `{path}` differ"),
            })
            .collect()
    }
}

fn stored(
    plain: &Map,
    secret: &Map,
    contents: &(impl Contents + ?Sized),
) -> Result<BTreeMap<String, Entry>, StoreError> {
    let mut entries: BTreeMap<String, Entry> = plain
        .iter()
        .map(|(name, value)| (name.clone(), Entry::Value(value.clone())))
        .collect();
    for (name, value) in secret {
        let digest = contents.keyed_digest(&value.to_string())?;
        entries.insert(format!("secret {name}"), Entry::Secret(digest));
    }
    Ok(entries)
}

fn keys<'a, T>(
    one: &'a BTreeMap<String, T>,
    other: &'a BTreeMap<String, T>,
) -> BTreeSet<&'a String> {
    one.keys().chain(other.keys()).collect()
}

fn changed(
    kind: &str,
    before: &BTreeMap<String, Entry>,
    after: &BTreeMap<String, Entry>,
) -> Vec<String> {
    let words = |name: &String| match (before.get(name), after.get(name)) {
        (before, after) if before == after => None,
        (Some(Entry::Value(before)), Some(Entry::Value(after))) => Some(format!(
            "{kind} `{name}` was `{}` and is `{}`",
            text(before),
            text(after)
        )),
        (Some(_), Some(_)) => Some(format!("{kind} `{name}` has another value")),
        (None, _) => Some(format!("{kind} `{name}` is new")),
        (Some(_), None) => Some(format!("{kind} `{name}` is gone")),
    };
    keys(before, after).into_iter().filter_map(words).collect()
}

/// Says which items are new and which are gone.
fn difference(before: &[Value], after: &[Value]) -> String {
    let missing = |items: &[Value], from: &[Value]| -> Vec<String> {
        let there: BTreeSet<String> = from.iter().map(text).collect();
        let items = items.iter().map(text);
        items.filter(|item| !there.contains(item)).collect()
    };
    let parts = [
        ("new", missing(after, before)),
        ("gone", missing(before, after)),
    ];
    let words: Vec<String> = parts
        .iter()
        .filter(|(_, items)| !items.is_empty())
        .map(|(word, items)| {
            let more = if items.len() > NAMED { ", …" } else { "" };
            let names = items.iter().take(NAMED).cloned().collect::<Vec<_>>();
            format!("{word}: {}{more}", names.join(", "))
        })
        .collect();
    if words.is_empty() {
        "the order or the number of times is another".to_owned()
    } else {
        words.join("; ")
    }
}

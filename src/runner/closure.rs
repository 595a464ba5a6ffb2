//! Everything that a template may call, pinned to its text before the run starts: a runbook that
//! is changed meanwhile cannot change a run that is under way.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::action::Catalog;
use crate::base::digest::Digest;
use crate::base::id::MAX_DEPTH;
use crate::base::source::Source;
use crate::runner::loop_step::{LoopStep, steps_of};
use crate::template::expr::Expression;
use crate::template::model::{Task, Template};
use crate::template::parse;
use crate::template::source::{Found, LookupError, TemplateSource};
use crate::template::yaml::{Node, NodeKind};

/// Templates by lower-case name; what an execution and its children resolve names in.
#[derive(Clone, Debug, Default)]
pub struct Closure {
    entries: BTreeMap<String, Entry>,
    /// Whether some name is only known once the run evaluates it.
    dynamic: bool,
}

/// A template that may be called.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name as its owner spells it.
    pub name: String,
    /// Its version, where versions are kept.
    pub version: Option<String>,
    /// Its text's digest.
    pub digest: Digest,
    /// The template.
    pub template: Arc<Template>,
}

/// What is stored of an entry.
#[derive(Serialize, Deserialize)]
struct Stored {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    digest: Digest,
}

impl Closure {
    /// Collects everything that `template` calls by a name that can be known now.
    pub fn of(
        template: &Template,
        catalog: &Catalog,
        templates: &dyn TemplateSource,
    ) -> Result<Self, LookupError> {
        let mut closure = Self::default();
        closure.collect(template, catalog, templates, MAX_DEPTH)?;
        Ok(closure)
    }

    fn collect(
        &mut self,
        template: &Template,
        catalog: &Catalog,
        templates: &dyn TemplateSource,
        depth: usize,
    ) -> Result<(), LookupError> {
        if depth == 0 {
            return Ok(());
        }
        for called in template.tasks.iter().flat_map(|task| called(task, catalog)) {
            let Called::Template { name, version } = called else {
                self.dynamic = true;
                continue;
            };
            let key = key(&name, version.as_deref());
            if self.entries.contains_key(&key) {
                continue;
            }
            let Some(found) = templates.find(&name, version.as_deref())? else {
                continue;
            };
            let entry = entry(found, name, version)?;
            let child = Arc::clone(&entry.template);
            self.entries.insert(key, entry);
            self.collect(&child, catalog, templates, depth - 1)?;
        }
        Ok(())
    }

    /// Returns the template of that name.
    pub fn find(&self, name: &str, version: Option<&str>) -> Option<&Entry> {
        self.entries.get(&key(name, version))
    }

    /// Returns the template that an action with these properties calls; nothing if it calls none, or
    /// if its name is only known once the run evaluates it.
    pub(super) fn called(
        &self,
        action: &str,
        properties: Option<&Node>,
        catalog: &Catalog,
    ) -> Option<&Entry> {
        match called_by(action, properties, catalog)? {
            Called::Later => None,
            Called::Template { name, version } => self.find(&name, version.as_deref()),
        }
    }

    /// Returns all entries in order of name.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// Tells whether some template is only named once the run evaluates it.
    pub fn is_dynamic(&self) -> bool {
        self.dynamic
    }

    /// Returns the texts to store: every template, and last the list of names and digests.
    pub fn texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = self
            .entries
            .values()
            .map(|entry| entry.template.source.text().to_owned())
            .collect();
        texts.push(self.list());
        texts
    }

    /// Returns the list of names and digests as it is stored.
    pub fn list(&self) -> String {
        let stored: BTreeMap<&String, Stored> = self
            .entries
            .iter()
            .map(|(key, entry)| {
                let stored = Stored {
                    name: entry.name.clone(),
                    version: entry.version.clone(),
                    digest: entry.digest.clone(),
                };
                (key, stored)
            })
            .collect();
        serde_json::to_string(&stored).expect("texts and digests always serialize")
    }

    /// Returns the digests that a stored list names; none if it is damaged, which
    /// [`from_list`](Self::from_list) reports.
    pub fn digests(list: &str) -> Vec<Digest> {
        let stored: BTreeMap<String, Stored> = serde_json::from_str(list).unwrap_or_default();
        stored.into_values().map(|stored| stored.digest).collect()
    }

    /// Reads a stored list; `text` returns the text of a digest.
    pub fn from_list<E>(
        list: &str,
        mut text: impl FnMut(&Digest) -> Result<String, E>,
    ) -> Result<Self, ClosureError<E>> {
        let stored: BTreeMap<String, Stored> =
            serde_json::from_str(list).map_err(|error| ClosureError::List(error.to_string()))?;
        let mut closure = Self::default();
        for (key, stored) in stored {
            let text = text(&stored.digest).map_err(ClosureError::Text)?;
            let template = parse::parse(&Source::new(&stored.name, text)).template;
            let template = template.ok_or_else(|| ClosureError::Template(stored.name.clone()))?;
            let entry = Entry {
                name: stored.name,
                version: stored.version,
                digest: stored.digest,
                template: Arc::new(template),
            };
            closure.entries.insert(key, entry);
        }
        Ok(closure)
    }
}

/// Why a stored closure cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ClosureError<E> {
    /// The list is damaged.
    #[error("the stored list of templates is damaged: {0}")]
    List(String),
    /// A text cannot be had.
    #[error("a stored template cannot be read")]
    Text(E),
    /// A text is no template.
    #[error("the stored template `{0}` is damaged")]
    Template(String),
}

fn key(name: &str, version: Option<&str>) -> String {
    match version {
        None => name.to_ascii_lowercase(),
        Some(version) => format!("{}@{version}", name.to_ascii_lowercase()),
    }
}

fn entry(found: Found, name: String, version: Option<String>) -> Result<Entry, LookupError> {
    let digest = Digest::of(found.source.text().as_bytes());
    let template = parse::parse(&found.source)
        .template
        .ok_or_else(|| LookupError {
            name,
            reason: format!("{} is no template", found.source.name()),
        })?;
    let version = found.version.or(version);
    Ok(Entry {
        name: found.name,
        version,
        digest,
        template: Arc::new(template),
    })
}

/// A template that a task calls.
enum Called {
    /// Its name is only known once the run evaluates it.
    Later,
    /// This one.
    Template {
        name: String,
        version: Option<String>,
    },
}

/// Returns what a task calls: nothing, a template, or the templates of the steps of a loop.
fn called(task: &Task, catalog: &Catalog) -> Vec<Called> {
    let properties = task.properties.as_ref().map(Expression::node);
    let action = task.action.value.as_str();
    let mut found: Vec<Called> = called_by(action, properties, catalog).into_iter().collect();
    for step in steps_of(task) {
        called_by_step(step, catalog, &mut found);
    }
    found
}

fn called_by_step(step: LoopStep<'_>, catalog: &Catalog, found: &mut Vec<Called>) {
    found.extend(called_by(step.action, step.properties, catalog));
    for inner in step.steps() {
        called_by_step(inner, catalog, found);
    }
}

fn called_by(action: &str, properties: Option<&Node>, catalog: &Catalog) -> Option<Called> {
    if action.eq_ignore_ascii_case("ACS::Template") {
        return properties.and_then(embedded);
    }
    if catalog.find(action).is_some() {
        return None;
    }
    Some(Called::Template {
        name: action.to_owned(),
        version: None,
    })
}

/// Returns what an `ACS::Template` embeds; nothing if its content is given in place.
fn embedded(properties: &Node) -> Option<Called> {
    let known = |node: &Node| match &node.kind {
        NodeKind::Text(text) if !text.contains("{{") => Some(text.clone()),
        _ => None,
    };
    let is_written = |name: &str| properties.property(name).is_some();
    if is_written("TemplateContent") && !is_written("TemplateName") {
        return None;
    }
    // Where neither is written the properties are computed as a whole.
    let name = properties.property("TemplateName").and_then(known);
    let version = properties.property("TemplateVersion");
    let version = match version.filter(|version| version.kind != NodeKind::Null) {
        None => Some(None),
        Some(version) => known(version).map(|text| Some(text).filter(|text| !text.is_empty())),
    };
    Some(match (name, version) {
        (Some(name), Some(version)) => Called::Template { name, version },
        _ => Called::Later,
    })
}

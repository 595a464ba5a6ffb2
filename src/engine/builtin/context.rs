//! What an action is rendered from.

use crate::base::value::{Map, Value, find, kind, text};
use crate::engine::event::{Failure, Started, UnitId};
use crate::engine::render::evaluation;
use crate::engine::scope::StateScope;
use crate::template::model::Task;

/// One unit to be: its task, its evaluated properties, and where it stands.
#[derive(Debug)]
pub(in crate::engine) struct Context<'a> {
    pub task: &'a Task,
    pub unit: UnitId,
    pub properties: &'a Map,
    pub scope: StateScope<'a>,
}

impl<'a> Context<'a> {
    /// Returns a property, whatever the case of its name; `null` counts as not given.
    pub(super) fn property(&self, name: &str) -> Option<&'a Value> {
        find(self.properties, name).filter(|value| !value.is_null())
    }

    /// Returns a property as text; an empty text counts as not given.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.property(name)
            .map(text)
            .filter(|text| !text.is_empty())
    }

    /// Returns a property that must be given as text.
    pub(super) fn required_text(&self, name: &str) -> Result<String, Failure> {
        self.text(name)
            .ok_or_else(|| self.failure(&format!("property `{name}` is required")))
    }

    /// Returns a property as a map; JSON text of one is taken for it.
    pub(super) fn map(&self, name: &str) -> Result<Map, Failure> {
        match self.property(name) {
            None => Ok(Map::new()),
            Some(Value::Object(map)) => Ok(map.clone()),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(Map::new()),
            Some(value @ Value::String(text)) => match serde_json::from_str(text) {
                Ok(Value::Object(map)) => Ok(map),
                _ => Err(self.wrong_kind(name, "a map", value)),
            },
            Some(value) => Err(self.wrong_kind(name, "a map", value)),
        }
    }

    /// Returns a property as a list; a single value is taken for a list of one.
    pub(super) fn list(&self, name: &str) -> Vec<Value> {
        match self.property(name) {
            None => Vec::new(),
            Some(Value::Array(list)) => list.clone(),
            Some(value) => vec![value.clone()],
        }
    }

    /// Makes a failure of rendering.
    pub(super) fn failure(&self, reason: &str) -> Failure {
        evaluation(self.task, reason)
    }

    /// Returns what the execution was started with.
    pub(super) fn started(&self) -> &'a Started {
        self.scope
            .state
            .started
            .as_ref()
            .expect("a task begins only after the execution was started")
    }

    fn wrong_kind(&self, name: &str, wanted: &str, found: &Value) -> Failure {
        self.failure(&format!(
            "property `{name}` must be {wanted}, not {}",
            kind(found)
        ))
    }
}

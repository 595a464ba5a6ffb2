//! What an execution starts with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::value::{Map, Value};
use crate::engine::event::{BoundPlan, Firing, Hold, Repeat, UnitId};
use crate::engine::status::{LoopMode, Mode, SafetyCheck};

/// Everything that an execution starts with.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Started {
    /// Its id.
    pub id: ExecutionId,
    /// The template's name.
    pub template_name: String,
    /// The template's version, where versions are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_version: Option<String>,
    /// The digest under which the template's text is stored.
    pub template: Digest,
    /// The digest of the stored list of every template this one may call, name to digest.
    pub library: Digest,
    /// The template's tasks, in order: what listings show of a task before it begins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskHead>,
    /// The actions of this template that the provider serves itself, in lower case.
    #[serde(default)]
    pub native: Vec<String>,
    /// The bound parameters.
    pub parameters: Map,
    /// Names of the parameters whose values must not be shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret: Vec<String>,
    /// Secret values taken over from the parent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherited_secrets: Vec<Value>,
    /// How tasks are treated.
    #[serde(default)]
    pub mode: Mode,
    /// How loops pause.
    #[serde(default)]
    pub loop_mode: LoopMode,
    /// Whether high-risk calls wait.
    #[serde(default)]
    pub safety_check: SafetyCheck,
    /// The region.
    pub region: String,
    /// The account number.
    pub account: String,
    /// Who started it.
    pub user: String,
    /// The effective role, rendered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The unit of the parent that waits for this execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<UnitId>,
    /// The plan that it is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<BoundPlan>,
    /// Whether the person who started it may approve it, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub self_approval: bool,
    /// The execution that this one repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Repeat>,
    /// What fired the trigger that stands first in this template: the trigger's task counts as
    /// done, with its outputs selected from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Value>,
    /// Which trigger fired it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fired: Option<Firing>,
    /// Why it does not begin at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// The entries of the parameter store that the template names, read before the start.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub stored: Map,
    /// The secret entries of the parameter store that the template names, read before the start.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub stored_secrets: Map,
    /// What the steps of an `ACS::Loop` see of the execution around them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outer: Option<Outer>,
    /// Where the hosts that it works on are written down, if it was started with an inventory. Only
    /// what was started from outside has it: children work on the same hosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory: Option<InventorySources>,
    /// Where its template was found, if it waits for a trigger: so that it can be found again after a
    /// change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<TemplateOrigin>,
    /// Names of the parameters that nobody gave and whose defaults come to another value in every
    /// execution, if it waits for a trigger: each firing makes these values anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changing: Vec<String>,
    /// What it is for, in the words of who started it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

impl Started {
    /// Returns every value that must not be shown: those of secret parameters and of secret entries
    /// of the parameter store, and those that the parent told in confidence.
    pub fn secrets(&self) -> impl Iterator<Item = &Value> {
        let is_secret = |name: &str| {
            self.secret
                .iter()
                .any(|secret| secret.eq_ignore_ascii_case(name))
        };
        let own = self
            .parameters
            .iter()
            .filter(move |(name, _)| is_secret(name));
        own.map(|(_, value)| value)
            .chain(self.stored_secrets.values())
            .chain(&self.inherited_secrets)
    }
}

/// Where the template of a trigger was found.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TemplateOrigin {
    /// Its place.
    pub place: TemplatePlace,
    /// The properties of the timer that was put before its tasks, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timer: Option<Map>,
}

/// The place of a template.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum TemplatePlace {
    /// A file, by its absolute path.
    File(String),
    /// A name that is looked up.
    Name {
        /// The name.
        name: String,
        /// The version that was asked for; the newest when not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
    },
}

/// Where hosts are written down: what it takes to read the same inventory again, from any folder. It
/// holds no hosts, and nothing that is secret.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct InventorySources {
    /// Absolute paths, URLs, and lists of hosts, in the order in which they are merged.
    pub sources: Vec<String>,
    /// For how many seconds what executables and servers said is taken for true.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub max_age: u64,
    /// Whether older answers are taken when they cannot be asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A task by name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TaskHead {
    /// Its name.
    pub name: String,
    /// Its action.
    pub action: String,
}

/// Values of the execution around the steps of an `ACS::Loop` item.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Outer {
    /// Parameters by name.
    pub parameters: Map,
    /// Outputs by task, then by name.
    pub outputs: BTreeMap<String, Map>,
    /// The loop item.
    pub item: Value,
}

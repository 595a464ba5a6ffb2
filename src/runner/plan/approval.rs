//! Approvals as a plan knows them: who is asked, and what comes of it without anybody.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::base::value::{Value, find, text};
use crate::engine::event::TimeoutOutcome;
use crate::template::model::Task;

/// An approval that the run will ask for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PlannedApproval {
    /// Names of the tasks from the outermost template to the one that asks.
    pub path: Vec<String>,
    /// Who may decide, if that is known now; empty: anybody.
    pub approvers: Option<Vec<String>>,
    /// How many must approve, if that is known now.
    pub required: Option<u32>,
    /// After which time it is decided by nobody.
    pub timeout: Option<String>,
    /// What comes of it then: `Fail`, `Reject` or `Approve`.
    pub timeout_outcome: Option<TimeoutOutcome>,
    /// Whether it may be passed over although nothing fails.
    pub conditional: bool,
}

impl PlannedApproval {
    /// Tells whether too few people may approve what `user` starts.
    pub fn is_impossible(&self, user: &str, self_approval: bool) -> bool {
        let (Some(approvers), Some(required)) = (&self.approvers, self.required) else {
            return false;
        };
        let people: BTreeSet<&String> = approvers.iter().collect();
        let others = people
            .into_iter()
            .filter(|person| self_approval || *person != user);
        !approvers.is_empty() && others.count() < required as usize
    }

    /// Works out what an `ACS::Approve` at `path` asks for. `properties` are what is known of its own.
    pub(super) fn of(
        task: &Task,
        path: Vec<String>,
        conditional: bool,
        properties: Option<&Value>,
    ) -> Self {
        let property = |name: &str| {
            let properties = properties?.as_object()?;
            find(properties, name).filter(|value| !value.is_null())
        };
        let approvers = match property("Approvers") {
            None => Vec::new(),
            Some(Value::Array(names)) => names.iter().map(text).collect(),
            Some(name) => vec![text(name)],
        };
        let required = match property("MinRequiredApprovals") {
            None => Some(1),
            Some(number) => text(number).parse().ok(),
        };
        let outcome = property("TimeoutOutcome").map(text);
        let timeout = task.timeout.as_ref();
        Self {
            path,
            approvers: properties.map(|_| approvers),
            required: required.filter(|_| properties.is_some()),
            timeout: timeout.map(|timeout| text(&timeout.node().to_value())),
            timeout_outcome: timeout.map(|_| {
                outcome
                    .and_then(|word| TimeoutOutcome::from_text(&word))
                    .unwrap_or_default()
            }),
            conditional,
        }
    }

    /// Returns an approval in a step of a loop, whose values are others for each item.
    pub(super) fn in_loop(path: Vec<String>) -> Self {
        Self {
            path,
            approvers: None,
            required: None,
            timeout: None,
            timeout_outcome: None,
            conditional: true,
        }
    }
}

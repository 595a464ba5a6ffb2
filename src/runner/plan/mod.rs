//! What a run will do, before it does it: parameters as bound, every API call in order with its
//! risk, which steps repeat over how many items, and a digest of it all.

mod scope;
mod survey;

use serde::Serialize;

use crate::action::Risk;
use crate::base::digest::Digest;
use crate::base::secret::Redactor;
use crate::base::value::{Map, Value};
use crate::runner::handle::Runner;
use crate::runner::prepare::Prepared;

/// A plan. The same template, everything it calls, parameters and targets give the same digest.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Plan {
    /// The template's name.
    pub template_name: String,
    /// The parameters as bound, secrets masked.
    pub parameters: Map,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// Whether some template is only named once the run evaluates it.
    pub incomplete: bool,
    /// The digest over template, called templates, parameters and targets.
    pub digest: Digest,
}

/// One step: a task that calls something.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Step {
    /// Names of the tasks from the outermost template to this step.
    pub path: Vec<String>,
    /// The action.
    pub action: String,
    /// `Service.Api`, for steps that call an API.
    pub api: Option<String>,
    /// How dangerous the call is.
    pub risk: Risk,
    /// Whether it may be passed over although nothing fails: a condition or a choice decides.
    pub conditional: bool,
    /// How often it runs.
    pub repeats: Repeats,
    /// What it runs with, as far as that is known; secrets masked.
    pub properties: Option<Value>,
}

/// How often a step runs.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub enum Repeats {
    /// Once.
    Once,
    /// Once for each of these items.
    Items(Vec<Value>),
    /// Once for each item of a list that is only known at run time.
    Unknown,
}

impl Runner {
    /// Works out what `prepared` would do. Makes reading calls only (`Describe…`, `List…`, `Get…`
    /// and target selection), to know the items of loops.
    pub async fn plan(&self, prepared: &Prepared) -> Plan {
        let started = &prepared.started;
        let redactor = Redactor::new(started.secrets());
        let steps = survey::steps(self, prepared).await;
        let targets: Vec<&Repeats> = steps.iter().map(|step| &step.repeats).collect();
        let digest = Digest::of(
            serde_json::json!([
                started.template,
                started.library,
                started.parameters,
                targets
            ])
            .to_string()
            .as_bytes(),
        );
        let steps = steps
            .into_iter()
            .map(|step| masked(step, &redactor))
            .collect();
        let parameters = match redactor.value(&Value::Object(started.parameters.clone())) {
            Value::Object(parameters) => parameters,
            _ => Map::new(),
        };
        Plan {
            template_name: started.template_name.clone(),
            parameters,
            steps,
            incomplete: prepared.closure.is_dynamic(),
            digest,
        }
    }
}

fn masked(step: Step, redactor: &Redactor) -> Step {
    let repeats = match step.repeats {
        Repeats::Items(items) => {
            Repeats::Items(items.iter().map(|item| redactor.value(item)).collect())
        }
        other => other,
    };
    let properties = step
        .properties
        .map(|properties| redactor.value(&properties));
    Step {
        repeats,
        properties,
        ..step
    }
}

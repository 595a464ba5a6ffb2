//! What a run will do, before it does it: parameters as bound, every API call in order with its
//! risk, which steps repeat over how many items, and a digest of it all.

mod approval;
mod bind;
mod control;
mod decision;
mod look_up;
mod passing;
mod record;
mod repeats;
mod scope;
mod survey;

pub use approval::PlannedApproval;
pub use repeats::Repeats;

use serde::Serialize;

use crate::action::Risk;
use crate::base::digest::Digest;
use crate::base::secret::Redactor;
use crate::base::value::{Map, Value};
use crate::runner::handle::Runner;
use crate::runner::plan::record::PlanRecord;
use crate::runner::prepare::Prepared;
use crate::store::{Contents, StoreError};

/// A plan. The same template, everything it calls, parameters and targets give the same digest.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Plan {
    /// The template's name.
    pub template_name: String,
    /// Who would start it.
    pub user: String,
    /// The parameters as bound, secrets masked.
    pub parameters: Map,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// The approvals that it asks for.
    pub approvals: Vec<PlannedApproval>,
    /// Whether who starts it may approve, too.
    pub self_approval: bool,
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

/// What a walk through a template finds.
#[derive(Debug, Default)]
struct Survey {
    steps: Vec<Step>,
    approvals: Vec<PlannedApproval>,
    /// How often each task that loops runs, by its path.
    loops: Vec<(Vec<String>, Repeats)>,
}

impl Runner {
    /// Works out what `prepared` would do, and keeps what its digest is over, so that a run that
    /// is started for this plan can say what differs. Makes reading calls only (`Describe…`,
    /// `List…`, `Get…` and target selection), to know the items of loops.
    pub async fn plan(&self, prepared: &Prepared) -> Result<Plan, StoreError> {
        let started = &prepared.started;
        let redactor = Redactor::new(started.secrets());
        let survey = survey::survey(self, prepared).await;
        let record = PlanRecord::of(prepared, &survey.loops, self.store())?;
        let text = record.text();
        let digest = Digest::of(text.as_bytes());
        self.store().keep(vec![text]).await?;
        let steps = survey.steps.into_iter();
        let parameters = match redactor.value(&Value::Object(started.parameters.clone())) {
            Value::Object(parameters) => parameters,
            _ => Map::new(),
        };
        Ok(Plan {
            template_name: started.template_name.clone(),
            user: started.user.clone(),
            parameters,
            steps: steps.map(|step| masked(step, &redactor)).collect(),
            approvals: survey.approvals,
            incomplete: prepared.closure.is_dynamic(),
            self_approval: started.self_approval,
            digest,
        })
    }
}

/// Returns on how many items each loop of a kept plan works, `None` where that is known when it runs;
/// nothing if the plan is not kept here.
pub async fn kept_targets(
    contents: &(impl Contents + ?Sized),
    plan: &Digest,
) -> Result<Vec<(String, Option<usize>)>, StoreError> {
    let text = contents.content(plan).await?;
    let record = text.as_deref().and_then(PlanRecord::from_text);
    Ok(record.map(|record| record.counts()).unwrap_or_default())
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

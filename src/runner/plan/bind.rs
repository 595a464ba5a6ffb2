//! Binds a start to its plan, where people decide in the run or named the plan.

use crate::base::digest::Digest;
use crate::engine::event::{BoundPlan, PlannedLoop};
use crate::engine::status::SafetyCheck;
use crate::runner::handle::Runner;
use crate::runner::loop_step::{LoopStep, steps_of};
use crate::runner::plan::record::PlanRecord;
use crate::runner::plan::{PlannedApproval, Repeats, Survey, survey};
use crate::runner::prepare::Prepared;
use crate::runner::start_error::StartError;
use crate::template::model::{Task, Template};
use crate::template::yaml::{Node, NodeKind};

/// Words without which loops do not pause and no template is given in place, in lower case.
const DECISIONS: [&str; 2] = ["batchpauseoption", "templatecontent"];

/// A start that is bound to a plan.
#[derive(Debug)]
pub(in crate::runner) struct Binding {
    /// What the run remembers of the plan.
    pub(in crate::runner) plan: BoundPlan,
    /// The text to keep under the plan's digest.
    pub(in crate::runner) text: String,
}

impl Runner {
    /// Returns what a start is bound to; nothing if nobody decides in the run and no plan was
    /// asked for. Fails if it is another plan than the one that was asked for, or if it could never
    /// be approved.
    pub(in crate::runner) async fn binding(
        &self,
        prepared: &Prepared,
    ) -> Result<Option<Binding>, StartError> {
        if !needs_plan(prepared) {
            return Ok(None);
        }
        let survey = survey::survey(self, prepared).await;
        refuse_impossible(prepared, &survey.approvals)?;
        let record = PlanRecord::of(prepared, &survey.loops, self.store())?;
        let text = record.text();
        let digest = Digest::of(text.as_bytes());
        if let Some(expected) = prepared.expected.as_ref().filter(|plan| **plan != digest) {
            let kept = self.store().content(expected).await?;
            let kept = kept.as_deref().and_then(PlanRecord::from_text);
            return Err(StartError::OtherPlan {
                expected: expected.clone(),
                found: digest,
                differences: kept
                    .map(|kept| kept.differences(&record))
                    .unwrap_or_default(),
            });
        }
        let plan = bound(digest, survey);
        Ok(Some(Binding { plan, text }))
    }
}

fn bound(digest: Digest, survey: Survey) -> BoundPlan {
    let mut loops: Vec<PlannedLoop> = Vec::new();
    for (path, items) in survey.loops {
        if let Repeats::Items(items) = items {
            let items = items.into();
            loops.push(PlannedLoop { path, items });
        }
    }
    let approvals = survey.approvals.into_iter();
    BoundPlan {
        digest,
        loops,
        approvals: approvals.map(|approval| approval.path).collect(),
        approved: None,
        editors: Vec::new(),
    }
}

fn needs_plan(prepared: &Prepared) -> bool {
    let may_ask = |template: &Template| {
        mentions_decision(&template.root) || template.tasks.iter().any(decides)
    };
    prepared.expected.is_some()
        || prepared.started.safety_check == SafetyCheck::ConfirmEveryHighRiskAction
        || prepared.closure.is_dynamic()
        || may_ask(&prepared.template)
        || prepared
            .closure
            .entries()
            .any(|entry| may_ask(&entry.template))
}

/// A mention anywhere is enough, as a key or in a text that may be read as a map: a plan too many
/// costs a few reading calls, one too few would leave an approval that is bound to nothing.
fn mentions_decision(node: &Node) -> bool {
    let is_in = |text: &str| {
        let text = text.to_ascii_lowercase();
        DECISIONS.iter().any(|word| text.contains(word))
    };
    match &node.kind {
        NodeKind::Text(text) => is_in(text),
        NodeKind::List(nodes) => nodes.iter().any(mentions_decision),
        NodeKind::Map(entries) => entries
            .iter()
            .any(|entry| is_in(&entry.key) || mentions_decision(&entry.value)),
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) => false,
    }
}

fn decides(task: &Task) -> bool {
    fn within(step: &LoopStep<'_>) -> bool {
        let asks = step.is("ACS::Approve") || step.is("ACS::Pause");
        asks || step.steps().iter().any(within)
    }
    let action = &task.action.value;
    let asks = action.is("ACS::Approve") || action.is("ACS::Pause");
    asks || steps_of(task).iter().any(within)
}

fn refuse_impossible(prepared: &Prepared, approvals: &[PlannedApproval]) -> Result<(), StartError> {
    let started = &prepared.started;
    let impossible = approvals.iter().find(|approval| {
        !approval.conditional && approval.is_impossible(&started.user, started.self_approval)
    });
    match impossible {
        None => Ok(()),
        Some(approval) => Err(StartError::NeverApproved {
            task: approval.path.join(" > "),
            approvers: approval.approvers.clone().unwrap_or_default(),
            required: approval.required.unwrap_or(1),
            user: started.user.clone(),
        }),
    }
}

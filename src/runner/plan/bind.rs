//! Binds a start to its plan, where people decide in the run or named the plan.

use crate::base::digest::Digest;
use crate::engine::event::{BoundPlan, PlannedLoop};
use crate::runner::handle::Runner;
use crate::runner::plan::decision::people_decide;
use crate::runner::plan::record::PlanRecord;
use crate::runner::plan::{PlannedApproval, Repeats, Survey, survey};
use crate::runner::prepare::Prepared;
use crate::runner::start_error::StartError;

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
        if prepared.expected.is_none() && !people_decide(prepared) {
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

//! Approvals: which tasks ask for them, and which of those given count.

use std::sync::Arc;

use crate::base::digest::Digest;
use crate::engine::event::{ApprovalTerms, BoundPlan, PlannedLoop, UnitId};
use crate::engine::state::execution::State;
use crate::engine::state::task::TaskState;
use crate::engine::status::TaskStatus;

/// An approval that was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::engine) struct GivenApproval {
    /// Who gave it.
    pub by: String,
    /// The plan that it is for, if the run is bound to one.
    pub plan: Option<Digest>,
}

impl State {
    /// Tells whether an approval is one of `by` and for the plan of this moment.
    pub(in crate::engine) fn counts(&self, given: &GivenApproval, by: &str) -> bool {
        given.by == by && given.plan == self.plan
    }

    /// Tells whether people approve in the task at `place`, or in a template that it calls.
    pub(in crate::engine) fn is_approval(&self, place: u32) -> bool {
        let Some(task) = self.template.tasks.get(place as usize) else {
            return false;
        };
        let bound = self.bound_plan();
        let planned = bound.into_iter().flat_map(|plan| &plan.approvals);
        task.action.value.is("ACS::Approve")
            || planned
                .filter_map(|path| path.first())
                .any(|name| task.name.value.is(name))
    }

    /// Returns the approvals that have been given so far, the strictest terms; those in called
    /// templates count as one by anybody.
    pub(in crate::engine) fn approved_terms(&self) -> Option<ApprovalTerms> {
        let inherited = || self.bound_plan().and_then(|plan| plan.approved.clone());
        let is_given = |(task, place): (&Arc<TaskState>, u32)| {
            task.status == TaskStatus::Success && self.is_approval(place)
        };
        self.approved.clone().or_else(inherited).or_else(|| {
            self.tasks
                .iter()
                .zip(0..)
                .any(is_given)
                .then(|| ApprovalTerms {
                    approvers: Vec::new(),
                    required: 1,
                })
        })
    }

    /// Returns the items that the plan lists for the loop at `place`. A plan that a person changed
    /// lists none: what the change leads to is known when it runs.
    pub(in crate::engine) fn planned_loop(&self, place: u32) -> Option<&PlannedLoop> {
        let name = self.task_name(place)?;
        let plan = self.bound_plan().filter(|_| self.editors.is_empty())?;
        plan.loops
            .iter()
            .find(|planned| matches!(planned.path.as_slice(), [only] if name.is(only)))
    }

    /// Returns the plan of the child execution of `unit`.
    pub(in crate::engine) fn child_plan(&self, unit: UnitId) -> Option<BoundPlan> {
        let bound = self.bound_plan()?;
        let name = self.task_name(unit.task)?;
        let is_below = |path: &[String]| path.len() > 1 && name.is(&path[0]);
        let loops = bound
            .loops
            .iter()
            .filter(|planned| {
                is_below(&planned.path) && unit.item.is_none() && self.editors.is_empty()
            })
            .map(|planned| PlannedLoop {
                path: planned.path[1..].to_vec(),
                items: planned.items.clone(),
            });
        let approvals = bound.approvals.iter().filter(|path| is_below(path));
        Some(BoundPlan {
            digest: self.plan.clone()?,
            loops: loops.collect(),
            approvals: approvals.map(|path| path[1..].to_vec()).collect(),
            approved: self.approved_terms(),
            editors: self.all_editors().map(str::to_owned).collect(),
        })
    }

    /// Returns everybody who changed what this execution, or one around it, runs with.
    pub(in crate::engine) fn all_editors(&self) -> impl Iterator<Item = &str> {
        let around = self.bound_plan().into_iter().flat_map(|plan| &plan.editors);
        self.editors.iter().chain(around).map(String::as_str)
    }

    fn bound_plan(&self) -> Option<&BoundPlan> {
        self.started.as_ref()?.plan.as_ref()
    }
}

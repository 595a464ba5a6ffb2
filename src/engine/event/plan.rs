//! The plan that a run is bound to, and what approvals it wants.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::digest::Digest;
use crate::base::value::Value;

/// The plan that a run is bound to: what approvals are given for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BoundPlan {
    /// Its digest.
    pub digest: Digest,
    /// The loops whose items it lists: those that come to other items do not begin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loops: Vec<PlannedLoop>,
    /// The approvals, by names of the tasks from the execution's own template down to the one that
    /// asks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Vec<String>>,
    /// The approvals that the parent had been given when it started this execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<ApprovalTerms>,
    /// Who changed what the execution around this one runs with: they approve nothing here either.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub editors: Vec<String>,
}

/// A loop whose items a plan lists.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PlannedLoop {
    /// Names of the tasks from the execution's own template down to the one that loops.
    pub path: Vec<String>,
    /// The items, in order.
    pub items: Arc<Vec<Value>>,
}

/// The plan after a person changed what a task runs with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Replanned {
    /// Its digest; approvals that were given for another one are void.
    pub digest: Digest,
    /// Who changed it.
    pub by: String,
    /// The approvals that the task needs before it goes on, because those that it had are void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalTerms>,
}

/// Who must approve.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ApprovalTerms {
    /// Who may decide; empty: anybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
    /// How many must approve.
    pub required: u32,
}

impl ApprovalTerms {
    /// Returns those terms of the two that ask for more people, or else for certain ones; the
    /// later ones if there is no difference.
    #[must_use]
    pub fn stricter(self, later: Self) -> Self {
        let weight = |terms: &Self| (terms.required, !terms.approvers.is_empty());
        if weight(&self) > weight(&later) {
            self
        } else {
            later
        }
    }
}

/// What comes of an approval that nobody gave in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum TimeoutOutcome {
    /// The task fails.
    #[default]
    Fail,
    /// The execution is cancelled, as if somebody had rejected it.
    Reject,
    /// The task ends well, approved by nobody.
    Approve,
}

impl TimeoutOutcome {
    /// Returns the outcome that `text` names, in any case.
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Fail, Self::Reject, Self::Approve]
            .into_iter()
            .find(|outcome| outcome.as_str().eq_ignore_ascii_case(text))
    }

    /// Returns the word of the template language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "Fail",
            Self::Reject => "Reject",
            Self::Approve => "Approve",
        }
    }

    /// Tells whether the task fails.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the signature that skipping a field wants"
    )]
    pub(super) fn is_fail(&self) -> bool {
        *self == Self::Fail
    }
}

//! The plan that a run is bound to.

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
    /// The tasks in which people approve, in templates that they call as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<String>,
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
}

//! Why a start is refused.

use crate::base::diagnostic::Diagnostic;
use crate::base::digest::Digest;
use crate::base::source::Source;
use crate::runner::entries::EntryError;
use crate::runner::usage::ApiUse;
use crate::store::{ParameterError, StoreError};
use crate::template::bind::BindError;
use crate::template::source::LookupError;

/// An API that the template calls and nobody serves.
#[derive(Clone, PartialEq, Debug)]
pub struct Unserved {
    /// The template that calls it.
    pub template: Source,
    /// The call.
    pub usage: ApiUse,
}

/// Why a start was refused. Nothing has happened.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no such template.
    #[error("there is no template `{name}`")]
    NotFound {
        /// The name.
        name: String,
        /// A name that is near, if there is one.
        nearest: Option<String>,
    },
    /// A template could not be read.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// The template has errors.
    #[error("`{}` has {} errors", .template.name(), .diagnostics.iter().filter(|d| d.is_error()).count())]
    Invalid {
        /// Its text.
        template: Source,
        /// Errors and warnings.
        diagnostics: Vec<Diagnostic>,
    },
    /// It is a desired state, which is not run.
    #[error("`{name}` describes a desired state (`OOS-2019-06-01-State`), which cannot be run")]
    State {
        /// The template.
        name: String,
    },
    /// The arguments do not fit.
    #[error("the parameters of `{name}` do not fit")]
    Arguments {
        /// The template.
        name: String,
        /// What does not.
        errors: Vec<BindError>,
    },
    /// It names entries of the parameter store that cannot be had.
    #[error("`{name}` names entries of the parameter store that cannot be had")]
    Entries {
        /// The template.
        name: String,
        /// Which, and why.
        source: EntryError,
    },
    /// It calls APIs that nobody serves.
    #[error("`{name}` calls {} APIs that this profile does not serve", .unserved.len())]
    Unserved {
        /// The template.
        name: String,
        /// Which.
        unserved: Vec<Unserved>,
    },
    /// It is another plan than the one that was asked for.
    #[error("the plan is {found}, not {expected}")]
    OtherPlan {
        /// What was asked for.
        expected: Digest,
        /// What it is.
        found: Digest,
        /// What differs, in words; empty if the plan that was asked for is not known here.
        differences: Vec<String>,
    },
    /// It asks for approvals that too few people may give.
    #[error(
        "task `{task}` needs {required} approvals by {}, and `{user}`, who starts it, may not \
         approve", .approvers.join(", ")
    )]
    NeverApproved {
        /// The task.
        task: String,
        /// Who may decide.
        approvers: Vec<String>,
        /// How many must approve.
        required: u32,
        /// Who starts it.
        user: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StartError {
    /// Tells whether the passphrase of the secrets is all that is missing.
    pub fn is_locked(&self) -> bool {
        matches!(
            self,
            Self::Entries {
                source: EntryError::Store(ParameterError::Locked),
                ..
            }
        )
    }
}

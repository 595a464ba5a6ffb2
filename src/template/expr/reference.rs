//! What a placeholder may name.

use crate::base::name::Name;

/// The body of a placeholder, understood.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Reference {
    /// `{{ name }}`: a parameter.
    Parameter(Name),
    /// `{{ task.output }}`, in template outputs also `{{ task.output.jq[] }}`.
    Output {
        /// The task.
        task: Name,
        /// The task's output.
        output: Name,
        /// A jq path applied to the output's value.
        path: Option<String>,
    },
    /// `{{ ACS::… }}`.
    Pseudo(Pseudo),
    /// `{{ oos:name }}`: an entry of the parameter store.
    Stored(String),
}

/// The pseudo-parameters (language reference 3.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Pseudo {
    /// `ACS::RegionId`.
    RegionId,
    /// `ACS::AccountId`.
    AccountId,
    /// `ACS::ExecuteUser`.
    ExecuteUser,
    /// `ACS::ExecutionId`.
    ExecutionId,
    /// `ACS::TaskLoopItem`.
    TaskLoopItem,
    /// `ACS::CurrentDate`.
    CurrentDate,
    /// `ACS::CurrentUTCTime`.
    CurrentUtcTime,
    /// `ACS::OOSUtilVersion`.
    OosUtilVersion,
}

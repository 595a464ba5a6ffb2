//! What an action takes and gives.

use crate::base::call::Recovery;
use crate::template::model::ValueType;

/// The signature of an action.
#[derive(Clone, PartialEq, Debug)]
pub struct ActionSpec {
    /// The action as it is spelt: `ACS::ExecuteAPI`, `ACS::ECS::RunCommand`.
    pub name: String,
    /// What it does, English and Chinese.
    pub description: (String, String),
    /// Its properties.
    pub properties: Vec<PropertySpec>,
    /// Its outputs, where they have fixed names.
    pub outputs: Vec<OutputSpec>,
    /// Whether a task with this action may loop.
    pub may_loop: bool,
}

/// A property of an action.
#[derive(Clone, PartialEq, Debug)]
pub struct PropertySpec {
    /// Its name.
    pub name: String,
    /// Its type.
    pub value_type: ValueType,
    /// Whether it must be given.
    pub required: bool,
    /// What it is for, in English.
    pub description: String,
}

/// An output of an action.
#[derive(Clone, PartialEq, Debug)]
pub struct OutputSpec {
    /// Its name.
    pub name: String,
    /// Its type.
    pub value_type: ValueType,
}

/// How dangerous an API is (language reference 5.5).
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize,
)]
pub enum Risk {
    /// Changes nothing, or nothing that cannot be changed back.
    Normal,
    /// Deletes something.
    High,
}

/// What is known of one API of a provider.
#[derive(Clone, PartialEq, Debug)]
pub struct ApiSpec {
    /// The product code as it is spelt.
    pub service: String,
    /// The operation as it is spelt.
    pub api: String,
    /// What may be done about a call that was under way when the process died.
    pub recovery: Recovery,
}

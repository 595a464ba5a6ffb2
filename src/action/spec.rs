//! What an action takes and gives.

use crate::action::property::PropertySpec;
use crate::template::model::ValueType;

/// The signature of an action.
#[derive(Clone, PartialEq, Debug)]
pub struct ActionSpec {
    /// The action as it is spelt: `ACS::ExecuteAPI`, `ACS::ECS::RunCommand`.
    pub name: String,
    /// What it does, English and Chinese.
    pub description: (String, String),
    /// What sort of action it is, which decides what its tasks may carry.
    pub kind: ActionKind,
    /// Its properties.
    pub properties: Vec<PropertySpec>,
    /// Its outputs, where they have fixed names.
    pub outputs: Vec<OutputSpec>,
}

impl ActionSpec {
    /// Returns the property called `name`, ignoring case.
    pub fn property(&self, name: &str) -> Option<&PropertySpec> {
        self.properties
            .iter()
            .find(|property| property.name.eq_ignore_ascii_case(name))
    }

    /// Returns the output called `name`, ignoring case.
    pub fn output(&self, name: &str) -> Option<&OutputSpec> {
        self.outputs
            .iter()
            .find(|output| output.name.eq_ignore_ascii_case(name))
    }
}

/// An output of an action.
#[derive(Clone, PartialEq, Debug)]
pub struct OutputSpec {
    /// Its name.
    pub name: String,
    /// Its type.
    pub value_type: ValueType,
}

/// The sorts of actions (language reference 4.15).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ActionKind {
    /// Calls something once and has its answer as output.
    Call,
    /// Calls something until the answer is as desired.
    Poll,
    /// Decides where control goes, or when.
    Control,
    /// Tells people something, or asks them.
    Message,
    /// Starts executions when something happens.
    Trigger,
    /// Runs other tasks: a template, a product action, a list of tasks for each item.
    Child,
}

impl ActionKind {
    /// Tells whether the attribute means something on a task with such an action.
    pub fn carries(self, attribute: Attribute) -> bool {
        match attribute {
            Attribute::Outputs => !matches!(self, Self::Control | Self::Message),
            Attribute::Loop => !matches!(self, Self::Control | Self::Trigger),
            Attribute::Polling => self == Self::Poll,
        }
    }
}

/// The task attributes that only some actions carry; all others are common to all.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Attribute {
    /// `Outputs`.
    Outputs,
    /// `Loop`.
    Loop,
    /// `Retries`, `Delay`, `DelayType`, `BackOff` and `MaxRetryInterval`.
    Polling,
}

//! A property of an action: its name, its type, and whether it must be given.

use crate::template::model::ValueType;

/// A property of an action.
#[derive(Clone, PartialEq, Debug)]
pub struct PropertySpec {
    /// Its name.
    pub name: String,
    /// Its type; `None` takes any value.
    pub value_type: Option<ValueType>,
    /// Whether it must be given.
    pub required: bool,
    /// The only texts allowed, ignoring case; empty allows all.
    pub allowed: Vec<String>,
    /// What it is for, in English.
    pub description: String,
}

impl PropertySpec {
    /// Makes a property that must be given.
    pub fn required(name: &str, value_type: ValueType, description: &str) -> Self {
        Self {
            required: true,
            ..Self::optional(name, value_type, description)
        }
    }

    /// Makes a property that may be left out.
    pub fn optional(name: &str, value_type: ValueType, description: &str) -> Self {
        Self {
            name: name.to_owned(),
            value_type: Some(value_type),
            required: false,
            allowed: Vec::new(),
            description: description.to_owned(),
        }
    }

    /// Takes any value.
    #[must_use]
    pub fn any(mut self) -> Self {
        self.value_type = None;
        self
    }

    /// Takes only these texts.
    #[must_use]
    pub fn only(mut self, allowed: &[&str]) -> Self {
        self.allowed = allowed.iter().map(|text| (*text).to_owned()).collect();
        self
    }
}

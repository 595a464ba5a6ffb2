//! A scope for what can be judged without running: every pseudo-parameter is some text, nothing
//! else has a value.

use crate::base::name::Name;
use crate::base::value::Value;
use crate::template::expr::{Expression, Pseudo, Scope};

/// Stands in for the scope of an execution.
pub(crate) struct StandIn;

impl Scope for StandIn {
    fn parameter(&self, _: &Name) -> Option<Value> {
        None
    }

    fn output(&self, _: &Name, _: &Name) -> Option<Value> {
        None
    }

    fn pseudo(&self, _: Pseudo) -> Option<Value> {
        Some(Value::String(String::new()))
    }

    fn stored(&self, _: &str) -> Option<Value> {
        None
    }

    fn condition(&self, _: &Name) -> Option<&Expression> {
        None
    }
}

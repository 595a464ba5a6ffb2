//! Binding: every declared parameter gets a value, or everything that is wrong is said.

use crate::base::secret::Redactor;
use crate::base::value::{Map, Value};
use crate::template::bind::argument;
use crate::template::bind::coerce::coerce;
use crate::template::bind::constraint;
use crate::template::bind::default;
use crate::template::bind::names::Names;
use crate::template::expr::Scope;
use crate::template::model::{Parameter, Template};

/// One argument or parameter that does not fit.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct BindError {
    /// The parameter, or the name that is no parameter.
    pub parameter: String,
    /// What is wrong: a lower-case fragment that names the parameter; secret values are masked.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl BindError {
    pub(super) fn new(parameter: &str, message: impl Into<String>) -> Self {
        Self {
            parameter: parameter.to_owned(),
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// How strictly arguments are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strictness {
    /// Arguments of a person: unknown names and wrong types are errors.
    TopLevel,
    /// Properties of a task that calls a template: lists and maps may stand in for strings.
    Nested,
}

/// Binds `arguments` to the parameters of `template`: every declared parameter gets a value, in
/// order of declaration. `scope` resolves what defaults refer to besides other parameters:
/// pseudo-parameters and entries of the parameter store. All problems are reported at once, those
/// of parameters in order of declaration.
pub fn bind(
    template: &Template,
    arguments: &Map,
    strictness: Strictness,
    scope: &dyn Scope,
) -> Result<Map, Vec<BindError>> {
    let parameters = &template.parameters;
    let names = Names::new(parameters);
    let mut slots: Vec<Slot> = parameters.iter().map(|_| Slot::Empty).collect();
    let unknown = argument::assign(template, &names, arguments, &mut slots);
    for (parameter, slot) in parameters.iter().zip(&mut slots) {
        if let Slot::Given(raw) = slot {
            *slot = accept(parameter, raw, strictness);
        } else if parameter.default.is_none() && matches!(slot, Slot::Empty) {
            *slot = Slot::Failed(vec![argument::missing(parameter)]);
        }
    }
    default::fill(template, &names, &mut slots, scope);
    collect(parameters, slots, unknown)
}

/// What is known of a parameter's value so far.
pub(super) enum Slot {
    /// Nothing was given.
    Empty,
    /// The argument as it was given.
    Given(Value),
    /// The value.
    Bound(Value),
    /// There is no value. The list is empty if another parameter is to blame.
    Failed(Vec<BindError>),
}

/// Coerces an argument and holds it against the constraints.
fn accept(parameter: &Parameter, raw: &Value, strictness: Strictness) -> Slot {
    let value = match coerce(parameter, raw, strictness) {
        Ok(value) => value,
        Err(problem) => return Slot::Failed(vec![problem]),
    };
    let problems = constraint::violations(parameter, raw, &value);
    if problems.is_empty() {
        Slot::Bound(value)
    } else {
        Slot::Failed(problems)
    }
}

fn collect(
    parameters: &[Parameter],
    slots: Vec<Slot>,
    unknown: Vec<BindError>,
) -> Result<Map, Vec<BindError>> {
    let mut bound = Map::new();
    let mut problems = Vec::new();
    let mut secrets = Vec::new();
    for (parameter, slot) in parameters.iter().zip(slots) {
        match slot {
            Slot::Bound(value) => {
                if parameter.no_echo {
                    secrets.push(value.clone());
                }
                bound.insert(parameter.name.value.as_str().to_owned(), value);
            }
            Slot::Failed(list) => problems.extend(list),
            Slot::Empty | Slot::Given(_) => {}
        }
    }
    problems.extend(unknown);
    if problems.is_empty() {
        return Ok(bound);
    }
    // A default that failed may quote a secret that it refers to.
    let redactor = Redactor::new(&secrets);
    for problem in &mut problems {
        problem.message = redactor.text(&problem.message);
    }
    Err(problems)
}

//! Which argument belongs to which parameter, and how messages show values.

use crate::base::name::nearest;
use crate::base::secret::MASK;
use crate::base::value::{self, Map, Value};
use crate::template::bind::binding::{BindError, Slot};
use crate::template::bind::names::Names;
use crate::template::model::{Parameter, Template};

/// Longest part of a value that a message shows, in characters.
const SHOWN: usize = 60;

/// Puts every argument into the slot of its parameter. Returns a problem for each that has none.
pub(super) fn assign(
    template: &Template,
    names: &Names<'_>,
    arguments: &Map,
    slots: &mut [Slot],
) -> Vec<BindError> {
    let mut problems = Vec::new();
    for (name, value) in arguments {
        let Some(at) = names.find(name) else {
            problems.push(unknown(template, name));
            continue;
        };
        let parameter = &template.parameters[at];
        if matches!(slots[at], Slot::Given(_)) {
            let declared = parameter.name.value.as_str();
            slots[at] = Slot::Failed(vec![BindError::new(
                declared,
                format!("parameter `{declared}` is given twice, in different spellings"),
            )]);
            continue;
        }
        // Absent and null are the same thing to whoever calls a template.
        if !value.is_null() && matches!(slots[at], Slot::Empty) {
            slots[at] = Slot::Given(value.clone());
        }
    }
    problems
}

/// Makes the error for a parameter that nobody gave a value.
pub(super) fn missing(parameter: &Parameter) -> BindError {
    let name = parameter.name.value.as_str();
    BindError::new(name, format!("parameter `{name}` is required"))
        .hint(format!("it takes a {:?}", parameter.value_type))
}

fn unknown(template: &Template, name: &str) -> BindError {
    let declared = || {
        template
            .parameters
            .iter()
            .map(|parameter| parameter.name.value.as_str())
    };
    let problem = BindError::new(name, format!("there is no parameter `{name}`"));
    match nearest(name, declared()) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None if template.parameters.is_empty() => problem.hint("the template takes no parameters"),
        None => {
            let all: Vec<&str> = declared().collect();
            problem.hint(format!("parameters are `{}`", all.join("`, `")))
        }
    }
}

/// Returns a value as messages show it: in backticks, cut off, masked if it is secret.
pub(super) fn shown(parameter: &Parameter, value: &Value) -> String {
    if parameter.no_echo {
        return format!("`{MASK}`");
    }
    let text = value::text(value);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("`{}...`", &text[..end]),
        None => format!("`{text}`"),
    }
}

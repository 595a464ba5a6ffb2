//! Parameters that come to another value in every run, so that no two runs of one plan agree on them.

use crate::base::name::Name;
use crate::base::value::Map;
use crate::template::expr::{Expression, Pseudo, Reference};
use crate::template::model::Template;

/// Returns the parameters whose defaults come to another value in every run: the time, the id of
/// the execution, who starts it, or another such parameter.
pub(super) fn changing(template: &Template, arguments: &Map) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let is_given = |name: &Name| arguments.keys().any(|given| name.is(given));
    // Each round finds at least one more, or it was the last.
    loop {
        let is_changing = |default: &Expression| {
            let references = default.references();
            references.iter().any(|reference| match &reference.value {
                Reference::Pseudo(pseudo) => matches!(
                    pseudo,
                    Pseudo::CurrentDate
                        | Pseudo::CurrentUtcTime
                        | Pseudo::ExecutionId
                        | Pseudo::ExecuteUser
                ),
                Reference::Parameter(name) => found.iter().any(|other| name.is(other)),
                Reference::Output { .. } | Reference::Stored(_) | Reference::Secret(_) => false,
            })
        };
        let next = template.parameters.iter().find(|parameter| {
            let name = &parameter.name.value;
            !is_given(name)
                && !found.iter().any(|other| name.is(other))
                && parameter.default.as_ref().is_some_and(is_changing)
        });
        match next {
            Some(parameter) => found.push(parameter.name.value.as_str().to_owned()),
            None => return found,
        }
    }
}

/// Returns the parameters without those that come to another value in every run.
pub(super) fn lasting(parameters: &Map, changing: &[String]) -> Map {
    let is_lasting = |name: &str| {
        !changing
            .iter()
            .any(|other| Name::from(other.as_str()).is(name))
    };
    parameters
        .iter()
        .filter(|(name, _)| is_lasting(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

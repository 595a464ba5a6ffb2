//! Answers made up from what a task does with them: a document in which its selectors find
//! something of the right kind.

use oos::base::value::{Map, Value};
use oos::template::expr::Selector;
use oos::template::model::{Task, ValueType};
use serde_json::json;

/// Any text; elements of lists get their number added.
const TEXT: &str = "text";

/// Makes the answer that a task hopes for.
pub(crate) fn hoped_for(task: &Task) -> Value {
    let mut document = Value::Object(Map::new());
    if let Some(properties) = &task.properties {
        let properties = properties.node().to_value();
        let selector = property(&properties, "PropertySelector").and_then(Value::as_str);
        if let Some(wanted) = wanted(&properties) {
            plant(&mut document, selector.unwrap_or("."), wanted);
        }
    }
    for output in &task.outputs {
        let program = output.selector.node().to_value();
        // There is never another page.
        if let Value::String(program) = program
            && !program.contains("NextToken")
        {
            plant(&mut document, &program, sample(output.value_type.value));
        }
    }
    document
}

fn property<'a>(properties: &'a Value, name: &str) -> Option<&'a Value> {
    let mut entries = properties.as_object()?.iter();
    entries
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// Returns the value that ends the waiting well.
fn wanted(properties: &Value) -> Option<Value> {
    match property(properties, "DesiredValues") {
        Some(Value::Array(values)) => values.first().cloned(),
        Some(value) => Some(value.clone()),
        None => property(properties, "NotDesiredValues").map(|_| json!("Elsewhere")),
    }
}

fn sample(value_type: ValueType) -> Value {
    match value_type {
        ValueType::String => json!(TEXT),
        ValueType::Number => json!(1),
        ValueType::Boolean => json!(true),
        ValueType::List => json!(["a", "b"]),
        ValueType::Json => json!({"key": "value"}),
    }
}

/// Puts `leaf` where `program` looks, unless it finds something already.
fn plant(document: &mut Value, program: &str, leaf: Value) {
    let finds = |document: &Value| {
        Selector::compile(program)
            .and_then(|selector| selector.first(document))
            .ok()
            .flatten()
            .is_some_and(|value| !value.is_null())
    };
    if finds(document) {
        return;
    }
    let steps = steps(program);
    // A list that is collected from elements needs elements that are no lists.
    let leaf = if leaf.is_array() && steps.contains(&Step::Element) {
        json!(TEXT)
    } else {
        leaf
    };
    let mut grown = document.clone();
    if grow(&mut grown, &steps, leaf).is_some() {
        *document = grown;
    }
}

/// One step of a path.
#[derive(Clone, PartialEq, Debug)]
enum Step {
    Field(String),
    Element,
}

/// Reads the path that a program begins with; what it does to the value is not understood.
fn steps(program: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = program.trim().trim_start_matches(['[', '(']);
    loop {
        rest = rest.trim_start();
        if let Some(inner) = rest.strip_prefix('.') {
            rest = inner;
        } else if rest.starts_with('[') {
            let end = rest.find(']').unwrap_or(rest.len() - 1);
            let inside = rest[1..end].trim().trim_matches(['"', '\'']);
            let is_name = !inside.is_empty() && inside.parse::<i64>().is_err();
            steps.push(if is_name && !inside.contains(':') {
                Step::Field(inside.to_owned())
            } else {
                Step::Element
            });
            rest = &rest[end + 1..];
        } else if let Some(inner) = rest.strip_prefix('"') {
            let end = inner.find('"').unwrap_or(inner.len());
            steps.push(Step::Field(inner[..end].to_owned()));
            rest = inner.get(end + 1..).unwrap_or_default();
        } else if let Some(inner) = rest.strip_prefix('|') {
            rest = inner.trim_start();
            if !rest.starts_with(['.', '[']) {
                return steps;
            }
        } else {
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-')
                .unwrap_or(rest.len());
            if end == 0 {
                return steps;
            }
            let before = steps.is_empty() || program.contains(&format!(".{}", &rest[..end]));
            if !before {
                return steps;
            }
            steps.push(Step::Field(rest[..end].to_owned()));
            rest = &rest[end..];
        }
    }
}

/// Lets a document grow along a path; none if something else stands in the way.
fn grow(document: &mut Value, steps: &[Step], leaf: Value) -> Option<()> {
    let Some((step, rest)) = steps.split_first() else {
        if document.is_null() || document.as_object().is_some_and(Map::is_empty) {
            *document = leaf;
        }
        return Some(());
    };
    match step {
        Step::Field(name) => {
            if document.is_null() {
                *document = Value::Object(Map::new());
            }
            let next = document.as_object_mut()?.entry(name).or_insert(Value::Null);
            grow(next, rest, leaf)
        }
        Step::Element => {
            if document.is_null() || document.as_object().is_some_and(Map::is_empty) {
                *document = json!([null, null]);
            }
            for (number, element) in document.as_array_mut()?.iter_mut().enumerate() {
                let leaf = if leaf == TEXT {
                    json!(format!("{TEXT}-{number}"))
                } else {
                    leaf.clone()
                };
                grow(element, rest, leaf)?;
            }
            Some(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_find_what_was_planted_for_them() {
        #[track_caller]
        fn case(program: &str) {
            let mut document = json!({});
            plant(&mut document, program, json!("leaf"));
            let found = Selector::compile(program)
                .unwrap()
                .first(&document)
                .unwrap();
            assert!(
                found.is_some_and(|value| !value.is_null()),
                "{program}: {document}"
            );
        }
        case(".A");
        case("A.B");
        case(".Instances.Instance[].InstanceId");
        case("Instances.Instance[0].Status");
        case(".A | .B");
        case("[.A[].B]");
        case(".\"a-b\".c");
    }
}

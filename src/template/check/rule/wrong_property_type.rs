//! A property is written as a value that its action cannot take.

use crate::action::{ActionSpec, PropertySpec};
use crate::base::diagnostic::Diagnostic;
use crate::base::value::Value;
use crate::template::check::context::{Context, Rule};
use crate::template::check::library::Action;
use crate::template::check::report::Report;
use crate::template::expr::Expression;
use crate::template::model::ValueType;
use crate::template::yaml::{Node, NodeKind};

pub(crate) const RULE: Rule = Rule {
    code: "wrong-property-type",
    check,
};

/// How far a value may be from its type: templates take more than embedded actions do (1.4).
#[derive(Clone, Copy, PartialEq)]
enum Taken {
    Strictly,
    ByTemplate,
}

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in &cx.tasks {
        let taken = match &step.action {
            Action::Embedded(_) => Taken::Strictly,
            Action::Native(_) | Action::Template(_) | Action::Missing | Action::Unreadable(_) => {
                Taken::ByTemplate
            }
        };
        for (index, (spec, entries)) in step.signatures().into_iter().enumerate() {
            // The second signature is that of a template called by `ACS::Template`.
            let taken = if index == 0 { taken } else { Taken::ByTemplate };
            for entry in entries {
                if let Some(property) = spec.property(&entry.key)
                    && let Some(value_type) = property.value_type
                    && !fits(value_type, &entry.value, taken)
                {
                    report.push(wrong(spec, property, value_type, entry.value.node()));
                }
            }
        }
    }
}

fn wrong(
    spec: &ActionSpec,
    property: &PropertySpec,
    value_type: ValueType,
    node: &Node,
) -> Diagnostic {
    Diagnostic::error(
        RULE.code,
        node.span,
        format!(
            "`{}` of `{}` is {}, not {}",
            property.name,
            spec.name,
            node.kind_name(),
            words(value_type)
        ),
    )
}

fn words(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::String => "a text",
        ValueType::Number => "a number",
        ValueType::Boolean => "`true` or `false`",
        ValueType::List => "a list",
        ValueType::Json => "a map or a list",
    }
}

/// Tells whether the value may turn out to be of the type.
fn fits(value_type: ValueType, expression: &Expression, taken: Taken) -> bool {
    // The kind of a list or map is known even if something in it is computed.
    let known = expression.elements().is_some()
        || expression.entries().is_some()
        || expression.as_literal().is_some();
    let node = expression.node();
    if !known || node.kind == NodeKind::Null {
        return true;
    }
    let nested = matches!(node.kind, NodeKind::List(_) | NodeKind::Map(_));
    match value_type {
        ValueType::String => !nested || taken == Taken::ByTemplate,
        ValueType::Number => match &node.kind {
            NodeKind::Number(_) => true,
            NodeKind::Text(text) => text.trim().parse::<f64>().is_ok(),
            _ => false,
        },
        ValueType::Boolean => match &node.kind {
            NodeKind::Bool(_) => true,
            NodeKind::Text(text) => ["true", "false"]
                .iter()
                .any(|word| text.eq_ignore_ascii_case(word)),
            _ => false,
        },
        // A scalar becomes a list of one.
        ValueType::List => !matches!(node.kind, NodeKind::Map(_)),
        ValueType::Json => nested || taken == Taken::ByTemplate || is_json_text(node),
    }
}

/// Tells whether the node is text that stands for a map or a list; empty text stands for nothing.
fn is_json_text(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Text(text) => {
            text.trim().is_empty()
                || matches!(
                    serde_json::from_str(text),
                    Ok(Value::Object(_) | Value::Array(_))
                )
        }
        _ => false,
    }
}

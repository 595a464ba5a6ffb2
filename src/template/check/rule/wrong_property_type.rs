//! A property is written as a value that its action cannot take.

use crate::action::{ActionSpec, PropertySpec};
use crate::base::diagnostic::Diagnostic;
use crate::base::value::Value;
use crate::template::check::context::{Context, Rule, Step};
use crate::template::check::library::Action;
use crate::template::check::report::Report;
use crate::template::expr::Expression;
use crate::template::model::ValueType;
use crate::template::yaml::{Node, NodeKind};

pub(crate) const RULE: Rule = Rule {
    code: "wrong-property-type",
    check,
};

/// How far a value may be from its type: native actions take what templates take (1.4).
#[derive(Clone, Copy, PartialEq)]
enum Taken {
    Strictly,
    AsByTemplates,
}

fn check(cx: &Context<'_>, report: &mut Report) {
    for signature in cx.tasks.iter().flat_map(Step::signatures) {
        let taken = match signature.action {
            Action::Embedded(_) => Taken::Strictly,
            Action::Native(_) => Taken::AsByTemplates,
            // Another rule binds the arguments of templates.
            Action::Template(_) | Action::Missing | Action::Unreadable(_) => continue,
        };
        let spec = signature.spec;
        for entry in signature.entries {
            if let Some(property) = spec.property(&entry.key)
                && let Some(value_type) = property.value_type
                && !fits(value_type, &entry.value, taken)
            {
                report.push(wrong(spec, property, value_type, entry.value.node()));
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
        ValueType::String => "a string",
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
        ValueType::String => !nested || taken == Taken::AsByTemplates,
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
        ValueType::Json => nested || taken == Taken::AsByTemplates || is_json_text(node),
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

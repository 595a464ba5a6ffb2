//! `When`, or the condition of a function, names a condition that the template does not have.

use crate::action::Embedded;
use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::jump::choices;
use crate::template::check::report::{Report, suggest};
use crate::template::model::Template;
use crate::template::yaml::{Node, NodeKind};

pub(crate) const RULE: Rule = Rule {
    code: "unknown-condition",
    check,
};

/// Texts that are conditions without naming one.
const TRUTHS: [&str; 3] = ["true", "false", ""];

fn check(cx: &Context<'_>, report: &mut Report) {
    let template = cx.template;
    for site in &cx.sites {
        in_functions(template, site.expression.node(), report);
    }
    for condition in &cx.template.conditions {
        condition_at(template, condition.expression.node(), report);
    }
    for step in &cx.tasks {
        if let Some(when) = &step.task.when {
            condition_at(template, when.node(), report);
        }
        if step.action.is(Embedded::Choice) {
            for when in choices(step).filter_map(|choice| choice.get("When")) {
                condition_at(template, when.node(), report);
            }
        }
    }
}

/// Looks for the functions that take conditions.
fn in_functions(template: &Template, node: &Node, report: &mut Report) {
    match &node.kind {
        NodeKind::Map(entries) => {
            for entry in entries {
                for condition in conditions_of(&entry.key, &entry.value) {
                    condition_at(template, condition, report);
                }
                in_functions(template, &entry.value, report);
            }
        }
        NodeKind::List(nodes) => {
            for node in nodes {
                in_functions(template, node, report);
            }
        }
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) | NodeKind::Text(_) => {}
    }
}

/// Returns the arguments of a function that are conditions.
fn conditions_of<'a>(function: &str, arguments: &'a Node) -> &'a [Node] {
    let list = match &arguments.kind {
        NodeKind::List(nodes) => nodes.as_slice(),
        _ => std::slice::from_ref(arguments),
    };
    match function.to_ascii_lowercase().as_str() {
        "fn::and" | "fn::or" | "fn::not" => list,
        "fn::if" => &list[..list.len().min(1)],
        _ => &[],
    }
}

fn condition_at(template: &Template, node: &Node, report: &mut Report) {
    let NodeKind::Text(text) = &node.kind else {
        return;
    };
    let is_truth = TRUTHS.iter().any(|word| text.eq_ignore_ascii_case(word));
    let mut names = template.conditions.iter().map(|one| &one.name.value);
    if is_truth || text.contains("{{") || names.any(|name| name.is(text)) {
        return;
    }
    let error = Diagnostic::error(
        RULE.code,
        node.span,
        format!("there is no condition called `{text}`"),
    );
    let names = template.conditions.iter();
    report.push(suggest(
        error,
        text,
        names.map(|one| one.name.value.as_str()),
    ));
}

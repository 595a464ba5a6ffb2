//! A selector is no jq program, or calls something that selectors may not call.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::literal::literal_text;
use crate::template::check::report::Report;
use crate::template::expr::{Selector, SelectorError};
use crate::template::yaml::Node;

pub(crate) const RULE: Rule = Rule {
    code: "selector-syntax",
    check,
};

/// The properties that hold a selector.
const PROPERTIES: [&str; 2] = ["PropertySelector", "OutputTransformer"];

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in &cx.tasks {
        for output in &step.task.outputs {
            compile(output.selector.node(), report);
        }
        if step.is_embedded() {
            for selector in PROPERTIES.iter().filter_map(|name| step.property(name)) {
                compile(selector, report);
            }
        }
    }
}

/// A selector with references becomes a program only when it runs.
fn compile(node: &Node, report: &mut Report) {
    let Some(program) = literal_text(node) else {
        return;
    };
    let message = match Selector::compile(program) {
        Ok(_) => return,
        Err(SelectorError::Syntax { reason, .. }) => format!("this is no jq program: {reason}"),
        Err(error) => error.to_string(),
    };
    report.push(Diagnostic::error(RULE.code, node.span, message));
}

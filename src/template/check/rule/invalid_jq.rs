//! A selector is no jq program, or calls something that selectors may not call.

use crate::template::check::context::{Context, Rule};
use crate::template::check::literal::literal_text;
use crate::template::check::report::Report;
use crate::template::expr::{Expression, Selector, invalid_program};

pub(crate) const RULE: Rule = Rule {
    code: "invalid-jq",
    check,
};

/// The properties that hold a selector.
const PROPERTIES: [&str; 2] = ["PropertySelector", "OutputTransformer"];

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in &cx.tasks {
        for output in &step.task.outputs {
            compile(&output.selector, report);
        }
        if step.is_embedded() {
            for selector in PROPERTIES.iter().filter_map(|name| step.property(name)) {
                compile(selector, report);
            }
        }
    }
}

/// A selector with references becomes a program only when it runs.
fn compile(selector: &Expression, report: &mut Report) {
    let Some(program) = literal_text(selector) else {
        return;
    };
    if let Err(error) = Selector::compile(program) {
        report.push(invalid_program(selector.span(), &error));
    }
}

//! `AllowedPattern` of a parameter is no regular expression.

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;

pub(crate) const RULE: Rule = Rule {
    code: "pattern-syntax",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for parameter in &cx.template.parameters {
        let Some(pattern) = &parameter.allowed_pattern else {
            continue;
        };
        if let Err(error) = fancy_regex::Regex::new(&pattern.value) {
            report.push(Diagnostic::error(
                RULE.code,
                pattern.span,
                format!("this is no regular expression: {error}"),
            ));
        }
    }
}

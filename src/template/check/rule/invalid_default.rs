//! The default of a parameter is not of its type or breaks its constraints.

use crate::base::diagnostic::Diagnostic;
use crate::base::value::{Map, Value};
use crate::template::bind::{Strictness, bind};
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;
use crate::template::check::stand_in::stand_in;
use crate::template::expr::Expression;

pub(crate) const RULE: Rule = Rule {
    code: "invalid-default",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    let mut defaults = Map::new();
    for parameter in &cx.template.parameters {
        // An empty text means "not given", whatever the constraints say.
        let default = parameter.default.as_ref();
        match default.and_then(Expression::as_literal) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.is_empty() => {}
            Some(value) => {
                defaults.insert(parameter.name.value.to_string(), value);
            }
        }
    }
    let Err(errors) = bind(cx.template, &defaults, Strictness::TopLevel, &stand_in()) else {
        return;
    };
    for error in errors {
        let Some(parameter) = cx.template.parameter(&error.parameter) else {
            continue;
        };
        let Some(default) = &parameter.default else {
            continue;
        };
        if !defaults.contains_key(parameter.name.value.as_str()) {
            continue;
        }
        let diagnostic = Diagnostic::error(
            RULE.code,
            default.span(),
            format!("the default does not fit: {}", error.message),
        );
        report.push(match error.hint {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic,
        });
    }
}

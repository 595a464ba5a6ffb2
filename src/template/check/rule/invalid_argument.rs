//! An argument of a called template breaks a constraint of the parameter that takes it.

use crate::base::diagnostic::Diagnostic;
use crate::base::name::Name;
use crate::base::value::{Map, Value};
use crate::template::bind::{Strictness, bind};
use crate::template::check::context::{Child, Context, Rule};
use crate::template::check::library::Action;
use crate::template::check::literal::entry;
use crate::template::check::report::Report;
use crate::template::check::stand_in::stand_in;
use crate::template::expr::Expression;
use crate::template::model::Template;

pub(crate) const RULE: Rule = Rule {
    code: "invalid-argument",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for child in cx.tasks.iter().filter_map(|step| step.child.as_ref()) {
        if let Action::Template(callee) = &child.action
            && let Some(template) = &callee.template
        {
            check_arguments(child, template, report);
        }
    }
}

fn check_arguments(child: &Child<'_>, template: &Template, report: &mut Report) {
    let Some(entries) = child.arguments.and_then(Expression::entries) else {
        return;
    };
    let arguments: Map = entries
        .iter()
        .filter(|entry| template.parameter(&entry.key).is_some())
        .filter_map(|entry| Some((entry.key.clone(), entry.value.as_literal()?)))
        .filter(|(_, value)| !matches!(value, Value::Null))
        .collect();
    let Err(errors) = bind(template, &arguments, Strictness::Nested, &stand_in()) else {
        return;
    };
    for error in errors {
        // What is not given may be computed, or is reported as missing by another rule.
        let given = arguments
            .keys()
            .any(|name| Name::from(name.as_str()).is(&error.parameter));
        let Some(argument) = entry(entries, &error.parameter).filter(|_| given) else {
            continue;
        };
        let diagnostic = Diagnostic::error(RULE.code, argument.value.span(), error.message);
        report.push(match error.hint {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic,
        });
    }
}

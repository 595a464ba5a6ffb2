//! A setting of a loop is not known, or cannot have the value that is written: the loop would fail
//! when its turn comes, or go another way than was meant.

use crate::action::Embedded;
use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::base::value::{Map, Value};
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;
use crate::template::expr::{Expression, MapEntry};
use crate::template::model::Loop;
use crate::template::rate::{Problem, RateControl};

pub(crate) const RULE: Rule = Rule {
    code: "loop-setting",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in &cx.tasks {
        if let Some(looping) = &step.task.looping {
            let control = looping.rate_control.as_ref();
            settings(control, report);
            legacy(looping, report);
        }
        if step.action.is(Embedded::Loop) {
            settings(step.property("LoopRateControl"), report);
        }
    }
    for parameter in &cx.template.parameters {
        if parameter.association_property.as_deref() == Some("RateControl") {
            settings(parameter.default.as_ref(), report);
        }
    }
}

/// Checks what is written of a map of settings.
fn settings(control: Option<&Expression>, report: &mut Report) {
    for entry in control.and_then(Expression::entries).unwrap_or_default() {
        match entry.value.entries() {
            // Each on its own, so that one that is computed hides no other.
            Some(inner) if entry.key.eq_ignore_ascii_case("ErrorBudget") => {
                for class in inner {
                    budget(entry, class, report);
                }
            }
            _ => setting(&entry.key, entry.key_span, &entry.value, report),
        }
    }
}

/// Checks the settings of 2019, which stand directly under `Loop`.
fn legacy(looping: &Loop, report: &mut Report) {
    let written = [
        ("Mode", &looping.mode),
        ("Concurrency", &looping.concurrency),
        ("MaxErrors", &looping.max_errors),
        ("BatchPauseOption", &looping.batch_pause_option),
    ];
    for (name, value) in written {
        if let Some(value) = value {
            setting(name, value.span(), value, report);
        }
    }
}

fn setting(name: &str, key: Span, value: &Expression, report: &mut Report) {
    let read = |value: &Value| RateControl::default().set(name, value);
    // Whatever its value, a setting has a name.
    if let Err(problem) = read(&Value::Null) {
        report.push(diagnostic(problem, key));
    } else if let Some(Err(problem)) = value.as_literal().as_ref().map(read) {
        report.push(diagnostic(problem, value.span()));
    }
}

fn budget(setting: &MapEntry, class: &MapEntry, report: &mut Report) {
    let read = |value: Value| {
        let map: Map = [(class.key.clone(), value)].into_iter().collect();
        RateControl::default().set(&setting.key, &map.into())
    };
    // 0 fits every class.
    if let Err(problem) = read(0.into()) {
        report.push(diagnostic(problem, class.key_span));
    } else if let Some(Err(problem)) = class.value.as_literal().map(read) {
        report.push(diagnostic(problem, class.value.span()));
    }
}

fn diagnostic(problem: Problem, span: Span) -> Diagnostic {
    let error = Diagnostic::error(RULE.code, span, problem.message);
    match problem.suggestion {
        Some(word) => error.hint(format!("did you mean `{word}`?")),
        None => error,
    }
}

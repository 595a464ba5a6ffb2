//! `Choices` of `ACS::Choice` is not a list of conditions with the task each leads to.

use crate::action::Embedded;
use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::jump::choices;
use crate::template::check::literal::is_null;
use crate::template::check::report::{Report, suggest};
use crate::template::expr::Expression;
use crate::template::yaml::NodeKind;

pub(crate) const RULE: Rule = Rule {
    code: "choice-shape",
    check,
};

const KEYS: [&str; 2] = ["When", "NextTask"];

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in cx
        .tasks
        .iter()
        .filter(|step| step.action.is(Embedded::Choice))
    {
        if let Some(choices) = step.property("Choices")
            && choices.elements().is_none()
            && !is_null(choices)
        {
            report.push(Diagnostic::error(
                RULE.code,
                choices.span(),
                "`Choices` must be written as a list of `When` and `NextTask`",
            ));
        }
        if let Some(name) = step.property("DefaultTask") {
            check_name("DefaultTask", name, report);
        }
        for choice in choices(step) {
            check_choice(choice, report);
        }
    }
}

fn check_choice(choice: &Expression, report: &mut Report) {
    let Some(entries) = choice.entries() else {
        report.push(Diagnostic::error(
            RULE.code,
            choice.span(),
            format!(
                "a choice is {}, not a map of `When` and `NextTask`",
                choice.node().kind_name()
            ),
        ));
        return;
    };
    for key in KEYS {
        match choice.get(key) {
            None => report.push(Diagnostic::error(
                RULE.code,
                choice.span(),
                format!("the choice has no `{key}`"),
            )),
            Some(name) if key == "NextTask" => check_name(key, name, report),
            Some(_) => {}
        }
    }
    for entry in entries {
        if !KEYS.iter().any(|key| entry.key.eq_ignore_ascii_case(key)) {
            let error = Diagnostic::error(
                RULE.code,
                entry.key_span,
                format!("a choice has no key `{}`", entry.key),
            );
            report.push(suggest(error, &entry.key, KEYS));
        }
    }
}

fn check_name(key: &str, name: &Expression, report: &mut Report) {
    let node = name.node();
    if !matches!(node.kind, NodeKind::Text(_)) {
        report.push(Diagnostic::error(
            RULE.code,
            node.span,
            format!("`{key}` is {}, not the name of a task", node.kind_name()),
        ));
    }
}

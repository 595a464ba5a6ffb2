//! A task leaves out a property that its action needs; for a template, a required parameter.

use crate::action::Embedded;
use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule, Signature, Step};
use crate::template::check::literal::{entry, is_null, literal_text};
use crate::template::check::report::Report;
use crate::template::expr::MapEntry;

pub(crate) const RULE: Rule = Rule {
    code: "missing-property",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for step in &cx.tasks {
        for Signature { spec, entries, .. } in step.signatures() {
            for property in spec.properties.iter().filter(|property| property.required) {
                if !is_given(entries, &property.name) {
                    let message = format!("`{}` needs the property `{}`", spec.name, property.name);
                    report.push(missing(step, message));
                }
            }
        }
        if let Some(entries) = step.properties() {
            check_alternatives(step, entries, report);
        }
    }
}

/// Properties of which one must be there.
fn check_alternatives(step: &Step<'_>, entries: &[MapEntry], report: &mut Report) {
    let choices: &[&str] = if step.action.is(Embedded::Template) {
        &["TemplateName", "TemplateContent"]
    } else if step.action.is(Embedded::Notify) || step.action.is(Embedded::Approve) {
        match step.property("NotifyType").and_then(literal_text) {
            Some(text) if text.eq_ignore_ascii_case("Mail") => &["Mail"],
            Some(text) if text.eq_ignore_ascii_case("WebHook") => &["WebHook"],
            Some(_) | None => return,
        }
    } else {
        return;
    };
    if !choices.iter().any(|name| is_given(entries, name)) {
        let names: Vec<_> = choices.iter().map(|name| format!("`{name}`")).collect();
        let action = &step.task.action.value;
        let message = format!("`{action}` needs the property {}", names.join(" or "));
        report.push(missing(step, message));
    }
}

/// `null` counts as absent.
fn is_given(entries: &[MapEntry], name: &str) -> bool {
    entry(entries, name).is_some_and(|entry| !is_null(&entry.value))
}

fn missing(step: &Step<'_>, message: String) -> Diagnostic {
    Diagnostic::error(RULE.code, step.task.action.span, message)
        .related(step.task.name.span, "in this task")
}

//! A setting of a loop ends with a comma that is part of its text: `"10,"`. It is read without the
//! comma (language reference 8.4, case 12).

use crate::base::diagnostic::Diagnostic;
use crate::template::check::context::{Context, Rule};
use crate::template::check::literal::literal_text;
use crate::template::check::report::Report;
use crate::template::expr::Expression;

pub(crate) const RULE: Rule = Rule {
    code: "stray-comma",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    let controls = cx
        .template
        .tasks
        .iter()
        .filter_map(|task| task.looping.as_ref()?.rate_control.as_ref());
    let defaults = cx.template.parameters.iter().filter_map(|parameter| {
        let is_control = parameter.association_property.as_deref() == Some("RateControl");
        parameter.default.as_ref().filter(|_| is_control)
    });
    for expression in controls.chain(defaults) {
        check_settings(expression, report);
    }
}

fn check_settings(settings: &Expression, report: &mut Report) {
    for entry in settings.entries().unwrap_or_default() {
        let Some(text) = literal_text(&entry.value) else {
            continue;
        };
        if text.trim_end().ends_with(',') {
            let meant = text.trim_end().trim_end_matches(',');
            report.push(
                Diagnostic::warning(
                    RULE.code,
                    entry.value.span(),
                    format!("`{}` ends with a comma, which is ignored", entry.key),
                )
                .hint(format!("write `{meant}`")),
            );
        }
    }
}

//! The constraints of a parameter contradict each other, so no value can ever fit.

use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;

pub(crate) const RULE: Rule = Rule {
    code: "impossible-constraint",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    for parameter in &cx.template.parameters {
        if let (Some(least), Some(most)) = (&parameter.min_length, &parameter.max_length)
            && least.value > most.value
        {
            report.push(conflict("MinLength", least.span, "MaxLength", most.span));
        }
        if let (Some(least), Some(most)) = (&parameter.min_value, &parameter.max_value)
            && least.value > most.value
        {
            report.push(conflict("MinValue", least.span, "MaxValue", most.span));
        }
        if let Some(allowed) = &parameter.allowed_values
            && allowed.value.is_empty()
        {
            report.push(Diagnostic::error(
                RULE.code,
                allowed.span,
                "`AllowedValues` is empty, so no value fits",
            ));
        }
    }
}

fn conflict(low: &str, low_span: Span, high: &str, high_span: Span) -> Diagnostic {
    Diagnostic::error(
        RULE.code,
        low_span,
        format!("`{low}` is above `{high}`, so no value fits"),
    )
    .related(high_span, format!("`{high}`"))
}

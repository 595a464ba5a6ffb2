//! What is wrong with the settings of timer triggers, as far as they are written out.

use crate::action::Embedded;
use crate::base::diagnostic::Diagnostic;
use crate::base::time::Timestamp;
use crate::schedule::{Property, Schedule, ScheduleError, TimerSettings};
use crate::template::check::context::{Context, Step};
use crate::template::check::literal::literal_text;
use crate::template::check::report::Report;

/// Reports mistakes in some of the properties of all timer triggers.
pub(crate) fn mistakes(
    cx: &Context<'_>,
    properties: &[Property],
    code: &'static str,
    report: &mut Report,
) {
    let tasks = cx.tasks.iter();
    for step in tasks.filter(|step| step.action.is(Embedded::TimerTrigger)) {
        for error in errors(step) {
            let property = error.property();
            let written = step.property(property.name());
            if let Some(written) = written.filter(|_| properties.contains(&property)) {
                let found = Diagnostic::error(code, written.span(), error.to_string());
                report.push(found.hint(error.remedy()));
            }
        }
    }
}

/// Returns all that is wrong with a trigger. What is computed counts as right.
fn errors(step: &Step<'_>) -> Vec<ScheduleError> {
    let text = |property: Property| literal_text(step.property(property.name())?);
    let right = TimerSettings {
        kind: "rate",
        expression: "1 second",
        time_zone: None,
        start_date: None,
        end_date: None,
        started: Timestamp::UNIX_EPOCH,
    };
    let mut settings = TimerSettings {
        time_zone: text(Property::TimeZone),
        start_date: text(Property::StartDate),
        end_date: text(Property::EndDate),
        ..right
    };
    if let (Some(kind), Some(expression)) = (text(Property::Type), text(Property::Expression)) {
        (settings.kind, settings.expression) = (kind, expression);
    }
    let mut errors = Vec::new();
    // One mistake is found at a time; what it is about is then taken for right.
    while let Err(error) = Schedule::parse(&settings) {
        match error.property() {
            Property::Type | Property::Expression => {
                (settings.kind, settings.expression) = (right.kind, right.expression);
            }
            Property::TimeZone => settings.time_zone = None,
            Property::StartDate => settings.start_date = None,
            Property::EndDate => settings.end_date = None,
        }
        errors.push(error);
    }
    errors
}

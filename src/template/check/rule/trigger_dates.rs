//! `StartDate` or `EndDate` of `ACS::TimerTrigger` is no time, or the end comes before the start.

use crate::schedule::Property;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;
use crate::template::check::timer::mistakes;

pub(crate) const RULE: Rule = Rule {
    code: "trigger-dates",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    let dates = [Property::StartDate, Property::EndDate];
    mistakes(cx, &dates, RULE.code, report);
}

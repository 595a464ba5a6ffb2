//! `TimeZone` of `ACS::TimerTrigger` is no time zone.

use crate::schedule::Property;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;
use crate::template::check::timer::mistakes;

pub(crate) const RULE: Rule = Rule {
    code: "unknown-time-zone",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    mistakes(cx, &[Property::TimeZone], RULE.code, report);
}

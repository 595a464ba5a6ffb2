//! The expression of `ACS::TimerTrigger` cannot be read, or says two things, or never fires.

use crate::schedule::Property;
use crate::template::check::context::{Context, Rule};
use crate::template::check::report::Report;
use crate::template::check::timer::mistakes;

pub(crate) const RULE: Rule = Rule {
    code: "trigger-expression",
    check,
};

fn check(cx: &Context<'_>, report: &mut Report) {
    mistakes(cx, &[Property::Expression], RULE.code, report);
}

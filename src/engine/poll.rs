//! Whether the answer of a poll is what was waited for (language reference 4.2).

use std::time::Duration;

use crate::base::value::{Value, loosely_equal};
use crate::engine::event::{Delay, PollPolicy};
use crate::template::expr::Selector;

/// What an answer means.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Verdict {
    /// It is as desired.
    Matched,
    /// It holds a value that ends the waiting at once.
    Stopped(Value),
    /// Neither.
    Missed(Value),
}

impl PollPolicy {
    /// Compares the first value that the selector finds; a selector that fails finds `null`.
    pub(super) fn judge(&self, document: &Value) -> Verdict {
        let value = Selector::compile(&self.selector)
            .and_then(|selector| selector.first(document))
            .ok()
            .flatten()
            .unwrap_or_default();
        let is_in = |list: &[Value]| list.iter().any(|wanted| loosely_equal(wanted, &value));
        // Desired comes first: a value may be both desired and a reason to stop.
        if (self.desired.is_empty() || is_in(&self.desired)) && self.is_not_unwanted(&value) {
            Verdict::Matched
        } else if is_in(&self.stop) {
            Verdict::Stopped(value)
        } else {
            Verdict::Missed(value)
        }
    }

    fn is_not_unwanted(&self, value: &Value) -> bool {
        !self
            .not_desired
            .iter()
            .any(|unwanted| loosely_equal(unwanted, value))
    }

    /// Returns the pause before poll `number`, counted from 1.
    pub(super) fn pause(&self, number: u32) -> Duration {
        let seconds = match self.delay {
            Delay::Exponential => 2_u64.saturating_pow(number),
            Delay::Constant { delay } => u64::from(delay),
            Delay::Linear { delay, back_off } => {
                u64::from(delay) + u64::from(back_off) * u64::from(number)
            }
        };
        Duration::from_secs(seconds.min(u64::from(self.max_interval)))
    }

    /// Says what would have been success, for messages.
    pub(super) fn expectation(&self) -> String {
        let list = |values: &[Value]| Value::Array(values.to_vec()).to_string();
        match (self.desired.as_slice(), self.not_desired.as_slice()) {
            (desired, []) => format!("one of {} is desired", list(desired)),
            ([], unwanted) => format!("none of {} is desired", list(unwanted)),
            (desired, unwanted) => format!(
                "one of {} and none of {} is desired",
                list(desired),
                list(unwanted)
            ),
        }
    }
}

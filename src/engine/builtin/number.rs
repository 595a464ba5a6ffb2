//! Numbers as templates write them: native, as text, in percent, with a stray comma.

use crate::base::value::{Value, text};

/// Reads a whole number that is not negative; `None` if it is none.
pub(super) fn whole(value: &Value) -> Option<u32> {
    let text = trimmed(value);
    let number: f64 = text.parse().ok()?;
    in_range(number)
}

/// Reads a count, or a percentage of `total`. Percentages are rounded up or down.
pub(in crate::engine) fn fraction_of(total: u32, value: &Value, round_up: bool) -> Option<u32> {
    let text = trimmed(value);
    let Some(percent) = text.strip_suffix('%') else {
        return whole(value);
    };
    let share = percent.trim().parse::<f64>().ok()? * f64::from(total) / 100.0;
    in_range(if round_up {
        share.ceil()
    } else {
        share.floor()
    })
}

/// Templates of the vendor have stray commas in such places (language reference 8.4).
fn trimmed(value: &Value) -> String {
    text(value)
        .trim_matches(|c: char| c == ',' || c.is_whitespace())
        .to_owned()
}

fn in_range(number: f64) -> Option<u32> {
    let fits = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked on the line above"
    )]
    fits.then_some(number as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn counts_and_percentages() {
        #[track_caller]
        fn case(value: &Value, up: Option<u32>, down: Option<u32>) {
            assert_eq!(fraction_of(10, value, true), up, "{value} up");
            assert_eq!(fraction_of(10, value, false), down, "{value} down");
        }
        case(&json!(3), Some(3), Some(3));
        case(&json!("3"), Some(3), Some(3));
        case(&json!("0,"), Some(0), Some(0));
        case(&json!(" 25% "), Some(3), Some(2));
        case(&json!("100%"), Some(10), Some(10));
        case(&json!(2.0), Some(2), Some(2));
        case(&json!(2.5), None, None);
        case(&json!(-1), None, None);
        case(&json!("many"), None, None);
        case(&json!(null), None, None);
    }
}

//! Numbers as templates write them: native, as text, in percent, with a stray comma.

use crate::base::value::{Value, text};

/// Reads a whole number that is not negative; `None` if it is none.
pub fn whole(value: &Value) -> Option<u32> {
    in_range(trimmed(value).parse().ok()?)
}

/// A count, or a share of a whole that is known later.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Amount {
    /// So many.
    Count(u32),
    /// So many of a hundred.
    Percent(f64),
}

impl Amount {
    /// Reads a count or a percentage; `None` if it is neither.
    pub fn read(value: &Value) -> Option<Self> {
        let text = trimmed(value);
        let Some(percent) = text.strip_suffix('%') else {
            return whole(value).map(Self::Count);
        };
        let percent: f64 = percent.trim().parse().ok()?;
        (0.0..=f64::from(u32::MAX))
            .contains(&percent)
            .then_some(Self::Percent(percent))
    }

    /// Returns the count that this is of `total`, rounded up.
    pub fn up(self, total: u32) -> u32 {
        self.of(total, f64::ceil)
    }

    /// Returns the count that this is of `total`, rounded down.
    pub fn down(self, total: u32) -> u32 {
        self.of(total, f64::floor)
    }

    fn of(self, total: u32, round: fn(f64) -> f64) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => {
                in_range(round(percent * f64::from(total) / 100.0)).unwrap_or(u32::MAX)
            }
        }
    }
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
            let amount = Amount::read(value);
            assert_eq!(amount.map(|amount| amount.up(10)), up, "{value} up");
            assert_eq!(amount.map(|amount| amount.down(10)), down, "{value} down");
        }
        case(&json!(3), Some(3), Some(3));
        case(&json!("3"), Some(3), Some(3));
        case(&json!("0,"), Some(0), Some(0));
        case(&json!(" 25% "), Some(3), Some(2));
        case(&json!("100%"), Some(10), Some(10));
        case(&json!(2.0), Some(2), Some(2));
        case(&json!(2.5), None, None);
        case(&json!(-1), None, None);
        case(&json!("-1%"), None, None);
        case(&json!("many"), None, None);
        case(&json!(null), None, None);
    }
}

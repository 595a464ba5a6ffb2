//! The numbers of jq: doubles, except that whole numbers of 64 bits are kept exactly.

use std::cmp::Ordering;
use std::fmt;

use crate::base::value::{Number as JsonNumber, Value};

/// A number. Whole numbers are always `Whole`, so that `1.0` and `1` are one value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    /// Fits into 64 bits, signed or unsigned.
    Whole(i128),
    /// Everything else.
    Double(f64),
}

/// Whole doubles below this are exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Number {
    pub(super) fn from_f64(double: f64) -> Self {
        if double.fract() == 0.0 && double.abs() < EXACT {
            #[expect(clippy::cast_possible_truncation, reason = "whole and in range")]
            return Self::Whole(double as i128);
        }
        Self::Double(double)
    }

    /// Keeps whole results that fit into 64 bits.
    fn from_whole(whole: i128) -> Self {
        if (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&whole) {
            Self::Whole(whole)
        } else {
            #[expect(clippy::cast_precision_loss, reason = "jq loses it, too")]
            Self::Double(whole as f64)
        }
    }

    pub(super) fn from_json(number: &JsonNumber) -> Self {
        match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Self::Whole(whole.into()),
            (None, Some(whole)) => Self::Whole(whole.into()),
            (None, None) => Self::from_f64(number.as_f64().unwrap_or(f64::NAN)),
        }
    }

    /// Reads a number; `None` if the text is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Ok(whole) = text.parse::<i128>() {
            return Some(Self::from_whole(whole));
        }
        let looks_numeric = text
            .trim_start_matches(['-', '+'])
            .starts_with(|c: char| c.is_ascii_digit() || c == '.');
        looks_numeric.then(|| text.parse().ok().map(Self::from_f64))?
    }

    pub(super) fn as_f64(self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "that is what a double is")]
            Self::Whole(whole) => whole as f64,
            Self::Double(double) => double,
        }
    }

    /// Returns the whole part, cut off at the ends of the range.
    pub(super) fn as_i64(self) -> i64 {
        match self {
            Self::Whole(whole) => {
                i64::try_from(whole).unwrap_or(if whole < 0 { i64::MIN } else { i64::MAX })
            }
            #[expect(clippy::cast_possible_truncation, reason = "floored; saturates")]
            Self::Double(double) => double.floor() as i64,
        }
    }

    pub(super) fn is_nan(self) -> bool {
        matches!(self, Self::Double(double) if double.is_nan())
    }

    pub(super) fn to_json(self) -> Value {
        match self {
            Self::Whole(whole) => i64::try_from(whole)
                .map(Value::from)
                .or_else(|_| u64::try_from(whole).map(Value::from))
                .unwrap_or(Value::Null),
            Self::Double(double) if double.is_nan() => Value::Null,
            // JSON has no infinity; jq prints the largest double.
            Self::Double(double) => Value::from(double.clamp(f64::MIN, f64::MAX)),
        }
    }

    pub(super) fn add(self, other: Self) -> Self {
        self.combine(other, i128::checked_add, |a, b| a + b)
    }

    pub(super) fn subtract(self, other: Self) -> Self {
        self.combine(other, i128::checked_sub, |a, b| a - b)
    }

    pub(super) fn multiply(self, other: Self) -> Self {
        self.combine(other, i128::checked_mul, |a, b| a * b)
    }

    /// Returns `None` for a division by zero.
    pub(super) fn divide(self, other: Self) -> Option<Self> {
        match (self, other) {
            (_, Self::Whole(0)) => None,
            (Self::Whole(a), Self::Whole(b)) if a % b == 0 => Some(Self::from_whole(a / b)),
            (a, b) => Some(Self::from_f64(a.as_f64() / b.as_f64())),
        }
    }

    /// Returns the remainder of the whole parts, as jq does; `None` for a division by zero.
    pub(super) fn remainder(self, other: Self) -> Option<Self> {
        if self.is_nan() || other.is_nan() {
            return Some(Self::Double(f64::NAN));
        }
        #[expect(clippy::cast_possible_truncation, reason = "jq cuts off; saturates")]
        let whole = |number: Self| match number {
            Self::Whole(whole) => whole,
            Self::Double(double) => i128::from(double as i64),
        };
        let divisor = whole(other);
        (divisor != 0).then(|| Self::from_whole(whole(self) % divisor))
    }

    pub(super) fn negate(self) -> Self {
        match self {
            Self::Whole(whole) => Self::from_whole(-whole),
            Self::Double(double) => Self::Double(-double),
        }
    }

    fn combine(
        self,
        other: Self,
        whole: fn(i128, i128) -> Option<i128>,
        double: fn(f64, f64) -> f64,
    ) -> Self {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => match whole(a, b) {
                Some(result) => Self::from_whole(result),
                None => Self::from_f64(double(self.as_f64(), other.as_f64())),
            },
            (a, b) => Self::from_f64(double(a.as_f64(), b.as_f64())),
        }
    }

    /// A total order; "not a number" is smaller than every number, as in jq.
    pub(super) fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => a.cmp(&b),
            (a, b) => match (a.is_nan(), b.is_nan()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => a
                    .as_f64()
                    .partial_cmp(&b.as_f64())
                    .unwrap_or(Ordering::Equal),
            },
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(whole) => write!(f, "{whole}"),
            Self::Double(_) => write!(f, "{}", self.to_json()),
        }
    }
}

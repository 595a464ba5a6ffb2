//! Times on a clock as the crates know them that count in UTC: for them every clock shows UTC.

use chrono::{DateTime as Utc, Datelike, NaiveDate, Timelike};
use jiff::civil::DateTime;

/// Returns a time as if in UTC; fractions of a second are dropped.
pub(super) fn as_if_utc(civil: DateTime) -> Option<Utc<chrono::Utc>> {
    let number = |number: i8| u32::from(number.unsigned_abs());
    let date = NaiveDate::from_ymd_opt(
        i32::from(civil.year()),
        number(civil.month()),
        number(civil.day()),
    )?;
    let (hour, minute, second) = (civil.hour(), civil.minute(), civil.second());
    let time = date.and_hms_opt(number(hour), number(minute), number(second))?;
    Some(time.and_utc())
}

/// Returns what a clock shows.
pub(super) fn civil(time: &(impl Datelike + Timelike)) -> Option<DateTime> {
    let number = |number: u32| i8::try_from(number).ok();
    DateTime::new(
        i16::try_from(time.year()).ok()?,
        number(time.month())?,
        number(time.day())?,
        number(time.hour())?,
        number(time.minute())?,
        number(time.second())?,
        0,
    )
    .ok()
}

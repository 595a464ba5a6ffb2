//! Functions on times; all times are UTC.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::base::time::utc_text;
use crate::base::value::Value;
use crate::template::expr::function::argument::{number, scalar_text, take};

const SECONDS_PER_DAY: i64 = 86_400;

pub(super) fn add_hour(arguments: Vec<Value>) -> Result<Value, String> {
    let [time, hours] = take(arguments);
    let time = timestamp(&scalar_text(&time, "time")?)?;
    let hours = number(&hours, "number of hours")?;
    let later = SignedDuration::try_from_secs_f64(hours * 3600.0)
        .ok()
        .and_then(|duration| time.checked_add(duration).ok())
        .ok_or_else(|| format!("{hours} hours later is out of range"))?;
    Ok(utc_text(later).into())
}

pub(super) fn format(arguments: Vec<Value>) -> Result<Value, String> {
    let [time, format] = take(arguments);
    let time = timestamp(&scalar_text(&time, "time")?)?;
    let format = scalar_text(&format, "format")?;
    let zoned = time.to_zoned(TimeZone::UTC);
    jiff::fmt::strtime::format(format.as_str(), &zoned)
        .map(Value::String)
        .map_err(|error| format!("`{format}` is no time format: {error}"))
}

pub(super) fn duration_between(arguments: Vec<Value>) -> Result<Value, String> {
    let [start, stop] = take(arguments);
    let start = scalar_text(&start, "start")?;
    let stop = scalar_text(&stop, "stop")?;
    let seconds = match (time_of_day(&start), time_of_day(&stop)) {
        (Some(start), Some(stop)) => (stop - start).rem_euclid(SECONDS_PER_DAY),
        _ => (timestamp(&stop)?.as_second()).saturating_sub(timestamp(&start)?.as_second()),
    };
    if seconds < 0 {
        return Err(format!("`{stop}` is before `{start}`"));
    }
    Ok(iso_duration(seconds).into())
}

/// Returns the second of the day for `HH:mm`, `HH:mm:ss`, each with or without a final `Z`.
fn time_of_day(text: &str) -> Option<i64> {
    let text = text.trim();
    let text = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let time: Time = ["%H:%M:%S", "%H:%M"]
        .iter()
        .find_map(|format| Time::strptime(format, text).ok())?;
    Some(i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second()))
}

/// Reads an instant; one without an offset is UTC.
fn timestamp(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    let civil = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    text.parse()
        .ok()
        .or_else(|| {
            let civil: DateTime = civil
                .parse()
                .or_else(|_| DateTime::strptime("%Y-%m-%dT%H:%M", civil))
                .ok()?;
            Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
        })
        .ok_or_else(|| format!("`{text}` is no time; write it as `2030-01-02T03:04:05Z`"))
}

fn iso_duration(seconds: i64) -> String {
    let parts = [
        (seconds / 3600, 'H'),
        (seconds / 60 % 60, 'M'),
        (seconds % 60, 'S'),
    ];
    let parts = parts.iter().filter(|(amount, _)| *amount != 0);
    let text = parts
        .map(|(amount, unit)| format!("{amount}{unit}"))
        .collect::<Vec<_>>()
        .concat();
    if text.is_empty() {
        "PT0S".to_owned()
    } else {
        format!("PT{text}")
    }
}

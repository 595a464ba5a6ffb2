//! Instants as people type them.

use crate::base::time::Timestamp;
use crate::cli::report::Failure;

/// Reads an instant, or a span that counts back from `now`.
pub(super) fn instant(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    if let Ok(civil) = text.parse::<jiff::civil::DateTime>()
        && let Ok(zoned) = civil.to_zoned(jiff::tz::TimeZone::system())
    {
        return Ok(zoned.timestamp());
    }
    let unknown = || {
        Failure::usage(anyhow::anyhow!("`{text}` is neither a time nor a span"))
            .hinted("Write `2026-11-21`, `2026-11-21T10:00:00Z`, `90m` or `2d`.")
    };
    let span: jiff::Span = text.parse().map_err(|_| unknown())?;
    let zoned = now.to_zoned(jiff::tz::TimeZone::system());
    Ok(zoned.checked_sub(span).map_err(|_| unknown())?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_takes_times_and_spans() {
        #[track_caller]
        fn case(text: &str, expected: Option<&str>) {
            let now = "2026-11-21T10:00:00Z".parse().unwrap();
            let expected: Option<Timestamp> = expected.map(|text| text.parse().unwrap());
            assert_eq!(instant(text, now).ok(), expected, "{text}");
        }
        case("2026-11-20T08:00:00+08:00", Some("2026-11-20T00:00:00Z"));
        case("90m", Some("2026-11-21T08:30:00Z"));
        case("PT2H", Some("2026-11-21T08:00:00Z"));
        case("yesterday-ish", None);
    }
}

//! Times as people write them.

use jiff::civil::{Date, DateTime};

use crate::base::time::Timestamp;
use crate::schedule::error::{Property, ScheduleError};
use crate::schedule::zone::Zone;

/// Reads a time: with an offset or `Z`, with a zone in brackets, or else on the clocks of `zone`. A
/// date alone is its first moment.
pub(super) fn moment(
    property: Property,
    text: &str,
    zone: &Zone,
) -> Result<Timestamp, ScheduleError> {
    let text = text.trim();
    let wrong = || ScheduleError::Time {
        property,
        found: text.to_owned(),
    };
    let (time, named) = match text.strip_suffix(']').and_then(|text| text.split_once('[')) {
        Some((time, name)) => (time, Some(Zone::parse(name).map_err(|_| wrong())?)),
        None => (text, None),
    };
    if let Ok(moment) = time.parse::<Timestamp>() {
        return Ok(moment);
    }
    let civil = time.parse::<DateTime>();
    let civil = civil.or_else(|_| time.parse::<Date>().map(DateTime::from));
    let moment = named
        .as_ref()
        .unwrap_or(zone)
        .moment(civil.map_err(|_| wrong())?);
    moment.map(|(moment, _)| moment).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_an_offset_a_zone_or_neither() {
        #[track_caller]
        fn case(text: &str, expected: &str) {
            let zone = Zone::parse("Asia/Shanghai").unwrap();
            let moment = moment(Property::Expression, text, &zone).unwrap();
            assert_eq!(moment.to_string(), expected, "{text}");
        }
        case("2030-01-02T03:04:05Z", "2030-01-02T03:04:05Z");
        case("2030-01-02T03:04Z", "2030-01-02T03:04:00Z");
        case(" 2030-01-02T03:04:05+01:00 ", "2030-01-02T02:04:05Z");
        case("2030-01-02T03:04:05", "2030-01-01T19:04:05Z");
        case("2030-01-02 03:04", "2030-01-01T19:04:00Z");
        case("2030-01-02", "2030-01-01T16:00:00Z");
        case("2030-01-02T03:04[Europe/Berlin]", "2030-01-02T02:04:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused_with_the_setting() {
        for text in [
            "",
            "soon",
            "2030-02-30",
            "2030-01-02T25:00Z",
            "2030-01-02[Nowhere]",
        ] {
            let error = moment(Property::EndDate, text, &Zone::UTC).unwrap_err();
            assert_eq!(error.property(), Property::EndDate);
            assert_eq!(
                error.to_string(),
                format!("`EndDate` must be a time, not `{text}`")
            );
        }
    }
}

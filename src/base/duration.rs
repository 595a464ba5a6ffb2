//! Durations as people write them (language reference 4.5).

use std::time::Duration;

/// Reads a duration: ISO 8601 in any case, with or without `PT`; `M` are always minutes, and a
/// number without a unit counts seconds.
pub fn duration(text: &str) -> Option<Duration> {
    let mut total = 0.0;
    let mut digits = String::new();
    let mut is_empty = true;
    for letter in text.trim().to_ascii_uppercase().chars() {
        let unit = match letter {
            '0'..='9' | '.' => {
                digits.push(letter);
                continue;
            }
            'P' | 'T' if digits.is_empty() => continue,
            ' ' => continue,
            'W' => 604_800.0,
            'D' => 86_400.0,
            'H' => 3_600.0,
            'M' => 60.0,
            'S' => 1.0,
            _ => return None,
        };
        total += std::mem::take(&mut digits).parse::<f64>().ok()? * unit;
        is_empty = false;
    }
    if !digits.is_empty() {
        total += digits.parse::<f64>().ok()?;
        is_empty = false;
    }
    if is_empty {
        return None;
    }
    Duration::try_from_secs_f64(total).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_generously() {
        #[track_caller]
        fn case(text: &str, seconds: Option<u64>) {
            assert_eq!(duration(text), seconds.map(Duration::from_secs), "{text}");
        }
        case("PT1M", Some(60));
        case("4m", Some(240));
        case("3s", Some(3));
        case("1M", Some(60));
        case("P1DT2H", Some(93_600));
        case("pt1h30m", Some(5_400));
        case("45", Some(45));
        case("PT", None);
        case("", None);
        case("soon", None);
        case("PTM", None);
        case("-5s", None);
    }
}

//! What a plain scalar means.
//!
//! Booleans and nulls are those of YAML 1.1, because the service reads `No` as false. Numbers are
//! those on which YAML 1.1 and 1.2 agree; every other look-alike (`0755`, `1e3`, `12:30`, `1_000`,
//! dates) stays text, so that no identifier loses its spelling.

use crate::base::value::Number;
use crate::template::yaml::limit::Dialect;
use crate::template::yaml::node::NodeKind;

/// Resolves a plain scalar.
pub(super) fn resolve(text: &str) -> NodeKind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => NodeKind::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            NodeKind::Bool(true)
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            NodeKind::Bool(false)
        }
        _ => number(text).map_or_else(|| NodeKind::Text(text.to_owned()), NodeKind::Number),
    }
}

/// Resolves a plain scalar in a dialect.
pub(super) fn resolve_as(text: &str, dialect: Dialect) -> NodeKind {
    match (resolve(text), dialect) {
        (NodeKind::Text(text), Dialect::Ansible) => match old_number(&text) {
            Some(number) => NodeKind::Number(number),
            None => NodeKind::Text(text),
        },
        (kind, _) => kind,
    }
}

/// Reads what only YAML 1.1 takes for a number: `0755`, `0b11`, `1_000`, `12:30`.
fn old_number(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let negative = text.starts_with('-');
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let digits: String = unsigned.chars().filter(|c| *c != '_').collect();
    if digits.contains('.') {
        let plain = is_fraction(&digits) && !digits.contains(':');
        let value: f64 = plain.then(|| digits.parse().ok()).flatten()?;
        return Number::from_f64(if negative { -value } else { value });
    }
    let magnitude = if let Some(binary) = digits.strip_prefix("0b") {
        i64::from_str_radix(binary, 2).ok()?
    } else if let Some(hex) = digits.strip_prefix("0x") {
        i64::from_str_radix(hex, 16).ok()?
    } else if digits.contains(':') {
        sexagesimal(&digits)?
    } else if digits.len() > 1 && digits.starts_with('0') {
        i64::from_str_radix(&digits, 8).ok()?
    } else if is_digits(&digits) {
        return integer(&format!("{}{digits}", if negative { "-" } else { "" }));
    } else {
        return None;
    };
    Some(Number::from(if negative { -magnitude } else { magnitude }))
}

/// Reads `hours:minutes:seconds`, as in `12:30`.
fn sexagesimal(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let first = parts
        .next()
        .filter(|first| *first != "0" && is_decimal(first))?;
    let mut value: i64 = first.parse().ok()?;
    for part in parts {
        if !is_digits(part) || part.len() > 2 {
            return None;
        }
        let digits: i64 = part.parse().ok().filter(|digits| *digits < 60)?;
        value = value.checked_mul(60)?.checked_add(digits)?;
    }
    Some(value)
}

/// Tells whether a number written as `literal` has lost digits.
pub(super) fn is_inexact(literal: &str, number: &Number) -> bool {
    number.is_f64() && !literal.contains(['.', 'e', 'E'])
}

fn number(text: &str) -> Option<Number> {
    let first = *text.as_bytes().first()?;
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return None;
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if let Some(digits) = unsigned.strip_prefix("0x") {
        return hexadecimal(digits, text.starts_with('-'));
    }
    if is_decimal(unsigned) {
        return integer(text.strip_prefix('+').unwrap_or(text));
    }
    if is_fraction(unsigned) {
        return Number::from_f64(text.parse().ok()?);
    }
    None
}

/// Reads a whole number in decimal notation; one above 64 bits becomes the nearest fraction.
pub(super) fn integer(text: &str) -> Option<Number> {
    if let Ok(small) = text.parse::<i64>() {
        return Some(Number::from(small));
    }
    if let Ok(large) = text.parse::<u64>() {
        return Some(Number::from(large));
    }
    Number::from_f64(text.parse().ok()?)
}

fn hexadecimal(digits: &str, negative: bool) -> Option<Number> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, 16).ok()?;
    if negative {
        return 0_i64.checked_sub_unsigned(magnitude).map(Number::from);
    }
    Some(Number::from(magnitude))
}

/// `0` or digits without a leading zero.
fn is_decimal(text: &str) -> bool {
    text == "0" || (!text.starts_with('0') && is_digits(text))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Digits around a point, then perhaps an exponent with a sign.
fn is_fraction(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let signed =
        exponent.is_none_or(|exponent| exponent.strip_prefix(['+', '-']).is_some_and(is_digits));
    let Some((whole, fraction)) = mantissa.split_once('.') else {
        return false;
    };
    signed
        && !(whole.is_empty() && fraction.is_empty())
        && (whole.is_empty() || is_digits(whole))
        && (fraction.is_empty() || is_digits(fraction))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::source::Span;
    use crate::base::value::Value;
    use crate::template::yaml::node::Node;
    use serde_json::json;

    #[test]
    fn ansible_reads_the_numbers_of_the_older_standard() {
        #[track_caller]
        fn case(text: &str, expected: &Value) {
            let node = Node {
                span: Span::default(),
                kind: resolve_as(text, Dialect::Ansible),
            };
            assert_eq!(node.to_value(), *expected, "{text}");
        }
        case("0755", &json!(493));
        case("-010", &json!(-8));
        case("1_000", &json!(1000));
        case("0b11", &json!(3));
        case("0x_ff", &json!(255));
        case("12:30", &json!(750));
        case("1:02:03", &json!(3723));
        case("1_0.5", &json!(10.5));
        for text in [
            "089",
            "12:60",
            "01:02",
            "2019-06-01",
            "1.2.3.4",
            "::1",
            "0o17",
            "web",
        ] {
            case(text, &json!(text));
        }
    }

    #[test]
    fn plain_scalars_mean_what_both_versions_of_yaml_agree_on() {
        #[track_caller]
        fn case(text: &str, expected: &Value) {
            let node = Node {
                span: Span::default(),
                kind: resolve(text),
            };
            assert_eq!(node.to_value(), *expected, "{text}");
        }
        case("", &json!(null));
        case("Null", &json!(null));
        case("~", &json!(null));
        case("No", &json!(false));
        case("on", &json!(true));
        case("y", &json!("y"));
        case("nULL", &json!("nULL"));
        case("12", &json!(12));
        case("+12", &json!(12));
        case("-3", &json!(-3));
        case("0", &json!(0));
        case(
            "18446744073709551615",
            &json!(18_446_744_073_709_551_615_u64),
        );
        case("0x1F", &json!(31));
        case("-0x1", &json!(-1));
        case("1.5", &json!(1.5));
        case(".5", &json!(0.5));
        case("5.", &json!(5.0));
        case("1.5e+3", &json!(1500.0));
        for text in [
            "0755",
            "012",
            "1e3",
            "1.5e3",
            "1_000",
            "12:30",
            "0o17",
            "0b1",
            "0x",
            "2019-06-01",
            ".",
            "-",
            "+",
            "1.2.3",
            ".inf",
            ".nan",
            "--1",
            "1-2",
            "+-1",
            "0x-1",
        ] {
            case(text, &json!(text));
        }
    }
}

//! Values of INI inventories: what is a Python literal has its type, everything else is a text.

use crate::base::value::{Map, Number, Value, text};

/// Deepest nesting of lists and maps.
const DEEPEST: usize = 32;

/// Returns the value of a text.
pub(super) fn value(given: &str) -> Value {
    literal(given).unwrap_or_else(|| Value::String(given.to_owned()))
}

/// Reads a Python literal that fills the text, apart from blanks and a remark; `None` if it is none.
fn literal(given: &str) -> Option<Value> {
    let mut reader = Reader {
        rest: given.trim_start_matches([' ', '\t']),
    };
    let first = reader.value(0)?;
    let value = if reader.take(",") {
        // A tuple without its brackets.
        let mut list = vec![first];
        reader.elements("", 0, &mut list)?;
        Value::Array(list)
    } else {
        first
    };
    reader.blanks();
    reader.rest.is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            if !self.rest.starts_with('#') {
                return;
            }
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            self.rest = &self.rest[end..];
        }
    }

    fn take(&mut self, token: &str) -> bool {
        self.blanks();
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Tells whether `close` comes next, and takes it; the end of the text is closed by nothing.
    fn closes(&mut self, close: &str) -> bool {
        self.blanks();
        if close.is_empty() {
            self.rest.is_empty()
        } else {
            self.take(close)
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > DEEPEST {
            return None;
        }
        if self.take("[") {
            let mut list = Vec::new();
            self.elements("]", depth, &mut list)?;
            return Some(Value::Array(list));
        }
        if self.take("(") {
            return self.tuple(depth);
        }
        if self.take("{") {
            return self.map_or_set(depth);
        }
        match self.rest.chars().next()? {
            '+' | '-' | '.' | '0'..='9' => self.number(),
            _ => self.texts().or_else(|| self.word()),
        }
    }

    fn elements(&mut self, close: &str, depth: usize, list: &mut Vec<Value>) -> Option<()> {
        while !self.closes(close) {
            list.push(self.value(depth + 1)?);
            if !self.take(",") {
                return self.closes(close).then_some(());
            }
        }
        Some(())
    }

    /// `(1)` is 1, `(1,)` a list of one.
    fn tuple(&mut self, depth: usize) -> Option<Value> {
        if self.closes(")") {
            return Some(Value::Array(Vec::new()));
        }
        let first = self.value(depth + 1)?;
        if self.closes(")") {
            return Some(first);
        }
        let mut list = vec![first];
        if !self.take(",") {
            return None;
        }
        self.elements(")", depth, &mut list)?;
        Some(Value::Array(list))
    }

    fn map_or_set(&mut self, depth: usize) -> Option<Value> {
        let mut map = Map::new();
        if self.closes("}") {
            return Some(Value::Object(map));
        }
        let mut key = self.value(depth + 1)?;
        if !self.take(":") {
            let mut list = vec![key];
            if self.take(",") {
                self.elements("}", depth, &mut list)?;
            } else if !self.closes("}") {
                return None;
            }
            return Some(Value::Array(list));
        }
        loop {
            let value = self.value(depth + 1)?;
            map.insert(key_text(&key)?, value);
            let more = self.take(",");
            if self.closes("}") {
                return Some(Value::Object(map));
            }
            if !more {
                return None;
            }
            key = self.value(depth + 1)?;
            if !self.take(":") {
                return None;
            }
        }
    }

    /// Reads one text, or several in a row, which are one.
    fn texts(&mut self) -> Option<Value> {
        let mut joined = self.text()?;
        loop {
            self.blanks();
            let before = self.rest;
            let Some(more) = self.text() else {
                self.rest = before;
                return Some(Value::String(joined));
            };
            joined.push_str(&more);
        }
    }

    fn text(&mut self) -> Option<String> {
        let quote = self.rest.find(['\'', '"'])?;
        let prefix = self.rest[..quote].to_ascii_lowercase();
        if !["", "u", "b", "r", "br", "rb"].contains(&prefix.as_str()) {
            return None;
        }
        let raw = prefix.contains('r');
        let body = &self.rest[quote..];
        let mark = &body[..1];
        let tripled = mark.repeat(3);
        let close = if body.starts_with(&tripled) {
            tripled.as_str()
        } else {
            mark
        };
        let mut rest = &body[close.len()..];
        let mut text = String::new();
        loop {
            if let Some(behind) = rest.strip_prefix(close) {
                self.rest = behind;
                return Some(text);
            }
            let letter = rest.chars().next()?;
            rest = &rest[letter.len_utf8()..];
            match letter {
                '\\' if raw => {
                    text.push('\\');
                    let next = rest.chars().next()?;
                    text.push(next);
                    rest = &rest[next.len_utf8()..];
                }
                '\\' => rest = escape(rest, &mut text)?,
                '\n' if close.len() == 1 => return None,
                letter => text.push(letter),
            }
        }
    }

    fn word(&mut self) -> Option<Value> {
        let end = self
            .rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(self.rest.len());
        let value = match &self.rest[..end] {
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            "None" => Value::Null,
            _ => return None,
        };
        self.rest = &self.rest[end..];
        Some(value)
    }

    fn number(&mut self) -> Option<Value> {
        let negative = self.rest.starts_with('-');
        if self.rest.starts_with(['+', '-']) {
            self.rest = self.rest[1..].trim_start();
        }
        let mut end = 0;
        let bytes = self.rest.as_bytes();
        while let Some(byte) = bytes.get(end) {
            let signed = matches!(byte, b'+' | b'-')
                && matches!(bytes.get(end.wrapping_sub(1)), Some(b'e' | b'E'))
                && !self.rest.starts_with("0x");
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') || signed) {
                break;
            }
            end += 1;
        }
        let (digits, behind) = self.rest.split_at(end);
        let number = read_number(digits, negative)?;
        self.rest = behind;
        Some(Value::Number(number))
    }
}

/// Reads what stands behind a backslash, and returns what follows.
fn escape<'a>(rest: &'a str, text: &mut String) -> Option<&'a str> {
    let letter = rest.chars().next()?;
    let behind = &rest[letter.len_utf8()..];
    let digits = match letter {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => 0,
    };
    if digits > 0 {
        let code = u32::from_str_radix(behind.get(..digits)?, 16).ok()?;
        text.push(char::from_u32(code)?);
        return Some(&behind[digits..]);
    }
    match letter {
        '\n' => {}
        'n' => text.push('\n'),
        't' => text.push('\t'),
        'r' => text.push('\r'),
        'a' => text.push('\u{7}'),
        'b' => text.push('\u{8}'),
        'f' => text.push('\u{c}'),
        'v' => text.push('\u{b}'),
        '\\' | '\'' | '"' => text.push(letter),
        '0'..='7' => {
            let end = rest
                .bytes()
                .take(3)
                .take_while(|byte| (b'0'..=b'7').contains(byte))
                .count();
            text.push(char::from_u32(u32::from_str_radix(&rest[..end], 8).ok()?)?);
            return Some(&rest[end..]);
        }
        // Python leaves what it does not know as it is.
        other => {
            text.push('\\');
            text.push(other);
        }
    }
    Some(behind)
}

fn read_number(digits: &str, negative: bool) -> Option<Number> {
    let plain = digits.replace('_', "");
    let underscored = digits.starts_with('_') || digits.ends_with('_') || digits.contains("__");
    if underscored || plain.is_empty() {
        return None;
    }
    let lower = plain.to_ascii_lowercase();
    let based = [("0x", 16), ("0o", 8), ("0b", 2)];
    let magnitude = match based
        .iter()
        .find_map(|(prefix, base)| Some((lower.strip_prefix(prefix)?, *base)))
    {
        Some((digits, base)) => Some(u64::from_str_radix(digits, base).ok()?),
        None if plain.bytes().all(|byte| byte.is_ascii_digit()) => {
            // A zero at the beginning is an error, so that nobody takes it for an octal number.
            let is_zero = plain.bytes().all(|byte| byte == b'0');
            if plain.starts_with('0') && !is_zero {
                return None;
            }
            Some(plain.parse().ok()?)
        }
        None => None,
    };
    if let Some(magnitude) = magnitude {
        return if negative {
            0_i64.checked_sub_unsigned(magnitude).map(Number::from)
        } else {
            Some(Number::from(magnitude))
        };
    }
    let is_float = plain.contains(['.', 'e', 'E'])
        && plain
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    let float: f64 = is_float.then(|| plain.parse().ok()).flatten()?;
    Number::from_f64(if negative { -float } else { float })
}

/// Returns a key as JSON writes it.
fn key_text(key: &Value) -> Option<String> {
    match key {
        Value::Array(_) | Value::Object(_) => None,
        Value::Null => Some("null".to_owned()),
        other => Some(text(other)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_python_takes_for_a_literal_has_its_type() {
        #[track_caller]
        fn case(given: &str, expected: &Value) {
            assert_eq!(value(given), *expected, "{given}");
        }
        case("1_000", &json!(1000));
        case("0x1F", &json!(31));
        case("0b11", &json!(3));
        case("0o17", &json!(15));
        case("-5", &json!(-5));
        case("+ 5", &json!(5));
        case("1e3", &json!(1000.0));
        case(".5", &json!(0.5));
        case("1.", &json!(1.0));
        case("1.5e-3", &json!(0.0015));
        case("00", &json!(0));
        case("True", &json!(true));
        case("None", &json!(null));
        case("'a' \"b\"", &json!("ab"));
        case("'''it's'''", &json!("it's"));
        case("u'\\x41\\u00e9\\n\\q\\101'", &json!("Aé\n\\qA"));
        case("r'\\n'", &json!("\\n"));
        case("b'x'", &json!("x"));
        case("[1, 'a', [True,],]", &json!([1, "a", [true]]));
        case("(1, 2)", &json!([1, 2]));
        case("(1)", &json!(1));
        case("(1,)", &json!([1]));
        case("()", &json!([]));
        case("1, 2", &json!([1, 2]));
        case("{'a': 1, 2: {}}", &json!({"a": 1, "2": {}}));
        case("{1}", &json!([1]));
        case("1 # remark", &json!(1));
        case("  5", &json!(5));
    }

    #[test]
    fn everything_else_is_a_text() {
        let deep = "[".repeat(500);
        for given in [
            "",
            "08",
            "0777",
            "true",
            "foo",
            "foo # c",
            "1 2",
            "[1",
            "1__0",
            "1_",
            "f'x'",
            "1l",
            "'a",
            "a'b'",
            "{'a'}x",
            "{'a': }",
            "10.0.0.1",
            "yes",
            "-",
            "1e",
            "{{ x }}",
            "(1 2)",
            "[1 2]",
            "99999999999999999999",
            "--5",
            &deep,
        ] {
            assert_eq!(value(given), json!(given));
        }
    }
}

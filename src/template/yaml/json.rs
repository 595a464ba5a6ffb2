//! JSON texts, exactly: what RFC 8259 allows and nothing else, with places.

use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::template::yaml::limit::{DEPTH_LIMIT, Rules};
use crate::template::yaml::node::{Entry, Node, NodeKind};
use crate::template::yaml::problem::{inexact, too_deep, too_many};
use crate::template::yaml::scalar::{integer, is_inexact};
use crate::template::yaml::unique::unique;

/// Reads one JSON value that fills the whole text. What does not stop the reader goes to `report`.
pub(super) fn read(
    text: &str,
    rules: &Rules,
    report: &mut Vec<Diagnostic>,
) -> Result<Node, Diagnostic> {
    let mut reader = Reader {
        text,
        at: if text.starts_with('\u{feff}') { 3 } else { 0 },
        nodes: 0,
        limit: rules.nodes,
        report,
    };
    reader.blanks();
    let node = reader.value(0)?;
    reader.blanks();
    if reader.at < text.len() {
        return Err(reader.wrong("nothing may follow the value"));
    }
    Ok(node)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    nodes: usize,
    limit: usize,
    report: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Node, Diagnostic> {
        let start = self.at;
        self.nodes += 1;
        if self.nodes > self.limit {
            return Err(too_many(self.limit, Span::new(start, start)));
        }
        if depth > DEPTH_LIMIT {
            return Err(too_deep(Span::new(start, start)));
        }
        let kind = match self.peek() {
            Some(b'{') => self.map(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => NodeKind::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", NodeKind::Bool(true))?,
            Some(b'f') => self.word("false", NodeKind::Bool(false))?,
            Some(b'n') => self.word("null", NodeKind::Null)?,
            _ => return Err(self.wrong("a value is expected here")),
        };
        Ok(Node {
            span: Span::new(start, self.at),
            kind,
        })
    }

    fn map(&mut self, depth: usize) -> Result<NodeKind, Diagnostic> {
        self.at += 1;
        let mut entries = Vec::new();
        self.blanks();
        if !self.skip(b'}') {
            loop {
                self.blanks();
                if self.peek() != Some(b'"') {
                    return Err(self.wrong("a key in double quotes is expected here"));
                }
                let start = self.at;
                let key = self.string()?;
                let key_span = Span::new(start, self.at);
                self.blanks();
                if !self.skip(b':') {
                    return Err(self.wrong("a `:` is expected here"));
                }
                self.blanks();
                let value = self.value(depth + 1)?;
                entries.push(Entry {
                    key,
                    key_span,
                    value,
                });
                self.blanks();
                if self.skip(b'}') {
                    break;
                }
                if !self.skip(b',') {
                    return Err(self.wrong("a `,` or `}` is expected here"));
                }
            }
        }
        Ok(NodeKind::Map(unique(entries, self.report)))
    }

    fn list(&mut self, depth: usize) -> Result<NodeKind, Diagnostic> {
        self.at += 1;
        let mut items = Vec::new();
        self.blanks();
        if !self.skip(b']') {
            loop {
                self.blanks();
                items.push(self.value(depth + 1)?);
                self.blanks();
                if self.skip(b']') {
                    break;
                }
                if !self.skip(b',') {
                    return Err(self.wrong("a `,` or `]` is expected here"));
                }
            }
        }
        Ok(NodeKind::List(items))
    }

    fn number(&mut self) -> Result<NodeKind, Diagnostic> {
        let start = self.at;
        let negative = self.skip(b'-');
        let zero = self.skip(b'0');
        let fault = if zero { None } else { self.digits() };
        let mut fraction = false;
        let mut fault = fault;
        if fault.is_none() && self.skip(b'.') {
            fraction = true;
            fault = self.digits();
        }
        if fault.is_none() && (self.skip(b'e') || self.skip(b'E')) {
            fraction = true;
            if !self.skip(b'+') {
                self.skip(b'-');
            }
            fault = self.digits();
        }
        if let Some(fault) = fault {
            return Err(fault);
        }
        let literal = &self.text[start..self.at];
        let number = if fraction || (negative && zero) {
            literal
                .parse()
                .ok()
                .and_then(crate::base::value::Number::from_f64)
        } else {
            integer(literal)
        };
        let span = Span::new(start, self.at);
        let number = number.ok_or_else(|| {
            Diagnostic::error("json-syntax", span, format!("`{literal}` is no number"))
        })?;
        if is_inexact(literal, &number) {
            self.report.push(inexact(literal, span));
        }
        Ok(NodeKind::Number(number))
    }

    /// Skips one or more digits; returns what is wrong if there is none.
    fn digits(&mut self) -> Option<Diagnostic> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (start == self.at).then(|| self.wrong("a digit is expected here"))
    }

    fn word(&mut self, word: &str, kind: NodeKind) -> Result<NodeKind, Diagnostic> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.wrong("a value is expected here"));
        }
        self.at += word.len();
        Ok(kind)
    }

    fn string(&mut self) -> Result<String, Diagnostic> {
        let start = self.at;
        self.at += 1;
        let mut content = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(plain) = rest.find(|c: char| matches!(c, '"' | '\\' | '\0'..='\x1f')) else {
                self.at = start;
                return Err(self.wrong("the closing quote is missing"));
            };
            content.push_str(&rest[..plain]);
            self.at += plain;
            if self.skip(b'"') {
                return Ok(content);
            }
            if self.peek() != Some(b'\\') {
                return Err(
                    self.wrong("a line break or tab inside of a string is written `\\n`, `\\t`")
                );
            }
            content.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, Diagnostic> {
        let start = self.at;
        self.at += 1;
        let letter = self.peek();
        self.at += 1;
        let escaped = match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(start),
            _ => {
                self.at = start;
                return Err(self.wrong("this escape is not known; a backslash is written `\\\\`"));
            }
        };
        Ok(escaped)
    }

    /// Reads the four digits of a `\u` escape, and of a second one if the first is half of a pair.
    fn unicode(&mut self, start: usize) -> Result<char, Diagnostic> {
        let found = self.hexadecimal().and_then(|first| {
            if !(0xd800..0xdc00).contains(&first) {
                return char::from_u32(first);
            }
            let paired = self.skip(b'\\') && self.skip(b'u');
            let second = paired.then(|| self.hexadecimal()).flatten()?;
            if !(0xdc00..0xe000).contains(&second) {
                return None;
            }
            char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
        });
        found.ok_or_else(|| {
            self.at = start;
            self.wrong("this escape names no character")
        })
    }

    fn hexadecimal(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn wrong(&self, what: &str) -> Diagnostic {
        let span = Span::new(self.at, self.at);
        Diagnostic::error("json-syntax", span, format!("the text is not JSON: {what}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::value::Value;
    use serde_json::json;

    fn parse(text: &str) -> Result<(Node, Vec<Diagnostic>), Diagnostic> {
        let mut report = Vec::new();
        read(text, &Rules::TEMPLATE, &mut report).map(|node| (node, report))
    }

    #[test]
    fn texts_are_read_as_another_reader_reads_them() {
        for text in [
            "{\t\"a\":\t1}",
            r#"{"a": "x\/y\"\\\b\f\n\r\t\u00fc\ud834\udd1e"}"#,
            "[]",
            " [ 1 , -2.5e-3, 0, 1E5, true,false,null, \"\" ]\r\n",
            "-0",
            "123456789012345678",
            "\"ü\u{7f}\"",
        ] {
            let expected: Value = serde_json::from_str(text).unwrap();
            assert_eq!(parse(text).unwrap().0.to_value(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused_where_it_is_wrong() {
        #[track_caller]
        fn case(text: &str, offset: usize) {
            assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
            assert_eq!(parse(text).unwrap_err().span.start, offset, "{text}");
        }
        case("{a: 1}", 1);
        case("{\"a\" 1}", 5);
        case("{\"a\": 1,}", 8);
        case("[1,]", 3);
        case("[1 2]", 3);
        case("01", 1);
        case("1.", 2);
        case("1e", 2);
        case("-", 1);
        case("\"a", 0);
        case("\"a\nb\"", 2);
        case(r#""\x""#, 1);
        case(r#""\ud834""#, 1);
        case(r#""\udd1e""#, 1);
        case(r#""\u12ü""#, 1);
        case("{} {}", 3);
        case("nul", 0);
        case("", 0);
    }

    #[test]
    fn repeated_keys_are_reported_with_both_places() {
        let (node, report) = parse(r#"{"a": 1, "b": 2, "a": 3}"#).unwrap();
        assert_eq!(node.to_value(), json!({"a": 1, "b": 2}));
        assert_eq!(report[0].code, "duplicate-key");
        assert_eq!(report[0].span.start, 17);
        assert_eq!(report[0].related[0].0.start, 1);
    }

    #[test]
    fn digits_beyond_sixty_four_bits_are_a_warning() {
        let (_, report) = parse("123456789012345678901234567890").unwrap();
        assert_eq!(report[0].code, "inexact-number");
    }
}

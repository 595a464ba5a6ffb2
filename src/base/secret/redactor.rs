//! The filter that takes known secrets out of texts, values and streams.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::base::secret::form;
use crate::base::value::{self, Value};

/// What stands where a secret stood.
pub const MASK: &str = "******";

/// Replaces known secrets by [`MASK`] in texts and values, also where they stand encoded: in Base64,
/// percent-encoded, as JSON or a shell writes them. Cheap to clone.
///
/// Texts of less than four characters are not masked: they would blank out half of every log and
/// protect nothing.
#[derive(Clone, Default)]
pub struct Redactor(Option<Arc<Known>>);

struct Known {
    automaton: AhoCorasick,
    /// Every form, in order.
    forms: Vec<Vec<u8>>,
    longest: usize,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

impl Redactor {
    /// Makes a filter for the text forms of `secrets`, those of lists and maps element by element.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut forms = BTreeSet::new();
        for secret in secrets {
            collect(secret, &mut forms);
        }
        if forms.is_empty() {
            return Self(None);
        }
        let forms: Vec<Vec<u8>> = forms.into_iter().collect();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&forms)
            .expect("texts of some kilobytes always make an automaton");
        let longest = forms.iter().map(Vec::len).max().unwrap_or_default();
        Self(Some(Arc::new(Known {
            automaton,
            forms,
            longest,
        })))
    }

    /// Tells whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the length of the longest form of a secret in bytes.
    pub fn longest(&self) -> usize {
        self.0.as_ref().map_or(0, |known| known.longest)
    }

    /// Returns `text` with every secret masked.
    pub fn text(&self, text: &str) -> String {
        String::from_utf8(self.bytes(text.as_bytes()))
            .expect("forms of secrets are whole characters, so what stands between them is too")
    }

    /// Returns `bytes` with every secret masked.
    pub fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        self.bytes_from(bytes, 0)
    }

    /// Returns what stands for `bytes` from offset `from` on. A secret that stands across the cut is
    /// masked, as far as it is in `bytes`.
    pub fn bytes_from(&self, bytes: &[u8], from: usize) -> Vec<u8> {
        match &self.0 {
            None => bytes[from..].to_vec(),
            Some(known) => known.mask(bytes, from, bytes.len()).0,
        }
    }

    /// Masks the beginning of a stream whose rest is not known yet.
    ///
    /// Returns the masked text and how many bytes of `bytes` it stands for. What is left, always
    /// less than the longest secret, may be the beginning of one: put it before the next bytes.
    pub fn stream(&self, bytes: &[u8]) -> (Vec<u8>, usize) {
        match &self.0 {
            None => (bytes.to_vec(), bytes.len()),
            // A secret that begins before that is seen whole, so its mask is final.
            Some(known) => known.mask(bytes, 0, bytes.len() - known.open_end(bytes)),
        }
    }

    /// Tells whether a secret is anywhere in `value`.
    pub fn finds(&self, value: &Value) -> bool {
        !self.is_empty() && self.value(value) != *value
    }

    /// Returns `value` with every secret masked, in keys as well.
    pub fn value(&self, value: &Value) -> Value {
        if self.is_empty() {
            return value.clone();
        }
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Number(_) => {
                let text = value::text(value);
                let masked = self.text(&text);
                if masked == text {
                    value.clone()
                } else {
                    Value::String(masked)
                }
            }
            Value::Array(list) => list.iter().map(|value| self.value(value)).collect(),
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| (self.text(key), self.value(value)))
                .collect(),
            Value::Null | Value::Bool(_) => value.clone(),
        }
    }
}

impl Known {
    /// Masks what stands from `from` on and begins before `until`; returns it and where it ends.
    fn mask(&self, bytes: &[u8], from: usize, until: usize) -> (Vec<u8>, usize) {
        let mut masked = Vec::with_capacity(until.saturating_sub(from));
        let mut done = from;
        for found in self.automaton.find_iter(bytes) {
            if found.start() >= until {
                break;
            }
            if found.end() <= from {
                continue;
            }
            masked.extend_from_slice(&bytes[done..found.start().max(done)]);
            masked.extend_from_slice(MASK.as_bytes());
            done = found.end();
        }
        if done < until {
            masked.extend_from_slice(&bytes[done..until]);
            done = until;
        }
        (masked, done)
    }

    /// Returns the length of the longest end of `bytes` with which a form begins that is longer.
    fn open_end(&self, bytes: &[u8]) -> usize {
        let most = bytes.len().min(self.longest - 1);
        let ends = (bytes.len() - most)..bytes.len();
        ends.into_iter()
            .find(|start| self.begins_with(&bytes[*start..]))
            .map_or(0, |start| bytes.len() - start)
    }

    /// Tells whether a form begins with `part` and is longer.
    fn begins_with(&self, part: &[u8]) -> bool {
        // What begins with `part` follows it in order.
        let next = self.forms.partition_point(|form| form.as_slice() <= part);
        self.forms
            .get(next)
            .is_some_and(|form| form.starts_with(part))
    }
}

fn collect(secret: &Value, forms: &mut BTreeSet<Vec<u8>>) {
    match secret {
        Value::Array(list) => list.iter().for_each(|value| collect(value, forms)),
        Value::Object(map) => map.values().for_each(|value| collect(value, forms)),
        Value::Null | Value::Bool(_) => {}
        Value::String(_) | Value::Number(_) => form::add(&value::text(secret), forms),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    use serde_json::json;

    use super::*;
    use crate::base::secret::StreamRedactor;

    const KEY: &str = "-----BEGIN KEY-----\n  MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIB\n\
                       AQC7VJTUt9Us8cKjMzEfYyjiWA4R4\nshort\n-----END KEY-----\n";

    #[test]
    fn secrets_are_masked_in_texts_values_and_keys() {
        let redactor = Redactor::new([&json!("hunter22"), &json!({"pin": 123_456})]);
        assert_eq!(redactor.text("pass hunter22!"), "pass ******!");
        assert_eq!(
            redactor.value(&json!({"hunter22": [123_456, "x"]})),
            json!({"******": ["******", "x"]})
        );
    }

    #[test]
    fn secrets_are_masked_however_they_are_encoded() {
        #[track_caller]
        fn case(redactor: &Redactor, encoded: &str) {
            let masked = redactor.text(&format!("<{encoded}>"));
            assert_eq!(masked, "<******>", "{encoded}");
        }
        let secret = "pä$$ w/o?\"'~*ü+\\";
        let redactor = Redactor::new([&json!(secret)]);
        let quoted = json!(secret).to_string();
        let inner = &quoted[1..quoted.len() - 1];
        let twice = json!(inner).to_string();
        for encoded in [
            secret,
            inner,
            &twice[1..twice.len() - 1],
            r#"p\u00e4$$ w/o?\"'~*\u00fc+\\"#,
            r#"pä$$ w\/o?\"'~*ü+\\"#,
            r#"pä$$ w/o?"'\''~*ü+\"#,
            "p%C3%A4%24%24%20w%2Fo%3F%22%27~%2A%C3%BC%2B%5C",
            "p%c3%a4%24%24%20w%2fo%3f%22%27~%2a%c3%bc%2b%5c",
            "p%C3%A4%24%24%20w/o%3F%22%27~%2A%C3%BC%2B%5C",
            "p%C3%A4%24%24%20w%2Fo%3F%22'~*%C3%BC%2B%5C",
            "p%C3%A4%24%24+w%2Fo%3F%22%27%7E*%C3%BC%2B%5C",
            &STANDARD.encode(secret),
            &STANDARD_NO_PAD.encode(secret),
            &URL_SAFE.encode(secret),
            &URL_SAFE_NO_PAD.encode(secret),
            &STANDARD.encode(format!("{secret}\n")),
        ] {
            case(&redactor, encoded);
        }
    }

    #[test]
    fn no_part_of_a_secret_is_left_in_base64_of_a_text_around_it() {
        let secret = "correct-horse-battery";
        let redactor = Redactor::new([&json!(secret)]);
        for before in 0..7 {
            for after in 0..4 {
                let text = format!("{}{secret}{}", "<".repeat(before), ">".repeat(after));
                for encoded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                    let masked = redactor.text(&encoded);
                    assert!(masked.contains(MASK), "{before} {after}: {masked}");
                    let left = masked.replace(MASK, "").len();
                    // What is left stands for what is around, and a letter at each border.
                    assert!(
                        left <= (before + after) * 8 / 6 + 4,
                        "{before} {after}: {masked}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_key_of_several_lines_is_masked_line_by_line_and_in_broken_base64() {
        let redactor = Redactor::new([&json!(KEY)]);
        assert_eq!(redactor.text(KEY), "******\n");
        let mut numbered = String::new();
        for line in KEY.lines() {
            writeln!(numbered, "1: {}", line.trim()).unwrap();
        }
        assert_eq!(
            redactor.text(&numbered),
            "1: -----BEGIN KEY-----\n1: ******\n1: ******\n1: short\n1: -----END KEY-----\n"
        );
        for length in [64, 76] {
            let whole = STANDARD.encode(KEY);
            let broken: Vec<&[u8]> = whole.as_bytes().chunks(length).collect();
            let masked = redactor.bytes(&broken.join(&b"\n"[..]));
            let masked = String::from_utf8(masked).unwrap();
            assert!(masked.lines().all(|line| line == MASK), "{masked}");
        }
    }

    #[test]
    fn short_secrets_and_ends_of_lines_are_not_masked() {
        let redactor = Redactor::new([&json!("abc\n"), &json!("hunter22\n"), &json!(true)]);
        assert_eq!(redactor.text("abc hunter22 true\n"), "abc ****** true\n");
    }

    #[test]
    fn stream_masks_secrets_across_any_border() {
        let redactor = Redactor::new([&json!("hunter22"), &json!("hunt"), &json!("22abc")]);
        let text = b"x hunter22abc hunter2 hunt 2 aHVudGVyMjI=";
        for border in 0..text.len() {
            let (mut masked, done) = redactor.stream(&text[..border]);
            assert!(border - done < redactor.longest());
            masked.extend(redactor.bytes(&text[done..]));
            assert_eq!(masked, redactor.bytes(text), "{border}");
        }
        for size in 1..text.len() {
            let mut stream = StreamRedactor::new(redactor.clone());
            let mut masked = Vec::new();
            for piece in text.chunks(size) {
                masked.extend(stream.push(piece));
            }
            masked.extend(stream.finish());
            assert_eq!(masked, redactor.bytes(text), "{size}");
        }
    }

    #[test]
    fn a_stream_holds_back_nothing_that_begins_no_secret() {
        let mut stream = StreamRedactor::new(Redactor::new([&json!(KEY), &json!("hunter22")]));
        assert_eq!(stream.push(b"50 % h"), b"50 % ");
        assert_eq!(stream.push(b"undred "), b"hundred ");
    }

    #[test]
    fn the_end_of_a_text_shows_no_part_of_a_secret_across_the_cut() {
        #[track_caller]
        fn case(redactor: &Redactor, from: usize, expected: &str) {
            let masked = redactor.bytes_from(b"ab hunter22 hunter22 c", from);
            assert_eq!(String::from_utf8(masked).unwrap(), expected, "{from}");
        }
        let redactor = Redactor::new([&json!("hunter22")]);
        case(&redactor, 0, "ab ****** ****** c");
        case(&redactor, 5, "****** ****** c");
        case(&redactor, 10, "****** ****** c");
        case(&redactor, 11, " ****** c");
        case(&redactor, 21, "c");
    }

    #[test]
    fn speed_over_ten_secrets_is_printed() {
        let secrets: Vec<Value> = (0..10)
            .map(|n| json!(format!("s3cret/{n}/of+the house")))
            .collect();
        let redactor = Redactor::new(&secrets);
        let line = "2026-01-01T00:00:00Z INFO nginx: GET /index.html 200 12ms host=web-01\n";
        let text = line.repeat(1 << 17);
        let began = stopwatch();
        let mut stream = StreamRedactor::new(redactor);
        let mut size = 0;
        for piece in text.as_bytes().chunks(64 * 1024) {
            size += stream.push(piece).len();
        }
        let bytes_in_a_microsecond = text.len() as u128 / began.elapsed().as_micros().max(1);
        println!("{bytes_in_a_microsecond} MB/s");
        assert_eq!(size + stream.finish().len(), text.len());
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a measurement is printed, nothing depends on it"
    )]
    fn stopwatch() -> std::time::Instant {
        std::time::Instant::now()
    }
}

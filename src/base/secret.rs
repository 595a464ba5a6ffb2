//! Values that must not be seen, and the filter that takes them out of texts.

use std::fmt;

use aho_corasick::{AhoCorasick, MatchKind};
use zeroize::Zeroize;

use crate::base::value::{self, Value};

/// What stands where a secret stood.
pub const MASK: &str = "******";

/// Shorter texts are not masked: they would blank out half of every log and protect nothing.
const SHORTEST: usize = 4;

/// A value without `Display` and `Serialize`; `Debug` shows the mask, and its memory is wiped when it
/// is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> Secret<T> {
    /// Wraps a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns the value; the call is where review looks.
    pub fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// Replaces known secrets by [`MASK`] in texts and values. Cheap to clone.
#[derive(Clone, Default)]
pub struct Redactor {
    automaton: Option<AhoCorasick>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

impl Redactor {
    /// Makes a filter for the text forms of `secrets`, those of lists and maps element by element.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut texts = Vec::new();
        for secret in secrets {
            collect(secret, &mut texts);
        }
        texts.sort();
        texts.dedup();
        let automaton = (!texts.is_empty()).then(|| {
            AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(&texts)
                .expect("a few short literals always make an automaton")
        });
        Self { automaton }
    }

    /// Tells whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.automaton.is_none()
    }

    /// Returns `text` with every secret masked.
    pub fn text(&self, text: &str) -> String {
        match &self.automaton {
            None => text.to_owned(),
            Some(automaton) => {
                let masks = vec![MASK; automaton.patterns_len()];
                automaton.replace_all(text, &masks)
            }
        }
    }

    /// Returns `bytes` with every secret masked.
    pub fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        match &self.automaton {
            None => bytes.to_vec(),
            Some(automaton) => {
                let masks = vec![MASK.as_bytes(); automaton.patterns_len()];
                automaton.replace_all_bytes(bytes, &masks)
            }
        }
    }

    /// Masks the beginning of a stream whose rest is not known yet.
    ///
    /// Returns the masked text and how many bytes of `bytes` it stands for. What is left, always
    /// less than the longest secret, may be the beginning of one: put it before the next bytes.
    pub fn stream(&self, bytes: &[u8]) -> (Vec<u8>, usize) {
        let Some(automaton) = &self.automaton else {
            return (bytes.to_vec(), bytes.len());
        };
        // A secret that begins before `safe` is seen whole, so its mask is final.
        let safe = (bytes.len() + 1).saturating_sub(automaton.max_pattern_len());
        let mut masked = Vec::with_capacity(bytes.len());
        let mut done = 0;
        for found in automaton.find_iter(bytes) {
            if found.start() >= safe {
                break;
            }
            masked.extend_from_slice(&bytes[done..found.start()]);
            masked.extend_from_slice(MASK.as_bytes());
            done = found.end();
        }
        if done < safe {
            masked.extend_from_slice(&bytes[done..safe]);
            done = safe;
        }
        (masked, done)
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

fn collect(secret: &Value, texts: &mut Vec<String>) {
    match secret {
        Value::Array(list) => list.iter().for_each(|value| collect(value, texts)),
        Value::Object(map) => map.values().for_each(|value| collect(value, texts)),
        Value::Null | Value::Bool(_) => {}
        Value::String(_) | Value::Number(_) => {
            let text = value::text(secret);
            if text.chars().count() >= SHORTEST {
                texts.push(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_masked_in_texts_values_and_keys() {
        let redactor = Redactor::new([&json!("hunter22"), &json!({"pin": 123_456})]);
        assert_eq!(redactor.text("pass hunter22!"), "pass ******!");
        assert_eq!(
            redactor.value(&json!({"hunter22": [123_456, "x"]})),
            json!({"******": ["******", "x"]})
        );
        assert_eq!(format!("{:?}", Secret::new("hunter22".to_owned())), MASK);
    }

    #[test]
    fn stream_masks_secrets_across_any_border() {
        let redactor = Redactor::new([&json!("hunter22"), &json!("hunt"), &json!("22abc")]);
        let text = b"x hunter22abc hunter2 hunt 2";
        for border in 0..text.len() {
            let (mut masked, done) = redactor.stream(&text[..border]);
            assert!(border - done < 8);
            masked.extend(redactor.bytes(&text[done..]));
            assert_eq!(masked, redactor.bytes(text), "{border}");
        }
    }
}

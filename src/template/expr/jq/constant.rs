//! Takes long JSON lists and maps out of a program before it is parsed.
//!
//! Templates paste whole lists into programs (`inside({{ list }})`). Parsed as jq, every element
//! would be one more level of nesting; as a constant it costs what JSON costs.

use super::item::Item;

/// Shorter literals are parsed as jq.
const MIN_LENGTH: usize = 200;

/// A program whose long literals are named.
pub(super) struct Extracted {
    /// The program with `$__0`, `$__1`, ... for the literals.
    pub(super) text: String,
    /// The literals.
    pub(super) constants: Vec<Item>,
}

/// Returns the name of a constant.
pub(super) fn name(index: usize) -> String {
    format!("$__{index}")
}

/// Replaces long literals by names.
pub(super) fn extract(program: &str) -> Extracted {
    let mut extracted = Extracted {
        text: String::new(),
        constants: Vec::new(),
    };
    let mut at = 0;
    let mut quoted = false;
    while let Some(c) = program[at..].chars().next() {
        let mut length = c.len_utf8();
        match c {
            '\\' if quoted => {
                length += program[at + 1..].chars().next().map_or(0, char::len_utf8);
            }
            '"' => quoted = !quoted,
            '[' | '{' if !quoted && !follows_value(&program[..at]) => {
                if let Some((item, end)) = literal(&program[at..]) {
                    extracted.text.push_str(&name(extracted.constants.len()));
                    extracted.constants.push(item);
                    at += end;
                    continue;
                }
            }
            _ => {}
        }
        extracted.text.push_str(&program[at..at + length]);
        at += length;
    }
    extracted
}

/// Behind a value a bracket is an index.
fn follows_value(before: &str) -> bool {
    before.trim_end().ends_with(|c: char| {
        c.is_alphanumeric() || matches!(c, '.' | ']' | ')' | '}' | '"' | '?' | '_')
    })
}

/// Reads a long literal at the start of a text and returns where it ends.
fn literal(text: &str) -> Option<(Item, usize)> {
    if text.len() < MIN_LENGTH {
        return None;
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter();
    let value = values.next()?.ok()?;
    let end = values.byte_offset();
    (end >= MIN_LENGTH).then(|| Some((Item::from_json(&value)?, end)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_literals_are_named_and_indices_are_not() {
        let list = format!("[{}]", vec!["\"instance\""; 50].join(","));
        let extracted = extract(&format!(".a | inside({list}) | .b[0]"));
        assert_eq!(extracted.text, ".a | inside($__0) | .b[0]");
        assert_eq!(extracted.constants.len(), 1);
        assert!(extract(&format!(".{list}")).constants.is_empty());
        assert!(
            extract(&format!("\"{}\"", list.replace('"', "\\\"")))
                .constants
                .is_empty()
        );
        assert!(extract("[1,2]").constants.is_empty());
    }
}

//! Text from hosts made fit to be shown: nothing in it can move the cursor, change colors, write to
//! the clipboard or turn the direction of reading.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns text in which line ends and tabs are all that is left of control characters; the others
/// are written out.
pub(in crate::cli) fn harmless(text: &str) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if !is_harmful(letter) {
            result.push(letter);
            continue;
        }
        let code = u32::from(letter);
        let written = match letter {
            '\r' => result.write_str("\\r"),
            _ if code < 0x100 => write!(result, "\\x{code:02x}"),
            _ => write!(result, "\\u{{{code:x}}}"),
        };
        written.expect("writing to a string cannot fail");
    }
    Cow::Owned(result)
}

/// Returns text as [`harmless`] does, on one line.
pub(in crate::cli) fn harmless_line(text: &str) -> String {
    harmless(text).replace(['\n', '\t'], " ")
}

fn is_harmful(letter: char) -> bool {
    match letter {
        '\n' | '\t' => false,
        // Marks, embeddings and isolates of direction; separators that some take for line ends.
        '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}' => true,
        _ => letter.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_written_out() {
        #[track_caller]
        fn case(text: &str, expected: &str) {
            assert_eq!(harmless(text), expected);
        }
        case("plain\ttext\n", "plain\ttext\n");
        case("\x1b[2J\x1b]52;c;eA==\x07", "\\x1b[2J\\x1b]52;c;eA==\\x07");
        case("\u{9b}31m", "\\x9b31m");
        case("50%\r100%", "50%\\r100%");
        case("abc\u{202e}fdp", "abc\\u{202e}fdp");
        assert_eq!(harmless_line("a\nb\tc"), "a b c");
    }

    proptest! {
        #[test]
        fn no_control_character_comes_through(text in any::<String>()) {
            let shown = harmless(&text).into_owned();
            prop_assert!(shown.chars().all(|c| c == '\n' || c == '\t' || !c.is_control()));
            prop_assert_eq!(harmless(&shown).into_owned(), shown.clone());
        }
    }
}

//! Text from hosts made fit to be shown: nothing in it can move the cursor, change colors, write to
//! the clipboard or turn the direction of reading.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

/// Returns text in which line ends and tabs are all that is left of control characters; the others
/// are written out.
pub(in crate::cli) fn harmless(text: &str) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        push(letter, &mut result);
    }
    Cow::Owned(result)
}

/// Returns text as [`harmless`] does, on one line.
pub(in crate::cli) fn harmless_line(text: &str) -> String {
    harmless(text).replace(['\n', '\t'], " ")
}

/// Returns a finished text for a terminal as [`harmless`] does, except that the colors in which it
/// was painted stay.
pub(super) fn painted(text: &str) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = color(rest).unwrap_or_else(|| {
            push(letter, &mut result);
            0
        });
        result.push_str(&rest[..length]);
        rest = &rest[length.max(letter.len_utf8())..];
    }
    Cow::Owned(result)
}

/// Returns the length of the color or weight that a text begins with. Black and white are none:
/// they would hide text on some terminals.
fn color(text: &str) -> Option<usize> {
    let (codes, _) = text.strip_prefix("\x1b[")?.split_once('m')?;
    let is_ours = match codes.strip_prefix("38;5;") {
        Some(number) => matches!(number.parse(), Ok(1_u8..=6 | 9..=14)),
        None => matches!(codes.parse(), Ok(0_u8..=2 | 22 | 31..=36 | 39 | 91..=96)),
    };
    is_ours.then_some("\x1b[m".len() + codes.len())
}

/// Adds a letter, written out if it is harmful.
fn push(letter: char, result: &mut String) {
    let code = u32::from(letter);
    let written = match letter {
        _ if !is_harmful(letter) => result.write_char(letter),
        '\r' => result.write_str("\\r"),
        _ if code < 0x100 => write!(result, "\\x{code:02x}"),
        _ => write!(result, "\\u{{{code:x}}}"),
    };
    written.expect("writing to a string cannot fail");
}

/// Takes JSON and escapes what JSON itself would let through; the document means the same.
#[derive(Debug)]
pub(in crate::cli) struct HarmlessJson<W>(pub(in crate::cli) W);

impl<W: io::Write> io::Write for HarmlessJson<W> {
    /// Takes whole letters only, as those who write JSON do.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let mut start = 0;
        for (place, found) in text.match_indices(is_harmful) {
            self.0.write_all(&bytes[start..place])?;
            for letter in found.chars() {
                write!(self.0, "\\u{:04x}", u32::from(letter))?;
            }
            start = place + found.len();
        }
        self.0.write_all(&bytes[start..])?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
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
    use crate::cli::output::style::Role;
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

    #[test]
    fn only_our_own_colors_stay() {
        #[track_caller]
        fn case(text: &str, expected: &str) {
            assert_eq!(painted(text), expected);
        }
        case("\x1b[1m\x1b[91merror\x1b[0m", "\x1b[1m\x1b[91merror\x1b[0m");
        case("\x1b[38;5;2mgood\x1b[39m\n", "\x1b[38;5;2mgood\x1b[39m\n");
        case("\x1b[8mhidden", "\\x1b[8mhidden");
        case("\x1b[30;40m", "\\x1b[30;40m");
        case("\x1b[2J\x1b]0;m\x07", "\\x1b[2J\\x1b]0;m\\x07");
        case("\x1b[31\u{202e}m\x1b", "\\x1b[31\\u{202e}m\\x1b");
    }

    #[test]
    fn all_our_roles_are_painted() {
        for role in [
            Role::Error,
            Role::Hint,
            Role::Strong,
            Role::Faint,
            Role::Good,
            Role::Bad,
            Role::Busy,
            Role::Attention,
        ] {
            let text = role.paint("text", true);
            assert_eq!(painted(&text), text);
        }
    }

    proptest! {
        #[test]
        fn json_means_the_same_and_holds_nothing_harmful(text in any::<String>()) {
            let text = format!("{text}\u{9b}\u{7f}\u{202e}");
            let mut bytes = Vec::new();
            serde_json::to_writer(HarmlessJson(&mut bytes), &text).unwrap();
            let written = String::from_utf8(bytes).unwrap();
            prop_assert!(!written.contains(is_harmful));
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }

        #[test]
        fn no_control_character_comes_through(text in any::<String>()) {
            let shown = harmless(&text).into_owned();
            prop_assert!(shown.chars().all(|c| c == '\n' || c == '\t' || !c.is_control()));
            prop_assert_eq!(harmless(&shown).into_owned(), shown.clone());
        }
    }
}

//! What must not be typed where others see it: read from a file, a file descriptor or a hidden
//! prompt, never from an argument or a variable.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use inquire::{InquireError, Password, PasswordDisplayMode};
use zeroize::Zeroizing;

use crate::base::secret::Secret;
use crate::cli::exit::Exit;
use crate::cli::report::Failure;

/// The most that is read: longer than any value, shorter than a mistake.
const LONGEST: u64 = 1 << 20;

/// Whether a prompt asks once, or twice to be sure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Entry {
    /// What is asked for exists: a slip shows at once.
    Known,
    /// What is asked for is new: a slip would stay.
    New,
}

/// Reads a text from a file; `-` is standard input. The end of a text of one line is not part of it.
pub(super) fn read_hidden(path: &Path) -> Result<Secret<String>, Failure> {
    let read = || -> anyhow::Result<Secret<String>> {
        use std::io::Read as _;
        let mut bytes = Zeroizing::new(Vec::new());
        if path == Path::new("-") {
            std::io::stdin().take(LONGEST).read_to_end(&mut bytes)?;
        } else {
            let file = std::fs::File::open(path)?;
            file.take(LONGEST).read_to_end(&mut bytes)?;
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| anyhow!("it is not UTF-8 text"))?;
        Ok(Secret::new(without_line_end(text).to_owned()))
    };
    read()
        .with_context(|| format!("cannot read `{}`", path.display()))
        .map_err(Failure::usage)
}

/// A key of several lines needs the end of its last; a word of one line was only ended by the
/// editor.
fn without_line_end(text: &str) -> &str {
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.contains('\n') { text } else { line }
}

/// Asks for a text without showing it.
pub(super) fn ask_hidden(question: &str, entry: Entry) -> Result<Secret<String>, Failure> {
    let prompt = Password::new(question).with_display_mode(PasswordDisplayMode::Hidden);
    let prompt = match entry {
        Entry::Known => prompt.without_confirmation(),
        Entry::New => prompt.with_custom_confirmation_message("Once more:"),
    };
    prompt
        .prompt()
        .map(Secret::new)
        .map_err(|error| match error {
            InquireError::OperationCanceled | InquireError::OperationInterrupted => {
                Failure::Reported(Exit::Usage)
            }
            error => Failure::usage(error),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_single_line_is_left_out() {
        #[track_caller]
        fn case(text: &str, expected: &str) {
            assert_eq!(without_line_end(text), expected, "{text:?}");
        }
        case("word\n", "word");
        case("word\r\n", "word");
        case("word", "word");
        case("word\n\n", "word\n\n");
        case("a\nb\n", "a\nb\n");
        case("a\nb", "a\nb");
    }
}

//! Words of a line as a POSIX shell splits them: quotes, backslashes, remarks. Nothing is expanded.

/// Splits a line; `None` if a quote is not closed. With `remarks`, `#` at the beginning of a word
/// begins one.
pub(in crate::provider::inventory) fn split(line: &str, remarks: bool) -> Option<Vec<String>> {
    let (mut words, mut word) = (Vec::new(), None);
    read(line, remarks, &mut words, &mut word)?;
    words.extend(word);
    Some(words)
}

/// Returns the word in which a quote is not closed, as far as it goes.
pub(super) fn unclosed(line: &str, remarks: bool) -> Option<String> {
    let mut word = None;
    match read(line, remarks, &mut Vec::new(), &mut word) {
        Some(()) => None,
        None => word,
    }
}

fn read(
    line: &str,
    remarks: bool,
    words: &mut Vec<String>,
    word: &mut Option<String>,
) -> Option<()> {
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            // As Python's shlex does it: a remark begins in the middle of a word, too.
            '#' if remarks => break,
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        '\'' => break,
                        letter => word.push(letter),
                    }
                }
            }
            '"' => double_quoted(&mut letters, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(letters.next()?),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    Some(())
}

fn double_quoted(letters: &mut std::str::Chars<'_>, word: &mut String) -> Option<()> {
    loop {
        match letters.next()? {
            '"' => return Some(()),
            '\\' => {
                let letter = letters.next()?;
                if !matches!(letter, '"' | '\\') {
                    word.push('\\');
                }
                word.push(letter);
            }
            letter => word.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_split_as_in_a_shell() {
        #[track_caller]
        fn case(line: &str, expected: &[&str]) {
            assert_eq!(split(line, true).unwrap(), expected, "{line}");
        }
        case("a  b\tc", &["a", "b", "c"]);
        case("a='x y' b=\"1 \\\" 2\"", &["a=x y", "b=1 \" 2"]);
        case("a=\\ b # remark", &["a= b"]);
        case("a='#' b=1#2", &["a=#", "b=1"]);
        case("a=\"\\n\"", &["a=\\n"]);
        case("a=''", &["a="]);
        assert_eq!(split("a='x", true), None);
        assert_eq!(split("-o 'a b' #c", false).unwrap(), ["-o", "a b", "#c"]);
    }
}

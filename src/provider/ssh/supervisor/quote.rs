//! Text as one word of a POSIX shell. The only place where anything is quoted for one.

/// Returns `text` in single quotes, within which a shell knows no other character than the quote
/// itself. A zero byte, which no shell can hold, is left out.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for letter in text.chars() {
        match letter {
            '\'' => quoted.push_str("'\\''"),
            '\0' => {}
            letter => quoted.push(letter),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn every_shell_reads_back_what_was_quoted() {
        let texts = [
            "",
            " ",
            "'",
            "''",
            "a'b",
            "$HOME `id` $(id) \\ \" ! * ? [a] {a,b} ~ #",
            "\n",
            "a\n'b'\n",
            "\\'",
            "-n",
            "%s",
            "é 中文 \u{1}",
            "\t\r\n",
        ];
        for shell in [&["dash"][..], &["bash", "--posix"], &["busybox", "sh"]] {
            for text in texts {
                let script = format!("printf %s {}", quote(text));
                let output = Command::new(shell[0])
                    .args(&shell[1..])
                    .args(["-c", &script])
                    .output();
                let Ok(output) = output else {
                    continue; // This machine does not have the shell.
                };
                assert_eq!(String::from_utf8_lossy(&output.stdout), text, "{shell:?}");
            }
        }
    }

    #[test]
    fn zero_bytes_are_left_out() {
        assert_eq!(quote("a\0b"), "'ab'");
    }
}

//! Makes outputs equal that differ only in what is bound to differ: numbers, times, the name of the
//! host itself.

use std::borrow::Cow;
use std::sync::LazyLock;

use fancy_regex::Regex;

/// What stands for a number.
const NUMBER: &str = "#";
/// What stands for a time or a date.
const TIME: &str = "<time>";
/// What stands for the name of the host.
const HOST: &str = "<host>";

/// Dates and times of day as programs print them: ISO 8601, `Nov 21 17:06:51`, `21 Nov 2026`,
/// `17:06:51.123`; a day of the week before and a zone behind belong to them.
static TIMES: LazyLock<Regex> = LazyLock::new(|| {
    let week_day = r"(?:\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s+)?";
    let month = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?";
    let clock = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s?(?:AM|PM|am|pm)\b)?";
    let zone = r"(?:\s?(?:Z|UTC|GMT|[A-Z]{2,4}T|[+-]\d{2}:?\d{2})\b)?";
    let iso = r"\b\d{4}[-/]\d{2}[-/]\d{2}";
    let pattern = format!(
        "{week_day}(?:\
         {iso}(?:[T ]{clock}{zone})?\
         |\\b{month}\\s+\\d{{1,2}}(?:,?\\s+{clock}{zone})?(?:,?\\s+\\d{{4}}\\b)?\
         |\\b\\d{{1,2}}\\s+{month}(?:\\s+\\d{{4}}\\b)?(?:,?\\s+{clock}{zone})?\
         |\\b{clock}{zone})"
    );
    Regex::new(&pattern).expect("the pattern is well formed")
});

/// Numbers, whole or with fractions and groups of digits.
static NUMBERS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\d+(?:[.,]\d+)*").expect("the pattern is well formed"));

/// What is made equal before outputs are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Normal {
    /// Numbers.
    pub numbers: bool,
    /// Times and dates.
    pub times: bool,
    /// The name of the host that printed the output.
    pub host: bool,
}

impl Normal {
    /// Tells whether outputs are compared as they are.
    pub fn is_exact(self) -> bool {
        self == Self::default()
    }

    /// Returns a line as it is compared.
    pub fn line<'a>(self, line: &'a str, host: &str) -> Cow<'a, str> {
        let mut line = Cow::Borrowed(line);
        if self.host {
            line = replace_host(line, host);
        }
        if self.times {
            line = Cow::Owned(replace(&TIMES, &line, TIME));
        }
        if self.numbers {
            line = replace_numbers(line);
        }
        line
    }

    /// Returns text as it is compared, line by line.
    pub fn text<'a>(self, text: &'a str, host: &str) -> Cow<'a, str> {
        if self.is_exact() {
            return Cow::Borrowed(text);
        }
        let lines = text
            .split_inclusive('\n')
            .map(|line| match line.strip_suffix('\n') {
                Some(line) => format!("{}\n", self.line(line, host)),
                None => self.line(line, host).into_owned(),
            });
        Cow::Owned(lines.collect())
    }
}

/// Returns a line with what the pattern finds replaced.
fn replace(pattern: &Regex, line: &str, with: &str) -> String {
    let mut result = String::with_capacity(line.len());
    let mut done = 0;
    // Finding fails only for patterns that look around; these do not.
    for found in pattern.find_iter(line).flatten() {
        result.push_str(&line[done..found.start()]);
        result.push_str(with);
        done = found.end();
    }
    result.push_str(&line[done..]);
    result
}

/// Replaces numbers; blanks of a line with numbers count as one, since columns move when a number
/// gets a digit more.
fn replace_numbers(line: Cow<'_, str>) -> Cow<'_, str> {
    let replaced = replace(&NUMBERS, &line, NUMBER);
    if *replaced == *line {
        return line;
    }
    let is_blank = |letter: char| letter == ' ' || letter == '\t';
    let mut result = String::with_capacity(replaced.len());
    for letter in replaced.chars() {
        if !is_blank(letter) {
            result.push(letter);
        } else if !result.ends_with(' ') {
            result.push(' ');
        }
    }
    Cow::Owned(result)
}

/// Replaces the host's name, long and short, where it stands as a word of its own.
fn replace_host<'a>(line: Cow<'a, str>, host: &str) -> Cow<'a, str> {
    let short = host.split('.').next().unwrap_or(host);
    let is_address = host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let names = [host, if is_address { "" } else { short }];
    let mut line = line;
    for name in names.into_iter().filter(|name| !name.is_empty()) {
        if line.contains(name) {
            line = Cow::Owned(replace_word(&line, name));
        }
    }
    line
}

fn replace_word(line: &str, word: &str) -> String {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
    let mut result = String::with_capacity(line.len());
    let mut rest = line;
    let mut before = None;
    while let Some(at) = rest.find(word) {
        let (head, tail) = rest.split_at(at);
        let behind = &tail[word.len()..];
        let stands_alone = !head.chars().next_back().or(before).is_some_and(is_part)
            && !behind.chars().next().is_some_and(is_part);
        result.push_str(head);
        result.push_str(if stands_alone { HOST } else { word });
        before = word.chars().next_back();
        rest = behind;
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: Normal = Normal {
        numbers: true,
        times: true,
        host: true,
    };

    #[test]
    fn what_is_bound_to_differ_is_made_equal() {
        #[track_caller]
        fn case(normal: Normal, line: &str, expected: &str) {
            assert_eq!(normal.line(line, "web01.example.org"), expected, "{line}");
        }
        let times = Normal {
            times: true,
            ..Normal::default()
        };
        let numbers = Normal {
            numbers: true,
            ..Normal::default()
        };
        let host = Normal {
            host: true,
            ..Normal::default()
        };
        case(Normal::default(), "17:00 on web01: 7", "17:00 on web01: 7");
        case(
            times,
            "up since 2026-11-21T17:06:51.25Z, ok",
            "up since <time>, ok",
        );
        case(times, "2026-11-21 17:06:51 +0800 start", "<time> start");
        case(times, "Sat Nov 21 17:06:51 UTC 2026", "<time>");
        case(
            times,
            "Nov  3 07:06:51 web01 sshd[17]: x",
            "<time> web01 sshd[17]: x",
        );
        case(times, "built 3 Nov 2026, 17:06", "built <time>");
        case(times, " 17:06:51 up 3 days", " <time> up 3 days");
        case(times, "May I?  version 1.2", "May I?  version 1.2");
        case(numbers, "load 0.17, 12 users", "load #, # users");
        case(numbers, "used   7%  of 100 GB", "used #% of # GB");
        case(numbers, "/dev/sda1", "/dev/sda#");
        case(host, "web01 web01.example.org", "<host> <host>");
        case(host, "web011 xweb01 my-web01", "web011 xweb01 my-web01");
        case(host, "root@web01:~#", "root@<host>:~#");
        case(ALL, "17:06 web01 used 7%", "<time> <host> used #%");
    }

    #[test]
    fn an_address_has_no_short_name() {
        let host = Normal {
            host: true,
            ..Normal::default()
        };
        assert_eq!(
            host.line("127.0.0.1 in 127 ms", "127.0.0.1"),
            "<host> in 127 ms"
        );
    }

    proptest! {
        #[test]
        fn twice_is_once(line in "[ a-zA-Z0-9:.,/%-]{0,60}") {
            let once = ALL.line(&line, "web01").into_owned();
            prop_assert_eq!(&ALL.line(&once, "web01"), &once);
        }

        #[test]
        fn any_text_is_taken(line in any::<String>(), host in any::<String>()) {
            ALL.text(&line, &host);
        }

        #[test]
        fn numbers_of_any_size_are_equal(small in 0..10_u64, large in any::<u64>()) {
            let text = |n: u64| format!("used {n:>12} of it");
            let [small, large] = [small, large].map(text);
            prop_assert_eq!(ALL.line(&small, "h"), ALL.line(&large, "h"));
        }
    }
}

//! Lines of an iCalendar text: folded ones put together, name, parameters and value taken apart.

use crate::schedule::calendar::CalendarError;
use crate::schedule::calendar::error::{CalendarProblem, Place};

/// A property with the number of its first line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Line {
    pub(super) number: usize,
    /// In upper case.
    pub(super) name: String,
    /// Names in upper case.
    parameters: Vec<(String, String)>,
    pub(super) value: String,
}

impl Line {
    /// Returns a parameter, without quotes.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        let found = parameters.find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns an error about it.
    pub(super) fn error(&self, problem: CalendarProblem) -> CalendarError {
        problem.at(Place::Line(self.number))
    }

    /// Returns an error about its value.
    pub(super) fn wrong(&self, wanted: &'static str) -> CalendarError {
        self.error(CalendarProblem::Value {
            name: self.name.clone(),
            wanted,
            found: beginning(&self.value),
        })
    }

    fn parse(number: usize, text: &str) -> Option<Self> {
        let is_name = |text: &str| {
            let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            !text.is_empty() && text.bytes().all(letters)
        };
        let end = text.find([';', ':'])?;
        let (name, mut rest) = text.split_at(end);
        let mut parameters = Vec::new();
        while let Some(parameter) = rest.strip_prefix(';') {
            let end = unquoted(parameter)?;
            let (parameter, after) = parameter.split_at(end);
            let (key, value) = parameter.split_once('=')?;
            parameters.push((key.to_ascii_uppercase(), value.replace('"', "")));
            rest = after;
        }
        is_name(name).then_some(())?;
        Some(Self {
            number,
            name: name.to_ascii_uppercase(),
            parameters,
            value: rest.strip_prefix(':')?.to_owned(),
        })
    }
}

/// Returns where the first `;` or `:` outside of quotes stands.
fn unquoted(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.bytes().position(|byte| {
        quoted ^= byte == b'"';
        !quoted && matches!(byte, b';' | b':')
    })
}

/// Splits a text into its properties.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Result<Line, CalendarError>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut physical = text.lines().zip(1..).peekable();
    std::iter::from_fn(move || {
        let (first, number) = physical.find(|(line, _)| !line.is_empty())?;
        let mut whole = first.to_owned();
        while let Some((next, _)) = physical.next_if(|(line, _)| line.starts_with([' ', '\t'])) {
            whole.push_str(&next[1..]);
        }
        let found = beginning(&whole);
        let problem = CalendarProblem::Line { found };
        Some(Line::parse(number, &whole).ok_or_else(|| problem.at(Place::Line(number))))
    })
}

/// Returns enough of a text to know it again.
fn beginning(text: &str) -> String {
    let mut beginning: String = text.chars().take(60).collect();
    if beginning.len() < text.len() {
        beginning.push('…');
    }
    beginning
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_lines_are_one_and_keep_the_number_of_the_first() {
        let text = "\u{feff}BEGIN:VEVENT\r\nSUMMARY;LANGUAGE=en:No cha\r\n nges, pl\r\n\tease\r\n\r\nuid:1\n";
        let found: Vec<Line> = lines(text).map(Result::unwrap).collect();
        let short: Vec<_> = found
            .iter()
            .map(|line| (line.number, line.name.as_str(), line.value.as_str()))
            .collect();
        let expected = [
            (1, "BEGIN", "VEVENT"),
            (2, "SUMMARY", "No changes, please"),
            (6, "UID", "1"),
        ];
        assert_eq!(short, expected);
        assert_eq!(found[1].parameter("LANGUAGE"), Some("en"));
    }

    #[test]
    fn quotes_hold_what_parts_parameters() {
        let line = lines("DTSTART;X=\"a;b:c\";tzid=\"Europe/Berlin\":20300101T000000").next();
        let line = line.unwrap().unwrap();
        assert_eq!(line.parameter("X"), Some("a;b:c"));
        assert_eq!(line.parameter("TZID"), Some("Europe/Berlin"));
        assert_eq!(line.value, "20300101T000000");
    }

    #[test]
    fn what_is_no_property_is_refused_with_its_line() {
        for text in ["nonsense", "A;B:c", ":x", "A B:c", "A;B=\"c:d"] {
            let text = format!("UID:1\n{text}\n");
            let error = lines(&text).nth(1).unwrap().unwrap_err();
            assert_eq!(error.place, Place::Line(2), "{text}");
        }
    }
}

//! What one field of a cron expression says: numbers, special days, or anything.

use std::collections::BTreeSet;

use super::day::SpecialDay;
use super::field::Field;
use crate::schedule::error::ScheduleError;

/// How days of the week are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Style {
    /// Sunday is 1, as in expressions with seconds.
    Quartz,
    /// Sunday is 0 and 7, as in expressions of five fields.
    Crontab,
}

/// What a field says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Numbers {
    /// The numbers; all of them for `*` and `?`. Days of the week count from Sunday = 1.
    pub(super) plain: BTreeSet<u32>,
    /// The days that depend on the month.
    pub(super) special: Vec<SpecialDay>,
    /// Whether `?` is written.
    pub(super) question: bool,
}

impl Numbers {
    /// Reads a field.
    pub(super) fn parse(field: Field, text: &str, style: Style) -> Result<Self, ScheduleError> {
        let mut numbers = Self {
            plain: BTreeSet::new(),
            special: Vec::new(),
            question: text == "?",
        };
        if numbers.question && field.is_day() {
            numbers.plain.extend(field.range());
            return Ok(numbers);
        }
        for part in text.split(',') {
            let reader = Part {
                field,
                text: part,
                style,
            };
            match reader.special()? {
                Some(special) => numbers.special.push(special),
                None => numbers.plain.extend(reader.plain()?),
            }
        }
        Ok(numbers)
    }

    /// Tells whether the field leaves nothing out.
    pub(super) fn is_all(&self, field: Field) -> bool {
        self.plain.len() == field.range().count()
    }
}

/// One part of a list.
#[derive(Clone, Copy)]
struct Part<'a> {
    field: Field,
    text: &'a str,
    style: Style,
}

impl Part<'_> {
    fn wrong(self, problem: impl Into<String>) -> ScheduleError {
        ScheduleError::Field {
            field: self.field,
            found: self.text.to_owned(),
            problem: problem.into(),
        }
    }

    /// Reads numbers: `*`, `5`, `1-5`, each with a step behind `/`.
    fn plain(self) -> Result<Vec<u32>, ScheduleError> {
        let (range, step) = match self.text.split_once('/') {
            Some((range, step)) => (range, Some(self.step(step)?)),
            None => (self.text, None),
        };
        let whole = self.field.range();
        let (first, length) = match range.split_once('-') {
            Some((first, last)) => self.range(first, last)?,
            // Nothing before a step is everything.
            None if range == "*" || (range.is_empty() && step.is_some()) => {
                (*whole.start(), whole.end() - whole.start())
            }
            None => {
                let first = self.number(range)?;
                let rest = step.map_or(0, |_| whole.end() - first);
                (first, rest)
            }
        };
        let size = whole.end() - whole.start() + 1;
        let steps = (0..=length).step_by(step.unwrap_or(1));
        let number = |passed| whole.start() + (first - whole.start() + passed) % size;
        Ok(steps.map(number).collect())
    }

    /// Reads a range, which may go over the end: `FRI-MON`. Returns its first number and how many
    /// follow.
    fn range(self, first: &str, last: &str) -> Result<(u32, u32), ScheduleError> {
        let (low, high) = (self.number(first)?, self.number(last)?);
        let whole = self.field.range();
        let size = whole.end() - whole.start() + 1;
        if low > high && self.field == Field::Year {
            return Err(self.wrong("goes backwards"));
        }
        // In crontab `0-7` is Sunday to Sunday: the whole week.
        let around = (digits(first), digits(last)) == (Some(0), Some(7));
        let length = if around {
            size - 1
        } else {
            (high + size - low) % size
        };
        Ok((low, length))
    }

    fn step(self, text: &str) -> Result<usize, ScheduleError> {
        let whole = self.field.range();
        let largest = whole.end() - whole.start() + 1;
        match digits(text) {
            Some(step) if (1..=largest).contains(&step) => {
                Ok(usize::try_from(step).expect("it is below 200"))
            }
            _ => Err(self.wrong(format!("has a step that is not 1 to {largest}"))),
        }
    }

    /// Reads a number or a name.
    fn number(self, text: &str) -> Result<u32, ScheduleError> {
        if let Some(number) = self.field.named(text) {
            return Ok(number);
        }
        if self.field == Field::DayOfWeek && text.eq_ignore_ascii_case("L") {
            // The last day of the week; crontab has refused it by now.
            return Ok(*self.field.range().end());
        }
        let Some(number) = digits(text) else {
            return Err(self.wrong(match text {
                "?" => "has a `?`, which stands for a whole day field only",
                _ => "cannot be read",
            }));
        };
        let range = match (self.field, self.style) {
            (Field::DayOfWeek, Style::Crontab) => 0..=7,
            _ => self.field.range(),
        };
        if !range.contains(&number) {
            return Err(self.wrong(format!("is not {} to {}", range.start(), range.end())));
        }
        Ok(match self.field {
            Field::DayOfWeek => Field::weekday(number, self.style),
            _ => number,
        })
    }

    /// Reads one of the words for special days; `None` if it is none.
    fn special(self) -> Result<Option<SpecialDay>, ScheduleError> {
        let word = self.text.to_ascii_uppercase();
        match self.field {
            Field::DayOfMonth => self.special_date(&word),
            Field::DayOfWeek => self.special_weekday(&word),
            _ => Ok(None),
        }
    }

    fn special_date(self, word: &str) -> Result<Option<SpecialDay>, ScheduleError> {
        let (day, workday) = match word.strip_suffix('W') {
            Some(day) => (day, true),
            None => (word, false),
        };
        let Some(before) = day.strip_prefix('L') else {
            if !workday {
                return Ok(None);
            }
            let number = digits(day).filter(|day| self.field.range().contains(day));
            let day = number.ok_or_else(|| self.wrong("needs a day from 1 to 31 before `W`"))?;
            return Ok(Some(SpecialDay::Workday { day }));
        };
        let before = match before.strip_prefix('-') {
            None if before.is_empty() => Some(0),
            None => None,
            Some(number) => digits(number).filter(|before| *before <= 30),
        };
        let before = before.ok_or_else(|| self.wrong("needs `-` and up to 30 behind `L`"))?;
        Ok(Some(if workday {
            SpecialDay::LastWorkday { before }
        } else {
            SpecialDay::Last { before }
        }))
    }

    fn special_weekday(self, word: &str) -> Result<Option<SpecialDay>, ScheduleError> {
        if word == "L" {
            // Quartz: the last day of the week, each week.
            return match self.style {
                Style::Quartz => Ok(None),
                Style::Crontab => Err(self.wrong("is not known to crontab; write `SAT`")),
            };
        }
        if let Some((day, nth)) = word.split_once('#') {
            let weekday = self.special_day(day)?;
            let nth = digits(nth).filter(|nth| (1..=5).contains(nth));
            let nth = nth.ok_or_else(|| self.wrong("needs 1 to 5 behind `#`"))?;
            return Ok(Some(SpecialDay::NthOf { weekday, nth }));
        }
        let Some(day) = word.strip_suffix('L') else {
            return Ok(None);
        };
        let weekday = self.special_day(day)?;
        Ok(Some(SpecialDay::LastOf { weekday }))
    }

    /// Reads the day of the week beside `L` or `#`. Those are words of Quartz; in five fields, which
    /// count days otherwise, a number beside them could mean two days.
    fn special_day(self, day: &str) -> Result<u32, ScheduleError> {
        if self.style == Style::Crontab && digits(day).is_some() {
            return Err(self.wrong("could mean two days; write the name of the day, such as `FRI`"));
        }
        self.number(day)
    }
}

/// Reads digits, which may begin with zeros.
fn digits(text: &str) -> Option<u32> {
    let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.trim_start_matches('0');
    match text {
        _ if !all => None,
        "" => Some(0),
        _ => text.parse().ok(),
    }
}

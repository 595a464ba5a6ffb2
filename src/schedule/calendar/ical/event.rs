//! One event: when it takes place.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::line::Line;
use super::time::{When, between, length};
use crate::schedule::calendar::entry::{Entry, Length, Repeated, Times};
use crate::schedule::calendar::error::{CalendarError, CalendarProblem};
use crate::schedule::calendar::rule::Rule;
use crate::schedule::zone::Zone;

/// Longest event that may be repeated: with longer ones too many would have to be looked at.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);

/// An event as it is read, line by line.
#[derive(Debug)]
pub(super) struct Event {
    begin: Line,
    name: Option<String>,
    pub(super) uid: Option<String>,
    start: Option<Line>,
    end: Option<Line>,
    duration: Option<Line>,
    rule: Option<Line>,
    also: Vec<Line>,
    except: Vec<Line>,
    /// Which date of another event of the same id this one stands for.
    pub(super) instead_of: Option<Line>,
    pub(super) cancelled: bool,
}

impl Event {
    pub(super) fn new(begin: Line) -> Self {
        Self {
            begin,
            name: None,
            uid: None,
            start: None,
            end: None,
            duration: None,
            rule: None,
            also: Vec::new(),
            except: Vec::new(),
            instead_of: None,
            cancelled: false,
        }
    }

    /// Takes a property; what says nothing about time is passed over.
    pub(super) fn take(&mut self, line: Line) -> Result<(), CalendarError> {
        let place = match line.name.as_str() {
            "SUMMARY" => {
                self.name = Some(unescaped(&line.value));
                return Ok(());
            }
            "UID" => {
                self.uid = Some(line.value);
                return Ok(());
            }
            "STATUS" => {
                self.cancelled = line.value.eq_ignore_ascii_case("CANCELLED");
                return Ok(());
            }
            "RDATE" => {
                self.also.push(line);
                return Ok(());
            }
            "EXDATE" => {
                self.except.push(line);
                return Ok(());
            }
            "EXRULE" => {
                return Err(line.error(CalendarProblem::Unsupported {
                    what: "`EXRULE`",
                    instead: "list the dates in `EXDATE`",
                }));
            }
            "DTSTART" => &mut self.start,
            "DTEND" => &mut self.end,
            "DURATION" => &mut self.duration,
            "RRULE" => &mut self.rule,
            "RECURRENCE-ID" => &mut self.instead_of,
            _ => return Ok(()),
        };
        if place.is_some() {
            let name = line.name.clone();
            return Err(line.error(CalendarProblem::Twice { name }));
        }
        *place = Some(line);
        Ok(())
    }

    /// Returns the spans of the event; `replaced` are dates that other events stand for.
    pub(super) fn entries(
        &self,
        floating: &Zone,
        replaced: &[Line],
    ) -> Result<Vec<Entry>, CalendarError> {
        let missing = |wanted| self.begin.error(CalendarProblem::Missing { wanted });
        let line = self.start.as_ref().ok_or_else(|| missing("`DTSTART`"))?;
        let start = When::parse(line, &line.value, floating)?;
        let length = self.length(&start, floating)?;
        let except = self.excepted(replaced, &start, floating)?;
        let mut times = Vec::new();
        match &self.rule {
            Some(rule) => {
                let repeated = repeated(rule, &start, length, except.clone())?;
                times.push(Times::Repeated(Box::new(repeated)));
            }
            None if except.contains(&start.civil) => {}
            None => times.push(once(line, start.civil, length, &start.zone)?),
        }
        for line in &self.also {
            times.extend(added(line, &start, length, &except, floating)?);
        }
        let name = self.name.as_ref().or(self.uid.as_ref());
        let name = name.cloned().unwrap_or_else(|| "blackout".to_owned());
        let named = |times| Entry {
            name: name.clone(),
            times,
        };
        Ok(times.into_iter().map(named).collect())
    }

    fn length(&self, start: &When, floating: &Zone) -> Result<Length, CalendarError> {
        let (line, read) = match (&self.end, &self.duration) {
            (Some(line), None) => {
                let end = When::parse(line, &line.value, floating)?;
                (line, between(start, &end))
            }
            (None, Some(line)) => (line, length(&line.value)),
            (None, None) if start.is_date => (&self.begin, Some(Length::days(1))),
            _ => {
                let wanted = "one of `DTEND` and `DURATION`";
                return Err(self.begin.error(CalendarProblem::Missing { wanted }));
            }
        };
        let read = read.ok_or_else(|| line.wrong("a duration such as `P1DT2H`"))?;
        if read.usual() <= SignedDuration::ZERO {
            return Err(line.error(CalendarProblem::Empty));
        }
        Ok(read)
    }

    /// Returns the dates that do not count, on the clocks of the start.
    fn excepted(
        &self,
        replaced: &[Line],
        start: &When,
        floating: &Zone,
    ) -> Result<BTreeSet<DateTime>, CalendarError> {
        let mut except = BTreeSet::new();
        for line in self.except.iter().chain(replaced) {
            for value in line.value.split(',') {
                let when = When::parse(line, value, floating)?;
                let civil = when
                    .civil_in(&start.zone)
                    .ok_or_else(|| line.wrong("a time"))?;
                // Some leave out the time.
                let civil = if when.is_date {
                    civil.date().to_datetime(start.civil.time())
                } else {
                    civil
                };
                except.insert(civil);
            }
        }
        Ok(except)
    }
}

/// Reads a rule; its `UNTIL` is taken apart from it.
fn repeated(
    line: &Line,
    start: &When,
    length: Length,
    except: BTreeSet<DateTime>,
) -> Result<Repeated, CalendarError> {
    if length.usual() > LONGEST {
        return Err(line.error(CalendarProblem::Unsupported {
            what: "a repeated event of more than a year",
            instead: "write an event for each time",
        }));
    }
    let is_until = |part: &&str| part.trim().to_ascii_uppercase().starts_with("UNTIL=");
    let (until, rest): (Vec<&str>, Vec<&str>) = line.value.split(';').partition(is_until);
    let last = match until.as_slice() {
        [] => None,
        [until] => {
            let value = until.trim().get("UNTIL=".len()..).unwrap_or_default();
            let when = When::parse(line, value, &start.zone)?;
            let civil = when
                .civil_in(&start.zone)
                .ok_or_else(|| line.wrong("a time"))?;
            // A date includes all of its day.
            let end_of_day = jiff::civil::Time::constant(23, 59, 59, 0);
            Some(if when.is_date {
                civil.date().to_datetime(end_of_day)
            } else {
                civil
            })
        }
        _ => {
            let name = "UNTIL".to_owned();
            return Err(line.error(CalendarProblem::Twice { name }));
        }
    };
    let rule = Rule::parse(&rest.join(";"), start.civil, last);
    Ok(Repeated {
        rule: rule.map_err(|problem| line.error(problem))?,
        except,
        length,
        zone: start.zone.clone(),
    })
}

fn once(line: &Line, start: DateTime, length: Length, zone: &Zone) -> Result<Times, CalendarError> {
    let span = length.span(start, zone);
    let (from, until) = span.ok_or_else(|| line.wrong("a time before the year 10000"))?;
    Ok(Times::Once { from, until })
}

/// Reads dates beside those of the rule, or spans.
fn added(
    line: &Line,
    start: &When,
    length: Length,
    except: &BTreeSet<DateTime>,
    floating: &Zone,
) -> Result<Vec<Times>, CalendarError> {
    let mut times = Vec::new();
    for value in line.value.split(',') {
        let (value, length) = match value.split_once('/') {
            Some((from, to)) => (from, period(line, from, to, floating)?),
            None => (value, length),
        };
        let mut when = When::parse(line, value, floating)?;
        if when.is_date && !start.is_date {
            when.civil = when.civil.date().to_datetime(start.civil.time());
        }
        if when
            .civil_in(&start.zone)
            .is_none_or(|civil| !except.contains(&civil))
        {
            times.push(once(line, when.civil, length, &when.zone)?);
        }
    }
    Ok(times)
}

/// Reads how long a span is whose end or length stands behind a `/`.
fn period(line: &Line, from: &str, to: &str, floating: &Zone) -> Result<Length, CalendarError> {
    let read = match length(to) {
        Some(length) => Some(length),
        None => between(
            &When::parse(line, from, floating)?,
            &When::parse(line, to, floating)?,
        ),
    };
    let read = read.filter(|length| length.usual() > SignedDuration::ZERO);
    read.ok_or_else(|| line.error(CalendarProblem::Empty))
}

/// Undoes the escapes of a text.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n' | 'N') => plain.push(' '),
                Some(other) => plain.push(other),
                None => {}
            },
            letter if letter.is_control() => plain.push(' '),
            letter => plain.push(letter),
        }
    }
    plain
}

//! Texts that are made to do harm end soon, with a schedule or a calendar, or with a reason.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use oos::schedule::{Calendar, Schedule, TimerSettings, Zone};

use super::law::Dice;

/// Far more than any of these needs in an unoptimized build on a busy machine.
const LONGEST: Duration = Duration::from_secs(10);

#[expect(clippy::disallowed_methods, reason = "the test measures time")]
#[track_caller]
fn soon<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let done = work();
    let took = begin.elapsed();
    assert!(took < LONGEST, "{what} took {took:?}");
    done
}

fn folder(name: &str) -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz/seeds")
        .join(name);
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let read = |path| std::fs::read_to_string(path).unwrap();
    paths.into_iter().map(read).collect()
}

/// Changes up to three letters of one of the texts to letters that occur in it; with `mostly_first_line`
/// mostly there.
fn changed(texts: &[String], mostly_first_line: bool, dice: &mut Dice) -> String {
    let all: Vec<&String> = texts.iter().collect();
    let mut letters: Vec<char> = dice.one_of(&all).chars().collect();
    let others = letters.clone();
    let first_line = letters.iter().position(|letter| *letter == '\n');
    for _ in 0..=dice.below(2) {
        let end = match first_line {
            Some(end) if mostly_first_line && dice.below(10) > 0 => end.min(letters.len()).max(1),
            _ => letters.len(),
        };
        let at = usize::try_from(dice.below(end as u64)).unwrap();
        match dice.below(3) {
            0 => letters[at] = dice.one_of(&others),
            1 if letters.len() > 1 => {
                letters.remove(at);
            }
            _ => letters.insert(at, dice.one_of(&others)),
        }
    }
    letters.into_iter().collect()
}

#[test]
fn changed_expressions_end_soon_and_fire_in_order() {
    let texts = folder("cron");
    let mut dice = Dice::new(1);
    let (mut fired, mut refused) = (0, 0);
    for _ in 0..4_000 {
        let text = changed(&texts, true, &mut dice);
        let mut lines = text.split('\n');
        let settings = TimerSettings {
            expression: lines.next().unwrap_or_default(),
            time_zone: lines.next(),
            kind: lines.next().unwrap_or("cron"),
            start_date: lines.next(),
            end_date: lines.next(),
            started: Timestamp::UNIX_EPOCH,
        };
        soon(&text, || {
            let Ok(schedule) = Schedule::parse(&settings) else {
                refused += 1;
                return;
            };
            fired += 1;
            let begin: Timestamp = "2026-03-28T00:00:00Z".parse().unwrap();
            let fires: Vec<_> = schedule
                .fires_between(begin, Timestamp::MAX)
                .map(|fire| fire.nominal)
                .take(8)
                .collect();
            assert!(
                fires.is_sorted_by(|one, next| one < next),
                "{text}: {fires:?}"
            );
            let last = fires.last().copied().unwrap_or(begin);
            assert_eq!(
                schedule.count_between(begin, last),
                fires.len() as u64,
                "{text}"
            );
        });
    }
    assert!(fired > 200 && refused > 500, "{fired} {refused}");
}

#[test]
fn changed_calendars_end_soon() {
    let texts = folder("calendar");
    let mut dice = Dice::new(2);
    let zone = Zone::parse("Europe/Berlin").unwrap();
    let (mut read, mut refused) = (0, 0);
    for _ in 0..4_000 {
        let text = changed(&texts, false, &mut dice);
        let calendar = soon(&text, || match serde_json::from_str(&text) {
            Ok(list) => Calendar::from_value(&list, &zone),
            Err(_) => Calendar::from_ical(&text, &zone),
        });
        let Ok(calendar) = calendar else {
            refused += 1;
            continue;
        };
        read += 1;
        soon(&text, || {
            for second in [0, 1_700_000_000, 1_774_746_000, 4_000_000_000] {
                let at = Timestamp::from_second(second).unwrap();
                if let Some(blackout) = calendar.covers(at) {
                    assert!(blackout.until > at, "{text}");
                }
            }
        });
    }
    assert!(read > 200 && refused > 200, "{read} {refused}");
}

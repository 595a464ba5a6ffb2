//! Next fires against brute force, around every change of clocks of ten years.

use std::collections::BTreeMap;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use oos::schedule::{Schedule, TimerSettings, Zone};

use super::long_form;
use super::oracle::{BY_MINUTE, BY_SECOND, Pattern, Walk};

const FROM: &str = "2020-01-01T00:00:00Z";
const UNTIL: &str = "2030-01-01T00:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn schedule(expression: &str, zone: &str) -> Schedule {
    Schedule::parse(&TimerSettings {
        kind: "cron",
        expression,
        time_zone: Some(zone),
        start_date: None,
        end_date: None,
        started: Timestamp::UNIX_EPOCH,
    })
    .unwrap()
}

/// Returns the moments of ten years at which the offset of a zone changes, with the new offset.
fn changes(zone: &TimeZone) -> Vec<(Timestamp, i32)> {
    zone.following(at(FROM))
        .take_while(|change| change.timestamp() < at(UNTIL))
        .map(|change| (change.timestamp(), change.offset().seconds()))
        .collect()
}

/// Returns names of zones with their changes: all of them, or one of each kind.
fn zones() -> Vec<(String, TimeZone)> {
    let database = TimeZoneDatabase::bundled();
    let all = Zone::names()
        .into_iter()
        .map(|name| (name.clone(), database.get(&name).unwrap()));
    if long_form() {
        return all.collect();
    }
    let kinds: BTreeMap<_, _> = all
        .map(|(name, zone)| {
            let first = zone.to_offset(at(FROM)).seconds();
            ((first, changes(&zone)), (name, zone))
        })
        .collect();
    kinds.into_values().collect()
}

/// Compares a pattern with the walk around one moment.
#[track_caller]
fn compare(name: &str, walk: &Walk, pattern: &Pattern, from: Timestamp, until: Timestamp) -> usize {
    let expected = walk.fires(pattern.fits);
    let schedule = schedule(pattern.text, name);
    let fires = schedule.fires_between(from, until);
    let found: Vec<_> = fires.map(|fire| fire.nominal).collect();
    assert_eq!(found, expected, "`{}` in {name} from {from}", pattern.text);
    // In the middle clocks change.
    let middle = from + until.duration_since(from) / 2;
    for minutes in [-60, -30, -1, 0, 1, 30, 60, 90] {
        let cut = (middle + SignedDuration::from_mins(minutes)).min(until);
        let up_to = expected.partition_point(|at| *at <= cut) as u64;
        let rest = expected.len() as u64 - up_to;
        let counts = [
            schedule.count_between(from, cut),
            schedule.count_between(cut, until),
        ];
        assert_eq!(
            counts,
            [up_to, rest],
            "`{}` in {name}, cut at {cut}",
            pattern.text
        );
    }
    found.len()
}

#[test]
fn next_fires_equal_brute_force_around_every_change_of_clocks() {
    // In these years clocks are moved by an hour or two.
    let reach = SignedDuration::from_hours(if long_form() { 12 } else { 3 });
    let (mut count, mut total, mut zone_count) = (0, 0, 0);
    for (name, zone) in zones() {
        zone_count += 1;
        let mut moments: Vec<_> = changes(&zone).into_iter().map(|change| change.0).collect();
        moments.push(at("2026-05-31T00:00:00Z"));
        for moment in moments {
            let (from, until) = (moment - reach, moment + reach);
            let walk = Walk::new(&zone, from, until, SignedDuration::from_mins(1));
            let fires = BY_MINUTE
                .iter()
                .map(|pattern| compare(&name, &walk, pattern, from, until));
            total += fires.sum::<usize>();
            count += 1;
        }
    }
    eprintln!("report: {zone_count} zones, {count} moments, {total} fires equal brute force");
    assert!(total > 100_000, "{total}");
}

#[test]
fn next_fires_equal_brute_force_second_by_second() {
    let days = [
        ("Europe/Berlin", "2026-03-29T01:00:00Z"),
        ("Europe/Berlin", "2026-10-25T01:00:00Z"),
        ("Europe/Dublin", "2026-10-25T01:00:00Z"),
        ("America/New_York", "2026-11-01T06:00:00Z"),
        ("America/Havana", "2026-03-08T05:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
        ("Asia/Shanghai", "2026-06-01T00:00:00Z"),
        ("Pacific/Apia", "2011-12-30T10:00:00Z"),
        ("Africa/Casablanca", "2026-02-15T02:00:00Z"),
        ("America/Scoresbysund", "2024-03-31T01:00:00Z"),
    ];
    let reach = SignedDuration::from_mins(if long_form() { 26 * 60 } else { 65 });
    let database = TimeZoneDatabase::bundled();
    for (name, moment) in days {
        let zone = database.get(name).unwrap();
        let (from, until) = (at(moment) - reach, at(moment) + reach);
        let walk = Walk::new(&zone, from, until, SignedDuration::from_secs(1));
        for pattern in BY_SECOND {
            assert!(compare(name, &walk, pattern, from, until) > 0);
        }
    }
}

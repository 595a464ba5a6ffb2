//! The properties of `ACS::TimerTrigger` (language reference 4.11), and those that say what becomes of
//! times that cannot simply be acted upon, which are ours.

use crate::base::duration::duration;
use crate::base::time::Timestamp;
use crate::base::value::{Map, find, text};
use crate::schedule::{Policy, Schedule, TimerSettings};

/// When an `ACS::TimerTrigger` fires, and by which rules.
#[derive(Clone, Debug)]
pub struct Timer {
    /// When.
    pub schedule: Schedule,
    /// What becomes of times that cannot simply be acted upon.
    pub policy: Policy,
}

/// Properties of a timer that cannot be read; in words, with the remedy.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidTimer(String);

impl Timer {
    /// Reads the properties of an `ACS::TimerTrigger` that began to wait at `began`.
    pub fn read(settings: &Map, began: Timestamp) -> Result<Self, InvalidTimer> {
        let get = |name: &str| {
            find(settings, name)
                .filter(|value| !value.is_null())
                .map(text)
        };
        let kind = get("Type").unwrap_or_default();
        let expression = get("Expression").unwrap_or_default();
        let (zone, start, end) = (get("TimeZone"), get("StartDate"), get("EndDate"));
        let schedule = Schedule::parse(&TimerSettings {
            kind: &kind,
            expression: &expression,
            time_zone: zone.as_deref(),
            start_date: start.as_deref(),
            end_date: end.as_deref(),
            started: began,
        })
        .map_err(|error| InvalidTimer(format!("{error}: {}", error.remedy())))?;
        let policy = policy(get)?;
        Ok(Self { schedule, policy })
    }
}

fn policy(get: impl Fn(&str) -> Option<String>) -> Result<Policy, InvalidTimer> {
    let given = |name: &str| get(name).filter(|text| !text.trim().is_empty());
    let wrong =
        |name: &str, error: &dyn std::fmt::Display| InvalidTimer(format!("`{name}`: {error}"));
    let mut policy = Policy::default();
    if let Some(text) = given("Missed") {
        policy.missed = text.parse().map_err(|error| wrong("Missed", &error))?;
    }
    if let Some(text) = given("Overlap") {
        policy.overlap = text.parse().map_err(|error| wrong("Overlap", &error))?;
    }
    if let Some(text) = given("Blackout") {
        policy.blackout = text.parse().map_err(|error| wrong("Blackout", &error))?;
    }
    if let Some(text) = given("Jitter") {
        policy.jitter = duration(&text)
            .ok_or_else(|| wrong("Jitter", &format!("`{text}` is no duration such as `PT5M`")))?;
    }
    policy.check().map_err(|error| wrong("Jitter", &error))?;
    Ok(policy)
}

/// Returns the settings of a timer in one line: `cron 0 0 8 * * ? (Europe/Berlin)`.
pub fn timer_words(settings: &Map) -> String {
    let get = |name: &str| {
        find(settings, name)
            .map(text)
            .filter(|text| !text.is_empty())
    };
    let kind = get("Type").unwrap_or_default();
    let expression = get("Expression").unwrap_or_default();
    let zone = get("TimeZone").map(|zone| format!(" ({zone})"));
    format!("{kind} {expression}{}", zone.unwrap_or_default())
}

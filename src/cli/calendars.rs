//! The calendars of the settings: when nothing is to start.

use std::path::Path;

use anyhow::anyhow;

use crate::base::value::Value;
use crate::cli::client;
use crate::cli::report::Failure;
use crate::engine::event::Hold;
use crate::schedule::{Calendar, Zone};

/// Reads calendars, iCalendar or lists in YAML or JSON. A broken one is an error: whatever it forbids
/// would be allowed without it.
pub(super) fn read(paths: &[impl AsRef<Path>]) -> Result<Calendar, Failure> {
    let mut all = Calendar::default();
    for path in paths {
        all.extend(read_one(path.as_ref())?);
    }
    Ok(all)
}

/// Returns why nothing is to begin at this moment, if that is so.
pub(super) fn blackout(paths: &[impl AsRef<Path>]) -> Result<Option<Hold>, Failure> {
    let calendar = read(paths)?;
    let covering = calendar.covers(client::now());
    Ok(covering.map(|blackout| Hold::Blackout {
        calendar: blackout.name.to_owned(),
        until: calendar.free_from(blackout.until),
    }))
}

fn read_one(path: &Path) -> Result<Calendar, Failure> {
    let shown = path.display();
    let broken = |reason: &dyn std::fmt::Display| {
        Failure::usage(anyhow!("calendar `{shown}` cannot be used: {reason}"))
    };
    let text = std::fs::read_to_string(path).map_err(|error| broken(&error))?;
    let is_ical = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("ics"));
    if is_ical || text.trim_start().starts_with("BEGIN:VCALENDAR") {
        return Calendar::from_ical(&text, &Zone::UTC).map_err(|error| broken(&error));
    }
    let value: Value = serde_yaml::from_str(&text).map_err(|error| broken(&error))?;
    Calendar::from_value(&value, &Zone::UTC).map_err(|error| broken(&error))
}

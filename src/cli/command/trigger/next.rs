//! `oos trigger next`: the times to come, with everything that happens to them.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::anyhow;
use clap::Args;
use serde_json::{Value, json};

use crate::base::time::{Timestamp, utc_text};
use crate::base::value::Map;
use crate::cli::calendars;
use crate::cli::client::{self, Client};
use crate::cli::command::trigger::create::TimerArguments;
use crate::cli::command::trigger::which::{TriggerArgument, find_trigger};
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::instant::instant;
use crate::cli::output::{Role, Table, TableCell, counted};
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::engine::timer::Timer;
use crate::schedule::{Calendar, Fire, Note, Situation, decide_due};

/// How long nobody serves in the night that is told about.
const NIGHT: Duration = Duration::from_hours(12);

/// Arguments of `oos trigger next`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The trigger: the id of the execution that waits for it, a unique beginning of one, @last, or
    /// the name of its template
    #[arg(value_name = "TRIGGER", required_unless_present_any = ["cron", "rate", "at"])]
    trigger: Option<String>,
    #[command(flatten)]
    timer: TimerArguments,
    /// So many times
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    count: usize,
    /// From this time on; now when not given
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
}

impl Arguments {
    /// Prints the times.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let now = client::now();
        let from = match &self.from {
            Some(text) => instant(text, now)?,
            None => now,
        };
        let calendar = calendars::read(&session.settings.calendars)?;
        let (settings, began) = self.settings(from, session)?;
        let timer =
            Timer::read(&settings, began).map_err(|error| Failure::usage(anyhow!(error)))?;
        let until = Timestamp::MAX;
        let fires: Vec<Fire> = timer
            .schedule
            .fires_between(from, until)
            .take(self.count)
            .collect();
        let night = night(&timer, &calendar, from);
        match session.output.format() {
            Format::Text => print(&fires, &calendar, &night, session)?,
            Format::Json | Format::Yaml => {
                let shown = rows(&fires, &calendar).map(|row| row.document());
                let document = json!({
                    "Times": shown.collect::<Vec<Value>>(),
                    "MissedNight": night,
                });
                session.output.document(&document)?;
            }
        }
        Ok(Exit::Success)
    }

    fn settings(&self, from: Timestamp, session: &Session) -> Result<(Map, Timestamp), Failure> {
        if let Some(settings) = self.timer.settings() {
            return Ok((settings, from));
        }
        let client = Client::open(&session.settings)?;
        let argument = TriggerArgument {
            trigger: self.trigger.clone().unwrap_or_default(),
        };
        let trigger = client.wait(find_trigger(client.store(), &argument))?;
        Ok((trigger.settings, trigger.start_date))
    }
}

/// Says what becomes of the times of a night in which nobody serves: how many come to what.
fn night(timer: &Timer, calendar: &Calendar, from: Timestamp) -> BTreeMap<String, u64> {
    let Ok(morning) = from.checked_add(NIGHT) else {
        return BTreeMap::new();
    };
    let decisions = decide_due(&Situation {
        schedule: &timer.schedule,
        name: "",
        policy: &timer.policy,
        calendar,
        last_handled: from,
        now: morning,
        running: 0,
        queued: 0,
        held: false,
        paused: false,
    });
    let mut night = BTreeMap::new();
    for decision in decisions {
        *night.entry(decision.verdict.to_string()).or_default() += decision.count;
    }
    night
}

/// One time, as it is shown.
struct Shown<'a> {
    fire: &'a Fire,
    /// The offset changed since the time before.
    changed: bool,
    blackout: Option<String>,
}

fn rows<'a>(fires: &'a [Fire], calendar: &'a Calendar) -> impl Iterator<Item = Shown<'a>> {
    let before = std::iter::once(None).chain(fires.iter().map(Some));
    fires.iter().zip(before).map(|(fire, before)| Shown {
        fire,
        changed: before.is_some_and(|before| before.offset != fire.offset),
        blackout: calendar
            .covers(fire.nominal)
            .map(|blackout| blackout.name.to_owned()),
    })
}

impl Shown<'_> {
    fn local(&self) -> String {
        format!(
            "{}{}",
            self.fire.local.strftime("%a %Y-%m-%d %H:%M:%S"),
            self.fire.offset
        )
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        match self.fire.note {
            Some(Note::Gap { meant }) => {
                let meant = meant.strftime("%H:%M:%S");
                notes.push(format!("clocks pass over {meant}: the first moment after"));
            }
            Some(Note::Overlap) => {
                notes.push("clocks show it twice: the first of the two".to_owned());
            }
            None => {}
        }
        if self.changed {
            notes.push(format!("clocks have changed to UTC{}", self.fire.offset));
        }
        if let Some(blackout) = &self.blackout {
            notes.push(format!("in blackout `{blackout}`"));
        }
        notes
    }

    fn document(&self) -> Value {
        json!({
            "LocalTime": self.local(),
            "UtcTime": utc_text(self.fire.nominal),
            "Notes": self.notes(),
            "Blackout": self.blackout,
        })
    }
}

fn print(
    fires: &[Fire],
    calendar: &Calendar,
    night: &BTreeMap<String, u64>,
    session: &mut Session,
) -> Result<(), Failure> {
    let output = &mut session.output;
    if fires.is_empty() {
        output.note("It does not fire any more.");
        return Ok(());
    }
    let mut table = Table::new(output, &["LOCAL TIME", "UTC", "NOTE"]);
    for row in rows(fires, calendar) {
        table.row(vec![
            TableCell::of(Role::Strong, row.local()),
            TableCell::from(utc_text(row.fire.nominal)),
            TableCell::from(row.notes().join("; ")),
        ]);
    }
    table.print(output)?;
    let words: Vec<String> = night
        .iter()
        .map(|(word, number)| {
            let number = usize::try_from(*number).unwrap_or(usize::MAX);
            format!("{} {word}", counted(number, "time"))
        })
        .collect();
    if words.is_empty() {
        output.note("A night of 12 hours without `oos serve`, from then on, would miss nothing.");
    } else {
        output.note(format_args!(
            "After a night of 12 hours without `oos serve`, from then on: {}.",
            words.join("; ")
        ));
    }
    Ok(())
}

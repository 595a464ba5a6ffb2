//! `oos trigger create`: a template without a trigger is run by the clock.

use anyhow::anyhow;
use clap::Args;
use serde_json::json;

use crate::base::value::{Map, Value};
use crate::cli::client;
use crate::cli::command::trigger::register::register;
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::cli::start::StartArguments;
use crate::cli::workshop::Workshop;
use crate::engine::timer::Timer;
use crate::runner::library::template_name;
use crate::runner::{TemplateRef, TimerRequest};

/// The end of schedules for which none is given.
const NO_END: &str = "9999-12-30T00:00:00Z";

/// Arguments of `oos trigger create`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    timer: TimerArguments,
    /// Call the schedule so; the template's name when not given
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// What becomes of times at which nobody was there: skip, once, all, all:20, all:20:PT6H
    #[arg(long, value_name = "POLICY")]
    missed: Option<String>,
    /// What becomes of a time while an execution before it runs: allow, skip, queue, queue:5
    #[arg(long, value_name = "POLICY")]
    overlap: Option<String>,
    /// What becomes of a time in a blackout: hold, skip
    #[arg(long, value_name = "POLICY")]
    blackout: Option<String>,
    /// Start up to so much later, such as 5m, to spread schedules that have the same times
    #[arg(long, value_name = "TIME")]
    jitter: Option<String>,
    #[command(flatten)]
    start: StartArguments,
}

/// When something is to happen.
#[derive(Debug, Args)]
pub(super) struct TimerArguments {
    /// At the times of this cron expression: seconds, minutes, hours, day of month, month, day of
    /// week, perhaps year; or the five fields of crontab
    #[arg(long, value_name = "EXPRESSION", conflicts_with_all = ["rate", "at"])]
    pub(super) cron: Option<String>,
    /// Every so often, such as "30 minutes"
    #[arg(long, value_name = "INTERVAL", conflicts_with = "at")]
    pub(super) rate: Option<String>,
    /// Once, at this time
    #[arg(long, value_name = "TIME")]
    pub(super) at: Option<String>,
    /// Read the times on the clocks of this zone, such as Europe/Berlin; UTC when not given
    #[arg(long, value_name = "ZONE")]
    pub(super) time_zone: Option<String>,
    /// Not before this time
    #[arg(long, value_name = "TIME")]
    pub(super) start: Option<String>,
    /// Not after this time
    #[arg(long, value_name = "TIME")]
    pub(super) end: Option<String>,
}

impl TimerArguments {
    /// Returns them as properties of `ACS::TimerTrigger`; `None` if nothing says when.
    pub(super) fn settings(&self) -> Option<Map> {
        let (kind, expression) = match (&self.cron, &self.rate, &self.at) {
            (Some(cron), _, _) => ("cron", cron),
            (_, Some(rate), _) => ("rate", rate),
            (_, _, Some(at)) => ("at", at),
            (None, None, None) => return None,
        };
        let mut settings = Map::new();
        let mut set = |name: &str, value: Value| settings.insert(name.to_owned(), value);
        set("Type", json!(kind));
        set("Expression", json!(expression));
        set("EndDate", json!(self.end.as_deref().unwrap_or(NO_END)));
        if let Some(start) = &self.start {
            set("StartDate", json!(start));
        }
        if let Some(zone) = &self.time_zone {
            set("TimeZone", json!(zone));
        }
        Some(settings)
    }
}

impl Arguments {
    /// Starts the execution that waits.
    pub(super) fn run(mut self, session: &mut Session) -> Outcome {
        let workshop = Workshop::open(&session.settings)?;
        let template = self
            .start
            .template()
            .ok_or_else(|| Failure::usage(anyhow!("say which template is to be run")))?;
        let settings = self.settings()?;
        Timer::read(&settings, client::now()).map_err(|error| Failure::usage(anyhow!(error)))?;
        let name = self.name.clone().unwrap_or_else(|| name_of(&template));
        self.start.by_timer(TimerRequest { name, settings });
        let prepared = self.start.prepare(None, &workshop, session)?;
        workshop.wait(register(workshop.runner(), &prepared, session))
    }

    fn settings(&self) -> Result<Map, Failure> {
        let mut settings = self.timer.settings().ok_or_else(|| {
            Failure::usage(anyhow!("say when it is to be run"))
                .hinted("Give one of `--cron`, `--rate` and `--at`.")
        })?;
        let policies = [
            ("Missed", &self.missed),
            ("Overlap", &self.overlap),
            ("Blackout", &self.blackout),
            ("Jitter", &self.jitter),
        ];
        for (name, value) in policies {
            if let Some(value) = value {
                settings.insert(name.to_owned(), json!(value));
            }
        }
        Ok(settings)
    }
}

fn name_of(template: &TemplateRef) -> String {
    match template {
        TemplateRef::Name { name, .. } | TemplateRef::Text { name, .. } => name.clone(),
        TemplateRef::File(path) => {
            template_name(path).unwrap_or_else(|| path.display().to_string())
        }
    }
}

//! `oos serve`: the daemon.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use clap::Args;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::cli::calendars;
use crate::cli::exit::Exit;
use crate::cli::interrupt::{Interrupts, Reloads};
use crate::cli::report::Failure;
use crate::cli::service::Service;
use crate::cli::session::{Outcome, Session};
use crate::cli::workshop::Workshop;
use crate::config::keep::KeepText;
use crate::runner::retention::Keep;
use crate::runner::serve::{Limits, Serving};
use crate::schedule::Calendar;

/// Arguments of `oos serve`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// Work on at most so many executions at once that triggers have started; others are Queued
    #[arg(long, value_name = "NUMBER")]
    max_executions: Option<usize>,
    /// Work on at most so many executions of a template at once; may be given several times
    #[arg(long, value_name = "TEMPLATE=NUMBER")]
    max_of: Vec<TemplateLimit>,
    /// Keep this much of executions that have ended, such as age=90d,count=10000,bytes=5GiB; everything
    /// when not given
    #[arg(
        long,
        value_name = "LIMITS",
        env = "OOS_KEEP_HISTORY",
        hide_env_values = true
    )]
    keep_history: Option<KeepText>,
    /// Keep this much of what their commands printed, in the same form
    #[arg(
        long,
        value_name = "LIMITS",
        env = "OOS_KEEP_LOGS",
        hide_env_values = true
    )]
    keep_logs: Option<KeepText>,
}

/// How many executions of a template run at once.
#[derive(Clone, PartialEq, Eq, Debug)]
struct TemplateLimit {
    template: String,
    most: usize,
}

impl FromStr for TemplateLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (template, most) = text.rsplit_once('=').ok_or("expected TEMPLATE=NUMBER")?;
        let most = most
            .parse()
            .map_err(|_| format!("`{most}` is not a number"))?;
        Ok(Self {
            template: template.to_lowercase(),
            most,
        })
    }
}

impl Arguments {
    /// Serves until it is told to stop.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let calendar = calendars::read(&session.settings.calendars)?;
        let workshop = Workshop::open(&session.settings)?;
        let limits = self.limits();
        let keep = self.keep(session.settings.keep);
        workshop.wait(async {
            let (sender, calendar) = watch::channel(Arc::new(calendar));
            let (stop, ready) = (CancellationToken::new(), CancellationToken::new());
            let renew = Arc::new(Notify::new());
            let mut is_ready = false;
            let serving = Serving {
                stop: stop.clone(),
                limits,
                calendar,
                keep,
                min_free: session.settings.min_free,
                renew: Arc::clone(&renew),
                ready: ready.clone(),
            };
            let mut interrupts = Interrupts::new()?;
            let mut reloads = Reloads::new()?;
            let service = Service::of_environment();
            let served = workshop.runner().serve(serving);
            tokio::pin!(served);
            loop {
                tokio::select! {
                    served = &mut served => {
                        served?;
                        return Ok(Exit::Success);
                    }
                    () = ready.cancelled(), if !is_ready => {
                        is_ready = true;
                        session.output.note("Serving. Ctrl-C stops; nothing is lost.");
                        service.ready();
                    }
                    () = interrupts.next() => {
                        service.stopping();
                        stop.cancel();
                    }
                    () = reloads.next() => {
                        service.reloading();
                        reload(&sender, session);
                        renew.notify_one();
                        service.ready();
                    }
                    () = service.alive() => {}
                }
            }
        })
    }

    /// Returns what is kept: as the command line says, or else as is configured.
    fn keep(&self, configured: Keep) -> Keep {
        Keep {
            history: self.keep_history.map_or(configured.history, |keep| keep.0),
            logs: self.keep_logs.map_or(configured.logs, |keep| keep.0),
        }
    }

    fn limits(&self) -> Limits {
        let of_template: BTreeMap<String, usize> = self
            .max_of
            .iter()
            .map(|limit| (limit.template.clone(), limit.most))
            .collect();
        Limits {
            in_all: self.max_executions.unwrap_or(usize::MAX),
            of_template,
        }
    }
}

/// Reads the calendars again; a broken one is reported, and those from before stay in force.
fn reload(sender: &watch::Sender<Arc<Calendar>>, session: &mut Session) {
    match calendars::read(&session.settings.calendars) {
        Ok(calendar) => {
            sender.send_replace(Arc::new(calendar));
            session.output.note("Calendars have been read again.");
        }
        Err(failure) => {
            Failure::report(failure, &mut session.output);
            session
                .output
                .note("The calendars from before stay in force.");
        }
    }
}

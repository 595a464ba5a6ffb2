//! Ending a command on a host from outside.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::provider::inventory::Host;
use crate::provider::local::driver::ssh::attempt::{hour, report_of};
use crate::provider::local::driver::ssh::line::{Heard, Line};
use crate::provider::local::driver::ssh::shell::{NoShell, Shells, nonce};
use crate::provider::local::driver::{DriverError, KillReport};
use crate::provider::ssh::supervisor::{Kill, Part, Refusal, Said};

/// How long ending a command may take, with a host that is hard to reach.
pub(super) const KILL_PATIENCE: Duration = Duration::from_mins(1);

/// How long a command is asked politely to end.
const GRACE: Duration = Duration::from_secs(2);

/// The pause before a host is asked again to end a command.
const KILL_PAUSE: Duration = Duration::from_millis(500);

/// What one attempt to end a command came to.
enum Came {
    /// What was ended.
    Report(KillReport),
    /// There is no such command.
    Nothing,
    /// The host answered something else.
    Else(String),
}

impl Shells {
    /// Ends a command, if the host can be reached within a minute. Where it cannot, the command may go
    /// on, which is [`DriverError::Unknown`]. Where a host knows none, which is
    /// [`DriverError::NotFound`], a wish to start it that is still on its way finds its id taken.
    pub(super) async fn end(
        &self,
        host: &Host,
        user: Option<&str>,
        id: &str,
    ) -> Result<KillReport, DriverError> {
        let deadline = Instant::now() + KILL_PATIENCE;
        loop {
            let reason = match self.end_once(host, user, id, deadline).await {
                Ok(Came::Report(report)) => return Ok(report),
                Ok(Came::Nothing) => {
                    return Err(DriverError::NotFound {
                        kind: "command",
                        id: id.to_owned(),
                    });
                }
                Ok(Came::Else(reason)) => reason,
                // Asking again and again with a wrong password locks accounts.
                Err(NoShell::Refused(error)) => return Err(may_run(host, &error.to_string())),
                Err(NoShell::Ssh(error)) if error.is_refusal() => {
                    return Err(may_run(host, &error.message()));
                }
                Err(NoShell::Ssh(error)) => error.message(),
            };
            if Instant::now() >= deadline {
                return Err(may_run(host, &reason));
            }
            sleep(KILL_PAUSE).await;
        }
    }

    async fn end_once(
        &self,
        host: &Host,
        user: Option<&str>,
        id: &str,
        deadline: Instant,
    ) -> Result<Came, NoShell> {
        let mut shell = self.open(&host.endpoint, user).await?;
        // They are about the command, not about what ends it.
        shell.lift_limits();
        let nonce = nonce();
        let part = Part {
            id,
            nonce: &nonce,
            hour: hour(),
        };
        shell.write(part.kill(Kill { grace: GRACE }).into_bytes());
        let mut line = Line::supervised(shell, &nonce, false);
        let mut outcome = None;
        let noise = loop {
            match line.hear(deadline).await? {
                Heard::Said(said) => outcome = said.into_iter().next_back().or(outcome),
                Heard::Over(_, noise) => break noise,
                Heard::Quiet => break "nothing".to_owned(),
                Heard::Output(..) => {}
            }
        };
        Ok(match outcome {
            Some(Said::Report(ending)) => Came::Report(report_of(ending)),
            Some(Said::Refused(Refusal::Ended)) => Came::Report(KillReport::default()),
            Some(Said::Refused(Refusal::None)) => Came::Nothing,
            _ => Came::Else(format!("ending it was answered with `{noise}`")),
        })
    }
}

fn may_run(host: &Host, reason: &str) -> DriverError {
    DriverError::Unknown {
        reason: format!("the command may run on `{}`: {reason}", host.name),
    }
}

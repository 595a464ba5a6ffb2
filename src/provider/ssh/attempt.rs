//! Attempts to get into a host: dial, shake hands, log in; again after a while where that may help.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use russh::client::{Handle, connect_stream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, timeout_at};

use crate::provider::ssh::configuration::{Dialect, UNANSWERED};
use crate::provider::ssh::connector::Shared;
use crate::provider::ssh::dial::dial;
use crate::provider::ssh::endpoint::Endpoint;
use crate::provider::ssh::error::{SshError, Started};
use crate::provider::ssh::guard::{Farewell, Guard, SessionError};
use crate::provider::ssh::known_hosts::{HostCheck, Kinds};
use crate::provider::ssh::link::{Cut, Link};
use crate::provider::ssh::login::{LoginError, log_in};
use crate::provider::ssh::wire::Wire;

/// How long is waited before the second attempt; twice as long before each further one. A server that
/// is asked too much at once is given that long to catch its breath.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// Attempts to get into one host.
pub(super) struct Attempts<'a> {
    shared: &'a Shared,
    endpoint: &'a Endpoint,
    through: Option<&'a Arc<Link>>,
    deadline: Instant,
    stage: Stage,
}

/// How far an attempt came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Dial,
    Greet,
    LogIn,
}

/// A session that is logged in.
pub(super) struct Opened {
    session: Handle<Guard>,
    control: Cut,
    farewell: Arc<OnceLock<Farewell>>,
}

/// Why an attempt failed.
enum Failure {
    /// Another attempt may do better.
    Passing(SshError),
    /// It will not.
    Lasting(SshError),
    /// The host must be asked for a key of these types.
    AskFor(Kinds),
}

impl Opened {
    /// Returns the link that holds this session.
    pub(super) fn into_link(
        self,
        endpoint: Arc<Endpoint>,
        permit: Option<OwnedSemaphorePermit>,
        through: Option<Arc<Link>>,
    ) -> Link {
        Link {
            endpoint,
            session: self.session,
            _control: self.control,
            farewell: self.farewell,
            _permit: permit,
            _through: through,
        }
    }
}

impl<'a> Attempts<'a> {
    /// Prepares attempts until `deadline`.
    pub(super) fn new(
        shared: &'a Shared,
        endpoint: &'a Endpoint,
        through: Option<&'a Arc<Link>>,
        deadline: Instant,
    ) -> Self {
        Self {
            shared,
            endpoint,
            through,
            deadline,
            stage: Stage::Dial,
        }
    }

    /// Attempts until one succeeds, none more may help, or it is too late.
    pub(super) async fn run(mut self) -> Result<Opened, SshError> {
        let deadline = self.deadline;
        let done = timeout_at(deadline, Box::pin(self.run_all())).await;
        done.unwrap_or_else(|_| Err(self.too_late()))
    }

    async fn run_all(&mut self) -> Result<Opened, SshError> {
        let mut check = self.shared.known_hosts.check(self.endpoint)?;
        let (mut attempt, mut wait) = (1, FIRST_WAIT);
        loop {
            let error = match self.attempt(&check).await {
                Ok(opened) => return Ok(opened),
                Err(Failure::Lasting(error)) => return Err(error),
                Err(Failure::AskFor(kinds)) => {
                    check = check.asking_for(kinds);
                    continue;
                }
                Err(Failure::Passing(error)) => error,
            };
            if attempt >= self.shared.attempts {
                return Err(error);
            }
            tracing::debug!(host = %self.endpoint.name(), %error, attempt, "connecting once more");
            sleep(wait + jitter(wait)).await;
            attempt += 1;
            wait *= 2;
        }
    }

    async fn attempt(&mut self, check: &HostCheck) -> Result<Opened, Failure> {
        self.stage = Stage::Dial;
        let route = dial(self.endpoint, self.through, self.deadline).await;
        let route = route.map_err(Failure::of_dial)?;
        self.stage = Stage::Greet;
        let keep_alive = self.endpoint.limits.keep_alive;
        let (wire, control) = Wire::new(route, keep_alive * (UNANSWERED + 1));
        let control = Cut(control);
        let farewell = Arc::new(OnceLock::new());
        let config = self.shared.configurations.get(Dialect {
            kinds: check.kinds(),
            certificates: check.takes_certificates(),
            keep_alive,
        });
        let guard = Guard {
            check: check.clone(),
            farewell: Arc::clone(&farewell),
        };
        let greeted = connect_stream(config, wire, guard).await;
        let mut session = greeted.map_err(|error| self.not_greeted(error))?;
        self.stage = Stage::LogIn;
        let logged_in = log_in(&mut session, self.endpoint, &self.shared.keyring).await;
        logged_in.map_err(|error| self.not_logged_in(error, farewell.get()))?;
        control.0.trust();
        Ok(Opened {
            session,
            control,
            farewell,
        })
    }

    fn not_greeted(&self, error: SessionError) -> Failure {
        let host = self.endpoint.name();
        match error {
            SessionError::HostKey(error) => Failure::Lasting(error.into()),
            SessionError::AskFor(kinds) => Failure::AskFor(kinds),
            SessionError::Session(russh::Error::IO(error)) => {
                Failure::of_dial(SshError::unreachable(&host, error))
            }
            // What a server does that has too many logins going on.
            SessionError::Session(russh::Error::Disconnect | russh::Error::HUP) => {
                let error = io::Error::new(
                    io::ErrorKind::ConnectionReset,
                    "the host hung up before its greeting was done",
                );
                Failure::Passing(SshError::unreachable(&host, error))
            }
            SessionError::Session(error) => Failure::Lasting(SshError::Protocol {
                host,
                reason: error.to_string(),
            }),
        }
    }

    fn not_logged_in(&self, error: LoginError, farewell: Option<&Farewell>) -> Failure {
        let host = self.endpoint.name();
        match error {
            LoginError::Fault(error) => Failure::Lasting(error),
            // Nothing was denied: the link was cut while the host was being asked.
            LoginError::Denied {
                tried,
                may_be_cut: true,
                ..
            } if farewell.is_some_and(|farewell| !farewell.is_said) => {
                let end = farewell.map_or("", |farewell| farewell.reason.as_str());
                let reason = format!("the link ended during the login (tried {tried}): {end}");
                let error = io::Error::new(io::ErrorKind::ConnectionReset, reason);
                Failure::Lasting(SshError::unreachable(&host, error))
            }
            LoginError::Denied { user, tried, .. } => Failure::Lasting(SshError::Authentication {
                host,
                user,
                tried,
                said: farewell.map_or_else(String::new, |it| format!("; {}", it.reason)),
            }),
            LoginError::Ended(error) => {
                let farewell = farewell.cloned().unwrap_or_else(|| Farewell::of(&error));
                let reason = farewell.reason;
                let error = io::Error::new(io::ErrorKind::ConnectionReset, reason);
                Failure::Lasting(SshError::unreachable(&host, error))
            }
        }
    }

    fn too_late(&self) -> SshError {
        let (host, limit) = (self.endpoint.name(), self.endpoint.limits.connect);
        let what = match self.stage {
            Stage::Dial => {
                let text = format!("no answer within {limit:?}");
                return SshError::unreachable(&host, io::Error::new(io::ErrorKind::TimedOut, text));
            }
            Stage::Greet => "finish its greeting",
            Stage::LogIn => "finish the login",
        };
        SshError::Timeout {
            host,
            what,
            limit,
            started: Started::No,
        }
    }
}

impl Failure {
    /// Returns what an error of the way to a host means.
    fn of_dial(error: SshError) -> Self {
        use io::ErrorKind as Kind;
        let passes = matches!(&error, SshError::Unreachable { source, .. } if matches!(
            source.kind(),
            Kind::ConnectionRefused | Kind::ConnectionReset | Kind::ConnectionAborted
                | Kind::BrokenPipe | Kind::UnexpectedEof
        ));
        if passes {
            Self::Passing(error)
        } else {
            Self::Lasting(error)
        }
    }
}

/// Returns up to half as long again, so that a fleet that was refused together does not come back
/// together.
fn jitter(wait: Duration) -> Duration {
    let chance = getrandom::u32().unwrap_or_default();
    wait.mul_f64(f64::from(chance) / f64::from(u32::MAX) / 2.0)
}

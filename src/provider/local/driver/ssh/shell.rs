//! A shell on a host that waits for a script on its standard input, for the user who is to run it.
//!
//! The password of `sudo` is sent when it asks for it and not before: where it does not ask, the shell
//! would read it. A second question means that the first answer was wrong.

use std::sync::Arc;

use tokio::time::timeout;

use crate::base::failure::code;
use crate::base::secret::Secret;
use crate::provider::local::driver::DriverError;
use crate::provider::local::driver::ssh::fault;
use crate::provider::ssh::supervisor::quote;
use crate::provider::ssh::{
    Connector, Elevation, Endpoint, Event, RemoteCommand, Secrets, SshError, Started,
};

/// The shell of the login user. Its name shows in lists of processes.
const SHELL: &str = "exec sh -s oos";

/// How much of what `sudo` says is kept.
const SAID: usize = 4_000;

/// Opens shells on hosts.
#[derive(Clone, Debug)]
pub(super) struct Shells {
    pub(super) connector: Connector,
    pub(super) secrets: Arc<dyn Secrets>,
}

/// Why there is no shell.
#[derive(Debug)]
pub(super) enum NoShell {
    /// The host could not be talked to.
    Ssh(SshError),
    /// It could, and there is none for this user.
    Refused(DriverError),
}

impl From<SshError> for NoShell {
    fn from(error: SshError) -> Self {
        Self::Ssh(error)
    }
}

impl From<NoShell> for DriverError {
    fn from(error: NoShell) -> Self {
        match error {
            NoShell::Ssh(error) => fault::host(&error),
            NoShell::Refused(error) => error,
        }
    }
}

impl Shells {
    /// Opens a shell for `user`, or for the one whom the endpoint names. Cancel-safe: nothing runs in
    /// it yet.
    pub(super) async fn open(
        &self,
        endpoint: &Endpoint,
        user: Option<&str>,
    ) -> Result<RemoteCommand, NoShell> {
        let Some(elevation) = elevation(endpoint, user) else {
            return Ok(self.exec(endpoint, SHELL).await?);
        };
        let name = quote(&elevation.user);
        let Some(password) = &elevation.password else {
            let command = format!("exec sudo -n -H -u {name} -- sh -s oos");
            return Ok(self.exec(endpoint, &command).await?);
        };
        let password = self.secrets.secret(password).map_err(SshError::from)?;
        let word = nonce();
        let inner = quote(&format!("echo {word}; exec sh -s oos"));
        let command = format!("exec sudo -S -p {word} -H -u {name} -- sh -c {inner}");
        let shell = self.exec(endpoint, &command).await?;
        let limit = endpoint.limits.connect;
        let answered = answer(shell, &word, &password, &elevation.user);
        timeout(limit, answered).await.unwrap_or_else(|_| {
            Err(NoShell::Ssh(SshError::Timeout {
                host: endpoint.name(),
                what: "give a shell of another user",
                limit,
                started: Started::No,
            }))
        })
    }

    /// Runs a command as the login user. A connection that was kept may have died meanwhile: then
    /// nothing was asked of the host, and a new one is made.
    pub(super) async fn exec(
        &self,
        endpoint: &Endpoint,
        command: &str,
    ) -> Result<RemoteCommand, SshError> {
        let connection = self.connector.connect(endpoint).await?;
        match connection.exec(command).await {
            Err(SshError::Lost { .. }) => {
                let connection = self.connector.connect(endpoint).await?;
                connection.exec(command).await
            }
            other => other,
        }
    }
}

/// Returns chance that nobody can guess, in letters that need no quotes.
pub(super) fn nonce() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives chance");
    format!("{:032x}", u128::from_le_bytes(bytes))
}

/// Who the command runs as, if that is not the login user.
fn elevation(endpoint: &Endpoint, user: Option<&str>) -> Option<Elevation> {
    let known = endpoint.elevation.as_ref();
    let elevation = match user {
        None => known.cloned()?,
        Some(user) => Elevation {
            user: user.to_owned(),
            password: known.and_then(|known| known.password.clone()),
        },
    };
    (endpoint.user.as_ref() != Some(&elevation.user)).then_some(elevation)
}

async fn answer(
    mut shell: RemoteCommand,
    word: &str,
    password: &Secret<String>,
    user: &str,
) -> Result<RemoteCommand, NoShell> {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut asked = 0;
    loop {
        match shell.next().await? {
            Event::Stdout(bytes) => stdout.extend_from_slice(&bytes),
            Event::Stderr(bytes) => stderr.extend_from_slice(&bytes),
            Event::Exit(_) => return Err(refused(user, &stderr, word)),
        }
        if contains(&stdout, word) {
            return Ok(shell);
        }
        let excess = stdout.len().saturating_sub(word.len() - 1);
        stdout.drain(..excess);
        while contains(&stderr, word) {
            asked += 1;
            if asked > 1 {
                return Err(refused(user, b"it does not take the password", word));
            }
            let end = find(&stderr, word).expect("it was just found") + word.len();
            stderr.drain(..end);
            shell.write(format!("{}\n", password.reveal()).into_bytes());
        }
        let excess = stderr.len().saturating_sub(SAID);
        stderr.drain(..excess);
    }
}

fn refused(user: &str, said: &[u8], word: &str) -> NoShell {
    let said = String::from_utf8_lossy(said).replace(word, "");
    let said: Vec<&str> = said.split_whitespace().collect();
    let reason = format!("`sudo` gives no shell of `{user}`: {}", said.join(" "));
    NoShell::Refused(fault::lacking(code::AUTHENTICATION, reason))
}

fn contains(bytes: &[u8], word: &str) -> bool {
    find(bytes, word).is_some()
}

fn find(bytes: &[u8], word: &str) -> Option<usize> {
    let mut windows = bytes.windows(word.len());
    windows.position(|window| window == word.as_bytes())
}

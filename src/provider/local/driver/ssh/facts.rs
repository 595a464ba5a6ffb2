//! What a host says of itself when it is asked: nothing is run that changes it.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use crate::base::failure::code;
use crate::provider::inventory::Host;
use crate::provider::local::driver::DriverError;
use crate::provider::local::driver::ssh::fault;
use crate::provider::local::driver::ssh::hosts::Hosts;
use crate::provider::local::driver::ssh::shell::nonce;
use crate::provider::ssh::SshError;
use crate::provider::ssh::supervisor::quote;

/// What a host is asked. It reads and writes nothing but files of the kernel and the name of the system.
const SCRIPT: &str = include_str!("facts.sh");

/// Most bytes that are read of the answer.
const MOST: usize = 64 * 1024;

/// Most letters of one fact.
const LONGEST: usize = 200;

/// Facts about a host. What it does not know is left out.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Facts {
    /// The operating system, as it calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// Name and release of the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// The kind of processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// What the host calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// How many processors are on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cores: Option<u64>,
    /// Memory, in KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Memory that could be had, in KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available: Option<u64>,
    /// Seconds since it was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uptime: Option<u64>,
    /// Load of the last minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<f64>,
    /// Which of `python3`, `perl`, `pwsh`, `setsid` and `sudo` it has.
    pub tools: Vec<String>,
}

impl Hosts {
    /// Logs in and runs a shell that does nothing; returns how long that took.
    pub async fn ping(&self, host: &Host) -> Result<Duration, DriverError> {
        let begin = Instant::now();
        self.read(host, "echo \"$nonce\"\n").await?;
        Ok(begin.elapsed())
    }

    /// Asks a host for facts about it.
    pub async fn facts(&self, host: &Host) -> Result<Facts, DriverError> {
        Ok(parse(&self.read(host, SCRIPT).await?))
    }

    /// Runs a script as the login user and returns what it says after its first line, the nonce.
    async fn read(&self, host: &Host, script: &str) -> Result<String, DriverError> {
        let fail = |error: SshError| fault::host(&error);
        let shell = self.shells().exec(&host.endpoint, "exec sh -s oos");
        let mut shell = shell.await.map_err(fail)?;
        let nonce = nonce();
        shell.write(format!("nonce={}\n{script}", quote(&nonce)).into_bytes());
        shell.end_input();
        let limit = host.endpoint.limits.connect;
        let said = tokio::time::timeout(limit, shell.collect(MOST)).await;
        let said = said.map_err(|_| {
            let reason = format!("`{}` did not answer within {limit:?}", host.name);
            fault::lacking(code::TIMEOUT, reason)
        })?;
        let said = String::from_utf8_lossy(&said.map_err(fail)?.stdout).into_owned();
        let answer = said.split_once(&nonce).map(|(_, answer)| answer.to_owned());
        answer.ok_or_else(|| {
            let reason = format!("`{}` has no POSIX shell for us", host.name);
            fault::lacking(code::UNSUPPORTED, reason)
        })
    }
}

fn parse(text: &str) -> Facts {
    let mut facts = Facts::default();
    for line in text.lines() {
        let Some((name, value)) = line.split_once(' ') else {
            continue;
        };
        let clean = value.chars().filter(|letter| !letter.is_control());
        let value: String = clean.take(LONGEST).collect();
        if value.is_empty() {
            continue;
        }
        match name {
            "os" => facts.os = Some(value),
            "kernel" => facts.kernel = Some(value),
            "machine" => facts.machine = Some(value),
            "hostname" => facts.hostname = Some(value),
            "cores" => facts.cores = value.parse().ok(),
            "memory" => facts.memory = value.parse().ok(),
            "available" => facts.available = value.parse().ok(),
            "uptime" => facts.uptime = value.parse().ok(),
            "load" => facts.load = value.parse().ok(),
            "tool" => facts.tools.push(value),
            _ => {}
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_host_says_is_read_and_does_nothing_to_a_terminal() {
        let facts =
            parse("\nos Debian \u{1b}[2J12\ncores 8\nmemory x\ntool perl\ntool sudo\nodd\n");
        assert_eq!(facts.os.as_deref(), Some("Debian [2J12"));
        assert_eq!((facts.cores, facts.memory), (Some(8), None));
        assert_eq!(facts.tools, ["perl", "sudo"]);
    }
}

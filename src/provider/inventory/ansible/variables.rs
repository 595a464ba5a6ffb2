//! Variables of Ansible that say how a host is reached.
//!
//! A password in plain text is refused: it is named by `oos_password_secret` and
//! `oos_become_password_secret`, which Ansible passes over, so that one inventory serves both.

use std::path::Path;
use std::time::Duration;

use crate::base::value::{Map, Value, text};
use crate::provider::inventory::jump::port_number;
use crate::provider::inventory::problem::{Findings, Origin, Problem};
use crate::provider::inventory::reach::{Reach, file};
use crate::provider::inventory::ssh::option::{Effect, Options};

/// Variables that hold passwords for logging in.
const PASSWORDS: [&str; 3] = [
    "ansible_password",
    "ansible_ssh_pass",
    "ansible_ssh_password",
];

/// Variables that hold what opens a key.
const PASSPHRASES: [&str; 2] = [
    "ansible_private_key_passphrase",
    "ansible_ssh_private_key_passphrase",
];

/// Variables that hold passwords of `sudo`.
const SUDO_PASSWORDS: [&str; 4] = [
    "ansible_become_password",
    "ansible_become_pass",
    "ansible_sudo_pass",
    "ansible_sudo_password",
];

/// The variable that names the secret for logging in.
const PASSWORD_SECRET: &str = "oos_password_secret";

/// The variable that names the secret that opens a key.
const PASSPHRASE_SECRET: &str = "oos_passphrase_secret";

/// The variable that names the secret for `sudo`.
const SUDO_SECRET: &str = "oos_become_password_secret";

/// Connections that are SSH.
const SSH: [&str; 5] = ["ssh", "smart", "paramiko", "paramiko_ssh", "libssh"];

/// Tells whether a word of Ansible's for a connection means SSH.
pub(in crate::provider::inventory) fn is_ssh(connection: &str) -> bool {
    let word = connection.rsplit('.').next().unwrap_or(connection);
    SSH.contains(&word)
}

/// Reads how hosts are reached out of their variables.
#[derive(Debug)]
pub(in crate::provider::inventory) struct VariableReach<'a> {
    /// The user's home.
    pub(in crate::provider::inventory) home: Option<&'a Path>,
}

impl VariableReach<'_> {
    /// Returns what `variables` say, and takes passwords in plain text out of them.
    pub(in crate::provider::inventory) fn read(
        &self,
        variables: &mut Map,
        origin: &Origin,
        findings: &mut Findings,
    ) -> Reach {
        let says = |name: &String| name.starts_with("ansible_") || name.starts_with("oos_");
        if !variables.keys().any(says) {
            return Reach::default();
        }
        let mut reach = Reach::default();
        let mut reader = Reader {
            variables,
            origin,
            findings,
            home: self.home,
        };
        reader.login(&mut reach);
        reader.elevation(&mut reach);
        reader.arguments(&mut reach);
        reach.password = reader.secret(PASSWORD_SECRET, &PASSWORDS);
        reach.passphrase = reader.secret(PASSPHRASE_SECRET, &PASSPHRASES);
        reach.sudo_password = reader.secret(SUDO_SECRET, &SUDO_PASSWORDS);
        reach
    }
}

struct Reader<'a> {
    variables: &'a mut Map,
    origin: &'a Origin,
    findings: &'a mut Findings,
    home: Option<&'a Path>,
}

impl Reader<'_> {
    fn login(&mut self, reach: &mut Reach) {
        reach.connection = self.text(&["ansible_connection"]);
        reach.address = self.text(&["ansible_ssh_host", "ansible_host"]);
        reach.user = self.text(&["ansible_ssh_user", "ansible_user"]);
        reach.port = self.parsed(
            &["ansible_ssh_port", "ansible_port"],
            "the number of a port",
            port_number,
        );
        let key = self.text(&["ansible_ssh_private_key_file", "ansible_private_key_file"]);
        reach.identities = key.map(|key| vec![file(&key, None, self.home)]);
        let seconds = |text: &str| {
            let seconds = text.parse().ok().filter(|seconds| *seconds > 0);
            seconds.map(Duration::from_secs)
        };
        reach.connect = self.parsed(
            &["ansible_ssh_timeout", "ansible_timeout"],
            "a number of seconds",
            seconds,
        );
    }

    fn elevation(&mut self, reach: &mut Reach) {
        reach.sudo = self.parsed(&["ansible_become"], "a boolean", truth);
        reach.sudo_user = self.text(&["ansible_become_user", "ansible_sudo_user"]);
        if let Some(method) = self.text(&["ansible_become_method"])
            && !["sudo", "ansible.builtin.sudo"].contains(&method.as_str())
            && reach.sudo == Some(true)
        {
            let why = format!("`ansible_become_method` is `{method}`; only `sudo` is known");
            self.error(why, "let the login user be the one that is wanted");
        }
    }

    /// Reads arguments of `ssh`. Those that Ansible puts before its own go before everything.
    fn arguments(&mut self, reach: &mut Reach) {
        let first = self.options("ansible_ssh_args");
        reach.overlay(&first);
        for name in ["ansible_ssh_common_args", "ansible_ssh_extra_args"] {
            let more = self.options(name);
            reach.underlay(&more);
        }
        let checks = ["ansible_host_key_checking", "ansible_ssh_host_key_checking"];
        if self.parsed(&checks, "a boolean", truth) == Some(false) {
            let unchecked = self.following(checks[0], |options, tell| {
                options.set("StrictHostKeyChecking", "no", tell);
            });
            reach.underlay(&unchecked);
        }
    }

    fn options(&mut self, name: &str) -> Reach {
        match self.text(&[name]) {
            Some(line) => self.following(name, |options, tell| options.arguments(&line, tell)),
            None => Reach::default(),
        }
    }

    /// Follows options and notes what is to be said of them.
    fn following(
        &mut self,
        name: &str,
        follow: impl FnOnce(&mut Options<'_>, &mut dyn FnMut(Effect)),
    ) -> Reach {
        let mut options = Options {
            reach: Reach::default(),
            home: self.home,
        };
        let (origin, findings) = (self.origin, &mut *self.findings);
        follow(&mut options, &mut |effect| match effect {
            Effect::Warning(why) => {
                findings.warn(Problem::new(origin, format!("`{name}`: {why}")));
            }
            Effect::Error(why, hint) => {
                findings.error(Problem::new(origin, format!("`{name}`: {why}")).hint(hint));
            }
        });
        options.reach
    }

    /// Returns the secret that holds a password.
    fn secret(&mut self, secret: &str, passwords: &[&str]) -> Option<String> {
        let named = self.text(&[secret]);
        for name in passwords {
            if !self.variables.contains_key(*name) {
                continue;
            }
            if named.is_none() {
                let why = format!("`{name}` is a password in an inventory, which is not used");
                self.error(
                    why,
                    &format!(
                        "keep it with `oos secret set NAME` and say `{secret}=NAME`; Ansible \
                         passes over that variable"
                    ),
                );
            }
            // What Ansible needs is not ours to keep.
            self.findings.has_secrets = true;
            self.variables.shift_remove(*name);
        }
        named
    }

    /// Returns the first of these variables that is there.
    fn text(&mut self, names: &[&str]) -> Option<String> {
        let (name, value) = names
            .iter()
            .find_map(|name| Some((name, self.variables.get(*name)?)))?;
        let given = match value {
            Value::Null => return None,
            Value::Array(_) | Value::Object(_) => {
                let why = format!(
                    "`{name}` must be a text, not {}",
                    crate::base::value::kind(value)
                );
                self.error(why, "write it in plain text");
                return None;
            }
            scalar => text(scalar),
        };
        if given.contains("{{") || given.contains("{%") {
            let why = format!("`{name}` is a template of Ansible, which is not evaluated");
            self.error(why, "write the value itself");
            return None;
        }
        (!given.is_empty()).then_some(given)
    }

    fn parsed<T>(
        &mut self,
        names: &[&str],
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let given = self.text(names)?;
        let parsed = parse(given.trim());
        if parsed.is_none() {
            let name = names.last().copied().unwrap_or_default();
            self.error(
                format!("`{name}` is `{given}`"),
                &format!("expected {expected}"),
            );
        }
        parsed
    }

    fn error(&mut self, why: String, hint: &str) {
        let problem = Problem::new(self.origin, why).hint(hint);
        if !self.findings.errors.contains(&problem) {
            self.findings.error(problem);
        }
    }
}

/// Reads a boolean as Ansible does.
fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" | "y" | "t" | "1.0" => Some(true),
        "false" | "no" | "off" | "0" | "n" | "f" | "0.0" => Some(false),
        _ => None,
    }
}

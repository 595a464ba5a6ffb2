//! What a source says of how a host is reached: every part may be left to another source, a group
//! or the usual.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::provider::inventory::jump::Jump;
use crate::provider::ssh::{Elevation, Endpoint, HostKeyPolicy, HostKeys, Limits};

/// Parts of an [`Endpoint`] as far as they are said.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Reach {
    /// How it is connected to when that is not by SSH, in the words of Ansible.
    pub(super) connection: Option<String>,
    pub(super) address: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) user: Option<String>,
    pub(super) identities: Option<Vec<PathBuf>>,
    pub(super) certificates: Option<Vec<PathBuf>>,
    pub(super) agent: Option<bool>,
    /// The name of the secret that opens the identities.
    pub(super) passphrase: Option<String>,
    /// The name of a secret.
    pub(super) password: Option<String>,
    /// The hosts to go through; empty: none.
    pub(super) jumps: Option<Vec<Jump>>,
    /// The user's files of known hosts.
    pub(super) known_hosts: Option<Vec<PathBuf>>,
    pub(super) system_known_hosts: Option<Vec<PathBuf>>,
    pub(super) key_alias: Option<String>,
    pub(super) unknown_keys: Option<HostKeyPolicy>,
    /// Whether commands run as another user.
    pub(super) sudo: Option<bool>,
    pub(super) sudo_user: Option<String>,
    /// The name of a secret.
    pub(super) sudo_password: Option<String>,
    pub(super) connect: Option<Duration>,
    pub(super) first_byte: Option<Duration>,
    pub(super) idle: Option<Duration>,
    pub(super) keep_alive: Option<Duration>,
}

impl Reach {
    /// Puts `nearer` over what is said so far.
    pub(super) fn overlay(&mut self, nearer: &Self) {
        fn put<T: Clone>(to: &mut Option<T>, from: Option<&T>) {
            if let Some(from) = from {
                *to = Some(from.clone());
            }
        }
        put(&mut self.connection, nearer.connection.as_ref());
        put(&mut self.address, nearer.address.as_ref());
        put(&mut self.port, nearer.port.as_ref());
        put(&mut self.user, nearer.user.as_ref());
        put(&mut self.identities, nearer.identities.as_ref());
        put(&mut self.certificates, nearer.certificates.as_ref());
        put(&mut self.agent, nearer.agent.as_ref());
        put(&mut self.passphrase, nearer.passphrase.as_ref());
        put(&mut self.password, nearer.password.as_ref());
        put(&mut self.jumps, nearer.jumps.as_ref());
        put(&mut self.known_hosts, nearer.known_hosts.as_ref());
        put(
            &mut self.system_known_hosts,
            nearer.system_known_hosts.as_ref(),
        );
        put(&mut self.key_alias, nearer.key_alias.as_ref());
        put(&mut self.unknown_keys, nearer.unknown_keys.as_ref());
        put(&mut self.sudo, nearer.sudo.as_ref());
        put(&mut self.sudo_user, nearer.sudo_user.as_ref());
        put(&mut self.sudo_password, nearer.sudo_password.as_ref());
        put(&mut self.connect, nearer.connect.as_ref());
        put(&mut self.first_byte, nearer.first_byte.as_ref());
        put(&mut self.idle, nearer.idle.as_ref());
        put(&mut self.keep_alive, nearer.keep_alive.as_ref());
    }

    /// Puts `farther` under what is said: it counts where nothing is said yet.
    pub(super) fn underlay(&mut self, farther: &Self) {
        let nearer = std::mem::replace(self, farther.clone());
        self.overlay(&nearer);
    }

    /// Returns the endpoint of the host `name`, which goes through `jumps`.
    pub(super) fn endpoint(&self, name: &str, jumps: Vec<Arc<Endpoint>>) -> Endpoint {
        let usual = Endpoint::of(self.address.as_deref().unwrap_or(name));
        let limits = Limits::default();
        let sudo = self.sudo == Some(true);
        Endpoint {
            port: self.port.unwrap_or(usual.port),
            user: self.user.clone(),
            identities: self.identities.clone().unwrap_or_default(),
            certificates: self.certificates.clone().unwrap_or_default(),
            agent: self.agent.unwrap_or(usual.agent),
            passphrase: self.passphrase.clone(),
            password: self.password.clone(),
            jumps,
            host_keys: HostKeys {
                files: self.known_hosts.clone().unwrap_or_default(),
                system_files: self.system_known_hosts.clone().unwrap_or_default(),
                alias: self.key_alias.clone(),
                unknown: self.unknown_keys.unwrap_or_default(),
            },
            elevation: sudo.then(|| Elevation {
                user: self.sudo_user.clone().unwrap_or_else(|| "root".to_owned()),
                password: self.sudo_password.clone(),
            }),
            limits: Limits {
                connect: self.connect.unwrap_or(limits.connect),
                first_byte: self.first_byte.or(limits.first_byte),
                idle: self.idle.or(limits.idle),
                keep_alive: self.keep_alive.unwrap_or(limits.keep_alive),
            },
            address: usual.address,
        }
    }

    /// Returns what a jump host has in common with the host behind it when no source names it: how
    /// one logs in and how keys are checked, but not where.
    pub(super) fn for_jump(&self) -> Self {
        Self {
            user: self.user.clone(),
            identities: self.identities.clone(),
            certificates: self.certificates.clone(),
            agent: self.agent,
            passphrase: self.passphrase.clone(),
            known_hosts: self.known_hosts.clone(),
            system_known_hosts: self.system_known_hosts.clone(),
            unknown_keys: self.unknown_keys,
            connect: self.connect,
            keep_alive: self.keep_alive,
            ..Self::default()
        }
    }
}

/// Returns the file that a path of an inventory means: `~/` is the user's home, relative ones
/// begin in `folder`.
pub(super) fn file(text: &str, folder: Option<&Path>, home: Option<&Path>) -> PathBuf {
    match (text.strip_prefix("~/"), home, folder) {
        (Some(rest), Some(home), _) => home.join(rest),
        (_, _, Some(folder)) => folder.join(text),
        _ => PathBuf::from(text),
    }
}

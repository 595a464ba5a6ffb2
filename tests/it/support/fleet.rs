//! The real program, with an inventory whose hosts are all one real sshd.

use crate::support::oos::{Home, Ran};
use crate::support::sshd::Sshd;

/// A fleet, and a home whose inventory names its hosts.
pub(crate) struct Fleet {
    pub(crate) sshd: Sshd,
    pub(crate) home: Home,
}

impl Fleet {
    /// Starts a fleet of `web000`, `web001`, … in the group `web`; `None` where there is no sshd.
    pub(crate) fn start(hosts: usize) -> Option<Self> {
        let sshd = Sshd::start()?;
        let home = Home::new();
        let lines: Vec<String> = (0..hosts)
            .map(|number| format!("  web{number:03}: {{address: {}}}\n", Sshd::address(number)))
            .collect();
        let inventory = format!(
            "defaults:\n  user: {}\n  port: {}\n  agent: false\n  identities: {}\n  \
             host-keys: {{files: {}}}\nhosts:\n{}groups:\n  web: {{hosts: 'web[000-{:03}]'}}\n",
            Sshd::user(),
            sshd.port(),
            sshd.key().display(),
            sshd.known_hosts().display(),
            lines.concat(),
            hosts - 1,
        );
        home.file("hosts.yml", &inventory);
        Some(Self { sshd, home })
    }

    /// Runs the program with the inventory to its end.
    pub(crate) fn oos(&self, arguments: &[&str]) -> Ran {
        let all = [&["--inventory", "hosts.yml"], arguments].concat();
        self.home.oos(&all)
    }
}

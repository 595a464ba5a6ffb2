//! Commands on hosts under the supervisor: what they may do, how they are ended, what stays behind.

mod command;
mod ending;
mod recovery;
mod sudo;
mod vendor;

use std::os::unix::fs::PermissionsExt as _;

use oos::base::call::CallFault;
use oos::provider::inventory::Host;
use oos::provider::ssh::Endpoint;

use crate::support::sshd::Sshd;

fn code(fault: CallFault) -> String {
    match fault {
        CallFault::Api(error) => error.code,
        other => panic!("{other}"),
    }
}

/// Starts a server where `sudo` and what else is put into its folder goes before the machine's.
fn with_own_programs(programs: &[(&str, &str)]) -> Option<Sshd> {
    let sshd = Sshd::with(&["SetEnv PATH=$FOLDER:/usr/bin:/bin HOME=$FOLDER/home"])?;
    for (name, text) in programs {
        std::fs::write(sshd.file(name), text).unwrap();
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(sshd.file(name), executable).unwrap();
    }
    Some(sshd)
}

fn runs(pattern: &str) -> bool {
    let found = std::process::Command::new("pgrep")
        .args(["-f", pattern])
        .output();
    found.unwrap().status.success()
}

/// Returns how the second host is reached by somebody whom it does not let in.
fn refused(sshd: &Sshd) -> Host {
    let stranger = sshd.keygen("id_stranger", &["-t", "ed25519"]);
    let endpoint = Endpoint {
        identities: vec![stranger],
        ..sshd.endpoint(1)
    };
    Host::new("web2", endpoint)
}

//! The server that the other tests talk to does what they rely on, as OpenSSH's own client sees it.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use crate::support::machine::until;
use crate::support::sshd::Sshd;

/// Runs a command on a host as OpenSSH does it.
fn ssh(sshd: &Sshd, host: usize, command: &str) -> Output {
    let mut client = client(sshd, host, &["BatchMode=yes"]);
    client.arg("-i").arg(sshd.key()).arg(command);
    client.output().unwrap()
}

/// Returns OpenSSH's client, ready for the arguments after the host.
fn client(sshd: &Sshd, host: usize, options: &[&str]) -> Command {
    let endpoint = sshd.endpoint(host);
    let known_hosts = format!("UserKnownHostsFile={}", sshd.known_hosts().display());
    let mut client = Command::new("ssh");
    let user = endpoint.user.unwrap_or_default();
    client
        .args(["-F", "none", "-o", "IdentitiesOnly=yes", "-o", &known_hosts])
        .args(options.iter().flat_map(|option| ["-o", option]))
        .args(["-l", &user, "-p", &sshd.port().to_string()])
        .arg(endpoint.address);
    client
}

#[test]
fn every_loopback_address_is_a_host() {
    let Some(sshd) = Sshd::start() else { return };
    for host in [0, 1, 299] {
        let said = ssh(&sshd, host, "echo $HOME; set -- $SSH_CONNECTION; echo $3");
        let home = sshd.home().display().to_string();
        let expected = format!("{home}\n{}\n", Sshd::address(host));
        assert_eq!(String::from_utf8_lossy(&said.stdout), expected, "{said:?}");
    }
}

#[test]
fn a_server_comes_back_on_its_port() {
    let Some(mut sshd) = Sshd::start() else {
        return;
    };
    sshd.stop();
    assert_eq!(ssh(&sshd, 0, "true").status.code(), Some(255));
    sshd.restart();
    assert_eq!(ssh(&sshd, 0, "exit 7").status.code(), Some(7));
}

#[test]
fn a_cut_ends_the_sessions_and_not_the_server() {
    let Some(sshd) = Sshd::start() else { return };
    std::thread::scope(|scope| {
        let cut = scope.spawn(|| ssh(&sshd, 0, "echo up; read never"));
        until("a session serves", || sshd.sessions() > 0);
        // The connection may be cut before it is used; it ends either way.
        sshd.cut();
        assert_eq!(cut.join().unwrap().status.code(), Some(255));
    });
    until("no session is left", || sshd.sessions() == 0);
    assert_eq!(ssh(&sshd, 0, "exit 3").status.code(), Some(3));
}

#[test]
fn a_frozen_server_answers_when_it_has_thawed() {
    let Some(sshd) = Sshd::start() else { return };
    sshd.freeze();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| ssh(&sshd, 0, "exit 5"));
        sshd.thaw();
        assert_eq!(waiting.join().unwrap().status.code(), Some(5));
    });
}

#[test]
fn a_certificate_of_the_authority_is_let_in() {
    let Some(sshd) = Sshd::start() else { return };
    let key = sshd.keygen("id_certified", &["-t", "ed25519"]);
    let login = || {
        let mut client = client(&sshd, 0, &["BatchMode=yes"]);
        let ran = client.arg("-i").arg(&key).arg("exit 4").output();
        ran.unwrap().status.code()
    };
    assert_eq!(login(), Some(255));
    sshd.certify("id_certified", &Sshd::user(), &[]);
    assert_eq!(login(), Some(4));
}

#[test]
fn a_password_is_taken_by_both_methods() {
    let Some(sshd) = Sshd::with_password("open sesame", &[]) else {
        return;
    };
    let ask = sshd.file("ask");
    for (method, password, code) in [
        ("password", "open sesame", 6),
        ("keyboard-interactive", "open sesame", 6),
        ("password", "open barley", 255),
    ] {
        std::fs::write(&ask, format!("#!/bin/sh\necho '{password}'\n")).unwrap();
        let executable = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(&ask, executable).unwrap();
        let method = format!("PreferredAuthentications={method}");
        let ran = client(&sshd, 0, &[&method, "NumberOfPasswordPrompts=1"])
            .arg("exit 6")
            .env("SSH_ASKPASS", &ask)
            .env("SSH_ASKPASS_REQUIRE", "force")
            .output()
            .unwrap();
        assert_eq!(ran.status.code(), Some(code), "{method} {ran:?}");
    }
}

//! Getting in, by every way that there is.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use oos::base::failure::code;
use oos::provider::ssh::{ConnectorSettings, Endpoint, SshError};

use super::fleet::{assert_said, connector, run, run_on, settings, with};
use crate::support::cutter::Cutter;
use crate::support::hosts::through;
use crate::support::machine::until;
use crate::support::sshd::Sshd;

/// Logs in afresh and runs a command.
async fn login(
    settings: &ConnectorSettings,
    secrets: &[(&'static str, &'static str)],
    endpoint: &Endpoint,
) -> Result<(), SshError> {
    let collected = run_on(&with(settings, secrets), endpoint, "echo in").await?;
    assert_said(&collected, "in\n");
    Ok(())
}

#[test]
fn key_files_of_each_type_get_in() {
    let Some(sshd) = Sshd::start() else { return };
    run(async {
        for (name, arguments) in [
            ("rsa", &["-t", "rsa", "-b", "2048"][..]),
            ("pem", &["-t", "rsa", "-b", "2048", "-m", "PEM"]),
            ("ecdsa", &["-t", "ecdsa", "-b", "256"]),
            ("ecdsa384", &["-t", "ecdsa", "-b", "384"]),
        ] {
            let mut endpoint = sshd.endpoint(0);
            endpoint.identities = vec![sshd.keygen(name, arguments)];
            let refused = login(&settings(), &[], &endpoint).await.unwrap_err();
            assert_eq!(refused.code(), code::AUTHENTICATION, "{name}");
            assert!(refused.to_string().contains(name), "{refused}");
            sshd.authorize(name);
            login(&settings(), &[], &endpoint).await.unwrap();
        }
    });
}

#[test]
fn an_encrypted_key_is_opened_by_its_secret() {
    let Some(sshd) = Sshd::start() else { return };
    let key = sshd.keygen("locked", &["-t", "ed25519", "-N", "open sesame", "-a", "4"]);
    sshd.authorize("locked");
    run(async {
        let mut endpoint = sshd.endpoint(0);
        endpoint.identities = vec![key];
        let error = login(&settings(), &[], &endpoint).await.unwrap_err();
        assert!(error.to_string().contains("encrypted"), "{error}");
        endpoint.passphrase = Some("fleet-key".to_owned());
        let right = [("fleet-key", "open sesame")];
        login(&settings(), &right, &endpoint).await.unwrap();
        let wrong = [("fleet-key", "open barley")];
        for secrets in [&wrong[..], &[]] {
            let error = login(&settings(), secrets, &endpoint).await.unwrap_err();
            assert_eq!(error.code(), code::AUTHENTICATION);
            assert!(error.message().contains("fleet-key"), "{error}");
            assert!(!error.message().contains("barley"), "{error}");
        }
    });
}

#[test]
fn key_files_that_others_can_read_or_that_are_missing_are_named() {
    let Some(sshd) = Sshd::start() else { return };
    run(async {
        let mut endpoint = sshd.endpoint(0);
        endpoint.identities = vec![sshd.file("id_missing")];
        let error = login(&settings(), &[], &endpoint).await.unwrap_err();
        assert!(error.message().contains("id_missing"), "{error}");
        let exposed = sshd.file("id_exposed");
        fs::write(&exposed, fs::read(sshd.key()).unwrap()).unwrap();
        endpoint.identities = vec![exposed];
        let error = login(&settings(), &[], &endpoint).await.unwrap_err();
        assert!(error.message().contains("chmod 600"), "{error}");
        let no_key = sshd.file("authorized_keys");
        Command::new("chmod")
            .arg("600")
            .arg(&no_key)
            .status()
            .unwrap();
        endpoint.identities = vec![no_key];
        let error = login(&settings(), &[], &endpoint).await.unwrap_err();
        assert!(error.message().contains("is no key"), "{error}");
    });
}

#[test]
fn the_usual_keys_and_known_hosts_of_the_user_are_found() {
    let Some(sshd) = Sshd::start() else { return };
    let home = sshd.file("user");
    fs::create_dir_all(home.join(".ssh")).unwrap();
    fs::copy(sshd.key(), home.join(".ssh/id_ed25519")).unwrap();
    fs::copy(sshd.known_hosts(), home.join(".ssh/known_hosts")).unwrap();
    run(async {
        let mut endpoint = sshd.endpoint(0);
        endpoint.identities.clear();
        endpoint.host_keys.files.clear();
        let settings = ConnectorSettings {
            home: Some(home.clone()),
            ..settings()
        };
        login(&settings, &[], &endpoint).await.unwrap();
        fs::remove_file(home.join(".ssh/id_ed25519")).unwrap();
        let error = login(&settings, &[], &endpoint).await.unwrap_err();
        assert!(error.to_string().contains("there is no key"), "{error}");
    });
}

/// An agent that ends with the test.
struct Agent(Child);

impl Agent {
    fn start(socket: &Path, keys: &[&Path]) -> Self {
        let agent = Command::new("ssh-agent")
            .args(["-D", "-a"])
            .arg(socket)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        until("the agent listens", || socket.exists());
        for key in keys {
            let added = Command::new("ssh-add")
                .arg("-q")
                .arg(key)
                .env("SSH_AUTH_SOCK", socket)
                .stderr(Stdio::null())
                .status();
            assert!(added.unwrap().success());
        }
        Self(agent)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn keys_of_the_agent_get_in_and_no_host_gets_at_the_agent() {
    let Some(sshd) = Sshd::with(&["AllowAgentForwarding yes"]) else {
        return;
    };
    for (name, kind) in [("stranger", "ed25519"), ("mine", "rsa")] {
        sshd.keygen(name, &["-t", kind]);
    }
    sshd.authorize("mine");
    let socket = sshd.file("agent");
    let keys = [sshd.file("stranger"), sshd.file("mine")];
    let agent = Agent::start(&socket, &[&keys[0], &keys[1]]);
    run(async {
        let mut endpoint = sshd.endpoint(0);
        endpoint.identities.clear();
        endpoint.agent = true;
        let settings = ConnectorSettings {
            agent: Some(socket),
            ..settings()
        };
        let look = "echo [$SSH_AUTH_SOCK]";
        let collected = run_on(&with(&settings, &[]), &endpoint, look).await;
        assert_said(&collected.unwrap(), "[]\n");
        endpoint.agent = false;
        let error = login(&settings, &[], &endpoint).await.unwrap_err();
        assert_eq!(error.code(), code::AUTHENTICATION, "{error}");
        // An agent that is gone is no reason not to try files.
        drop(agent);
        endpoint.agent = true;
        let error = login(&settings, &[], &endpoint).await.unwrap_err();
        assert!(error.to_string().contains("the agent"), "{error}");
        endpoint.identities = vec![sshd.key()];
        login(&settings, &[], &endpoint).await.unwrap();
    });
}

#[test]
fn certificates_get_in_with_keys_that_are_not_known() {
    let Some(sshd) = Sshd::start() else { return };
    run(async {
        for kind in ["ed25519", "rsa", "ecdsa"] {
            let name = format!("certified_{kind}");
            let key = sshd.keygen(&name, &["-t", kind]);
            let mut endpoint = sshd.endpoint(0);
            endpoint.identities = vec![key];
            sshd.certify(&name, "somebody_else", &[]);
            let error = login(&settings(), &[], &endpoint).await.unwrap_err();
            assert!(error.to_string().contains("certificate"), "{error}");
            sshd.certify(&name, &Sshd::user(), &[]);
            login(&settings(), &[], &endpoint).await.unwrap();
            // One that lies elsewhere is named.
            let elsewhere = sshd.file(&format!("{kind}.certificate"));
            let beside = sshd.file(&format!("{name}-cert.pub"));
            fs::rename(beside, &elsewhere).unwrap();
            endpoint.certificates = vec![elsewhere];
            login(&settings(), &[], &endpoint).await.unwrap();
        }
    });
}

#[test]
fn a_password_gets_in_by_either_method() {
    let Some(mut sshd) = Sshd::with_password("open sesame", &[]) else {
        return;
    };
    run(async {
        let mut endpoint = sshd.endpoint(0);
        endpoint.identities.clear();
        endpoint.password = Some("fleet".to_owned());
        let pam = "UsePAM yes";
        for lines in [
            [
                pam,
                "PasswordAuthentication yes",
                "KbdInteractiveAuthentication no",
            ],
            [
                pam,
                "PasswordAuthentication no",
                "KbdInteractiveAuthentication yes",
            ],
        ] {
            sshd.configure(&lines);
            let right = [("fleet", "open sesame")];
            login(&settings(), &right, &endpoint).await.unwrap();
            let wrong = [("fleet", "open barley")];
            let error = login(&settings(), &wrong, &endpoint).await.unwrap_err();
            assert_eq!(error.code(), code::AUTHENTICATION, "{lines:?}");
            let text = format!("{error:?} {}", error.message());
            assert!(
                text.contains("`fleet`") && !text.contains("barley"),
                "{text}"
            );
            assert!(!sshd.log().contains("barley"));
        }
        // Both a key and a password may be asked for.
        let both = "AuthenticationMethods publickey,password";
        sshd.configure(&[pam, both]);
        endpoint.identities = vec![sshd.key()];
        let right = [("fleet", "open sesame")];
        login(&settings(), &right, &endpoint).await.unwrap();
        endpoint.password = None;
        let error = login(&settings(), &right, &endpoint).await.unwrap_err();
        assert_eq!(error.code(), code::AUTHENTICATION, "{error}");
    });
}

#[test]
fn a_user_who_is_not_let_in_is_named() {
    let Some(sshd) = Sshd::start() else { return };
    run(async {
        let mut endpoint = sshd.endpoint(0);
        endpoint.user = Some("nobody_here".to_owned());
        let error = connector().connect(&endpoint).await.unwrap_err();
        assert!(error.to_string().contains("nobody_here"), "{error}");
        assert_eq!(error.code(), code::AUTHENTICATION);
    });
}

#[test]
fn a_login_that_is_cut_is_no_refusal() {
    let Some(sshd) = Sshd::start() else { return };
    let cutter = Cutter::before(sshd.port());
    let endpoint = through(&sshd, cutter.port());
    run(async {
        for budget in (1_000..6_000).step_by(100) {
            // Attempts of one call: none lives longer.
            cutter.plan([budget; 8]);
            match connector().connect(&endpoint).await {
                Ok(_) => {}
                Err(error) => assert_ne!(error.code(), code::AUTHENTICATION, "{budget}: {error}"),
            }
        }
    });
    assert!(cutter.cuts() > 20, "{} cuts", cutter.cuts());
}

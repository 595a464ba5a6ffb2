//! Keys of hosts: who is let through and who is not, with real servers.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use oos::base::failure::code;
use oos::provider::ssh::{Endpoint, HostKeyError, HostKeyPolicy, SshError};

use super::fleet::{assert_said, connector, run, run_on};
use crate::support::sshd::Sshd;

fn with_file(sshd: &Sshd, file: PathBuf, unknown: HostKeyPolicy) -> Endpoint {
    let mut endpoint = sshd.endpoint(0);
    endpoint.host_keys.files = vec![file];
    endpoint.host_keys.unknown = unknown;
    endpoint
}

#[test]
fn an_unknown_key_is_refused_or_remembered_and_a_changed_one_never_taken() {
    let Some(mut sshd) = Sshd::start() else {
        return;
    };
    let file = sshd.file("mine");
    let refusing = with_file(&sshd, file.clone(), HostKeyPolicy::Refuse);
    let accepting = with_file(&sshd, file.clone(), HostKeyPolicy::AcceptNew);
    run(async {
        let error = connector().connect(&refusing).await.unwrap_err();
        assert_eq!(error.code(), code::KEY_REFUSED);
        let text = error.to_string();
        let key = sshd.public("host_ed25519");
        let key = key.split_whitespace().nth(1).unwrap();
        assert!(text.contains(key) && text.contains("SHA256:"), "{text}");
        assert!(!file.exists());
        let collected = run_on(&connector(), &accepting, "echo in").await;
        assert_said(&collected.unwrap(), "in\n");
        connector().connect(&refusing).await.unwrap();

        sshd.keygen("host_new", &["-t", "ed25519"]);
        fs::rename(sshd.file("host_new"), sshd.file("host_ed25519")).unwrap();
        sshd.restart();
        for endpoint in [&refusing, &accepting] {
            let error = connector().connect(endpoint).await.unwrap_err();
            let SshError::HostKey(HostKeyError::Changed { line: 1, .. }) = &error else {
                panic!("{error}");
            };
            assert_eq!(error.code(), code::KEY_REFUSED);
            assert!(error.to_string().contains("mine"), "{error}");
        }
        assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 1);
    });
}

#[test]
fn a_host_known_by_another_type_of_key_is_asked_for_that() {
    let Some(mut sshd) = Sshd::start() else {
        return;
    };
    for kind in ["ecdsa", "rsa"] {
        sshd.keygen(&format!("host_{kind}"), &["-t", kind]);
    }
    sshd.configure(&["HostKey $FOLDER/host_ecdsa", "HostKey $FOLDER/host_rsa"]);
    run(async {
        for kind in ["ecdsa", "rsa", "ed25519"] {
            let file = sshd.only(&format!("by_{kind}"), &format!("host_{kind}"));
            let endpoint = with_file(&sshd, file, HostKeyPolicy::Refuse);
            connector().connect(&endpoint).await.unwrap();
        }
        // The same with hashed names, among those of other hosts that are known by other types.
        let name = format!("[{}]:{}", Sshd::address(0), sshd.port());
        let other = format!("[{}]:{}", Sshd::address(1), sshd.port());
        let lines = format!(
            "{other} {}{name} {}",
            sshd.public("host_ed25519"),
            sshd.public("host_ecdsa")
        );
        let file = sshd.file("hashed");
        fs::write(&file, lines).unwrap();
        let hashing = Command::new("ssh-keygen")
            .args(["-q", "-H", "-f"])
            .arg(&file)
            .output();
        assert!(hashing.unwrap().status.success());
        assert!(fs::read_to_string(&file).unwrap().starts_with("|1|"));
        let endpoint = with_file(&sshd, file, HostKeyPolicy::Refuse);
        connector().connect(&endpoint).await.unwrap();
    });
}

/// Signs the server's key with the authority of hosts.
fn sign(sshd: &Sshd, principals: &str, more: &[&str]) {
    let signed = Command::new("ssh-keygen")
        .args(["-q", "-h", "-I", "host", "-n", principals, "-s"])
        .arg(sshd.file("host_ca"))
        .args(more)
        .arg(sshd.file("host_ed25519.pub"))
        .status();
    assert!(signed.unwrap().success());
}

#[test]
fn a_certificate_of_an_authority_makes_a_host_known() {
    let Some(mut sshd) = Sshd::start() else {
        return;
    };
    sshd.keygen("host_ca", &["-t", "ed25519"]);
    let authority = sshd.public("host_ca");
    let file = sshd.file("authorities");
    fs::write(&file, format!("@cert-authority [127.1.*]:* {authority}")).unwrap();
    let certificate = ["HostCertificate $FOLDER/host_ed25519-cert.pub"];
    let endpoint = with_file(&sshd, file, HostKeyPolicy::Refuse);
    let cases: [(&str, &[&str], bool); 3] = [
        (&endpoint.address, &[], true),
        ("127.1.9.9", &[], false),
        (&endpoint.address, &["-V", "20200101:20200201"], false),
    ];
    for (principals, more, is_known) in cases {
        sign(&sshd, principals, more);
        sshd.configure(&certificate);
        run(async {
            let connected = connector().connect(&endpoint).await;
            assert_eq!(
                connected.is_ok(),
                is_known,
                "{principals} {more:?} {connected:?}"
            );
            if let Err(error) = connected {
                assert_eq!(error.code(), code::KEY_REFUSED, "{error}");
            }
        });
    }
}

#[test]
fn a_revoked_key_is_refused_by_name() {
    let Some(sshd) = Sshd::start() else { return };
    let file = sshd.only("revoking", "host_ed25519");
    let known = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        format!("{known}@revoked * {}", sshd.public("host_ed25519")),
    )
    .unwrap();
    run(async {
        let endpoint = with_file(&sshd, file, HostKeyPolicy::AcceptNew);
        let error = connector().connect(&endpoint).await.unwrap_err();
        assert!(error.to_string().contains("revoked"), "{error}");
        assert_eq!(error.code(), code::KEY_REFUSED);
    });
}

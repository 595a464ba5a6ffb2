//! Decisions about host keys, with real files and real keys.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use russh::keys::key::safe_rng;
use russh::keys::ssh_key::Certificate;
use russh::keys::ssh_key::certificate::{Builder, CertType};
use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::keys::{Algorithm, EcdsaCurve, HashAlg, PrivateKey, PublicKey};
use tempfile::TempDir;

use super::{HostCheck, HostKeyError, Kinds, KnownHosts, Verdict};
use crate::provider::ssh::endpoint::{Endpoint, HostKeyPolicy, HostKeys};

const WEB: &str = "web.example.com";

/// One file of known hosts, and whoever reads it.
struct World {
    folder: TempDir,
    store: Arc<KnownHosts>,
}

impl World {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = Self {
            folder,
            store: Arc::new(KnownHosts::new(None)),
        };
        fs::write(world.file(), text).unwrap();
        world
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("known_hosts")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    fn endpoint(&self, address: &str, unknown: HostKeyPolicy) -> Endpoint {
        Endpoint {
            host_keys: HostKeys {
                files: vec![self.file()],
                system_files: vec![self.folder.path().join("system")],
                alias: None,
                unknown,
            },
            ..Endpoint::of(address)
        }
    }

    fn check(&self, address: &str) -> HostCheck {
        let endpoint = self.endpoint(address, HostKeyPolicy::Refuse);
        self.store.check(&endpoint).unwrap()
    }

    fn accepting(&self, address: &str) -> HostCheck {
        let endpoint = self.endpoint(address, HostKeyPolicy::AcceptNew);
        self.store.check(&endpoint).unwrap()
    }
}

fn private(number: u8) -> PrivateKey {
    Ed25519Keypair::from_seed(&[number; 32]).into()
}

fn key(number: u8) -> PublicKey {
    private(number).public_key().clone()
}

fn ecdsa() -> PublicKey {
    let curve = EcdsaCurve::NistP256;
    let key = PrivateKey::random(&mut safe_rng(), Algorithm::Ecdsa { curve });
    key.unwrap().public_key().clone()
}

fn line(hosts: &str, key: &PublicKey) -> String {
    format!("{hosts} {}\n", key.to_openssh().unwrap())
}

/// Hashes the names in a file as OpenSSH does.
fn hashed(host: &str, key: &PublicKey) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let salt = host.repeat(2);
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(salt.as_bytes()).unwrap();
    mac.update(host.as_bytes());
    let hash = STANDARD.encode(mac.finalize().into_bytes());
    line(&format!("|1|{}|{hash}", STANDARD.encode(salt)), key)
}

/// Makes a certificate of a host key.
fn certificate(authority: u8, principals: &[&str], kind: CertType, until: u64) -> Certificate {
    let mut builder = Builder::new_with_random_nonce(&mut safe_rng(), key(1), 0, until).unwrap();
    builder.cert_type(kind).unwrap();
    builder.key_id("host").unwrap();
    if principals.is_empty() {
        builder.all_principals_valid().unwrap();
    }
    for principal in principals {
        builder.valid_principal(*principal).unwrap();
    }
    builder.sign(&private(authority)).unwrap()
}

/// What a case comes to, in one word.
fn word(decided: Result<Verdict, HostKeyError>) -> &'static str {
    match decided {
        Ok(Verdict::Known) => "known",
        Ok(Verdict::AskFor(_)) => "ask",
        Err(HostKeyError::Unknown { .. }) => "unknown",
        Err(HostKeyError::Changed { .. }) => "changed",
        Err(HostKeyError::Revoked { .. }) => "revoked",
        Err(HostKeyError::Certificate { .. }) => "certificate",
        Err(other) => panic!("{other}"),
    }
}

#[track_caller]
fn case(text: &str, address: &str, expected: &str) {
    let decided = World::new(text).check(address).decide(&key(1), None);
    assert_eq!(word(decided), expected, "{address} in\n{text}");
}

#[test]
fn the_files_decide_about_a_key() {
    let (good, bad) = (key(1), key(2));
    case("", WEB, "unknown");
    case(&line(WEB, &good), WEB, "known");
    case(&line(WEB, &good), "WEB.example.COM", "known");
    case(&line("Web.Example.com", &good), WEB, "known");
    case(&line("db.example.com", &good), WEB, "unknown");
    case(&line("10.0.0.1,web.example.com", &good), WEB, "known");
    case(&line(WEB, &bad), WEB, "changed");
    // Several keys of one host: one of them is enough.
    case(&(line(WEB, &bad) + &line(WEB, &good)), WEB, "known");
    case(&line("*.example.com", &good), WEB, "known");
    case(&line("*.example.com", &bad), WEB, "changed");
    case(&line("*.example.com,!web.*", &good), WEB, "unknown");
    case(
        &(line("*.example.com,!web.*", &bad) + &line(WEB, &good)),
        WEB,
        "known",
    );
    case(&hashed(WEB, &good), WEB, "known");
    case(&hashed(WEB, &bad), WEB, "changed");
    case(&hashed("db.example.com", &good), WEB, "unknown");
    case(&(hashed(WEB, &bad) + &hashed(WEB, &good)), WEB, "known");
    case(
        "# web.example.com nothing\nweb.example.com\n",
        WEB,
        "unknown",
    );
}

#[test]
fn a_revoked_key_is_refused_whoever_knows_it() {
    let good = key(1);
    let revoked = |hosts: &str| format!("@revoked {}", line(hosts, &good));
    case(&(line(WEB, &good) + &revoked("*")), WEB, "revoked");
    case(&(revoked(WEB) + &hashed(WEB, &good)), WEB, "revoked");
    case(&revoked("*"), WEB, "revoked");
    case(&(line(WEB, &good) + &revoked("db.*")), WEB, "known");
    let accepting = World::new(&revoked("*")).accepting(WEB);
    assert_eq!(word(accepting.decide(&good, None)), "revoked");
}

#[test]
fn a_key_that_is_revoked_without_a_port_is_revoked_on_every_port() {
    let revoked = |number: u8| format!("@revoked {}", line(WEB, &key(number)));
    let decide = |text: &str, certificate: Option<&Certificate>| {
        let world = World::new(text);
        let mut endpoint = world.endpoint(WEB, HostKeyPolicy::AcceptNew);
        endpoint.port = 2222;
        word(
            world
                .store
                .check(&endpoint)
                .unwrap()
                .decide(&key(1), certificate),
        )
    };
    assert_eq!(decide(&(line(WEB, &key(1)) + &revoked(1)), None), "revoked");
    assert_eq!(decide(&revoked(1), None), "revoked");
    let authority = format!(
        "@cert-authority {}",
        line("[web.example.com]:2222", &key(9))
    );
    let signed = certificate(9, &[WEB], CertType::Host, u64::MAX - 1);
    assert_eq!(decide(&authority, Some(&signed)), "known");
    assert_eq!(decide(&(authority + &revoked(9)), Some(&signed)), "revoked");
}

#[test]
fn files_of_the_system_count_beside_those_of_the_user_and_are_never_written() {
    let world = World::new("");
    let system = world.folder.path().join("system");
    fs::write(&system, format!("@revoked {}", line("*", &key(2)))).unwrap();
    let accepting = world.accepting(WEB);
    assert_eq!(word(accepting.decide(&key(2), None)), "revoked");
    assert_eq!(word(accepting.decide(&key(1), None)), "known");
    assert_eq!(world.text(), line(WEB, &key(1)));

    // Each kind has usual files of its own.
    let paths = |home: Option<&str>, files: &[&str], system_files: &[&str]| {
        let mut endpoint = Endpoint::of(WEB);
        endpoint.host_keys.files = files.iter().map(PathBuf::from).collect();
        endpoint.host_keys.system_files = system_files.iter().map(PathBuf::from).collect();
        let store = Arc::new(KnownHosts::new(home.map(PathBuf::from)));
        let check = store.check(&endpoint).unwrap();
        let paths = check
            .files
            .iter()
            .map(|file| file.read().unwrap().path.clone());
        let paths: Vec<String> = paths.map(|path| path.display().to_string()).collect();
        paths.join(" ")
    };
    let of_system = "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2";
    let of_user = "/no/.ssh/known_hosts /no/.ssh/known_hosts2";
    assert_eq!(
        paths(Some("/no"), &[], &[]),
        format!("{of_user} {of_system}")
    );
    assert_eq!(
        paths(Some("/no"), &["/no/a"], &[]),
        format!("/no/a {of_system}")
    );
    assert_eq!(
        paths(Some("/no"), &[], &["/no/b"]),
        format!("{of_user} /no/b")
    );

    // Without a file of the user's there is nowhere to remember a key.
    let mut endpoint = world.endpoint("db.example.com", HostKeyPolicy::AcceptNew);
    endpoint.host_keys.files.clear();
    let error = world.store.check(&endpoint).unwrap().decide(&key(1), None);
    assert!(
        matches!(error, Err(HostKeyError::Nowhere { .. })),
        "{error:?}"
    );
    assert_eq!(fs::read_to_string(&system).unwrap().lines().count(), 1);
}

#[test]
fn a_line_that_revokes_something_unreadable_refuses_everybody() {
    let world = World::new("\n@revoked *\n");
    let endpoint = world.endpoint(WEB, HostKeyPolicy::AcceptNew);
    let error = world.store.check(&endpoint).unwrap_err();
    assert!(
        matches!(error, HostKeyError::Malformed { line: 2, .. }),
        "{error}"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let world = World::new("");
    let mut endpoint = world.endpoint(WEB, HostKeyPolicy::AcceptNew);
    endpoint.host_keys.files = vec![world.folder.path().to_owned()];
    let error = world.store.check(&endpoint).unwrap_err();
    let folder = world.folder.path().display().to_string();
    assert!(error.to_string().contains(&folder), "{error}");
}

#[test]
fn a_changed_key_is_refused_with_file_line_and_both_fingerprints() {
    let (good, bad) = (key(1), key(2));
    let world = World::new(&format!("# first\n{}", line(WEB, &bad)));
    let text = world
        .accepting(WEB)
        .decide(&good, None)
        .unwrap_err()
        .to_string();
    let file = world.file().display().to_string();
    let prints = [&good, &bad].map(|key| key.fingerprint(HashAlg::Sha256).to_string());
    for part in [file.as_str(), "line 2", &prints[0], &prints[1]] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn an_unknown_key_is_refused_with_the_line_that_would_make_it_known() {
    let world = World::new("");
    let good = key(1);
    let error = world.check(WEB).decide(&good, None).unwrap_err();
    let HostKeyError::Unknown { line, shown, .. } = &error else {
        panic!("{error}");
    };
    assert!(shown.contains(&good.fingerprint(HashAlg::Sha256).to_string()));
    case(&format!("{line}\n"), WEB, "known");
}

#[test]
fn a_host_is_asked_for_a_key_of_a_type_that_is_known() {
    let (elliptic, good) = (ecdsa(), key(1));
    for text in [line(WEB, &elliptic), hashed(WEB, &elliptic)] {
        let check = World::new(&text).check(WEB);
        assert_eq!(check.kinds(), Kinds::of("ecdsa-sha2-nistp256"), "{text}");
        let Ok(Verdict::AskFor(kinds)) = check.decide(&good, None) else {
            panic!("{text}");
        };
        let asked = check.asking_for(kinds);
        assert_eq!(word(asked.decide(&elliptic, None)), "known");
        // It was asked for the known one and still shows another: that is no other type any more.
        assert_eq!(word(asked.decide(&good, None)), "changed");
    }
}

#[test]
fn a_port_is_part_of_the_name() {
    let good = key(1);
    let decide = |text: &str| {
        let world = World::new(text);
        let mut endpoint = world.endpoint(WEB, HostKeyPolicy::Refuse);
        endpoint.port = 2222;
        word(world.store.check(&endpoint).unwrap().decide(&good, None))
    };
    assert_eq!(decide(&line("[web.example.com]:2222", &good)), "known");
    assert_eq!(decide(&hashed("[web.example.com]:2222", &good)), "known");
    assert_eq!(decide(&line("[web.example.com]:2223", &good)), "unknown");
    // As with OpenSSH, the same key without a port is good enough, and another one says nothing.
    assert_eq!(decide(&line(WEB, &good)), "known");
    assert_eq!(decide(&line(WEB, &key(2))), "unknown");
}

#[test]
fn an_alias_is_looked_up_in_place_of_the_address() {
    let world = World::new(&line("inner", &key(1)));
    let mut endpoint = world.endpoint("127.0.0.1", HostKeyPolicy::Refuse);
    endpoint.port = 2222;
    endpoint.host_keys.alias = Some("Inner".to_owned());
    let check = world.store.check(&endpoint).unwrap();
    assert_eq!(word(check.decide(&key(1), None)), "known");
}

#[test]
fn an_authority_vouches_for_its_hosts_only_and_only_in_time() {
    let authority = |hosts: &str| format!("@cert-authority {}", line(hosts, &key(9)));
    let forever = u64::MAX - 1;
    let decide = |text: &str, certificate: &Certificate| {
        let check = World::new(text).check(WEB);
        word(check.decide(&key(1), Some(certificate)))
    };
    let good = certificate(9, &[WEB], CertType::Host, forever);
    let mine = authority("*.example.com");
    assert_eq!(decide(&mine, &good), "known");
    assert_eq!(decide(&authority("*.example.org"), &good), "certificate");
    assert_eq!(decide("", &good), "certificate");
    for bad in [
        certificate(8, &[WEB], CertType::Host, forever),
        certificate(9, &[WEB], CertType::User, forever),
        certificate(9, &["db.example.com"], CertType::Host, forever),
        certificate(9, &[], CertType::Host, forever),
        certificate(9, &[WEB], CertType::Host, 1_000_000_000),
    ] {
        assert_eq!(decide(&mine, &bad), "certificate", "{bad:?}");
        // What is below the certificate may be known for itself.
        assert_eq!(decide(&(mine.clone() + &line(WEB, &key(1))), &bad), "known");
    }
    let wild = certificate(9, &["*.example.com"], CertType::Host, forever);
    assert_eq!(decide(&mine, &wild), "known");
    let revoked = mine.clone() + &format!("@revoked {}", line("*", &key(9)));
    assert_eq!(decide(&revoked, &good), "revoked");
    let revoked = mine.clone() + &format!("@revoked {}", line("*", &key(1)));
    assert_eq!(decide(&revoked, &good), "revoked");
    let world = World::new(&mine);
    assert!(world.check(WEB).takes_certificates());
    assert!(!world.check("web.example.org").takes_certificates());
    // An authority is no key of a host.
    assert_eq!(word(world.check(WEB).decide(&key(9), None)), "unknown");
}

#[test]
fn a_new_key_is_remembered_once_and_for_its_owner_alone() {
    let world = World::new("# a line without an end");
    fs::remove_file(world.file()).unwrap();
    let (good, bad) = (key(1), key(2));
    assert_eq!(word(world.accepting(WEB).decide(&good, None)), "known");
    let mode = fs::metadata(world.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(word(world.accepting(WEB).decide(&good, None)), "known");
    assert_eq!(world.text().lines().count(), 1);
    assert_eq!(word(world.accepting(WEB).decide(&bad, None)), "changed");
    assert_eq!(word(world.check(WEB).decide(&good, None)), "known");
}

#[test]
fn a_new_key_goes_on_a_line_of_its_own() {
    let text = line("db.example.com", &key(3));
    let world = World::new(text.trim_end());
    let accepting = world.accepting(WEB);
    assert_eq!(word(accepting.decide(&key(1), None)), "known");
    assert_eq!(world.text(), text + &line(WEB, &key(1)));
    let error = accepting.decide(&key(2), None).unwrap_err();
    assert!(
        matches!(error, HostKeyError::Changed { line: 2, .. }),
        "{error}"
    );
    for (address, number) in [(WEB, 1), ("db.example.com", 3)] {
        assert_eq!(
            word(world.check(address).decide(&key(number), None)),
            "known"
        );
    }
}

#[test]
fn what_somebody_else_remembered_meanwhile_counts() {
    let world = World::new("");
    let accepting = world.accepting(WEB);
    fs::write(world.file(), line(WEB, &key(2))).unwrap();
    let error = accepting.decide(&key(1), None).unwrap_err();
    assert!(
        matches!(error, HostKeyError::NotRemembered { .. }),
        "{error}"
    );
    assert_eq!(world.text(), line(WEB, &key(2)));
    assert_eq!(word(world.accepting(WEB).decide(&key(1), None)), "changed");
}

#[test]
fn a_name_that_would_mean_more_is_never_written() {
    let world = World::new("");
    for address in ["*", "a,b", "web example", "web\n* "] {
        let error = world.accepting(address).decide(&key(1), None).unwrap_err();
        assert!(
            matches!(error, HostKeyError::NotRemembered { .. }),
            "{error}"
        );
    }
    assert_eq!(world.text(), "");
}

#[test]
fn processes_that_learn_at_the_same_time_lose_nothing() {
    let world = World::new("");
    std::thread::scope(|scope| {
        for process in 0..4 {
            let (world, store) = (&world, Arc::new(KnownHosts::new(None)));
            scope.spawn(move || {
                for number in 0..25 {
                    let address = format!("h{process}-{number}");
                    let endpoint = world.endpoint(&address, HostKeyPolicy::AcceptNew);
                    let check = store.check(&endpoint).unwrap();
                    assert_eq!(word(check.decide(&key(1), None)), "known");
                }
            });
        }
    });
    assert_eq!(world.text().lines().count(), 100);
}

/// Prints what large files cost; the assertion only tells a look-up from a search.
#[test]
#[expect(clippy::disallowed_methods, reason = "the test measures time")]
fn a_hundred_thousand_lines_are_read_once_and_found_at_once() {
    let numbers = 0..100_000_u32;
    let named = |number: &u32| format!("[10.{}.{}]:2222", number / 1_000, number % 1_000);
    // Other keys than the host's own: cut from it, so that each line has one of its own.
    let other =
        |number: u32| line(&named(&number), &key(1)).replace("AAAAC3", &format!("A{number:05}"));
    let plain: String = numbers.clone().map(other).collect::<String>() + &line(WEB, &key(1));
    let salted =
        |number: u32| format!("|1|{number:027}=|{number:027}= ssh-ed25519 A{number:067}\n");
    let hashes: String = numbers.map(salted).collect::<String>() + &hashed(WEB, &key(1));
    for (what, text) in [("plain", plain), ("hashed", hashes)] {
        let world = World::new(&text);
        let start = std::time::Instant::now();
        let check = world.check(WEB);
        let read = start.elapsed();
        let start = std::time::Instant::now();
        for _ in 0..100 {
            assert_eq!(word(world.check(WEB).decide(&key(1), None)), "known");
        }
        let found = start.elapsed() / 100;
        println!("{what}: read in {read:?}, found in {found:?}");
        assert!(found * 20 < read, "{what}: {found:?} of {read:?}");
        drop(check);
    }
}

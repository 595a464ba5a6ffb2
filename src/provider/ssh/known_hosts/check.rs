//! The decision about the key that a host shows.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use russh::keys::ssh_key::certificate::CertType;
use russh::keys::ssh_key::{self, Certificate};
use russh::keys::{Algorithm, HashAlg, PublicKey};
use sha2::{Digest as _, Sha256};

use crate::provider::ssh::endpoint::HostKeyPolicy;
use crate::provider::ssh::known_hosts::error::HostKeyError;
use crate::provider::ssh::known_hosts::file::{Found, KnownFile};
use crate::provider::ssh::known_hosts::kind::Kinds;
use crate::provider::ssh::known_hosts::name;
use crate::provider::ssh::known_hosts::store::KnownHosts;

/// What comes of a key that is not refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::provider::ssh) enum Verdict {
    /// The host is who it should be.
    Known,
    /// The host showed a key of a type that is not known for it, and keys of these types are. It must
    /// be asked for one of them before anything can be said.
    AskFor(Kinds),
}

/// Everything that the key of one host is checked against.
#[derive(Clone, Debug)]
pub(in crate::provider::ssh) struct HostCheck {
    /// The name under which the host is looked up.
    pub(super) host: String,
    /// The same without a port, where there is one.
    pub(super) bare: Option<String>,
    pub(super) files: Vec<Arc<RwLock<KnownFile>>>,
    pub(super) policy: HostKeyPolicy,
    /// The first file.
    pub(super) first: PathBuf,
    /// Whether the first file is the user's, so that a new key may go there.
    pub(super) learns: bool,
    pub(super) store: Arc<KnownHosts>,
    /// The types that the host was asked for, if it was known what to ask for.
    pub(super) asked: Kinds,
    /// Seconds since 1970.
    pub(super) now: u64,
}

/// A key as files hold it.
struct Shown {
    kind: String,
    key: String,
    bytes: Vec<u8>,
}

impl Shown {
    fn of(key: &PublicKey) -> Result<Self, ssh_key::Error> {
        let bytes = key.to_bytes()?;
        Ok(Self {
            // The type of an RSA key is the same whatever hash it signs with.
            kind: match key.algorithm() {
                Algorithm::Rsa { .. } => "ssh-rsa".to_owned(),
                other => other.to_string(),
            },
            key: STANDARD.encode(&bytes),
            bytes,
        })
    }

    /// Returns its type and its fingerprint.
    fn print(&self) -> String {
        format!("{} {}", self.kind, fingerprint(&self.bytes))
    }

    fn is(&self, key: &str) -> bool {
        key == self.key || decoded(key).is_some_and(|bytes| bytes == self.bytes)
    }
}

/// Some files lack the padding.
fn decoded(key: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(key.trim_end_matches('=')).ok()
}

fn fingerprint(bytes: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(bytes)))
}

impl HostCheck {
    /// Returns the types of keys that the host is asked for first.
    pub(in crate::provider::ssh) fn kinds(&self) -> Kinds {
        if !self.asked.is_empty() {
            return self.asked;
        }
        let look = self.look();
        let known = look.files.iter().flat_map(|file| file.plain(&self.host));
        let known = known.fold(Kinds::NONE, |all, found| all.with(Kinds::of(found.kind)));
        if !known.is_empty() {
            return known;
        }
        // Whether one of these is the host is only known with its key in hand.
        let hashed = look.files.iter().map(|file| file.hashed_kinds());
        hashed.fold(Kinds::NONE, Kinds::with)
    }

    /// Returns this check for a host that is asked for keys of certain types.
    pub(in crate::provider::ssh) fn asking_for(&self, kinds: Kinds) -> Self {
        Self {
            asked: kinds,
            ..self.clone()
        }
    }

    /// Returns whether the host may show a certificate in place of a key.
    pub(in crate::provider::ssh) fn takes_certificates(&self) -> bool {
        let look = self.look();
        let mut files = look.files.iter();
        files.any(|file| file.authorities(&self.host).next().is_some())
    }

    /// Decides about the key or the certificate that the host shows, and remembers a key that is new
    /// if that is wanted.
    pub(in crate::provider::ssh) fn decide(
        &self,
        key: &PublicKey,
        certificate: Option<&Certificate>,
    ) -> Result<Verdict, HostKeyError> {
        let decided = self.look().decide(key, certificate)?;
        match decided {
            Decided::Known => Ok(Verdict::Known),
            Decided::AskFor(kinds) => Ok(Verdict::AskFor(kinds)),
            Decided::New(shown) => self.decide_new(&shown),
        }
    }

    fn decide_new(&self, shown: &Shown) -> Result<Verdict, HostKeyError> {
        match self.policy {
            HostKeyPolicy::Refuse => Err(HostKeyError::Unknown {
                host: self.host.clone(),
                shown: shown.print(),
                line: format!("{} {} {}", self.host, shown.kind, shown.key),
                file: self.first.clone(),
            }),
            HostKeyPolicy::AcceptNew => {
                self.store.learn(self, &shown.kind, &shown.key)?;
                Ok(Verdict::Known)
            }
        }
    }

    fn look(&self) -> Look<'_> {
        let files = self.files.iter();
        Look {
            check: self,
            files: files
                .map(|file| file.read().unwrap_or_else(PoisonError::into_inner))
                .collect(),
        }
    }
}

/// What the files say about a key.
enum Decided {
    Known,
    AskFor(Kinds),
    New(Shown),
}

/// A check with its files open, in memory.
struct Look<'a> {
    check: &'a HostCheck,
    files: Vec<RwLockReadGuard<'a, KnownFile>>,
}

impl Look<'_> {
    fn decide(
        &self,
        key: &PublicKey,
        certificate: Option<&Certificate>,
    ) -> Result<Decided, HostKeyError> {
        let shown = self.shown(key)?;
        self.refuse_revoked(&shown)?;
        if let Some(certificate) = certificate {
            return match self.vouched_for(certificate) {
                Err(refusal @ HostKeyError::Revoked { .. }) => Err(refusal),
                // The key below the certificate may be known for itself.
                Err(refusal) if !self.knows(&shown) => Err(refusal),
                _ => Ok(Decided::Known),
            };
        }
        if self.knows(&shown) {
            return Ok(Decided::Known);
        }
        self.decide_unknown(shown)
    }

    /// Decides about a key that is not found by its name and itself: looks at all keys of the host.
    fn decide_unknown(&self, shown: Shown) -> Result<Decided, HostKeyError> {
        let host = &self.check.host;
        let all: Vec<(&KnownFile, Found<'_>)> = self
            .files
            .iter()
            .flat_map(|file| {
                let found = file.plain(host).chain(file.hashed(host));
                found.map(|found| (&**file, found))
            })
            .collect();
        let kinds = all.iter().map(|(_, found)| Kinds::of(found.kind));
        let kinds = kinds.fold(Kinds::NONE, Kinds::with);
        let same_kind = all.iter().find(|(_, found)| found.kind == shown.kind);
        if all.iter().any(|(_, found)| shown.is(found.key)) {
            return Ok(Decided::Known);
        }
        if same_kind.is_none() && !kinds.is_empty() && !self.check.asked.has(kinds) {
            return Ok(Decided::AskFor(kinds));
        }
        // A host that was asked for a type it is known by and shows another has lost that key.
        match same_kind.or(all.first()) {
            Some((file, found)) => Err(self.changed(&shown, file, found)),
            None => Ok(Decided::New(shown)),
        }
    }

    fn changed(&self, shown: &Shown, file: &KnownFile, found: &Found<'_>) -> HostKeyError {
        HostKeyError::Changed {
            host: self.check.host.clone(),
            shown: shown.print(),
            known: match decoded(found.key) {
                Some(bytes) => format!("{} {}", found.kind, fingerprint(&bytes)),
                None => format!("{}, which cannot be read", found.kind),
            },
            file: file.path.clone(),
            line: found.line,
        }
    }

    fn shown(&self, key: &PublicKey) -> Result<Shown, HostKeyError> {
        Shown::of(key).map_err(|error| HostKeyError::Certificate {
            host: self.check.host.clone(),
            reason: error.to_string(),
        })
    }

    /// Returns every name of the host with every file. A host on an unusual port may be known, and
    /// revoked, without its port.
    fn places(&self) -> impl Iterator<Item = (&str, &KnownFile)> {
        let names = std::iter::once(&self.check.host).chain(self.check.bare.as_ref());
        names.flat_map(|host| self.files.iter().map(move |file| (host.as_str(), &**file)))
    }

    fn refuse_revoked(&self, shown: &Shown) -> Result<(), HostKeyError> {
        for (host, file) in self.places() {
            if let Some(found) = file.revoked(host, |key| shown.is(key)) {
                return Err(HostKeyError::Revoked {
                    host: self.check.host.clone(),
                    fingerprint: fingerprint(&shown.bytes),
                    file: file.path.clone(),
                    line: found.line,
                });
            }
        }
        Ok(())
    }

    /// Returns whether a line has just this key for the host.
    fn knows(&self, shown: &Shown) -> bool {
        self.places().any(|(host, file)| {
            file.plain(host).any(|found| shown.is(found.key))
                || file.hashed_with(host, &shown.key).next().is_some()
        })
    }

    /// Returns whether a trusted authority says that the certificate is this host's now.
    fn vouched_for(&self, certificate: &Certificate) -> Result<(), HostKeyError> {
        let refused = |reason: &str| HostKeyError::Certificate {
            host: self.check.host.clone(),
            reason: reason.to_owned(),
        };
        let authority = self.shown(&PublicKey::new(certificate.signature_key().clone(), ""))?;
        self.refuse_revoked(&authority)?;
        let mut trusted = self
            .files
            .iter()
            .flat_map(|file| file.authorities(&self.check.host));
        if !trusted.any(|found| authority.is(found.key)) {
            return Err(refused("no known authority has signed it"));
        }
        if certificate.cert_type() != CertType::Host {
            return Err(refused("it is a certificate of a user"));
        }
        if !certificate.critical_options().is_empty() {
            return Err(refused("it has options that are not understood"));
        }
        // A certificate for nobody in particular would be one for everybody.
        let host = self.check.bare.as_ref().unwrap_or(&self.check.host);
        let mut principals = certificate.valid_principals().iter();
        if !principals.any(|principal| name::matches_wildcards(principal, host)) {
            return Err(refused("it does not name the host"));
        }
        let signer = certificate.signature_key().fingerprint(HashAlg::Sha256);
        certificate
            .validate_at(self.check.now, [&signer])
            .map_err(|_| refused("it is not valid now, or its signature is wrong"))
    }
}

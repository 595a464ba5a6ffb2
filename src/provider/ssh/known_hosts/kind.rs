//! Types of host keys, and sets of them: which types are known for a host decides which one it is
//! asked for.

use russh::keys::{Algorithm, EcdsaCurve, HashAlg};

/// A set of types of host keys.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(in crate::provider::ssh) struct Kinds(u8);

/// The types that are spoken here, most preferred first, as files name them.
const NAMES: [&str; 5] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
];

impl Kinds {
    /// No type.
    pub(in crate::provider::ssh) const NONE: Self = Self(0);

    /// Returns the set of one type, or the empty set for a type that is not spoken.
    pub(super) fn of(name: &str) -> Self {
        let place = NAMES.iter().position(|known| *known == name);
        Self(place.map_or(0, |place| 1 << place))
    }

    /// Returns what is in either.
    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns whether all of `other` is in it.
    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns whether nothing is in it.
    pub(in crate::provider::ssh) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns all algorithms, those of this set first.
    pub(in crate::provider::ssh) fn preference(self) -> Vec<Algorithm> {
        let (first, last): (Vec<usize>, Vec<usize>) =
            (0..NAMES.len()).partition(|place| self.0 & (1 << place) != 0);
        first.into_iter().chain(last).flat_map(algorithms).collect()
    }
}

fn algorithms(place: usize) -> Vec<Algorithm> {
    let curve = match place {
        0 => return vec![Algorithm::Ed25519],
        1 => EcdsaCurve::NistP256,
        2 => EcdsaCurve::NistP384,
        3 => EcdsaCurve::NistP521,
        // Signatures with SHA-1 are not taken.
        _ => {
            let hashes = [HashAlg::Sha512, HashAlg::Sha256];
            return hashes
                .map(|hash| Algorithm::Rsa { hash: Some(hash) })
                .to_vec();
        }
    };
    vec![Algorithm::Ecdsa { curve }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_types_are_asked_for_first_and_none_is_left_out() {
        let names = |kinds: Kinds| -> Vec<String> {
            let preference = kinds.preference();
            preference.iter().map(ToString::to_string).collect()
        };
        assert_eq!(names(Kinds::NONE)[0], "ssh-ed25519");
        let rsa = names(Kinds::of("ssh-rsa"));
        assert_eq!(rsa[..3], ["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]);
        assert_eq!(rsa.len(), 6);
        assert!(Kinds::of("sk-ssh-ed25519@openssh.com").is_empty());
    }
}

//! Client tokens: a repeated call is answered as it was the first time, and the ids that a call
//! gives out follow from its token.

use serde::{Deserialize, Serialize};

use crate::base::digest::Digest;
use crate::base::time::Timestamp;
use crate::base::value::Map;
use crate::provider::local::state::Entity;

/// Letters of the digest in an id: with the prefix the id stays below the 30 that templates allow.
const ID_LETTERS: usize = 20;

/// The answer to a call that changed something, kept with the change.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Token {
    id: String,
    /// What was answered.
    pub(super) answer: Map,
    at: Timestamp,
}

impl Token {
    /// Makes the memory of an answer.
    pub(super) fn new(id: String, answer: Map, at: Timestamp) -> Self {
        Self { id, answer, at }
    }
}

impl Entity for Token {
    const KIND: &'static str = "token";

    fn id(&self) -> &str {
        &self.id
    }
}

/// Returns the record id for the answer to `api` called with `token`.
pub(super) fn token_id(api: &str, token: &str) -> String {
    Digest::of(format!("{}\n{token}", api.to_ascii_lowercase()).as_bytes())
        .hex()
        .to_owned()
}

/// Returns the id of the `number`th thing that a call with `token` makes.
pub(super) fn derive_id(prefix: &str, token: &str, number: usize) -> String {
    let digest = Digest::of(format!("{prefix}\n{token}\n{number}").as_bytes());
    format!("{prefix}{}", &digest.hex()[..ID_LETTERS])
}

/// Returns a request id in the vendor's form.
pub(super) fn request_id(token: &str, at: Timestamp) -> String {
    let digest = Digest::of(format!("{token}\n{}", at.as_nanosecond()).as_bytes());
    let hex = digest.hex().to_ascii_uppercase();
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..32]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_from_token_and_number() {
        assert_eq!(derive_id("i-", "t", 0), derive_id("i-", "t", 0));
        assert_ne!(derive_id("i-", "t", 0), derive_id("i-", "t", 1));
        assert_ne!(derive_id("i-", "t", 0), derive_id("i-", "u", 0));
        assert_eq!(derive_id("i-", "t", 0).len(), 22);
    }
}

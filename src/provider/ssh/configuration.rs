//! How sessions speak: which algorithms, how large their windows are, how they notice a dead host.
//! Sessions that speak alike share one configuration.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use russh::client::Config;
use russh::{Preferred, cipher, compression, kex};

use crate::provider::ssh::known_hosts::Kinds;

/// What a command may send before it is read. Ten thousand idle connections must not take memory for
/// it, so it is what a fast link on the same continent holds.
const WINDOW: u32 = 1 << 20;

/// The largest packet that the protocol promises everybody takes.
const PACKET: u32 = 32 * 1024;

/// Packets that wait for a slow reader before the link is held up.
const WAITING: usize = 16;

/// Questions without an answer after which a host counts as gone.
pub(super) const UNANSWERED: u32 = 3;

/// Key exchanges, cheapest first among those without known weakness. The first is what nearly every
/// server speaks and costs a third of the hybrid one in processor time.
const EXCHANGES: [kex::Name; 10] = [
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::MLKEM768X25519_SHA256,
    kex::ECDH_SHA2_NISTP256,
    kex::ECDH_SHA2_NISTP384,
    kex::ECDH_SHA2_NISTP521,
    kex::DH_GEX_SHA256,
    kex::DH_G16_SHA512,
    kex::DH_G18_SHA512,
    kex::DH_G14_SHA256,
];

/// What is said along with the key exchanges: that extensions are welcome, and that the exchange is
/// protected against messages that are left out.
const EXTENSIONS: [kex::Name; 2] = [
    kex::EXTENSION_SUPPORT_AS_CLIENT,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
];

/// Ciphers: with hardware for AES, GCM is the fastest; without, everybody speaks the second.
const CIPHERS: [cipher::Name; 5] = [
    cipher::AES_256_GCM,
    cipher::CHACHA20_POLY1305,
    cipher::AES_256_CTR,
    cipher::AES_192_CTR,
    cipher::AES_128_CTR,
];

/// What sessions differ in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Dialect {
    /// The types of keys that the host is asked for first.
    pub(super) kinds: Kinds,
    /// Whether certificates are taken.
    pub(super) certificates: bool,
    /// How often a quiet host is asked whether it lives.
    pub(super) keep_alive: Duration,
}

/// The configurations that were made.
#[derive(Debug)]
pub(super) struct Configurations {
    post_quantum: bool,
    made: Mutex<HashMap<Dialect, Arc<Config>>>,
}

impl Configurations {
    /// Makes none yet.
    pub(super) fn new(post_quantum: bool) -> Self {
        Self {
            post_quantum,
            made: Mutex::default(),
        }
    }

    /// Returns the configuration for a dialect.
    pub(super) fn get(&self, dialect: Dialect) -> Arc<Config> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let config = made
            .entry(dialect)
            .or_insert_with(|| Arc::new(self.make(dialect)));
        Arc::clone(config)
    }

    fn make(&self, dialect: Dialect) -> Config {
        let mut exchanges = EXCHANGES.to_vec();
        if self.post_quantum {
            exchanges.sort_by_key(|name| *name != kex::MLKEM768X25519_SHA256);
        }
        exchanges.extend(EXTENSIONS);
        let keys = dialect.kinds.preference();
        Config {
            window_size: WINDOW,
            maximum_packet_size: PACKET,
            channel_buffer_size: WAITING,
            keepalive_interval: Some(dialect.keep_alive),
            keepalive_max: UNANSWERED as usize,
            nodelay: true,
            preferred: Preferred {
                kex: Cow::Owned(exchanges),
                host_key_certificates: if dialect.certificates {
                    Cow::Owned(keys.clone())
                } else {
                    Cow::Borrowed(&[])
                },
                key: Cow::Owned(keys),
                cipher: Cow::Borrowed(&CIPHERS),
                // Compression before and after the login has had more faults than it is worth.
                compression: Cow::Borrowed(&[compression::NONE]),
                ..Preferred::DEFAULT
            },
            ..Config::default()
        }
    }
}

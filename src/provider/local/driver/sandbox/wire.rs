//! What the processes of an instance and the driver say to each other: one JSON line each way.

use std::io::{self, BufRead, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::provider::local::driver::{Base, Command};

use super::failure::Failure;
use super::unpack::Limits;

/// Longest line that is accepted; a command with its script fits.
const LONGEST_LINE: u64 = 64 << 20;

/// What a helper is started for, once its ids are mapped.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Errand {
    /// Makes the namespaces and leaves a pid 1 behind.
    Start {
        /// Whether the instances' root may write to our executable, which has to be prevented.
        seal: bool,
    },
    /// Unpacks the layer archive on standard output into the working directory.
    Unpack {
        limits: Limits,
        /// Folders below the target, relative to it, if it is not to be a layer by itself: what
        /// none of them holds needs no mark when it is removed.
        below: Option<Vec<String>>,
    },
    /// Packs the working directory as a layer into standard output.
    Pack,
    /// Empties the working directory.
    Empty,
}

/// What pid 1 needs to know to set itself up.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Start {
    pub(super) hostname: String,
    pub(super) base: Base,
    /// Folders of the unpacked layers relative to the instance's folder, highest first.
    pub(super) layers: Vec<String>,
}

/// What a pack came to.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Packed {
    pub(super) digest: crate::base::digest::Digest,
    pub(super) diff_id: crate::base::digest::Digest,
    pub(super) size: u64,
}

/// What the driver asks a running instance for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    /// Starts a command, at most once.
    Invoke {
        invocation: String,
        command: Command,
    },
    /// Ends a command.
    Kill { invocation: String },
    /// Asks what lives below a command's shepherd.
    Survivors { invocation: String },
    /// Asks every process to end and waits for that.
    Quiesce { grace_milliseconds: u64 },
    /// Writes a file whose content follows the line.
    Write(WriteFile),
}

/// A file to write; `size` bytes of content follow.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WriteFile {
    pub(super) directory: String,
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) mode: u32,
    pub(super) owner: String,
    pub(super) group: String,
    pub(super) overwrite: bool,
}

/// An answer.
pub(super) type Reply<T> = Result<T, Failure>;

/// Sends one message.
pub(super) fn send<T: Serialize>(mut to: impl Write, message: &T) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    to.write_all(&line)?;
    to.flush()
}

/// Receives one message.
pub(super) fn receive<T: DeserializeOwned>(from: &mut impl BufRead) -> io::Result<T> {
    let mut line = Vec::new();
    let read = from.take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    if read == 0 {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the other side went away",
        ));
    }
    Ok(serde_json::from_slice(&line)?)
}

/// Receives one message without taking a byte more from the stream, for a stream that another
/// process reads on from.
pub(super) fn receive_exactly<T: DeserializeOwned>(mut from: impl Read) -> io::Result<T> {
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        from.read_exact(&mut byte)?;
        if byte[0] == b'\n' {
            return Ok(serde_json::from_slice(&line)?);
        }
        line.push(byte[0]);
    }
}

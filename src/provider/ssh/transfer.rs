//! A file put on a host by SFTP: written beside its place under another name, read back and compared,
//! and only then put in its place, in one step. Whoever looks sees the old file, or the new one whole.

use std::future::ready;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use russh::ChannelMsg;
use russh::client::Msg;
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::client::{Config, RawSftpSession};
use russh_sftp::protocol::{FileAttributes, OpenFlags, Packet, StatusCode};
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use crate::provider::ssh::connection::Lease;
use crate::provider::ssh::error::{SshError, Started, printable};

/// Bytes of a file that go in one request; every server takes that much.
const PIECE: usize = 32 * 1024 - 1024;

/// Requests under way at once.
const AT_ONCE: usize = 32;

/// How long a server may take for one request. Disks that are asked to make sure may take long.
const PATIENCE: u64 = 60;

/// Replaces a file in one step, which the protocol's own rename does not.
const REPLACE: &str = "posix-rename@openssh.com";
/// Makes sure that a file is on the disk.
const MAKE_SURE: &str = "fsync@openssh.com";

/// A file that is put on a host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileToSend {
    /// Where it goes: an absolute path, or one from the login user's home.
    pub path: String,
    /// What is in it.
    pub content: Bytes,
    /// Its permissions.
    pub mode: u32,
    /// Whether it takes the place of a file that is there. A link is replaced, not followed.
    pub overwrite: bool,
}

/// One file on its way.
struct Transfer<'a> {
    lease: &'a Lease,
    file: &'a FileToSend,
    sftp: RawSftpSession,
    /// What the server can do beyond the protocol.
    can_replace: bool,
    can_make_sure: bool,
}

/// Puts a file on the host of a lease.
pub(super) async fn send(lease: &Arc<Lease>, file: &FileToSend) -> Result<(), SshError> {
    let transfer = Transfer::open(lease, file).await?;
    lease.begin();
    let sent = transfer.run().await;
    // Nobody is left who could hold up the connection: the session reads on to its end by itself.
    lease.finish();
    sent
}

impl<'a> Transfer<'a> {
    async fn open(lease: &'a Lease, file: &'a FileToSend) -> Result<Self, SshError> {
        let link = lease.link();
        let mut channel = link.open().await?;
        let asked = channel.request_subsystem(true, "sftp").await;
        asked.map_err(|error| link.lost(&error, Started::No))?;
        let limit = link.endpoint.limits.connect;
        let answered = timeout(limit, answer(&mut channel)).await;
        let answered = answered.map_err(|_| SshError::Timeout {
            host: link.endpoint.name(),
            what: "answer the wish to send a file",
            limit,
            started: Started::No,
        })?;
        match answered {
            Some(true) => {}
            Some(false) => {
                return Err(SshError::Refused {
                    host: link.endpoint.name(),
                    what: "to take files (it has no SFTP)".to_owned(),
                });
            }
            None => return Err(link.lost(&russh::Error::Disconnect, Started::No)),
        }
        let config = Config {
            request_timeout_secs: PATIENCE,
            ..Config::default()
        };
        let sftp = RawSftpSession::new_with_config(channel.into_stream(), config);
        let mut transfer = Self {
            lease,
            file,
            sftp,
            can_replace: false,
            can_make_sure: false,
        };
        let version = transfer.sftp.init().await;
        let version = version.map_err(|error| transfer.failed("the server's greeting", &error))?;
        transfer.can_replace = version.extensions.contains_key(REPLACE);
        transfer.can_make_sure = version.extensions.contains_key(MAKE_SURE);
        Ok(transfer)
    }

    async fn run(&self) -> Result<(), SshError> {
        let is_there = self.sftp.lstat(self.file.path.as_str()).await.is_ok();
        if is_there && !self.file.overwrite {
            return Err(self.refused("it exists already"));
        }
        if is_there && !self.can_replace {
            return Err(self.refused("the host cannot replace a file in one step"));
        }
        let beside = self.beside()?;
        let placed = match self.write(&beside).await {
            Ok(()) => self.place(&beside).await,
            Err(error) => Err(error),
        };
        if placed.is_err() {
            // It is no harm if it stays: its name is nobody else's.
            drop(self.sftp.remove(beside).await);
        }
        placed
    }

    /// Returns a name beside the file's place that nobody else uses.
    fn beside(&self) -> Result<String, SshError> {
        let path = &self.file.path;
        let (folder, name) = path
            .rsplit_once('/')
            .map_or(("", path.as_str()), |(folder, name)| {
                (&path[..=folder.len()], name)
            });
        if name.is_empty() || path.contains('\0') {
            return Err(self.refused("that is no name of a file"));
        }
        let chance = getrandom::u64().unwrap_or_default();
        // Names of files may be no longer than 255 bytes; this one need not be recognized.
        Ok(format!("{folder}.oos-{chance:016x}"))
    }

    async fn write(&self, path: &str) -> Result<(), SshError> {
        let mut hidden = FileAttributes::empty();
        hidden.permissions = Some(0o600);
        let flags = OpenFlags::CREATE | OpenFlags::EXCLUDE | OpenFlags::WRITE;
        let opened = self.sftp.open(path, flags, hidden).await;
        let handle = opened
            .map_err(|error| self.failed("create", &error))?
            .handle;
        let pieces = self.file.content.chunks(PIECE).enumerate();
        stream::iter(pieces)
            .map(|(number, piece)| {
                let offset = (number * PIECE) as u64;
                self.sftp.write(handle.as_str(), offset, piece.to_vec())
            })
            .buffer_unordered(AT_ONCE)
            .try_for_each(|_| ready(Ok(())))
            .await
            .map_err(|error| self.failed("write", &error))?;
        let mut wanted = FileAttributes::empty();
        wanted.permissions = Some(self.file.mode & 0o7777);
        let set = self.sftp.fsetstat(handle.as_str(), wanted).await;
        set.map_err(|error| self.failed("set permissions", &error))?;
        if self.can_make_sure {
            let made_sure = self.sftp.fsync(handle.as_str()).await;
            made_sure.map_err(|error| self.failed("write to disk", &error))?;
        }
        let closed = self.sftp.close(handle).await;
        closed.map_err(|error| self.failed("close", &error))?;
        self.compare(path).await
    }

    /// Reads back what was written and compares digests.
    async fn compare(&self, path: &str) -> Result<(), SshError> {
        let opened = self
            .sftp
            .open(path, OpenFlags::READ, FileAttributes::empty());
        let handle = opened
            .await
            .map_err(|error| self.failed("read back", &error))?
            .handle;
        // One byte more than was written would be found too.
        let ends = (0..=self.file.content.len()).step_by(PIECE);
        let digest = stream::iter(ends)
            .map(|offset| self.read(&handle, offset))
            .buffered(AT_ONCE)
            .try_fold(Sha256::new(), |mut digest, piece| {
                digest.update(piece);
                ready(Ok(digest))
            })
            .await
            .map_err(|error| self.failed("read back", &error))?;
        let closed = self.sftp.close(handle).await;
        closed.map_err(|error| self.failed("close", &error))?;
        if digest.finalize() != Sha256::digest(&self.file.content) {
            return Err(self.refused("what was read back is not what was written"));
        }
        Ok(())
    }

    /// Reads a piece whole: a server may give less than it was asked for.
    async fn read(&self, handle: &str, offset: usize) -> Result<Vec<u8>, SftpError> {
        let mut piece = Vec::with_capacity(PIECE);
        while piece.len() < PIECE {
            let wanted = u32::try_from(PIECE - piece.len()).expect("a piece is small");
            let from = (offset + piece.len()) as u64;
            match self.sftp.read(handle, from, wanted).await {
                Ok(read) if read.data.is_empty() => break,
                Ok(read) => piece.extend(read.data),
                Err(SftpError::Status(status)) if status.status_code == StatusCode::Eof => break,
                Err(error) => return Err(error),
            }
        }
        Ok(piece)
    }

    /// Puts the file in its place.
    async fn place(&self, beside: &str) -> Result<(), SshError> {
        let path = self.file.path.as_str();
        if !self.file.overwrite || !self.can_replace {
            // The protocol's own rename fails where something has come in between.
            let renamed = self.sftp.rename(beside, path).await;
            return renamed
                .map(drop)
                .map_err(|error| self.failed("rename", &error));
        }
        let mut names = Vec::new();
        for name in [beside, path] {
            let length = u32::try_from(name.len()).expect("a path is shorter");
            names.extend(length.to_be_bytes());
            names.extend(name.as_bytes());
        }
        match self.sftp.extended(REPLACE, names).await {
            Ok(Packet::Status(status)) if status.status_code == StatusCode::Ok => Ok(()),
            Ok(Packet::Status(status)) => Err(self.failed("rename", &SftpError::Status(status))),
            Ok(_) => Err(self.failed("rename", &SftpError::UnexpectedPacket)),
            Err(error) => Err(self.failed("rename", &error)),
        }
    }

    fn failed(&self, what: &str, error: &SftpError) -> SshError {
        let link = self.lease.link();
        if !link.is_open() {
            return link.lost(&russh::Error::Disconnect, Started::No);
        }
        let reason = printable(&error.to_string());
        self.refused(&format!("failed to {what}: {reason}"))
    }

    fn refused(&self, reason: &str) -> SshError {
        SshError::File {
            host: self.lease.link().endpoint.name(),
            path: self.file.path.clone(),
            reason: reason.to_owned(),
        }
    }
}

/// Waits for the answer to a request; nothing comes when the link is lost.
async fn answer(channel: &mut russh::Channel<Msg>) -> Option<bool> {
    loop {
        match channel.wait().await? {
            ChannelMsg::Success => return Some(true),
            ChannelMsg::Failure | ChannelMsg::Close => return Some(false),
            _ => {}
        }
    }
}

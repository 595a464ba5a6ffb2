//! Unpacks a layer archive into the root folder of this process, which is the layer's folder.
//!
//! The process is the root of a user namespace and its root is the target folder, so that even what
//! the checks here might miss ends in that folder.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, lchown, symlink};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{
    CWD, FileType, Mode, OFlags, ResolveFlags, Timespec, Timestamps, XattrFlags, mknodat, openat2,
    setxattr, utimensat,
};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use tar::{Archive, Entry, EntryType};

#[cfg(feature = "test-seams")]
use crate::provider::local::driver::DriverError;

use super::failure::Failure;

/// Prefix of names that stand for "removed", as OCI layers have it.
pub(super) const WHITEOUT: &str = ".wh.";
/// Name that stands for "what lower layers have here is gone".
pub(super) const OPAQUE: &str = ".wh..wh..opq";
/// Extended attribute by which an overlay of a user namespace knows the same.
pub(super) const OPAQUE_ATTRIBUTE: &str = "user.overlay.opaque";

/// What an archive may grow to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes after decompression.
    pub bytes: u64,
    /// Files, folders and links.
    pub entries: u64,
}

impl Default for Limits {
    /// Returns 64 GiB and four million entries: above any root file system that is meant.
    fn default() -> Self {
        Self {
            bytes: 64 << 30,
            entries: 4_000_000,
        }
    }
}

/// The folders that an upper folder lies over.
#[derive(Debug)]
pub(super) struct Below(Vec<OwnedFd>);

impl Below {
    /// Opens the folders.
    pub(super) fn open(folders: Vec<String>) -> io::Result<Self> {
        let folders = folders
            .into_iter()
            .map(|folder| File::open(folder).map(OwnedFd::from));
        Ok(Self(folders.collect::<io::Result<_>>()?))
    }

    /// Tells whether one of them holds something at `path`.
    fn holds(&self, path: &Path) -> io::Result<bool> {
        let relative = path.strip_prefix("/").unwrap_or(path);
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        for folder in &self.0 {
            let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            match openat2(folder, relative, flags, Mode::empty(), resolve) {
                Ok(_) => return Ok(true),
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(false)
    }
}

/// Unpacks a `tar.zst` archive as [`unpack_tar`] does.
pub(super) fn unpack(archive: File, limits: Limits, below: Option<&Below>) -> Result<(), Failure> {
    let decoder =
        zstd::Decoder::new(archive).map_err(Failure::system::<io::Error>("reading the archive"))?;
    unpack_tar(decoder, limits, below)
}

/// Unpacks a `tar` archive. Over folders `below`, only what they hold is marked as removed: in
/// a folder that is the instance's own, the overlay would list the marks as files.
pub(super) fn unpack_tar(
    archive: impl Read,
    limits: Limits,
    below: Option<&Below>,
) -> Result<(), Failure> {
    let damaged = || Failure::system::<io::Error>("reading the archive");
    // One byte more than is allowed, so that an archive of exactly the limit is complete.
    let mut archive = Archive::new(archive.take(limits.bytes.saturating_add(1)));
    let mut folders = Vec::new();
    let mut total = 0_u64;
    let mut count = 0_u64;
    for entry in archive.entries().map_err(damaged())? {
        let mut entry = entry.map_err(damaged())?;
        count += 1;
        total = total.saturating_add(entry.size());
        if total > limits.bytes {
            return Err(Failure::Invalid(format!(
                "the archive holds more than {} bytes",
                limits.bytes
            )));
        }
        if count > limits.entries {
            return Err(Failure::Invalid(format!(
                "the archive holds more than {} entries",
                limits.entries
            )));
        }
        let Some(path) = target(&entry)? else {
            continue;
        };
        if let Some(time) = place(&mut entry, &path, below)? {
            folders.push((path, time));
        }
    }
    // Last, because filling a folder changes its time.
    for (path, time) in folders.iter().rev() {
        set_time(path, *time).map_err(Failure::system("setting times"))?;
    }
    Ok(())
}

/// Unpacks a `tar` archive into the root folder of the calling process, which must have entered a
/// user namespace and a root folder made for this: the fuzz target of archives does.
#[cfg(feature = "test-seams")]
pub fn unpack_here(archive: &[u8], limits: Limits) -> Result<(), DriverError> {
    Ok(unpack_tar(archive, limits, None)?)
}

/// Returns where an entry goes, or `None` for the root itself.
fn target<R: Read>(entry: &Entry<'_, R>) -> Result<Option<PathBuf>, Failure> {
    let name = entry
        .path()
        .map_err(Failure::system("reading the archive"))?;
    inside(&name).map(|path| (path != Path::new("/")).then_some(path))
}

/// Turns an archive's name into a path under the root; refuses names that lead out.
fn inside(name: &Path) -> Result<PathBuf, Failure> {
    let mut path = PathBuf::from("/");
    for component in name.components() {
        match component {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            Component::RootDir | Component::ParentDir | Component::Prefix(_) => {
                return Err(Failure::Invalid(format!(
                    "the archive holds `{}`, which leads out of it",
                    name.display()
                )));
            }
        }
    }
    Ok(path)
}

/// Places one entry; returns the time of a folder, to be set at the end.
fn place<R: Read>(
    entry: &mut Entry<'_, R>,
    path: &Path,
    below: Option<&Below>,
) -> Result<Option<u64>, Failure> {
    let failed = || Failure::system::<io::Error>(format!("unpacking `{}`", path.display()));
    let parent = path.parent().unwrap_or(Path::new("/"));
    check_parents(parent)?;
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    if name == OPAQUE {
        make_opaque(parent).map_err(failed())?;
        return Ok(None);
    }
    if let Some(hidden) = name.strip_prefix(WHITEOUT) {
        let hidden = inside(Path::new(hidden))?;
        let target = parent.join(hidden.strip_prefix("/").unwrap_or(&hidden));
        if target != parent {
            hide(&target, below).map_err(failed())?;
        }
        return Ok(None);
    }
    let header = entry.header().clone();
    let kind = header.entry_type();
    match kind {
        EntryType::Directory => make_folder(path).map_err(failed())?,
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            remove(path).map_err(failed())?;
            let mut file = File::create_new(path).map_err(failed())?;
            io::copy(entry, &mut file).map_err(failed())?;
        }
        EntryType::Symlink => {
            remove(path).map_err(failed())?;
            symlink(link(entry)?, path).map_err(failed())?;
        }
        EntryType::Link => {
            remove(path).map_err(failed())?;
            let existing = inside(&link(entry)?)?;
            check_parents(existing.parent().unwrap_or(Path::new("/")))?;
            fs::hard_link(existing, path).map_err(failed())?;
            // Owner, bits and time are those of what it links to.
            return Ok(None);
        }
        EntryType::Fifo => {
            remove(path).map_err(failed())?;
            mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)
                .map_err(Failure::system(format!("unpacking `{}`", path.display())))?;
        }
        EntryType::Char | EntryType::Block => {
            return Err(Failure::Invalid(format!(
                "the archive holds the device file `{}`",
                path.display()
            )));
        }
        // Headers of no file: global attributes and what later formats may add.
        _ => return Ok(None),
    }
    dress(&header, kind, path).map_err(failed())?;
    let time = header.mtime().map_err(failed())?;
    if kind == EntryType::Directory {
        return Ok(Some(time));
    }
    set_time(path, time).map_err(failed())?;
    Ok(None)
}

/// Refuses to write through links: an archive that does so means to surprise.
fn check_parents(parent: &Path) -> Result<(), Failure> {
    let mut path = PathBuf::new();
    for component in parent.components() {
        path.push(component);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => {
                return Err(Failure::Invalid(format!(
                    "the archive writes through `{}`, which is no folder",
                    path.display()
                )));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir(&path).map_err(Failure::system("making a folder"))?;
            }
            Err(error) => return Err(Failure::system("looking at a folder")(error)),
        }
    }
    Ok(())
}

fn link<R: Read>(entry: &Entry<'_, R>) -> Result<PathBuf, Failure> {
    entry
        .link_name()
        .map_err(Failure::system("reading the archive"))?
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| Failure::Invalid("the archive holds a link to nothing".to_owned()))
}

/// Gives a file its owner and bits. Ids beyond those of the instance become root's.
fn dress(header: &tar::Header, kind: EntryType, path: &Path) -> io::Result<()> {
    let (uid, gid) = (header.uid()?, header.gid()?);
    let owner = |id: u64| u32::try_from(id).unwrap_or(0);
    match lchown(path, Some(owner(uid)), Some(owner(gid))) {
        Ok(()) => {}
        // Such an id has nobody behind it outside (EINVAL): the file stays with root.
        Err(error) if error.raw_os_error() == Some(Errno::INVAL.raw_os_error()) => {}
        Err(error) => return Err(error),
    }
    if kind != EntryType::Symlink {
        fs::set_permissions(path, fs::Permissions::from_mode(header.mode()? & 0o7777))?;
    }
    Ok(())
}

fn set_time(path: &Path, seconds: u64) -> io::Result<()> {
    let time = Timespec {
        tv_sec: i64::try_from(seconds).unwrap_or(0),
        tv_nsec: 0,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    Ok(utimensat(
        CWD,
        path,
        &times,
        rustix::fs::AtFlags::SYMLINK_NOFOLLOW,
    )?)
}

/// Makes a folder, keeping one that an earlier layer made.
fn make_folder(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => return Ok(()),
        _ => remove(path)?,
    }
    fs::create_dir(path)
}

/// Removes what is at `path`, if anything.
fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn make_opaque(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        remove(&entry?.path())?;
    }
    Ok(setxattr(
        folder,
        OPAQUE_ATTRIBUTE,
        b"y",
        XattrFlags::empty(),
    )?)
}

/// Removes what is there, and hides what is below by the one device that anybody may make.
fn hide(path: &Path, below: Option<&Below>) -> io::Result<()> {
    remove(path)?;
    if let Some(below) = below
        && !below.holds(path)?
    {
        return Ok(());
    }
    mknodat(CWD, path, FileType::CharacterDevice, Mode::empty(), 0)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_are_refused() {
        assert_eq!(inside(Path::new("./a/./b")).unwrap(), Path::new("/a/b"));
        for name in ["/etc/passwd", "../x", "a/../../x", "a/.."] {
            assert!(inside(Path::new(name)).is_err(), "{name}");
        }
    }
}

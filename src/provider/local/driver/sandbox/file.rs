//! Writes a file from inside the instance, where every path ends in the instance.

use std::ffi::CString;
use std::fs::{self, File};
use std::io::{self, BufRead, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, fchown};

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, open, openat, renameat_with, unlinkat};
use rustix::io::Errno;

use super::account;
use super::failure::Failure;
use super::wire::WriteFile;

/// Writes the file whose content comes from `content`; whole or not at all.
pub(super) fn write(request: &WriteFile, content: &mut impl BufRead) -> Result<(), Failure> {
    if CString::new(request.directory.as_str()).is_err() || !request.directory.starts_with('/') {
        return Err(Failure::Invalid(format!(
            "folder `{}` is not an absolute path",
            request.directory.escape_debug()
        )));
    }
    let uid = account::find(&request.owner)?.uid;
    let gid = account::find_group(&request.group)?;
    let system = || Failure::system::<io::Error>(format!("writing into `{}`", request.directory));
    fs::create_dir_all(&request.directory).map_err(system())?;
    let folder = open(
        request.directory.as_str(),
        OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .map_err(Failure::system(format!("opening `{}`", request.directory)))?;
    let draft = format!(".{}.{}.new", request.name, std::process::id());
    let written = write_draft(&folder, &draft, request, (uid, gid), content)
        .map_err(system())
        .and_then(|()| put_in_place(&folder, &draft, request));
    if written.is_err() {
        // The draft may not even exist; the first error is what counts.
        let _gone = unlinkat(&folder, &draft, AtFlags::empty());
    }
    written
}

fn write_draft(
    folder: &OwnedFd,
    draft: &str,
    request: &WriteFile,
    (uid, gid): (u32, u32),
    content: &mut impl BufRead,
) -> io::Result<()> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    let mut file = File::from(openat(folder, draft, flags, Mode::RUSR | Mode::WUSR)?);
    let copied = io::copy(&mut content.take(request.size), &mut file)?;
    if copied != request.size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    fchown(&file, Some(uid), Some(gid))?;
    // After the owner: changing that clears the set-id bits.
    file.set_permissions(fs::Permissions::from_mode(request.mode & 0o7777))?;
    file.sync_all()
}

fn put_in_place(folder: &OwnedFd, draft: &str, request: &WriteFile) -> Result<(), Failure> {
    let flags = if request.overwrite {
        RenameFlags::empty()
    } else {
        RenameFlags::NOREPLACE
    };
    let path = || {
        format!(
            "`{}/{}`",
            request.directory.trim_end_matches('/'),
            request.name
        )
    };
    match renameat_with(folder, draft, folder, request.name.as_str(), flags) {
        Ok(()) => Ok(()),
        Err(Errno::EXIST) => Err(Failure::Invalid(format!("{} exists already", path()))),
        Err(Errno::ISDIR) => Err(Failure::Invalid(format!("{} is a folder", path()))),
        Err(errno) => Err(Failure::system(format!("writing {}", path()))(errno)),
    }
}

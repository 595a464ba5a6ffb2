//! The mounts of an instance.
//!
//! Whatever comes from the host is taken as a detached mount first and put in place after the root
//! has changed: an image's symbolic links then lead nowhere but into the image.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::Path;

use nix::mount::MsFlags;
use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, openat};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags,
    fsconfig_create, fsmount, fsopen, move_mount, open_tree, unmount,
};
use rustix::process::{chdir, pivot_root};

use crate::provider::local::driver::Base;

use super::entry::remount_read_only;
use super::failure::{Failure, Step};
use super::layout::{IDENTITY, INVOCATIONS, ROOT, SKELETON, UPPER, WORK};
use super::loader::{Loader, PRIVATE};
use super::wire::Start;

/// Folders of the host that image `host` shows, if they are there and not links.
const HOST_FOLDERS: [&str; 11] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc/alternatives",
    "/etc/ssl/certs",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/certs",
];

/// Device files of the host that every instance has.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// A mount that is in no tree yet, and where it goes.
struct Detached {
    mount: OwnedFd,
    target: String,
    read_only: bool,
}

/// Changes the root to the instance's, where helpers are started by `loader`. The working directory is the instance's folder before and
/// its root after; returns a handle of the spool folder, which leads nowhere else.
pub(super) fn enter(start: &Start, loader: &Loader) -> Result<OwnedFd, Failure> {
    mount_overlay(start).map_err(Failure::at(Step::Overlay))?;
    let spool = open_alone(INVOCATIONS).map_err(Failure::at(Step::Overlay))?;
    let folders = match start.base {
        Base::Host => host_folders().map_err(Failure::at(Step::HostFolders))?,
        Base::Empty => Vec::new(),
    };
    let libraries = libraries(loader).map_err(Failure::at(Step::HostFolders))?;
    let proc = new_proc().map_err(Failure::at(Step::Proc))?;
    let devices = devices().map_err(Failure::at(Step::Devices))?;
    change_root().map_err(Failure::at(Step::PivotRoot))?;
    attach(&proc).map_err(Failure::at(Step::Proc))?;
    for folder in &folders {
        attach(folder).map_err(Failure::at(Step::HostFolders))?;
    }
    mount_devices(&devices).map_err(Failure::at(Step::Devices))?;
    mount_private(&libraries).map_err(Failure::at(Step::HostFolders))?;
    Ok(spool)
}

fn mount_overlay(start: &Start) -> io::Result<()> {
    let mut lower = vec![IDENTITY];
    lower.extend(start.layers.iter().map(String::as_str));
    if start.base == Base::Host {
        lower.push(SKELETON);
    }
    let options = format!(
        "userxattr,lowerdir={},upperdir={UPPER},workdir={WORK}",
        lower.join(":")
    );
    mount_new("overlay", ROOT, MsFlags::empty(), &options)
}

fn clone(path: &str, recursive: bool) -> io::Result<OwnedFd> {
    let mut flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    if recursive {
        flags |= OpenTreeFlags::AT_RECURSIVE;
    }
    Ok(open_tree(CWD, path, flags)?)
}

/// Opens a folder as a mount of its own: nothing above it can be reached from the handle.
fn open_alone(path: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    Ok(openat(clone(path, false)?, ".", flags, Mode::empty())?)
}

fn host_folders() -> io::Result<Vec<Detached>> {
    let mut folders = Vec::new();
    for path in HOST_FOLDERS {
        match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_dir() => folders.push(Detached {
                mount: clone(path, true)?,
                target: path.to_owned(),
                read_only: true,
            }),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(folders)
}

/// Takes the folders of our own libraries.
fn libraries(loader: &Loader) -> io::Result<Vec<Detached>> {
    let folders = loader.folders().iter().enumerate();
    folders
        .map(|(number, folder)| {
            Ok(Detached {
                mount: open_tree(
                    CWD,
                    folder,
                    OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC,
                )?,
                target: Loader::bound(number),
                read_only: true,
            })
        })
        .collect()
}

/// Makes the helpers' private folder: whoever knows a name in it may use it, nobody may look.
fn mount_private(libraries: &[Detached]) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o711).create(PRIVATE)?;
    libraries.iter().try_for_each(attach)
}

/// Makes a process file system of this pid namespace. The kernel wants to see the host's while it
/// decides whether a new one may be had.
fn new_proc() -> io::Result<Detached> {
    let context = fsopen("proc", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_create(&context)?;
    Ok(Detached {
        mount: fsmount(
            &context,
            FsMountFlags::FSMOUNT_CLOEXEC,
            MountAttrFlags::MOUNT_ATTR_NOSUID
                | MountAttrFlags::MOUNT_ATTR_NODEV
                | MountAttrFlags::MOUNT_ATTR_NOEXEC,
        )?,
        target: "/proc".to_owned(),
        read_only: false,
    })
}

fn devices() -> io::Result<Vec<Detached>> {
    DEVICES
        .iter()
        .map(|name| {
            let target = format!("/dev/{name}");
            Ok(Detached {
                mount: clone(&target, false)?,
                target,
                read_only: false,
            })
        })
        .collect()
}

/// Makes the overlay the root and lets go of the host's mounts.
fn change_root() -> io::Result<()> {
    chdir(ROOT)?;
    pivot_root(".", ".")?;
    unmount(".", UnmountFlags::DETACH)?;
    chdir("/")?;
    Ok(())
}

/// Puts a mount in place.
fn attach(detached: &Detached) -> io::Result<()> {
    let target = detached.target.as_str();
    if fstat(&detached.mount)
        .map(|stat| FileType::from_raw_mode(stat.st_mode))?
        .is_dir()
    {
        fs::create_dir_all(target)?;
    } else {
        fs::File::create(target)?;
    }
    move_mount(
        &detached.mount,
        "",
        CWD,
        target,
        MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH,
    )?;
    if detached.read_only {
        for mount in mounts_under(&fs::read_to_string("/proc/self/mountinfo")?, target) {
            remount_read_only(&mount)?;
        }
    }
    Ok(())
}

/// Fills `/dev` and makes a fresh `/run`, where what is left over from an earlier start would lie.
fn mount_devices(devices: &[Detached]) -> io::Result<()> {
    // Not sticky and open to all: there the kernel refuses ordinary users `> /dev/null`.
    mount_tmpfs("/dev", "mode=755,size=1m")?;
    for device in devices {
        attach(device)?;
    }
    mount_tmpfs("/dev/shm", "mode=1777")?;
    fs::create_dir_all("/dev/pts")?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    mount_new(
        "devpts",
        "/dev/pts",
        flags,
        "newinstance,ptmxmode=0666,mode=0620",
    )?;
    for (name, target) in [
        ("ptmx", "pts/ptmx"),
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ] {
        symlink(target, Path::new("/dev").join(name))?;
    }
    mount_tmpfs("/run", "mode=755")
}

fn mount_tmpfs(target: &str, options: &str) -> io::Result<()> {
    fs::create_dir_all(target)?;
    mount_new(
        "tmpfs",
        target,
        MsFlags::MS_NOSUID | MsFlags::MS_NODEV,
        options,
    )
}

fn mount_new(kind: &str, target: &str, flags: MsFlags, options: &str) -> io::Result<()> {
    Ok(nix::mount::mount(
        Some(kind),
        target,
        Some(kind),
        flags,
        Some(options),
    )?)
}

/// Returns the mount points at and under `folder` of a `mountinfo` text.
fn mounts_under(mountinfo: &str, folder: &str) -> Vec<String> {
    mountinfo
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .map(unescape)
        .filter(|point| Path::new(point).starts_with(folder))
        .collect()
}

/// Undoes the kernel's octal escapes of blanks, line ends and backslashes.
fn unescape(text: &str) -> String {
    [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_at_and_under_a_folder_are_found() {
        let text = "20 1 8:1 / / rw - ext4 /dev/sda rw\n\
                    21 20 8:1 /usr /usr ro - ext4 /dev/sda rw\n\
                    22 21 8:2 / /usr/my\\040share rw - ext4 /dev/sdb rw\n\
                    23 20 8:3 / /usrlocal rw - ext4 /dev/sdc rw\n";
        assert_eq!(mounts_under(text, "/usr"), ["/usr", "/usr/my share"]);
    }
}

//! Whatever an image archive holds (`..`, links, devices, bombs), unpacking it ends with an error or
//! with files below the target folder, within the limits.
//!
//! The target folder is a small file system of its own, and the root of this process meanwhile, in a
//! user namespace: as in the product, nothing outside can be reached even if the checks fail.

#![no_main]

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use oos::provider::local::driver::sandbox::{Limits, unpack_here};

const LIMITS: Limits = Limits {
    bytes: 1 << 20,
    entries: 256,
};

/// Archives are made of blocks of so many bytes.
const BLOCK: usize = 512;

struct Cage {
    outside: Outside,
    folder: PathBuf,
}

/// The root and the working folder that the process began with.
struct Outside {
    root: File,
    working: File,
}

impl Outside {
    fn open() -> io::Result<Self> {
        Ok(Self {
            root: File::open("/")?,
            working: File::open(".")?,
        })
    }

    fn restore(&self) -> io::Result<()> {
        rustix::process::fchdir(&self.root)?;
        rustix::process::chroot(".")?;
        Ok(rustix::process::fchdir(&self.working)?)
    }
}

static CAGE: OnceLock<Cage> = OnceLock::new();

fn build() -> io::Result<Cage> {
    let (uid, gid) = (nix::unistd::getuid(), nix::unistd::getgid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {uid} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {gid} 1"))?;
    let folder = std::env::temp_dir().join(format!("oos-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let none: Option<&str> = None;
    mount(none, "/", none, MsFlags::MS_PRIVATE | MsFlags::MS_REC, none)?;
    mount(
        none,
        &folder,
        Some("tmpfs"),
        MsFlags::empty(),
        Some("size=16m,nr_inodes=4096"),
    )?;
    Ok(Cage {
        outside: Outside::open()?,
        folder,
    })
}

impl Cage {
    fn enter(&self) {
        rustix::process::chdir(&self.folder).expect("the folder is there");
        rustix::process::chroot(".").expect("this namespace may");
    }
}

/// Writes the right checksum into every header, which chance would hardly find.
fn with_checksums(bytes: &[u8]) -> Vec<u8> {
    let mut archive = bytes.to_vec();
    let mut at = 0;
    while let Some(block) = archive.get_mut(at..at + BLOCK) {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        let digits = block[124..136]
            .iter()
            .take_while(|byte| matches!(byte, b'0'..=b'7'));
        let size = digits.fold(0_usize, |size, digit| {
            (size << 3) | usize::from(digit - b'0')
        });
        at += BLOCK + size.next_multiple_of(BLOCK).min(bytes.len());
    }
    archive
}

/// Looks at everything that was unpacked and removes it; returns bytes and number of files.
fn sweep(folder: &Path) -> io::Result<(u64, u64)> {
    let (mut bytes, mut count) = (0, 0);
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let metadata = fs::symlink_metadata(&path)?;
        let kind = metadata.file_type();
        assert!(
            !kind.is_block_device() && !kind.is_socket(),
            "{}",
            path.display()
        );
        assert!(
            !kind.is_char_device() || metadata.rdev() == 0,
            "a device that is no mark of removal: {}",
            path.display()
        );
        assert_eq!((metadata.uid(), metadata.gid()), (0, 0));
        count += 1;
        if kind.is_dir() {
            // An archive may take the right to look into a folder away from its owner.
            rustix::fs::chmod(&path, rustix::fs::Mode::RWXU)?;
            let (more, others) = sweep(&path)?;
            bytes += more;
            count += others;
            fs::remove_dir(&path)?;
        } else {
            bytes += if kind.is_file() {
                metadata.blocks() * 512
            } else {
                0
            };
            fs::remove_file(&path)?;
        }
    }
    Ok((bytes, count))
}

fuzz_target!(
    init: {
        let cage = build().expect("user namespaces are allowed");
        let outside = Outside::open().expect("folders can be opened twice");
        // What a panic leaves must reach the folder it is meant for.
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            outside.restore().expect("this namespace may");
            report(panic);
        }));
        assert!(CAGE.set(cage).is_ok());
    },
    |bytes: &[u8]| {
        let cage = CAGE.get().expect("it was built first");
        cage.enter();
        // Either is right; what counts is what is there afterwards.
        let _result = unpack_here(&with_checksums(bytes), LIMITS);
        let (size, count) = sweep(Path::new("/")).expect("everything can be removed");
        cage.outside.restore().expect("this namespace may");
        // Whole pages are counted, and folders that an archive only implies.
        assert!(size <= LIMITS.bytes + count * 4096, "{size} bytes in {count} files");
    }
);

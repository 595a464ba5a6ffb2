//! The small files that every instance has of its own: nothing of the host's accounts or keys.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::provider::local::driver::{Base, InstanceSpec};

use super::ids::Ids;
use super::layout::{IDENTITY, SKELETON};

/// Empty folders of image `host` and their permission bits.
const FOLDERS: [(&str, u32); 20] = [
    ("dev", 0o755),
    ("etc", 0o755),
    ("home", 0o755),
    ("media", 0o755),
    ("mnt", 0o755),
    ("opt", 0o755),
    ("proc", 0o755),
    ("root", 0o700),
    ("run", 0o755),
    ("srv", 0o755),
    ("sys", 0o755),
    ("tmp", 0o1777),
    ("usr", 0o755),
    ("var", 0o755),
    ("var/cache", 0o755),
    ("var/lib", 0o755),
    ("var/log", 0o755),
    ("var/spool", 0o755),
    ("var/tmp", 0o1777),
    ("var/mail", 0o755),
];

/// Accounts of image `host`: name, id, home, shell.
const ACCOUNTS: [(&str, u32, &str, &str); 6] = [
    ("root", 0, "/root", "/bin/sh"),
    ("daemon", 1, "/usr/sbin", "/usr/sbin/nologin"),
    ("bin", 2, "/bin", "/usr/sbin/nologin"),
    ("mail", 8, "/var/mail", "/usr/sbin/nologin"),
    ("www-data", 33, "/var/www", "/usr/sbin/nologin"),
    ("nobody", 65534, "/nonexistent", "/usr/sbin/nologin"),
];

/// Groups of image `host` beyond those of its accounts.
const GROUPS: [(&str, u32); 4] = [("tty", 5), ("adm", 4), ("users", 100), ("nogroup", 65534)];

/// Files of the host that hold no secret and that its programs need.
const COPIES: [&str; 8] = [
    "etc/ld.so.cache",
    "etc/ld.so.conf",
    "etc/nsswitch.conf",
    "etc/protocols",
    "etc/services",
    "etc/localtime",
    "etc/os-release",
    "etc/debian_version",
];

/// Links in the root that merged hosts have.
const LINKS: [&str; 6] = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/// Writes the lowest and the topmost layer of an instance into its folder, which must not run.
pub(super) fn write(folder: &Path, spec: &InstanceSpec, ids: Ids) -> io::Result<()> {
    let identity = Tree::new(folder.join(IDENTITY), ids)?;
    identity.folder("etc", 0o755)?;
    identity.file("etc/hostname", format!("{}\n", spec.hostname).as_bytes())?;
    identity.file("etc/hosts", hosts(&spec.hostname).as_bytes())?;
    identity.copy("etc/resolv.conf")?;
    let skeleton = Tree::new(folder.join(SKELETON), ids)?;
    if spec.base == Base::Empty {
        return Ok(());
    }
    for (name, mode) in FOLDERS {
        skeleton.folder(name, mode)?;
    }
    skeleton.folder("etc/ld.so.conf.d", 0o755)?;
    for name in COPIES {
        skeleton.copy(name)?;
    }
    skeleton.file("etc/passwd", passwd().as_bytes())?;
    skeleton.file("etc/group", group().as_bytes())?;
    skeleton.file(
        "etc/profile",
        b"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nexport PATH\n",
    )?;
    skeleton.link("etc/mtab", Path::new("../proc/self/mounts"))?;
    for name in LINKS {
        // If it is a folder instead, it is bound like `/usr`.
        if let Ok(target) = fs::read_link(Path::new("/").join(name)) {
            skeleton.link(name, &target)?;
        }
    }
    Ok(())
}

/// A folder that is being filled for the instances' root.
struct Tree {
    root: std::path::PathBuf,
    ids: Ids,
}

impl Tree {
    fn new(root: std::path::PathBuf, ids: Ids) -> io::Result<Self> {
        let tree = Self { root, ids };
        tree.folder("", 0o755)?;
        Ok(tree)
    }

    fn folder(&self, name: &str, mode: u32) -> io::Result<()> {
        let path = self.root.join(name);
        match fs::create_dir(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            Err(error) => return Err(error),
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        self.ids.give(&path)
    }

    fn file(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let path = self.root.join(name);
        fs::write(&path, content)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
        self.ids.give(&path)
    }

    /// Copies a file of the host, if it has it.
    fn copy(&self, name: &str) -> io::Result<()> {
        match fs::read(Path::new("/").join(name)) {
            Ok(content) => self.file(name, &content),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn link(&self, name: &str, target: &Path) -> io::Result<()> {
        let path = self.root.join(name);
        match symlink(target, &path) {
            Ok(()) => self.ids.give(&path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn hosts(hostname: &str) -> String {
    format!(
        "127.0.0.1\tlocalhost\n127.0.1.1\t{hostname}\n::1\tlocalhost ip6-localhost ip6-loopback\n"
    )
}

fn passwd() -> String {
    let line = |(name, id, home, shell): &(&str, u32, &str, &str)| {
        format!("{name}:x:{id}:{id}:{name}:{home}:{shell}\n")
    };
    ACCOUNTS.iter().map(line).collect()
}

fn group() -> String {
    let line = |(name, id): (&str, u32)| format!("{name}:x:{id}:\n");
    let own = ACCOUNTS
        .iter()
        .filter(|(_, id, ..)| *id != 65534)
        .map(|(name, id, ..)| (*name, *id));
    own.chain(GROUPS).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_has_its_group() {
        assert!(passwd().starts_with("root:x:0:0:root:/root:/bin/sh\n"));
        assert!(group().contains("nogroup:x:65534:\n"));
        assert!(!group().contains("nobody:"));
    }
}

//! Layers: what is written comes back in another instance, what is hostile is refused.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use oos::provider::local::driver::sandbox::Limits;
use oos::provider::local::driver::{Base, Driver, DriverError, Layer};
use tar::{Builder, EntryType, Header};

use super::world::{World, has_users};

impl World {
    fn commit(&self, id: &str) -> Layer {
        self.runtime.block_on(self.sandbox.commit(id)).unwrap()
    }

    fn import(&self, archive: &Path) -> Result<Layer, DriverError> {
        self.runtime.block_on(self.sandbox.import(archive))
    }
}

#[test]
fn what_is_written_comes_back_from_a_layer() {
    let mut world = World::with_instance();
    let line = "set -e; mkdir -p /opt/app/data; echo one > /opt/app/a; ln /opt/app/a /opt/app/b; \
                ln -s a /opt/app/c; mkfifo /opt/app/pipe; chmod 4750 /opt/app/a; touch /opt/app/old; \
                mkdir -p /srv/gone /srv/fresh; echo x > /srv/fresh/x; \
                touch -d @1000000000 /opt/app/data; rm /etc/profile; \
                python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"/opt/app/s\")' || true";
    assert_eq!(world.shell("c-1", line).code(), 0);
    if has_users() {
        world.shell("c-2", "chown 1000:33 /opt/app/data");
    }
    let first = world.commit("i-1");
    assert_eq!(
        world.commit("i-1"),
        first,
        "equal content has an equal digest"
    );

    world.add("i-2", Base::Host, std::slice::from_ref(&first));
    world.start("i-2");
    let line = "cat /opt/app/b; stat -c '%a %h' /opt/app/a; readlink /opt/app/c; \
                stat -c '%F' /opt/app/pipe; stat -c '%Y' /opt/app/data; ls /opt/app | tr '\\n' ' '; \
                test -e /etc/profile || echo gone; hostname";
    let expected = "one\n4750 2\na\nfifo\n1000000000\na b c data old pipe gone\ni-2\n".to_owned();
    assert_eq!(world.shell_in("i-2", "c-1", line).text(), expected);
    if has_users() {
        let owner = world.shell_in("i-2", "c-2", "stat -c '%u:%g' /opt/app/data");
        assert_eq!(owner.text(), "1000:33\n");
    }

    // A second layer takes away what the first one brought.
    let line = "rm /opt/app/old; rm -r /srv/gone /srv/fresh; mkdir /srv/fresh; touch /srv/fresh/y";
    world.shell_in("i-2", "c-3", line);
    let second = world.commit("i-2");
    world.add("i-3", Base::Host, &[first.clone(), second.clone()]);
    world.start("i-3");
    let line = "ls /opt/app /srv /srv/fresh | tr '\\n' ' '";
    let expected = "/opt/app: a b c data pipe  /srv: fresh  /srv/fresh: y ";
    assert_eq!(world.shell_in("i-3", "c-1", line).text(), expected);

    // Both over each other as what an instance has written.
    world.stop("i-1");
    let both = [first, second.clone()];
    let restored = world.sandbox.restore("i-1", &both);
    world.runtime.block_on(restored).unwrap();
    world.start("i-1");
    assert_eq!(world.shell("c-9", line).text(), expected);

    let removed = world.sandbox.remove_layer(&second.digest);
    world.runtime.block_on(removed).unwrap();
    assert!(!world.path("layers").join(second.digest.hex()).exists());
}

#[test]
fn a_running_instance_is_not_reset() {
    let world = World::with_instance();
    let restored = world.runtime.block_on(world.sandbox.restore("i-1", &[]));
    assert!(matches!(restored, Err(DriverError::Invalid { .. })));
}

#[test]
fn an_imported_root_runs_whatever_it_is_compressed_with() {
    let mut world = World::new();
    let Some(plain) = small_root() else {
        println!("skipped: `ldd` does not tell what `sh` needs");
        return;
    };
    let files = [
        ("root.tar", plain.clone()),
        (
            "root.tar.zst",
            zstd::encode_all(plain.as_slice(), 1).unwrap(),
        ),
        ("root.tar.gz", {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&plain).unwrap();
            encoder.finish().unwrap()
        }),
    ];
    let layers: Vec<Layer> = files
        .iter()
        .map(|(name, content)| {
            let path = world.folder.path().join(name);
            fs::write(&path, content).unwrap();
            world.import(&path).unwrap()
        })
        .collect();
    assert!(
        layers
            .iter()
            .all(|layer| layer.diff_id == layers[0].diff_id)
    );
    world.add("i-1", Base::Empty, &layers[..1]);
    world.start("i-1");
    let outcome = world.shell("c-1", "echo /*; test -e /usr || echo no usr; echo x > /new");
    assert_eq!(
        outcome.text(),
        "/bin /dev /etc /lib /lib64 /proc /run\nno usr\n",
        "{outcome:?}"
    );
}

/// Returns an archive of a root that holds `sh` and what it needs.
fn small_root() -> Option<Vec<u8>> {
    let output = std::process::Command::new("ldd")
        .arg("/bin/sh")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut files: Vec<PathBuf> = text
        .split_whitespace()
        .filter(|word| word.starts_with('/'))
        .map(PathBuf::from)
        .collect();
    if files.is_empty() {
        return None;
    }
    files.push(PathBuf::from("/bin/sh"));
    let mut builder = Builder::new(Vec::new());
    for path in files {
        let mut file = File::open(&path).unwrap();
        builder
            .append_file(path.strip_prefix("/").unwrap(), &mut file)
            .unwrap();
    }
    Some(builder.into_inner().unwrap())
}

/// One entry of a hostile archive: kind, name as it is, link target, content.
type Hostile<'a> = (EntryType, &'a str, &'a str, &'a [u8]);

fn archive(entries: &[Hostile<'_>]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (kind, name, link, content) in entries {
        let mut header = Header::new_gnu();
        // Past the checks of the library, as an attacker would.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

#[track_caller]
fn refused(entries: &[Hostile<'_>], reason: &str) {
    let mut world = World::new();
    world.sandbox = world.sandbox.clone().with_limits(Limits {
        bytes: 1 << 20,
        entries: 100,
    });
    let path = world.folder.path().join("hostile.tar");
    fs::write(&path, archive(entries)).unwrap();
    match world.import(&path) {
        Err(DriverError::Invalid { reason: found }) => {
            assert!(found.contains(reason), "{found}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(fs::read_dir(world.path("layers")).unwrap().count(), 0);
    assert!(!world.folder.path().join("escaped").exists());
    assert!(!world.path("escaped").exists());
}

#[test]
fn hostile_archives_are_refused() {
    let file = EntryType::Regular;
    let out = "leads out of it";
    refused(&[(file, "../escaped", "", b"x")], out);
    refused(&[(file, "a/../../escaped", "", b"x")], out);
    refused(&[(file, "/escaped", "", b"x")], out);
    refused(&[(EntryType::Link, "a", "../../../escaped", b"")], out);
    refused(&[(EntryType::Link, "a", "/etc/passwd", b"")], out);
    refused(&[(EntryType::Block, "disk", "", b"")], "device file");
    refused(&[(EntryType::Char, "tty", "", b"")], "device file");
    let through = "writes through";
    refused(
        &[
            (EntryType::Symlink, "a", "/etc", b""),
            (file, "a/escaped", "", b"x"),
        ],
        through,
    );
    refused(
        &[
            (EntryType::Symlink, "a", "..", b""),
            (EntryType::Link, "b", "a/x", b""),
        ],
        through,
    );
    refused(
        &[
            (EntryType::Symlink, "a", "..", b""),
            (file, "a/.wh.x", "", b""),
        ],
        through,
    );
    refused(
        &[(file, "big", "", &[0; 2 << 20])],
        "more than 1048576 bytes",
    );
    refused(
        &[(EntryType::Directory, "a", "", &b""[..]); 101],
        "more than 100 entries",
    );
}

#[test]
fn a_damaged_layer_is_refused() {
    let mut world = World::with_instance();
    world.shell("c-1", "echo x > /root/x");
    let layer = world.commit("i-1");
    let path = world
        .path("layers")
        .join(format!("{}.tar.zst", layer.digest.hex()));
    let mut content = fs::read(&path).unwrap();
    *content.last_mut().unwrap() ^= 1;
    fs::write(&path, content).unwrap();
    let spec = oos::provider::local::driver::InstanceSpec {
        id: "i-2".to_owned(),
        hostname: "i-2".to_owned(),
        base: Base::Host,
        layers: vec![layer.clone()],
    };
    world.adopt("i-2");
    let created = world.runtime.block_on(world.sandbox.create(&spec));
    assert!(
        matches!(created, Err(DriverError::System { .. })),
        "{created:?}"
    );
    fs::remove_file(path).unwrap();
    let created = world.runtime.block_on(world.sandbox.create(&spec));
    assert!(matches!(
        created,
        Err(DriverError::NotFound { kind: "layer", .. })
    ));
}

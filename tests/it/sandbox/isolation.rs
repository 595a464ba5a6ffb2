//! What an instance cannot see or do.

use oos::base::value::Value;
use oos::provider::local::driver::sandbox::probe;
use oos::provider::local::driver::{Driver, DriverError, FileSpec};

use super::world::{World, argv};

#[test]
fn the_host_is_out_of_reach() {
    let world = World::with_instance();
    let this = std::process::id();
    let folder = world.folder.path().display().to_string();
    let cases = [
        (
            "host system folders refuse writes",
            "! touch /usr/oos-test".to_owned(),
        ),
        (
            "they cannot be made writable",
            "! mount -o remount,rw,bind /usr".to_owned(),
        ),
        (
            "not even from a namespace inside",
            "! unshare --user --map-root-user --mount mount -o remount,rw,bind /usr".to_owned(),
        ),
        (
            "pid 1 cannot be looked into",
            "! readlink /proc/1/exe && ! readlink /proc/1/fd/1 && ! ls /proc/1/root/".to_owned(),
        ),
        (
            "the host's shadow file is not there",
            "! test -e /etc/shadow".to_owned(),
        ),
        (
            "root's home is empty",
            "test -z \"$(ls -A /root)\"".to_owned(),
        ),
        ("no home is there", "test -z \"$(ls -A /home)\"".to_owned()),
        (
            "host processes are not there",
            format!("! test -e /proc/{this}"),
        ),
        (
            "host processes cannot be ended",
            format!("! kill -0 {this}"),
        ),
        (
            "devices cannot be made",
            "! mknod /root/disk b 8 0".to_owned(),
        ),
        (
            "kernel settings refuse writes",
            "! echo 1 > /proc/sys/vm/drop_caches".to_owned(),
        ),
        (
            "core patterns refuse writes",
            "! echo x > /proc/sys/kernel/core_pattern".to_owned(),
        ),
        (
            "no host mount is left",
            format!("! grep -F '{folder}' /proc/self/mountinfo"),
        ),
        (
            "the state folder is not there",
            format!("! test -e '{folder}'"),
        ),
        (
            "our executable cannot be written",
            "! test -w /proc/1/exe".to_owned(),
        ),
        (
            "handles of pid 1 lead nowhere",
            "for fd in /proc/1/fd/*; do \
             for up in .. ../.. ../../.. ../../../../../../..; do \
             test ! -e $fd/$up/etc/shadow && test ! -e $fd/$up/spec.json || exit 1; done; done"
                .to_owned(),
        ),
        ("pid 1 stands in the root", "! ls /proc/1/cwd/".to_owned()),
        ("nobody can write the time", "! date -s @0".to_owned()),
    ];
    for (number, (what, line)) in cases.iter().enumerate() {
        let outcome = world.shell(&format!("c-{number}"), &format!("{{ {line}; }} 2>&1"));
        assert_eq!(outcome.code(), 0, "{what}: {}", outcome.text());
    }
}

#[test]
fn devices_of_daily_use_work() {
    let world = World::with_instance();
    let line = "echo x > /dev/null && head -c 4 /dev/urandom | wc -c && head -c 2 /dev/zero | wc -c \
                && test -w /dev/shm && echo x | cat /dev/stdin && test -c /dev/ptmx";
    let outcome = world.shell("c-1", line);
    assert_eq!(outcome.text(), "4\n2\nx\n", "{outcome:?}");
}

#[test]
fn a_command_has_the_environment_it_was_given_and_no_other() {
    let world = World::with_instance();
    let mut command = argv(&["/usr/bin/env"]);
    command.environment.clear();
    command.environment.insert("A".to_owned(), "b c".to_owned());
    world.invoke("c-1", &command);
    // The second is how its processes are found when their watcher was killed.
    let text = world.finish("i-1", "c-1").text();
    assert_eq!(text, "A=b c\nOOS_INVOCATION=c-1\n");
}

#[test]
fn a_command_has_three_open_files_and_no_input() {
    let world = World::with_instance();
    world.invoke("c-1", &argv(&["ls", "/proc/self/fd"]));
    // The fourth is the listing itself.
    assert_eq!(world.finish("i-1", "c-1").text(), "0\n1\n2\n3\n");
    assert_eq!(world.shell("c-2", "cat; umask").text(), "0022\n");
}

#[test]
fn a_file_is_written_inside_whatever_links_say() {
    let world = World::with_instance();
    world.shell(
        "c-1",
        "ln -s /etc /root/out; ln -s ../../../../../../etc /root/up",
    );
    let target = |directory: &str| FileSpec {
        directory: directory.to_owned(),
        name: "written".to_owned(),
        content: b"hello\0".to_vec(),
        mode: 0o640,
        owner: "root".to_owned(),
        group: "root".to_owned(),
        overwrite: true,
    };
    let write = |file: &FileSpec| {
        world
            .runtime
            .block_on(world.sandbox.write_file("i-1", file))
    };
    write(&target("/root/out")).unwrap();
    write(&target("/root/up")).unwrap();
    write(&target("/srv/new/folder")).unwrap();
    let line =
        "stat -c '%a %U %G %s' /etc/written /srv/new/folder/written; ls -A /etc | grep -c new";
    assert_eq!(
        world.shell("c-2", line).text(),
        "640 root root 6\n640 root root 6\n0\n"
    );
    assert!(!std::path::Path::new("/etc/written").exists());
    let kept = FileSpec {
        overwrite: false,
        ..target("/etc")
    };
    assert!(matches!(write(&kept), Err(DriverError::Invalid { .. })));
    for name in ["", "..", "a/b", "a\0b"] {
        let file = FileSpec {
            name: name.to_owned(),
            ..target("/etc")
        };
        assert!(
            matches!(write(&file), Err(DriverError::Invalid { .. })),
            "{name}"
        );
    }
}

#[test]
fn the_probe_finds_that_every_step_works() {
    let world = World::new();
    let executable = std::path::Path::new(env!("CARGO_BIN_EXE_oos"));
    let findings = world.runtime.block_on(probe(&world.path(""), executable));
    assert!(findings.iter().all(|finding| finding.works), "{findings:?}");
    assert!(findings.iter().all(|finding| finding.data == Value::Null));
    assert_eq!(
        std::fs::read_dir(world.path("instances")).unwrap().count(),
        0
    );
}

#[test]
fn the_probe_names_the_step_that_fails() {
    let world = World::new();
    let nothing = std::path::Path::new("/nonexistent/oos");
    let findings = world.runtime.block_on(probe(&world.path(""), nothing));
    let last = findings.iter().find(|finding| !finding.works).unwrap();
    assert_eq!(last.step, "starting the helper process");
    assert!(last.remedy.is_some());
}

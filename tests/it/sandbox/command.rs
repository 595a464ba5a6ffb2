//! What is promised about commands: once, exact output, an end that ends everything.

use std::time::Duration;

use oos::provider::local::driver::{CommandEnd, Driver, DriverError, KillReport, Offsets};

use super::world::{World, argv, has_users, host_runs, own_sleep, shell};

#[test]
fn a_command_runs_in_its_instance_and_its_exit_code_comes_through() {
    let world = World::with_instance();
    let outcome = world.shell("c-1", "id -u; hostname; pwd; echo oops >&2; exit 7");
    assert_eq!(outcome.text(), "0\ni-1\n/root\n");
    assert_eq!(outcome.stderr, b"oops\n");
    assert_eq!(outcome.code(), 7);
    assert_eq!(world.shell("c-2", "kill -9 $$").code(), 137);
    world.invoke("c-3", &argv(&["no-such-program"]));
    assert_eq!(world.finish("i-1", "c-3").code(), 127);
    world.invoke("c-4", &argv(&["/etc/passwd"]));
    assert_eq!(world.finish("i-1", "c-4").code(), 126);
}

#[test]
fn output_comes_through_byte_for_byte() {
    let world = World::with_instance();
    let line = "head -c 10485760 /dev/zero | tr '\\0' x; printf '\\377\\000\\r\\n'; printf e >&2";
    let outcome = world.shell("c-1", line);
    let mut expected = vec![b'x'; 10 << 20];
    expected.extend([0xff, 0, b'\r', b'\n']);
    assert!(outcome.stdout == expected, "{} bytes", outcome.stdout.len());
    assert_eq!(outcome.stderr, b"e");
}

#[test]
fn a_script_is_private_and_goes_with_its_command() {
    let world = World::with_instance();
    let mut command = argv(&["sh", "{script}", "a b"]);
    command.script = Some("echo \"$0\" \"$1\"; stat -c '%a %U' \"$0\"".to_owned());
    command.directory = Some("/tmp".to_owned());
    world.invoke("c-1", &command);
    let text = world.finish("i-1", "c-1").text();
    assert_eq!(text, "/run/oos/c-1 a b\n500 root\n");
    assert_eq!(world.shell("c-2", "ls /run/oos").text(), "lib\n");
}

#[test]
fn a_command_runs_as_its_user() {
    let world = World::with_instance();
    let mut command = shell("id -u; id -g; id -G; touch /etc/x || echo refused");
    command.user = Some("nobody".to_owned());
    command.directory = Some("/".to_owned());
    let invoked = world
        .runtime
        .block_on(world.sandbox.invoke("i-1", "c-1", &command));
    if has_users() {
        invoked.unwrap();
        let outcome = world.finish("i-1", "c-1");
        assert_eq!(outcome.text(), "65534\n65534\n65534\nrefused\n");
    } else {
        assert!(
            matches!(invoked, Err(DriverError::Invalid { .. })),
            "{invoked:?}"
        );
    }
    command.user = Some("no-such-user".to_owned());
    let invoked = world
        .runtime
        .block_on(world.sandbox.invoke("i-1", "c-2", &command));
    assert!(matches!(
        invoked,
        Err(DriverError::NotFound { kind: "user", .. })
    ));
}

#[test]
fn the_same_id_starts_once() {
    let world = World::with_instance();
    let command = shell("echo x >> /root/count");
    world.runtime.block_on(async {
        let invoke = || world.sandbox.invoke("i-1", "c-1", &command);
        let (a, b, c) = tokio::join!(invoke(), invoke(), invoke());
        a.and(b).and(c).unwrap();
    });
    world.finish("i-1", "c-1");
    world.invoke("c-1", &command);
    let acknowledge = || {
        world
            .runtime
            .block_on(world.sandbox.acknowledge("i-1", "c-1"))
            .unwrap();
    };
    acknowledge();
    world.invoke("c-1", &command);
    acknowledge();
    assert_eq!(world.shell("c-2", "cat /root/count").text(), "x\n");
}

#[test]
fn a_time_limit_ends_whatever_the_command_started_and_nothing_else() {
    let world = World::with_instance();
    let (earlier, own) = (own_sleep(1), own_sleep(2));
    world.shell(
        "c-1",
        &format!("sleep {earlier} & setsid sleep {earlier} &"),
    );
    let line = format!(
        "sleep {own} & setsid sleep {own} & (setsid sh -c 'trap \"\" TERM; sleep {own} & wait' &); \
         setsid sh -c 'kill -STOP $$; sleep {own}' & trap '' TERM HUP INT; sleep {own}"
    );
    let mut command = shell(&line);
    command.timeout = Duration::from_millis(500);
    world.invoke("c-2", &command);
    match world.finish("i-1", "c-2").end {
        CommandEnd::TimedOut(report) => {
            assert!(report.ended >= 6, "{report:?}");
            assert_eq!(report.names.len(), report.ended as usize);
            let sleeps = report.names.iter().filter(|name| name.ends_with(" sleep"));
            assert!(sleeps.count() >= 4, "{report:?}");
            assert_eq!(report.survivors, Vec::<String>::new());
        }
        other => panic!("{other:?}"),
    }
    assert!(!host_runs(&own));
    assert!(host_runs(&earlier));
    world.stop("i-1");
    assert!(!host_runs(&earlier));
}

#[test]
fn a_fork_bomb_is_ended() {
    let world = World::with_instance();
    // No limit of its own: the instance's must do. (A shell would give up at the limit.)
    let mut command = argv(&["perl", "-e", "fork while 1"]);
    command.timeout = Duration::from_secs(1);
    world.invoke("c-1", &command);
    match world.finish("i-1", "c-1").end {
        CommandEnd::TimedOut(report) => {
            println!("{} processes were ended", report.ended);
            assert_eq!(report.survivors, Vec::<String>::new());
            assert_eq!(report.names.len(), KillReport::NAMED);
        }
        other => panic!("{other:?}"),
    }
    // Pid 1, the helper of this command, its shell, and what lists them.
    let outcome = world.shell("c-2", "echo /proc/[0-9]* | wc -w");
    assert!(
        outcome.text().trim().parse::<u32>().unwrap() <= 6,
        "{outcome:?}"
    );
}

#[test]
fn killing_a_command_ends_what_it_started() {
    let world = World::with_instance();
    let own = own_sleep(3);
    world.invoke("c-1", &shell(&format!("setsid sleep {own} & sleep {own}")));
    let kill = || {
        world
            .runtime
            .block_on(world.sandbox.kill("i-1", "c-1", None))
    };
    let report = kill().unwrap();
    assert!(report.survivors.is_empty());
    assert!(!host_runs(&own));
    assert_eq!(
        world.finish("i-1", "c-1").end,
        CommandEnd::Killed(report.clone())
    );
    assert_eq!(kill().unwrap(), report);
    world.shell("c-2", "true");
    let ended = world
        .runtime
        .block_on(world.sandbox.kill("i-1", "c-2", None));
    assert_eq!(ended.unwrap(), KillReport::default());
    let unknown = world
        .runtime
        .block_on(world.sandbox.kill("i-1", "c-3", None));
    assert!(matches!(unknown, Err(DriverError::NotFound { .. })));
}

#[test]
fn a_command_that_stops_its_watcher_is_ended_all_the_same() {
    let world = World::with_instance();
    let own = own_sleep(4);
    let line = format!(
        "sleep {own} & while :; do kill -STOP $PPID; done & while :; do kill -STOP $PPID; done"
    );
    let mut command = shell(&line);
    command.timeout = Duration::from_millis(300);
    world.invoke("c-1", &command);
    match world.finish("i-1", "c-1").end {
        CommandEnd::TimedOut(report) => assert_eq!(report.survivors, Vec::<String>::new()),
        other => panic!("{other:?}"),
    }
    assert!(!host_runs(&own));
}

#[test]
fn a_command_that_kills_its_watcher_is_ended_and_a_service_is_not() {
    let world = World::with_instance();
    let (earlier, own) = (own_sleep(5), own_sleep(6));
    world.shell("c-1", &format!("setsid sleep {earlier} &"));
    world.invoke(
        "c-2",
        &shell(&format!(
            "setsid sleep {own} & kill -9 $PPID; while :; do sleep {own}; done"
        )),
    );
    match world.finish("i-1", "c-2").end {
        CommandEnd::Unwatched(report) => {
            assert_eq!((report.ended, report.survivors.len()), (3, 0), "{report:?}");
        }
        other => panic!("{other:?}"),
    }
    assert!(!host_runs(&own));
    assert!(host_runs(&earlier));
    let killed = world
        .runtime
        .block_on(world.sandbox.kill("i-1", "c-2", None));
    assert_eq!(killed.unwrap().ended, 3);
}

#[test]
fn the_time_of_the_end_is_when_it_ended_and_not_when_it_was_read() {
    let world = World::with_instance();
    world.shell("c-1", "true");
    let ended = || {
        let offsets = Offsets::default();
        let seen = world
            .sandbox
            .poll("i-1", "c-1", None, offsets, 1, Duration::ZERO);
        world.runtime.block_on(seen).unwrap().ended_at.unwrap()
    };
    let first = ended();
    world.shell("c-2", "sleep 0.05");
    assert_eq!(ended(), first);
}

#[test]
fn a_running_command_cannot_be_acknowledged_and_ids_cannot_leave_their_folder() {
    let world = World::with_instance();
    world.invoke("c-1", &shell("sleep 1000"));
    let acknowledged = world
        .runtime
        .block_on(world.sandbox.acknowledge("i-1", "c-1"));
    assert!(matches!(acknowledged, Err(DriverError::Invalid { .. })));
    for id in ["../c-1", "", "a/b", ".new"] {
        let invoked = world
            .runtime
            .block_on(world.sandbox.invoke("i-1", id, &shell("true")));
        assert!(matches!(invoked, Err(DriverError::Invalid { .. })), "{id}");
    }
}

//! Instances outlive who started them and end as a whole.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use oos::provider::local::driver::{Base, CommandEnd, Driver, DriverError, InstanceSpec};

use super::world::{AMPLE, World, host_runs, open, own_sleep, shell};

/// Tells the starter below where its state folder is.
const STARTER: &str = "OOS_TEST_STARTER";

#[test]
fn background_processes_survive_their_command_and_end_with_the_instance() {
    let world = World::with_instance();
    let own = own_sleep(10);
    let pid = world.shell("c-1", &format!("sleep {own} & echo $!")).text();
    let parent = format!("cut -d ' ' -f 4 /proc/{}/stat", pid.trim());
    assert_eq!(world.shell("c-2", &parent).text(), "1\n");
    world.stop("i-1");
    assert!(!world.is_running("i-1"));
    assert!(!host_runs(&own));
}

#[test]
fn stopping_politely_lets_processes_finish() {
    let world = World::with_instance();
    let line = "trap 'echo bye > /root/end; exit' TERM; echo on; while :; do sleep 0.01; done";
    world.invoke("c-1", &shell(line));
    let ready = world
        .sandbox
        .poll("i-1", "c-1", None, Default::default(), 10, AMPLE);
    world.runtime.block_on(ready).unwrap();
    world
        .runtime
        .block_on(world.sandbox.stop("i-1", AMPLE))
        .unwrap();
    world.start("i-1");
    assert_eq!(world.shell("c-2", "cat /root/end").text(), "bye\n");
}

#[test]
fn what_does_not_want_to_end_ends_after_the_grace() {
    let world = World::with_instance();
    let own = own_sleep(11);
    world.shell(
        "c-1",
        &format!("(trap '' TERM; sleep {own}) & setsid sh -c 'kill -STOP $$' &"),
    );
    let stopped = world.sandbox.stop("i-1", Duration::from_millis(50));
    world.runtime.block_on(stopped).unwrap();
    assert!(!host_runs(&own));
}

#[test]
fn killing_pid_1_ends_everything_and_a_new_start_finds_the_files() {
    let world = World::with_instance();
    let own = own_sleep(12);
    world.invoke(
        "c-1",
        &shell(&format!("echo kept > /root/kept; echo out; sleep {own}")),
    );
    let ready = world
        .sandbox
        .poll("i-1", "c-1", None, Default::default(), 10, AMPLE);
    world.runtime.block_on(ready).unwrap();
    let text = std::fs::read(world.path("instances/i-1/alive")).unwrap();
    let record: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let pid = i32::try_from(record["pid"].as_i64().unwrap()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    world.start_when_ended("i-1");
    assert!(!host_runs(&own));
    let lost = world.finish("i-1", "c-1");
    assert_eq!(
        (lost.text().as_str(), &lost.end),
        ("out\n", &CommandEnd::Lost)
    );
    assert_eq!(world.shell("c-2", "cat /root/kept").text(), "kept\n");
}

#[test]
fn starting_and_creating_twice_changes_nothing_and_a_stopped_instance_refuses_commands() {
    let mut world = World::with_instance();
    world.shell("c-1", "echo x > /root/x");
    world.add("i-1", Base::Host, &[]);
    world.start("i-1");
    assert_eq!(world.shell("c-2", "cat /root/x").text(), "x\n");
    world.stop("i-1");
    world.stop("i-1");
    let command = shell("true");
    let invoked = world
        .runtime
        .block_on(world.sandbox.invoke("i-1", "c-3", &command));
    assert!(matches!(invoked, Err(DriverError::NotRunning { .. })));
    let started = world.runtime.block_on(world.sandbox.start("i-2"));
    assert!(matches!(
        started,
        Err(DriverError::NotFound {
            kind: "instance",
            ..
        })
    ));
}

#[test]
fn deleting_leaves_nothing() {
    let world = World::with_instance();
    let own = own_sleep(13);
    let line = format!(
        "mkdir -p /root/a/b /var/deep; touch /root/a/b/c; chmod 000 /root/a; rm /etc/profile; \
         mkfifo /root/pipe; sleep {own} &"
    );
    assert_eq!(world.shell("c-1", &line).code(), 0);
    let delete = || world.runtime.block_on(world.sandbox.delete("i-1")).unwrap();
    delete();
    delete();
    assert!(!host_runs(&own));
    assert_eq!(
        std::fs::read_dir(world.path("instances")).unwrap().count(),
        0
    );
}

/// No test of its own: the process that the next test kills.
#[test]
fn starter() {
    let Some(folder) = std::env::var_os(STARTER) else {
        return;
    };
    let sandbox = open(&PathBuf::from(folder));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let spec = InstanceSpec {
            id: "i-1".to_owned(),
            hostname: "i-1".to_owned(),
            base: Base::Host,
            layers: Vec::new(),
        };
        sandbox.create(&spec).await.unwrap();
        sandbox.start("i-1").await.unwrap();
        let line = "echo one; while ! test -e /root/go; do sleep 0.01; done; echo two; exit 3";
        sandbox.invoke("i-1", "c-1", &shell(line)).await.unwrap();
    });
    println!("\nstarted");
    std::io::stdin().lines().next();
}

#[test]
fn a_command_goes_on_when_its_starter_is_killed_and_another_process_reads_the_rest() {
    let mut world = World::new();
    world.adopt("i-1");
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sandbox::life::starter", "--nocapture"])
        .env(STARTER, world.folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let started = output.lines().any(|line| line.unwrap() == "started");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(started);
    assert!(world.is_running("i-1"));
    assert_eq!(world.shell("c-2", "touch /root/go").code(), 0);
    let outcome = world.finish("i-1", "c-1");
    assert_eq!(outcome.text(), "one\ntwo\n");
    assert_eq!(outcome.code(), 3);
}

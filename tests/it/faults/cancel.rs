//! After a cancel or a time limit nothing of a command lives, whatever it did to get away, and the
//! execution names what was ended. What earlier commands left running lives on, until the instance
//! ends.

use crate::faults::dice::now;
use crate::faults::spread::Spread;
use crate::support::machine::{Machine, processes, unique_seconds, until};

const COMMAND: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  instance: {Type: String}
  command: {Type: String}
  limit: {Type: Number, Default: 600}
Tasks:
  - Name: work
    Action: ACS::ECS::RunCommand
    Properties:
      instanceId: '{{ instance }}'
      commandType: RunShellScript
      commandContent: '{{ command }}'
      timeout: '{{ limit }}'
";

/// Ways to get away; `MARK` is a time that only processes of the test sleep for. (The bomb is small
/// because this test looks at all processes again and again; `sandbox::` has one without a limit.)
const ESCAPES: [(&str, &str); 8] = [
    ("double fork", "(sleep MARK & (sleep MARK &)) & sleep MARK"),
    (
        "session of its own",
        "setsid sleep MARK & setsid setsid -f sleep MARK; sleep MARK",
    ),
    (
        "deaf",
        "trap '' TERM INT HUP QUIT; while :; do sleep MARK; done",
    ),
    (
        "stopped",
        "sleep MARK & kill -STOP $!; sh -c 'kill -STOP $$' & sleep MARK",
    ),
    (
        "comes again",
        "again() { while :; do sleep MARK & wait $!; done; }; again & again & (setsid sh -c \
         'while :; do sleep MARK; done' &); wait",
    ),
    (
        "wakes others",
        "sleep MARK & other=$!; while :; do kill -CONT $other; done & wait",
    ),
    (
        "stops its watcher",
        "sleep MARK & while :; do kill -STOP $PPID; done",
    ),
    (
        "fork bomb",
        "sleep MARK & ulimit -p 200 || ulimit -u 200; exec perl -e 'fork while 1'",
    ),
];

/// A machine whose instance has a service that is to outlive all commands.
struct World {
    machine: Machine,
    instance: String,
    service: String,
    /// How often a mark was given away.
    marks: u32,
}

impl World {
    fn new() -> Self {
        let machine = Machine::new();
        machine.home.file("command.yml", COMMAND);
        let id = machine.instances(1, "[]").remove(0);
        let service = unique_seconds(999, machine.home.path());
        let world = Self {
            instance: format!("instance={id}"),
            machine,
            service,
            marks: 0,
        };
        let command = format!("command=setsid sleep {} &", world.service);
        let arguments = ["run", "command.yml", "-p", &world.instance, "-p", &command];
        assert_eq!(world.machine.home.oos(&arguments).code, 0);
        world
    }

    /// Returns a time to sleep for.
    fn mark(&mut self) -> String {
        self.marks += 1;
        unique_seconds(1_000 + self.marks, self.machine.home.path())
    }

    /// Asserts that the execution says what was ended and that nothing of it lives.
    #[track_caller]
    fn assert_gone(&self, what: &str, id: &str, mark: &str) {
        let shown = self.machine.home.oos(&["show", id]);
        let text = &shown.stdout;
        assert!(
            text.contains("ended (") && text.contains(" sleep"),
            "{what}: {text}"
        );
        assert!(text.contains("none survived"), "{what}: {text}");
        assert_eq!(processes(mark), 0, "{what}: something still sleeps");
        let service = format!("sleep\0{}", self.service);
        assert_eq!(processes(&service), 1, "{what}: the service is gone");
    }

    /// Ends the instance, and asserts that the service ends with it.
    fn end(self) {
        let id = self.instance.trim_start_matches("instance=");
        let deleted = self
            .machine
            .home
            .oos(&["instance", "delete", "--force", id]);
        assert_eq!(deleted.code, 0, "{deleted}");
        assert_eq!(processes(&format!("sleep\0{}", self.service)), 0);
    }
}

#[test]
fn a_cancel_leaves_nothing_and_says_what_it_ended() {
    let mut world = World::new();
    let mut times = Spread::default();
    for (what, command) in ESCAPES {
        let mark = world.mark();
        let command = format!("command={}", command.replace("MARK", &mark));
        let arguments = ["run", "command.yml", "-p", &world.instance, "-p", &command];
        let mut run = world.machine.spawn(&arguments);
        assert!(run.wait_for("Running     work"), "{what}");
        let mark = format!("sleep\0{mark}");
        until("it sleeps", || processes(&mark) > 0);
        let id = run.execution();
        let begin = now();
        let cancelled = world.machine.home.oos(&["cancel", &id]);
        assert_eq!(cancelled.code, 0, "{what}: {cancelled}");
        let (code, said) = run.end();
        times.add(begin.elapsed());
        assert_eq!(code, Some(3), "{what}: {said}");
        world.assert_gone(what, &id, &mark);
    }
    println!(
        "report: cancel: 0 survivors of {} ways to get away; {times}",
        ESCAPES.len()
    );
    world.end();
}

#[test]
fn a_time_limit_leaves_nothing_and_says_what_it_ended() {
    let mut world = World::new();
    let cases = ESCAPES.map(|(what, command)| (what, command, world.mark()));
    std::thread::scope(|scope| {
        for (what, command, mark) in &cases {
            let world = &world;
            scope.spawn(move || {
                let command = format!("command={}", command.replace("MARK", mark));
                let instance = &world.instance;
                let parameters = ["-p", instance, "-p", &command, "-p", "limit=1"];
                let arguments = [&["run", "command.yml"], parameters.as_slice()].concat();
                let ran = world.machine.home.oos(&arguments);
                assert_eq!(ran.code, 1, "{what}: {ran}");
                let is_said = ran.stdout.contains("did not end within 1 s");
                assert!(is_said, "{what}: {ran}");
                let start = ran.stdout.find("exec-").unwrap();
                let id = ran.stdout[start..].split_whitespace().next().unwrap();
                world.assert_gone(what, id, &format!("sleep\0{mark}"));
            });
        }
    });
    world.end();
}

#[test]
fn a_fork_bomb_whose_oos_was_killed_is_ended_by_a_cancel_that_resumes() {
    let mut world = World::new();
    let mark = world.mark();
    let command = format!(
        "command=sleep {mark} & ulimit -p 200 || ulimit -u 200; exec perl -e 'fork while 1'"
    );
    let arguments = ["run", "command.yml", "-p", &world.instance, "-p", &command];
    let mut run = world.machine.spawn(&arguments);
    assert!(run.wait_for("Running     work"));
    let mark = format!("sleep\0{mark}");
    until("it sleeps", || processes(&mark) > 0);
    let id = run.execution();
    run.signal("KILL");
    run.end();
    assert!(processes(&mark) > 0, "the command goes on");
    let cancelled = world.machine.home.oos(&["cancel", "--resume", &id]);
    assert_eq!(cancelled.code, 3, "{cancelled}");
    world.assert_gone("fork bomb", &id, &mark);
    world.end();
}

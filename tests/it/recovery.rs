//! What is interrupted, killed or shared by several processes still ends as it should.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::support::listener::one_request;
use crate::support::machine::{COMMAND, Machine, processes, unique_seconds, until};

/// Three commands that each say when they begin and when they end, and one that reads it back.
const COUNT: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  instance: {Type: String}
  file: {Type: String}
Tasks:
  - Name: one
    Action: ACS::ECS::RunCommand
    Properties:
      instanceId: '{{ instance }}'
      commandType: RunShellScript
      commandContent: 'echo begin 1 >> {{ file }}; sleep 0.15; echo end 1 >> {{ file }}'
  - Name: two
    Action: ACS::ECS::RunCommand
    Properties:
      instanceId: '{{ instance }}'
      commandType: RunShellScript
      commandContent: 'echo begin 2 >> {{ file }}; sleep 0.15; echo end 2 >> {{ file }}'
  - Name: three
    Action: ACS::ECS::RunCommand
    Properties:
      instanceId: '{{ instance }}'
      commandType: RunShellScript
      commandContent: 'echo begin 3 >> {{ file }}; sleep 0.15; echo end 3 >> {{ file }}'
  - Name: read
    Action: ACS::ECS::RunCommand
    Properties:
      instanceId: '{{ instance }}'
      commandType: RunShellScript
      commandContent: 'cat {{ file }}'
    Outputs:
      text: {Type: String, ValueSelector: invocationOutput}
Outputs:
  text: {Type: String, Value: '{{ read.text }}'}
";

const NAP: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: nap
    Action: ACS::Sleep
    Properties: {Duration: PT3S}
";

const PAUSE: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: ask
    Action: ACS::Pause
";

/// A call that only a person may repeat, before anything else.
const NOTIFY: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  url: {Type: String}
Tasks:
  - Name: tell
    Action: ACS::Notify
    Properties:
      NotifyType: WebHook
      WebHook: {URI: '{{ url }}', Content: {text: hello}}
";

/// How many moments are tried.
const MOMENTS: u64 = 20;

/// Returns a machine with one instance, and the parameter that names the instance.
fn machine() -> (Machine, String) {
    let machine = Machine::new();
    machine.home.file("count.yml", COUNT);
    machine.home.file("command.yml", COMMAND);
    machine.home.file("nap.yml", NAP);
    machine.home.file("pause.yml", PAUSE);
    let id = machine.instances(1, "[]").remove(0);
    (machine, format!("instance={id}"))
}

#[expect(clippy::disallowed_methods, reason = "the test measures time")]
fn now() -> Instant {
    Instant::now()
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "what is waited for is chance: some moment between two lines"
)]
fn killed_at_any_moment_every_command_has_run_once_in_the_end() {
    let (machine, instance) = machine();
    let mut in_flight = 0;
    let mut slowest = Duration::ZERO;
    for moment in 0..MOMENTS {
        let file = format!("file=/var/lib/count-{moment}");
        let mut run = machine.spawn(&["run", "count.yml", "-p", &instance, "-p", &file]);
        let line = 1 + usize::try_from(moment / 2).unwrap();
        assert!(run.wait_for_lines(line), "line {line} never came");
        std::thread::sleep(Duration::from_millis(moment * 7 % 60));
        run.signal("KILL");
        run.end();
        let left = machine.show("@last");
        let tasks = left["Tasks"].as_array().unwrap();
        in_flight += usize::from(tasks.iter().any(|task| task["Status"] == "Running"));
        let start = now();
        let resumed = machine.home.oos(&["-o", "json", "resume", "@last"]);
        let took = start.elapsed();
        slowest = slowest.max(took);
        println!("killed after line {line}, moment {moment}: resumed to its end in {took:?}");
        let view = resumed.json(0);
        assert_eq!(view["Status"], "Success", "{view:#}");
        assert_eq!(
            view["Outputs"]["text"], "begin 1\nend 1\nbegin 2\nend 2\nbegin 3\nend 3\n",
            "moment {moment}: {view:#}"
        );
    }
    println!("{in_flight} of {MOMENTS} in the middle of a task; slowest resume {slowest:?}");
    assert!(in_flight >= 5, "only {in_flight} kills hit a running task");
}

#[test]
fn a_sleep_is_resumed_to_the_time_at_which_it_ends_and_not_slept_again() {
    let (machine, _) = machine();
    let mut run = machine.spawn(&["run", "nap.yml"]);
    assert!(run.wait_for("Running     nap"));
    let start = now();
    run.signal("KILL");
    run.end();
    until("two of three seconds pass", || {
        start.elapsed() > Duration::from_secs(2)
    });
    let resumed = now();
    let ran = machine.home.oos(&["-o", "json", "resume", "@last"]);
    let (took, rest) = (start.elapsed(), resumed.elapsed());
    println!("a sleep of 3 s took {took:?} in all, {rest:?} of it after resuming");
    assert_eq!(ran.json(0)["Status"], "Success");
    assert!(took > Duration::from_millis(2_500), "{took:?} is too short");
    assert!(rest < Duration::from_millis(2_500), "slept again: {rest:?}");
}

#[test]
fn processes_share_a_data_folder_but_never_an_execution() {
    let (machine, instance) = machine();
    let command = "command=until [ -e /var/lib/go ]; do sleep 0.02; done; echo went";
    let begin = || {
        let mut run = machine.spawn(&["run", "command.yml", "-p", &instance, "-p", command]);
        assert!(run.wait_for("Running     work"));
        run
    };
    let (first, second) = (begin(), begin());
    let refused = machine.home.oos(&["resume", &first.execution()]);
    assert_eq!(refused.code, 1, "{refused}");
    assert!(refused.stderr.contains("another process"), "{refused}");
    assert!(refused.stderr.contains(&first.execution()), "{refused}");
    assert_eq!(machine.show(&second.execution())["Status"], "Running");
    let go = [
        "run",
        "command.yml",
        "-p",
        &instance,
        "-p",
        "command=touch /var/lib/go",
    ];
    assert_eq!(machine.home.oos(&go).code, 0);
    for run in [first, second] {
        let (code, said) = run.end();
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("went"), "{said}");
    }
}

#[test]
fn an_approval_from_another_process_arrives_at_once() {
    let (machine, _) = machine();
    let mut run = machine.spawn(&["run", "pause.yml"]);
    assert!(run.wait_for("Waiting"));
    let asked = now();
    let approved = machine.home.oos(&["approve", "@last"]);
    assert_eq!(approved.code, 0, "{approved}");
    let posted = now();
    let (code, said) = run.end();
    let (since_begin, since_end) = (asked.elapsed(), posted.elapsed());
    println!("ended {since_begin:?} after `oos approve` began, {since_end:?} after it ended");
    assert_eq!(code, Some(0), "{said}");
    assert!(since_begin < Duration::from_secs(1), "{since_begin:?}");
}

/// Starts a command that runs until `/var/lib/go` exists; returns its mark among processes.
fn begin_long(machine: &Machine, instance: &str) -> (crate::support::machine::Running, String) {
    let mark = unique_seconds(30, machine.home.path());
    let command = format!(
        "command=sleep {mark} & until [ -e /var/lib/go ]; do sleep 0.02; done; kill $!; echo went"
    );
    let mut run = machine.spawn(&["run", "command.yml", "-p", instance, "-p", &command]);
    assert!(run.wait_for("Running     work"));
    until("the command runs", || {
        processes(&format!("sleep\0{mark}")) == 1
    });
    (run, format!("sleep\0{mark}"))
}

/// Lets the command of [`begin_long`] end; its execution is resumed.
fn finish_long(machine: &Machine, instance: &str, id: &str) {
    let go = [
        "run",
        "command.yml",
        "-p",
        instance,
        "-p",
        "command=touch /var/lib/go",
    ];
    assert_eq!(machine.home.oos(&go).code, 0);
    let resumed = machine.home.oos(&["-o", "json", "resume", id]).json(0);
    assert_eq!(resumed["Status"], "Success");
    assert_eq!(resumed["Outputs"]["text"], "went\n");
}

#[test]
fn ctrl_c_leaves_the_command_running_and_says_how_to_go_on() {
    let (machine, instance) = machine();
    let (run, mark) = begin_long(&machine, &instance);
    let id = run.execution();
    let start = now();
    run.signal("INT");
    let (code, said) = run.end();
    println!("left {:?} after Ctrl-C", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(5), "{said}");
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains(&format!("oos resume {id}")), "{said}");
    assert_eq!(processes(&mark), 1, "the command goes on");
    finish_long(&machine, &instance, &id);
}

#[test]
fn ctrl_c_twice_leaves_at_once() {
    let (machine, instance) = machine();
    let (run, mark) = begin_long(&machine, &instance);
    let id = run.execution();
    let start = now();
    run.signal("INT");
    run.signal("INT");
    let (code, said) = run.end();
    println!("left {:?} after Ctrl-C twice", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(2), "{said}");
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains(&format!("oos resume {id}")), "{said}");
    assert_eq!(processes(&mark), 1, "the command goes on");
    finish_long(&machine, &instance, &id);
}

#[test]
fn cancelling_from_another_process_leaves_no_process_behind() {
    let (machine, instance) = machine();
    let mark = unique_seconds(1_000, machine.home.path());
    let command = format!("command=setsid sleep {mark} & sleep {mark}");
    let mut run = machine.spawn(&["run", "command.yml", "-p", &instance, "-p", &command]);
    assert!(run.wait_for("Running     work"));
    let mark = format!("sleep\0{mark}");
    until("both sleep", || processes(&mark) == 2);
    let start = now();
    let cancelled = machine.home.oos(&["cancel", &run.execution()]);
    assert_eq!(cancelled.code, 0, "{cancelled}");
    let id = run.execution();
    let (code, said) = run.end();
    println!("cancelled in {:?}", start.elapsed());
    assert_eq!(code, Some(3), "{said}");
    assert_eq!(machine.show(&id)["Status"], "Cancelled");
    assert_eq!(processes(&mark), 0, "something still sleeps");
}

#[test]
fn a_call_that_must_not_be_repeated_may_come_first() {
    let machine = Machine::new();
    machine.home.file("notify.yml", NOTIFY);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("url=http://{}/", listener.local_addr().unwrap());
    let run = machine.spawn(&["run", "notify.yml", "--no-wait", "-p", &url]);
    let (first, _) = one_request(&listener);
    assert_eq!(first, "POST / HTTP/1.1\r\n");
    let (code, said) = run.end();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_call_that_must_not_be_repeated_waits_for_a_person_after_a_kill() {
    let machine = Machine::new();
    machine.home.file("notify.yml", NOTIFY);
    // Connections are taken by the system; nobody answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("url=http://{}/", listener.local_addr().unwrap());
    let mut run = machine.spawn(&["run", "notify.yml", "-p", &url]);
    assert!(run.wait_for("Running     tell"));
    run.signal("KILL");
    run.end();
    let resumed = machine.home.oos(&["resume", "@last", "--no-wait"]);
    assert_eq!(resumed.code, 4, "{resumed}");
    assert!(resumed.stderr.contains("oos retry"), "{resumed}");
    assert_eq!(machine.home.oos(&["skip", "@last", "--resume"]).code, 0);
}

//! SIGTERM while an execution waits, for whatever it may wait for: the process ends at once, and
//! what comes after the wait is done once and only when it is over.

use std::net::TcpListener;
use std::time::Duration;

use crate::faults::dice::now;
use crate::support::listener::Counter;
use crate::support::machine::{Machine, until};

/// How long a process may take to end: it has nothing under way that must be waited for.
const PROMPT: Duration = Duration::from_secs(5);

/// A call before the wait and one after it.
const TEMPLATE: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  url: {Type: String}
  name: {Type: String, Default: none}
Tasks:
  - Name: before
    Action: ACS::Notify
    Properties: {NotifyType: WebHook, WebHook: {URI: '{{ url }}-before', Content: {text: hello}}}
WAIT
  - Name: after
    Action: ACS::Notify
    Properties: {NotifyType: WebHook, WebHook: {URI: '{{ url }}-after', Content: {text: hello}}}
";

const NAP: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: nap
    Action: ACS::Sleep
    Properties: {Duration: PT2S}
";

const CREATE: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: create
    Action: ACS::ExecuteAPI
    Properties:
      Service: ECS
      API: CreateCommand
      Parameters: {Name: wanted, Type: RunShellScript, ContentEncoding: PlainText, CommandContent: x}
";

const GO: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  name: {Type: String}
Tasks:
  - Name: go
    Action: ACS::ECS::RunCommand
    Properties: {instanceId: '{{ name }}', commandType: RunShellScript, commandContent: touch /tmp/go}
";

/// One kind of wait.
struct Case<'a> {
    /// The tasks between the two calls.
    wait: &'a str,
    /// Arguments of the run.
    options: &'a [&'a str],
    /// What a line says when it waits.
    line: &'a str,
    /// What has to happen so that it is over.
    release: &'a [&'a str],
    /// Goes on with the execution, again and again until it has ended.
    go_on: &'a [&'a str],
}

const RESUME: &[&str] = &["resume", "@last"];
const APPROVE: &[&str] = &["approve", "@last", "--resume"];

const PLAIN: Case<'static> = Case {
    wait: "",
    options: &[],
    line: "Waiting     wait",
    release: &[],
    go_on: RESUME,
};

/// A machine with the templates, and the one to run.
fn machine(wait: &str) -> Machine {
    let machine = Machine::new();
    machine.home.file(
        "wait.yml",
        &TEMPLATE.replace("WAIT", wait.trim_matches('\n')),
    );
    machine.home.file("library/nap.yml", NAP);
    machine.home.file("create.yml", CREATE);
    machine.home.file("go.yml", GO);
    machine
}

#[track_caller]
fn case(case: &Case<'_>) {
    on(&machine(case.wait), case);
}

#[track_caller]
fn on(machine: &Machine, case: &Case<'_>) {
    let counter = Counter::new();
    let url = format!("url={}", counter.url("hook"));
    let arguments = ["--library", "library", "run", "wait.yml", "-p", &url];
    let mut run = machine.spawn(&[&arguments, case.options].concat());
    assert!(run.wait_for(case.line), "{} never came", case.line);
    let id = run.execution();
    let begin = now();
    run.signal("TERM");
    let (code, said) = run.end();
    assert_eq!(code, Some(4), "{said}");
    assert!(begin.elapsed() < PROMPT, "{:?}: {said}", begin.elapsed());
    assert!(said.contains("oos "), "how to go on is not said: {said}");
    let counts = || (counter.count("hook-before"), counter.count("hook-after"));
    assert_eq!(counts(), (1, 0), "{said}");
    if !case.release.is_empty() {
        assert_eq!(machine.home.oos(case.release).code, 0);
    }
    let go_on: Vec<&str> = case
        .go_on
        .iter()
        .map(|word| if *word == "@last" { &*id } else { word })
        .collect();
    let mut ran = machine
        .home
        .oos(&[&["--library", "library"], &*go_on].concat());
    while ran.code == 0 && machine.show(&id)["Status"] == "Waiting" {
        ran = machine.home.oos(&go_on);
    }
    assert_eq!(machine.show(&id)["Status"], "Success", "{ran}");
    assert_eq!(counts(), (1, 1), "{ran}");
}

#[test]
fn a_sleep_ends_when_asked_and_goes_on() {
    case(&Case {
        wait: "
  - Name: wait
    Action: ACS::Sleep
    Properties: {Duration: PT2S}",
        line: "Running     wait",
        ..PLAIN
    });
}

#[test]
fn a_poll_ends_when_asked_and_goes_on() {
    case(&Case {
        wait: "
  - Name: wait
    Action: ACS::WaitFor
    Retries: 100
    DelayType: Constant
    Delay: 1
    Properties:
      Service: ECS
      API: DescribeCommands
      Parameters: {Name: wanted}
      PropertySelector: 'Commands.Command[].Name'
      DesiredValues: [wanted]",
        line: "Running     wait",
        release: &["run", "create.yml"],
        ..PLAIN
    });
}

#[test]
fn a_pause_ends_when_asked_and_goes_on() {
    case(&Case {
        wait: "
  - Name: wait
    Action: ACS::Pause",
        go_on: APPROVE,
        ..PLAIN
    });
}

#[test]
fn an_approval_ends_when_asked_and_goes_on() {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid());
    let name = format!("name={}", user.unwrap().unwrap().name);
    case(&Case {
        wait: "
  - Name: wait
    Action: ACS::Approve
    Properties: {Approvers: ['{{ name }}'], MinRequiredApprovals: 1}",
        options: &["--allow-self-approval", "-p", &name],
        go_on: APPROVE,
        ..PLAIN
    });
}

#[test]
fn a_batch_pause_ends_when_asked_and_goes_on() {
    case(&Case {
        wait: "
  - Name: wait
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DescribeRegions, Parameters: {}}
    Loop:
      Items: [1, 2]
      RateControl: {Mode: Batch, Batch: [1, 1], BatchPauseOption: EveryBatchPause}",
        go_on: APPROVE,
        ..PLAIN
    });
}

#[test]
fn a_confirmation_ends_when_asked_and_goes_on() {
    case(&Case {
        wait: "
  - Name: make
    Action: ACS::ExecuteAPI
    Properties:
      Service: ECS
      API: CreateCommand
      Parameters: {Name: n, Type: RunShellScript, ContentEncoding: PlainText, CommandContent: x}
    Outputs:
      id: {Type: String, ValueSelector: CommandId}
  - Name: wait
    Action: ACS::ExecuteAPI
    Properties:
      Service: ECS
      API: DeleteCommand
      Parameters: {CommandId: '{{ make.id }}'}",
        options: &["--safety-check", "confirm"],
        go_on: APPROVE,
        ..PLAIN
    });
}

#[test]
fn a_child_ends_when_asked_and_goes_on() {
    case(&Case {
        wait: "
  - Name: wait
    Action: ACS::Template
    Properties: {TemplateName: nap}",
        line: "Running     wait",
        ..PLAIN
    });
}

#[test]
fn a_command_goes_on_while_nobody_works_on_its_execution() {
    let machine = machine(
        "
  - Name: wait
    Action: ACS::ECS::RunCommand
    Properties:
      instanceId: '{{ name }}'
      commandType: RunShellScript
      commandContent: 'until [ -e /tmp/go ]; do sleep 0.02; done'",
    );
    let name = format!("name={}", machine.instances(1, "[]").remove(0));
    on(
        &machine,
        &Case {
            options: &["-p", &name],
            line: "Running     wait",
            release: &["run", "go.yml", "-p", &name],
            ..PLAIN
        },
    );
}

#[test]
fn an_unknown_task_ends_when_asked_and_goes_on() {
    let machine = machine(
        "
  - Name: wait
    Action: ACS::Notify
    Properties: {NotifyType: WebHook, WebHook: {URI: '{{ name }}', Content: {text: hello}}}",
    );
    // Connections are taken by the system; nobody answers.
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let name = format!("name=http://{}/", deaf.local_addr().unwrap());
    let counter = Counter::new();
    let url = format!("url={}", counter.url("hook"));
    let mut run = machine.spawn(&["run", "wait.yml", "-p", &url, "-p", &name]);
    assert!(run.wait_for("Running     wait"));
    let id = run.execution();
    run.signal("KILL");
    run.end();
    let resumed = machine.spawn(&["resume", &id]);
    until("it is unknown", || machine.show(&id)["Status"] == "Waiting");
    let begin = now();
    resumed.signal("TERM");
    let (code, said) = resumed.end();
    assert_eq!(code, Some(4), "{said}");
    assert!(begin.elapsed() < PROMPT, "{said}");
    assert!(said.contains("oos skip"), "{said}");
    let skipped = machine.home.oos(&["skip", &id, "--resume"]);
    assert_eq!(skipped.code, 0, "{skipped}");
    let counts = (counter.count("hook-before"), counter.count("hook-after"));
    assert_eq!(counts, (1, 1));
}

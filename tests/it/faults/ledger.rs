//! A machine with a runbook of which every step leaves a mark that can be counted.

use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::faults::dice::now;
use crate::support::listener::Counter;
use crate::support::machine::Machine;
use crate::support::oos::Ran;

/// Commands one by one and side by side, a record of the cloud in a child, a call that must not be
/// repeated, and the marks read back.
const LEDGER: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  instance: {Type: String}
  name: {Type: String}
  url: {Type: String}
Tasks:
  - Name: first
    Action: ACS::ECS::RunCommand
    Properties:
      instanceId: '{{ instance }}'
      commandType: RunShellScript
      commandContent: 'echo first >> /var/lib/{{ name }}'
  - Name: each
    Action: ACS::ECS::RunCommand
    Properties:
      instanceId: '{{ instance }}'
      commandType: RunShellScript
      commandContent: 'echo {{ ACS::TaskLoopItem }} >> /var/lib/{{ name }}'
    Loop:
      Items: [left, right]
      RateControl: {Mode: Concurrency, Concurrency: 2, MaxErrors: 0}
  - Name: keep
    Action: ACS::Template
    Properties:
      TemplateName: keep
      Parameters: {name: '{{ name }}'}
  - Name: tell
    Action: ACS::Notify
    Properties:
      NotifyType: WebHook
      WebHook: {URI: '{{ url }}', Content: {text: hello}}
  - Name: last
    Action: ACS::ECS::RunCommand
    Properties:
      instanceId: '{{ instance }}'
      commandType: RunShellScript
      commandContent: 'echo last >> /var/lib/{{ name }}; sort /var/lib/{{ name }}'
    Outputs:
      marks: {Type: String, ValueSelector: invocationOutput}
Outputs:
  marks: {Type: String, Value: '{{ last.marks }}'}
";

/// The child.
const KEEP: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  name: {Type: String}
Tasks:
  - Name: create
    Action: ACS::ExecuteAPI
    Properties:
      Service: ECS
      API: CreateCommand
      Parameters:
        Name: '{{ name }}'
        Type: RunShellScript
        ContentEncoding: PlainText
        CommandContent: 'true'
";

/// Reads the records back.
const KEPT: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: list
    Action: ACS::ExecuteAPI
    Properties:
      Service: ECS
      API: DescribeCommands
      Parameters: {}
    Outputs:
      names: {Type: List, ValueSelector: '.Commands.Command[].Name'}
Outputs:
  names: {Type: List, Value: '{{ list.names }}'}
";

/// What a run of the ledger that is whole has left in its file.
const MARKS: &str = "first\nlast\nleft\nright\n";

/// A machine with an instance and the ledger.
pub(super) struct Ledger {
    pub(super) machine: Machine,
    pub(super) instance: String,
    counter: Counter,
}

/// How an execution was taken up again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Recovered {
    /// There was none: it died before its start was recorded.
    NeverStarted,
    /// It went on to its end by itself.
    Alone,
    /// A task was `Unknown` and said so; it was skipped.
    Unknown,
}

impl Ledger {
    pub(super) fn new(counter: &Counter) -> Self {
        let machine = Machine::new();
        machine.home.file("ledger.yml", LEDGER);
        machine.home.file("library/keep.yml", KEEP);
        machine.home.file("kept.yml", KEPT);
        let instance = machine.instances(1, "[]").remove(0);
        Self {
            machine,
            instance,
            counter: counter.clone(),
        }
    }

    /// Starts a run of the ledger; `failpoint` kills it at the point of this number.
    pub(super) fn start(&self, name: &str, failpoint: Option<u64>) -> Child {
        let url = self.counter.url(name);
        let mut command = self.machine.home.command();
        command
            .args(["--library", "library", "run", "ledger.yml", "--tag"])
            .arg(format!("name={name}"))
            .args(["-p", &format!("instance={}", self.instance)])
            .args(["-p", &format!("name={name}")])
            .args(["-p", &format!("url={url}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(number) = failpoint {
            command.env("OOS_TEST_FAILPOINT", number.to_string());
        }
        command.spawn().unwrap()
    }

    /// Returns the id of the run of this name, if it has begun.
    pub(super) fn find(&self, name: &str) -> Option<String> {
        let tag = format!("name={name}");
        let listed = self.oos(&["-o", "json", "list", "--tag", &tag]).json(0);
        let found = listed.as_array().unwrap();
        assert!(found.len() <= 1, "started twice: {listed:#}");
        Some(found.first()?["ExecutionId"].as_str().unwrap().to_owned())
    }

    /// Begins to resume an execution.
    pub(super) fn resume(&self, id: &str, failpoint: Option<u64>) -> Child {
        let mut command = self.machine.home.command();
        command
            .args(["--library", "library", "resume", "--no-wait", id])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(number) = failpoint {
            command.env("OOS_TEST_FAILPOINT", number.to_string());
        }
        command.spawn().unwrap()
    }

    /// Takes up a run after a crash and sees to it that all it should have done is done once;
    /// returns how that went and how long it took to come back and do the rest.
    pub(super) fn recover(&self, name: &str) -> (Recovered, Duration) {
        let Some(id) = self.find(name) else {
            assert_eq!(self.counter.count(name), 0, "{name} acted before its start");
            return (Recovered::NeverStarted, Duration::ZERO);
        };
        let begin = now();
        let resumed = self.oos(&["-o", "json", "resume", "--no-wait", &id]);
        let took = begin.elapsed();
        let (view, recovered) = match resumed.code {
            0 => (resumed.json(0), Recovered::Alone),
            _ => (self.skip_unknown(&id, &resumed), Recovered::Unknown),
        };
        assert_eq!(view["Status"], "Success", "{name}: {view:#}");
        assert_eq!(view["Outputs"]["marks"], MARKS, "{name}: {view:#}");
        let told = self.counter.count(name);
        let may_be_untold = recovered == Recovered::Unknown;
        assert!(told == 1 || may_be_untold && told == 0, "{name}: {told}");
        (recovered, took)
    }

    fn skip_unknown(&self, id: &str, resumed: &Ran) -> Value {
        let waiting = resumed.json(4);
        let reason = &waiting["WaitingStatus"];
        assert!(reason.to_string().contains("Unknown"), "{waiting:#}");
        assert!(resumed.stderr.contains("oos skip"), "{resumed}");
        self.oos(&["-o", "json", "skip", id, "--resume"]).json(0)
    }

    /// Asserts that each run has left one record, and that the data directory is sound.
    pub(super) fn audit(&self, names: &[String]) {
        let kept = self.oos(&["-o", "json", "run", "kept.yml"]).json(0);
        let mut kept: Vec<&str> = kept["Outputs"]["names"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect();
        kept.sort_unstable();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(kept, names, "a record is missing or there twice");
        self.check();
    }

    /// Asserts that the data directory is sound: `PRAGMA integrity_check`, every journal, every
    /// listing.
    pub(super) fn check(&self) {
        let checked = self.oos(&["store", "check"]);
        assert_eq!(checked.code, 0, "{checked}");
    }

    fn oos(&self, arguments: &[&str]) -> Ran {
        let library = ["--library", "library"];
        let mut command = self.machine.home.command();
        self.machine
            .home
            .finish(command.args(library).args(arguments))
    }
}

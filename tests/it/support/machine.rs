//! The real program with local instances, run, killed and interrupted as a person would.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::oos::Home;

/// Longer than anything here takes, shorter than a hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// A template that runs one command, whose text is a parameter, and gives back what it printed.
pub(crate) const COMMAND: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  instance: {Type: String}
  command: {Type: String}
Tasks:
  - Name: work
    Action: ACS::ECS::RunCommand
    Properties:
      instanceId: '{{ instance }}'
      commandType: RunShellScript
      commandContent: '{{ command }}'
    Outputs:
      text: {Type: String, ValueSelector: invocationOutput}
Outputs:
  text: {Type: String, Value: '{{ work.text }}'}
";

/// A home whose instances end with it.
pub(crate) struct Machine {
    pub(crate) home: Home,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self { home: Home::new() }
    }

    /// Makes running instances with tags as JSON and returns their ids.
    pub(crate) fn instances(&self, amount: u32, tags: &str) -> Vec<String> {
        let amount = format!("amount={amount}");
        let tags = format!("tags={tags}");
        let ran = self.home.oos(&[
            "-o",
            "json",
            "run",
            "ACS::ECS::RunInstances",
            "-p",
            "imageId=host",
            "-p",
            "instanceType=ecs.local",
            "-p",
            "vSwitchId=local",
            "-p",
            "securityGroupId=local",
            "-p",
            &amount,
            "-p",
            &tags,
        ]);
        serde_json::from_value(ran.json(0)["Outputs"]["instanceIds"].clone()).unwrap()
    }

    /// Starts the program and goes on without waiting for it.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Running {
        let mut command = self.home.command();
        command
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Running {
            child,
            stdout,
            seen: String::new(),
        }
    }

    /// Returns what is known of an execution.
    pub(crate) fn show(&self, id: &str) -> Value {
        self.home.oos(&["-o", "json", "show", id]).json(0)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let ran = self.home.oos(&["-o", "json", "instance", "list"]);
        let listed: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap_or_default();
        for id in listed
            .iter()
            .filter_map(|instance| instance["InstanceId"].as_str())
        {
            let ran = self.home.oos(&["instance", "delete", "--force", id]);
            // An instance that lives on would be left on the machine; a test that fails already
            // must not be hidden by this.
            if ran.code != 0 && !std::thread::panicking() {
                panic!("instance {id} is left: {}", ran.stderr);
            }
        }
    }
}

/// A process of the program that is at work.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    seen: String,
}

impl Running {
    /// Reads until a line contains `part`; returns whether one came.
    pub(crate) fn wait_for(&mut self, part: &str) -> bool {
        self.wait_until(|line| line.contains(part))
    }

    /// Reads `count` lines; returns whether so many came.
    pub(crate) fn wait_for_lines(&mut self, count: usize) -> bool {
        let mut left = count;
        self.wait_until(|_| {
            left -= 1;
            left == 0
        })
    }

    fn wait_until(&mut self, mut is_it: impl FnMut(&str) -> bool) -> bool {
        loop {
            let mut line = String::new();
            if self.stdout.read_line(&mut line).unwrap() == 0 {
                return false;
            }
            self.seen.push_str(&line);
            if is_it(&line) {
                return true;
            }
        }
    }

    /// Returns the id of the execution, which the first line names.
    pub(crate) fn execution(&self) -> String {
        let start = self.seen.find("exec-").unwrap();
        self.seen[start..]
            .split_whitespace()
            .next()
            .unwrap()
            .to_owned()
    }

    /// Sends a signal: `INT`, `KILL`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.child.id().to_string())
            .status();
        assert!(sent.unwrap().success());
    }

    /// Waits for the end; returns the exit code (none after a signal) and everything it said.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        self.stdout.read_to_string(&mut self.seen).unwrap();
        let mut said = String::new();
        let stderr = self.child.stderr.take();
        stderr.unwrap().read_to_string(&mut said).unwrap();
        let status = self.child.wait().unwrap();
        write!(self.seen, "----- stderr -----\n{said}").unwrap();
        (status.code(), self.seen)
    }
}

/// Returns how many processes of this machine have `marker` in their arguments.
pub(crate) fn processes(marker: &str) -> usize {
    let folders = std::fs::read_dir("/proc").unwrap();
    folders
        .flatten()
        .filter(|entry| {
            // A process may end while it is looked at.
            let arguments = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&arguments).contains(marker)
        })
        .count()
}

/// Returns a duration for `sleep` that nobody else on this machine sleeps.
pub(crate) fn unique_seconds(seconds: u32, folder: &Path) -> String {
    let digits = folder.as_os_str().as_encoded_bytes().iter();
    let sum = digits.fold(7_u64, |sum, byte| {
        (sum * 31 + u64::from(*byte)) % 999_999_937
    });
    format!("{seconds}.{sum:09}{}", std::process::id())
}

/// Asks again and again until it is so; fails after a minute.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "the test measures time")]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

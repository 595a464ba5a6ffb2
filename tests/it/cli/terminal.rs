//! Questions on a real terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::oos::Home;
use crate::support::terminal::{shown, terminal};

const ASKS: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - {Name: ask, Action: 'ACS::Pause'}
";

/// A run that shows a question on a terminal.
struct Asking {
    home: Home,
    run: std::process::Child,
    /// Tells when the run has closed the terminal, with what it wrote.
    ended: mpsc::Receiver<String>,
    _terminal: File,
}

/// Starts a run on a terminal and waits until it asks.
fn asking() -> Asking {
    let home = Home::new();
    let template = home.file("ask.yml", ASKS);
    let (ours, theirs) = terminal();
    let side = || Stdio::from(OwnedFd::from(theirs.try_clone().unwrap()));
    let mut command = home.command();
    command.env("TERM", "xterm").arg("run").arg(template);
    let run = command
        .stdin(side())
        .stdout(side())
        .stderr(side())
        .spawn()
        .unwrap();
    drop(command);
    drop(theirs);
    let mut terminal = ours;
    let reader = terminal.try_clone().unwrap();
    let (asked, is_asked) = mpsc::channel();
    let (end, ended) = mpsc::channel();
    std::thread::spawn(move || listen(reader, &asked, &end));
    is_asked.recv_timeout(Duration::from_secs(60)).unwrap();
    // Somebody begins to type and is called away.
    terminal.write_all(b"y").unwrap();
    Asking {
        home,
        run,
        ended,
        _terminal: terminal,
    }
}

/// Reads the terminal until nobody has it open any more.
fn listen(mut reader: File, asked: &mpsc::Sender<()>, end: &mpsc::Sender<String>) {
    let mut seen = String::new();
    let mut buffer = [0; 4096];
    // Linux answers with an error when the last process has closed the other side.
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        let had_asked = seen.contains("Approve?");
        seen.push_str(&String::from_utf8_lossy(&buffer[..count]));
        if !had_asked && seen.contains("Approve?") {
            asked.send(()).unwrap();
        }
    }
    // The test may have failed meanwhile.
    drop(end.send(seen));
}

#[test]
fn a_run_whose_question_is_answered_elsewhere_ends_without_a_key() {
    let mut asking = asking();
    let answered = asking.home.oos(&["approve", "@last"]);
    assert_eq!(answered.code, 0, "{}", answered.stderr);
    let seen = asking.ended.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(seen.contains("Success"), "{seen}");
    assert!(asking.run.wait().unwrap().success());
}

#[test]
fn a_run_that_is_terminated_while_it_asks_ends() {
    let mut asking = asking();
    let pid = Pid::from_child(&asking.run);
    kill_process(pid, Signal::TERM).unwrap();
    asking.ended.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(asking.run.wait().unwrap().code().is_some());
}

#[test]
fn a_loop_over_many_targets_ends_with_a_short_report() {
    let home = Home::new();
    let ids: Vec<String> = (1..=300).map(|n| format!("i-{n:03}")).collect();
    let template = home.file(
        "look.yml",
        &format!(
            "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: look
    Action: ACS::ExecuteAPI
    Properties:
      Service: ECS
      API: DescribeInstanceAttribute
      Parameters: {{InstanceId: '{{{{ ACS::TaskLoopItem }}}}'}}
    Outputs: {{id: {{Type: String, ValueSelector: .InstanceId}}}}
    Loop:
      Items: {ids:?}
      RateControl: {{Mode: Concurrency, Concurrency: 20, MaxErrors: '100%'}}
      Outputs: {{ids: {{AggregateType: 'Fn::ListJoin', AggregateField: id}}}}
Outputs:
  ids: {{Type: List, Value: '{{{{ look.ids }}}}'}}
"
        ),
    );
    let mut command = home.command();
    command.arg("run").arg(template);
    let text = shown(command);
    assert!(text.contains("300 targets: 300 Failed"), "{text}");
    assert!(text.contains("InvalidInstanceId.NotFound"), "{text}");
    assert!(text.contains("300 values: oos show"), "{text}");
    assert!(text.contains("oos report exec-"), "{text}");
    let lines = text.lines().filter(|line| line.contains("i-300")).count();
    assert!(lines <= 2, "{text}");
}

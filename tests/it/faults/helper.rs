//! `kill -9` of what works for `oos` inside an instance: the process that watches over a command,
//! and the command itself.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::faults::dice::{Dice, now, pass, seeds};
use crate::faults::ledger::Ledger;
use crate::support::listener::Counter;

/// How many runs lose a process.
const ROUNDS: usize = 24;

/// Returns the processes of the host below process `of`.
fn below(of: i32) -> Vec<i32> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let name = entry.file_name();
        let Ok(pid) = name.to_str().unwrap_or_default().parse::<i32>() else {
            continue;
        };
        // A process may end while it is looked at.
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.split(' ').nth(1));
        if let Some(parent) = parent.and_then(|text| text.parse::<i32>().ok()) {
            parents.push((pid, parent));
        }
    }
    let (mut found, mut next) = (Vec::new(), vec![of]);
    while let Some(parent) = next.pop() {
        let children = parents.iter().filter(|(_, of)| *of == parent);
        let children: Vec<i32> = children.map(|(pid, _)| *pid).collect();
        next.extend(&children);
        found.extend(children);
    }
    found
}

#[test]
fn a_killed_helper_or_command_fails_its_task_and_nothing_is_done_twice() {
    let counter = Counter::new();
    let ledger = Ledger::new(&counter);
    let first = first_process(&ledger);
    let mut dice = Dice::new(*seeds(0).first().unwrap());
    let begin = now();
    assert!(ledger.start("undisturbed", None).wait().unwrap().success());
    let span = begin.elapsed();
    let (mut kills, mut failures) = (0, 0);
    for round in 0..ROUNDS {
        let name = format!("h{round}");
        let mut run = ledger.start(&name, None);
        pass(dice.within(span));
        let victims = loop {
            let victims = below(first);
            if !victims.is_empty() || run.try_wait().unwrap().is_some() {
                break victims;
            }
        };
        if let Some(victim) =
            victims.get(usize::try_from(dice.below(victims.len() as u64)).unwrap())
        {
            let sent = Command::new("kill")
                .args(["-9", &victim.to_string()])
                .output();
            kills += usize::from(sent.unwrap().status.success());
        }
        let code = run.wait().unwrap().code();
        let id = ledger.find(&name).unwrap();
        let view = ledger.machine.show(&id);
        if code == Some(0) {
            assert_eq!(view["Status"], "Success", "{view:#}");
        } else {
            failures += 1;
            assert_eq!(view["Status"], "Failed", "{view:#}");
            let message = view["StatusMessage"].as_str().unwrap();
            let said = [
                "137",
                "CommandLost",
                "DriverFailure",
                "could not be started",
            ];
            assert!(said.iter().any(|part| message.contains(part)), "{message}");
        }
        let marks = fs::read_to_string(path(&ledger, &name)).unwrap_or_default();
        let mut lines: Vec<&str> = marks.lines().collect();
        let all = lines.len();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), all, "{name}: {marks}");
        assert!(counter.count(&name) <= 1, "{name}");
    }
    ledger.check();
    println!("report: helpers: {ROUNDS} rounds, {kills} kills, {failures} failed, 0 doubled");
    assert!(failures > 0, "no kill hit a command");
}

/// Returns the file of a run's marks as the host sees it.
fn path(ledger: &Ledger, name: &str) -> PathBuf {
    folder(ledger).join("upper/var/lib").join(name)
}

fn folder(ledger: &Ledger) -> PathBuf {
    let home = ledger.machine.home.path();
    home.join("data/sandbox/instances").join(&ledger.instance)
}

/// Returns the host's number of the instance's pid 1.
fn first_process(ledger: &Ledger) -> i32 {
    let text = fs::read_to_string(folder(ledger).join("alive")).unwrap();
    let alive: serde_json::Value = serde_json::from_str(&text).unwrap();
    i32::try_from(alive["pid"].as_i64().unwrap()).unwrap()
}

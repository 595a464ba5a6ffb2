//! `kill -9` of the program at random moments while it works on many hosts of a real sshd: it is taken up
//! without its inventory being named again, every host starts the command once, and what it printed and
//! how it ended is on record.

use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::faults::dice::{Dice, fresh, now, pass, patience, seeds};
use crate::faults::spread::Spread;
use crate::support::fleet::Fleet;

/// How many hosts there are.
const HOSTS: usize = 12;

/// How many runs the short form kills.
const ROUNDS: usize = 8;

/// In how many of ten rounds the resumed process is killed as well.
const KILLED_AGAIN: u64 = 4;

#[derive(Default)]
struct Tally {
    rounds: usize,
    kills: usize,
    never_started: usize,
    recovery: Spread,
}

#[test]
fn a_killed_program_is_taken_up_without_its_inventory_and_no_host_starts_twice() {
    let Some(fleet) = Fleet::start(HOSTS) else {
        return;
    };
    let mut queue = seeds(1);
    let mut dice = Dice::new(queue.remove(0));
    let mut tally = Tally::default();
    let begin = now();
    // How long an undisturbed run takes, to know among which moments to choose.
    assert!(start(&fleet, "undisturbed", 3).wait().unwrap().success());
    let span = begin.elapsed();
    verify(&fleet, "undisturbed", 3);
    loop {
        let is_over = match patience() {
            Some(patience) => begin.elapsed() > patience,
            None => tally.rounds == ROUNDS,
        };
        if is_over {
            break;
        }
        let name = format!("round{}", tally.rounds);
        round(&fleet, &name, span, &mut dice, &mut tally);
        if patience().is_some() {
            dice = Dice::new(fresh());
        }
    }
    println!(
        "report: kill -9 over {HOSTS} hosts: {} rounds, {} kills, {} before the start, one start on \
         each host, output whole; recovery with the rest of the work: {}",
        tally.rounds, tally.kills, tally.never_started, tally.recovery
    );
    assert!(tally.kills * 2 >= tally.rounds, "{} kills", tally.kills);
}

fn round(fleet: &Fleet, name: &str, span: Duration, dice: &mut Dice, tally: &mut Tally) {
    tally.rounds += 1;
    let code = dice.below(200) + 1;
    let mut run = start(fleet, name, code);
    tally.kills += kill(&mut run, dice.within(span));
    let Some(id) = find(fleet, name) else {
        assert_eq!(starts(fleet, name), [0; HOSTS], "{name}");
        tally.never_started += 1;
        return;
    };
    if dice.below(10) < KILLED_AGAIN {
        let mut resumed = resume(fleet, &id);
        tally.kills += kill(&mut resumed, dice.within(span));
    }
    let begin = now();
    let resumed = resume(fleet, &id).wait().unwrap();
    tally.recovery.add(begin.elapsed());
    assert!(resumed.success(), "{name}: {resumed}");
    verify(fleet, name, code);
}

/// Kills a process after a while; returns how many were still there.
fn kill(process: &mut Child, after: Duration) -> usize {
    pass(after);
    let was_there = process.try_wait().unwrap().is_none();
    process.kill().unwrap();
    process.wait().unwrap();
    was_there.into()
}

/// Begins a run in which every host leaves a mark of its own, talks for a while and fails.
fn start(fleet: &Fleet, name: &str, code: u64) -> Child {
    let script = format!(
        "set -- $SSH_CONNECTION; echo run >>\"$HOME/{name}-$3\"; i=0; while [ $i -lt 4 ]; do \
         echo line $i; i=$((i + 1)); sleep 0.2; done; echo problem >&2; exit {code}"
    );
    let mut command = fleet.home.command();
    let tag = format!("name={name}");
    command.args([
        "--inventory",
        "hosts.yml",
        "exec",
        "@web",
        "--tag",
        &tag,
        "--",
        &script,
    ]);
    quietly(&mut command)
}

/// Begins to resume, without an inventory.
fn resume(fleet: &Fleet, id: &str) -> Child {
    quietly(fleet.home.command().args(["resume", "--no-wait", id]))
}

fn quietly(command: &mut std::process::Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

fn find(fleet: &Fleet, name: &str) -> Option<String> {
    let tag = format!("name={name}");
    let listed = fleet
        .home
        .oos(&["-o", "json", "list", "--tag", &tag])
        .json(0);
    let found = listed.as_array().unwrap();
    assert!(found.len() <= 1, "started twice: {listed:#}");
    Some(found.first()?["ExecutionId"].as_str().unwrap().to_owned())
}

/// Returns how often each host has begun.
fn starts(fleet: &Fleet, name: &str) -> [usize; HOSTS] {
    std::array::from_fn(|number| {
        let address = crate::support::sshd::Sshd::address(number);
        let path = fleet.sshd.home().join(format!("{name}-{address}"));
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.lines().count()
    })
}

/// Asserts that each host began once, and that all have one answer, which is whole.
fn verify(fleet: &Fleet, name: &str, code: u64) {
    assert_eq!(starts(fleet, name), [1; HOSTS], "{name}");
    let id = find(fleet, name).expect("it has begun");
    let report = fleet.home.oos(&["report", &id, "--format", "json"]).json(0);
    let groups: Vec<&Value> = report["Steps"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|step| step["Groups"].as_array().unwrap())
        .collect();
    assert_eq!(groups.len(), 1, "{report:#}");
    let group = groups[0];
    assert_eq!(group["Count"], HOSTS, "{report:#}");
    assert_eq!(group["Code"], format!("ExitCode.{code}"), "{report:#}");
    assert_eq!(group["Stdout"], "line 0\nline 1\nline 2\nline 3\n");
    assert_eq!(group["Stderr"], "problem\n");
}

//! Killed at every point between two of its steps, one after the other.

use std::os::unix::process::ExitStatusExt as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::faults::dice::Dice;
use crate::faults::ledger::{Ledger, Recovered};
use crate::support::listener::Counter;

/// How many machines work at the same time.
const MACHINES: usize = 4;

/// More points than the ledger has, fewer than for ever.
const MOST: u64 = 500;

#[test]
fn killed_at_every_single_point_nothing_is_lost_and_nothing_is_done_twice() {
    let counter = Counter::new();
    let next = AtomicU64::new(1);
    let end = AtomicU64::new(MOST);
    let unknown = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..MACHINES {
            scope.spawn(|| {
                let ledger = Ledger::new(&counter);
                let mut names = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number > end.load(Ordering::Relaxed) {
                        break;
                    }
                    let name = format!("p{number}");
                    let status = ledger.start(&name, Some(number)).wait().unwrap();
                    if status.signal().is_none() {
                        assert!(status.success(), "point {number}: {status}");
                        end.fetch_min(number, Ordering::Relaxed);
                    } else {
                        again(&ledger, &name, number);
                    }
                    match ledger.recover(&name).0 {
                        Recovered::NeverStarted => continue,
                        Recovered::Unknown => unknown.lock().unwrap().push(number),
                        Recovered::Alone => {}
                    }
                    names.push(name);
                }
                ledger.audit(&names);
            });
        }
    });
    let end = end.into_inner();
    let unknown = unknown.into_inner().unwrap();
    println!("report: every point: {end} points, unknown at {unknown:?}, 0 lost, 0 doubled");
    assert!((30..MOST).contains(&end), "{end} points");
    assert!(!unknown.is_empty(), "no point hit the call under way");
}

/// Kills a resumed process as well, at a point that follows from the number.
fn again(ledger: &Ledger, name: &str, number: u64) {
    if number.is_multiple_of(2)
        && let Some(id) = ledger.find(name)
    {
        let failpoint = 1 + Dice::new(number).below(20);
        // It may come to its end before that point.
        ledger.resume(&id, Some(failpoint)).wait().unwrap();
    }
}

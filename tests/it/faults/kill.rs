//! `kill -9` at random moments.

use std::sync::Mutex;
use std::time::Duration;

use crate::faults::dice::{Dice, fresh, now, pass, patience, seeds};
use crate::faults::ledger::{Ledger, Recovered};
use crate::faults::spread::Spread;
use crate::support::listener::Counter;

/// How many runs are killed.
const ROUNDS: usize = 200;

/// How many machines work at the same time.
const MACHINES: usize = 4;

/// In how many of ten rounds the resumed process is killed as well.
const KILLED_AGAIN: u64 = 3;

/// The promise: back in a correct state within this.
const PROMISE: Duration = Duration::from_secs(5);

/// What a series of rounds came to.
#[derive(Default)]
struct Tally {
    rounds: usize,
    kills: usize,
    never_started: usize,
    unknown: usize,
    recovery: Spread,
}

impl Tally {
    fn merge(&mut self, other: Self) {
        self.rounds += other.rounds;
        self.kills += other.kills;
        self.never_started += other.never_started;
        self.unknown += other.unknown;
        self.recovery.merge(other.recovery);
    }
}

#[test]
fn killed_at_random_moments_nothing_is_lost_and_nothing_is_done_twice() {
    let counter = Counter::new();
    let seeds = seeds(3);
    let total = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for place in 0..MACHINES {
            let (total, counter) = (&total, &counter);
            let mut seed = seeds[place % seeds.len()].wrapping_add(place as u64 * 1_000);
            scope.spawn(move || {
                let begin = now();
                loop {
                    total.lock().unwrap().merge(series(counter, seed));
                    if patience().is_none_or(|patience| begin.elapsed() > patience) {
                        break;
                    }
                    seed = fresh();
                }
            });
        }
    });
    let total = total.into_inner().unwrap();
    println!(
        "report: kill -9: {} rounds, {} kills, {} before the start, {} unknown, 0 lost, 0 doubled; \
         recovery with the rest of the work: {}; seeds {seeds:?}",
        total.rounds, total.kills, total.never_started, total.unknown, total.recovery
    );
    assert!(total.kills * 2 >= total.rounds, "only {} hit", total.kills);
    let longest = total.recovery.longest();
    assert!(longest < PROMISE, "{longest:?} to recover");
}

/// Kills runs on a machine of their own.
fn series(counter: &Counter, seed: u64) -> Tally {
    let ledger = Ledger::new(counter);
    let mut dice = Dice::new(seed);
    let mut tally = Tally::default();
    let mut names = vec![format!("k{seed:x}")];
    assert!(ledger.start(&names[0], None).wait().unwrap().success());
    // How long an undisturbed run takes once all is warm, to know among which moments to choose.
    names.push(format!("k{seed:x}-warm"));
    let begin = now();
    assert!(ledger.start(&names[1], None).wait().unwrap().success());
    let span = begin.elapsed();
    for number in 0..ROUNDS / MACHINES {
        let name = format!("k{seed:x}-{number}");
        let recovered = round(&ledger, &name, span, &mut dice, &mut tally);
        if recovered != Recovered::NeverStarted {
            names.push(name);
        }
        ledger.check();
    }
    ledger.audit(&names);
    tally
}

fn round(
    ledger: &Ledger,
    name: &str,
    span: Duration,
    dice: &mut Dice,
    tally: &mut Tally,
) -> Recovered {
    tally.rounds += 1;
    let mut run = ledger.start(name, None);
    pass(dice.within(span));
    tally.kills += usize::from(run.try_wait().unwrap().is_none());
    run.kill().unwrap();
    run.wait().unwrap();
    if dice.below(10) < KILLED_AGAIN
        && let Some(id) = ledger.find(name)
    {
        let mut resumed = ledger.resume(&id, None);
        pass(dice.within(span));
        tally.kills += usize::from(resumed.try_wait().unwrap().is_none());
        resumed.kill().unwrap();
        resumed.wait().unwrap();
    }
    let (recovered, took) = ledger.recover(name);
    match recovered {
        Recovered::NeverStarted => tally.never_started += 1,
        Recovered::Unknown => tally.unknown += 1,
        Recovered::Alone => tally.recovery.add(took),
    }
    recovered
}

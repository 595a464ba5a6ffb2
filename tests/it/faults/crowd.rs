//! Two processes on one data directory, one of them killed again and again: none of their executions
//! is stuck, none is worked on twice, every mark is left once.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::faults::dice::{Dice, fresh, now, pass, patience, seeds};
use crate::faults::ledger::{Ledger, Recovered};
use crate::faults::spread::Spread;
use crate::support::listener::Counter;

/// How many executions there are.
const EXECUTIONS: usize = 50;

/// A process of the one that is killed is killed within this.
const SPAN: Duration = Duration::from_millis(400);

/// What there is still to do, and what was seen.
struct Crowd<'a> {
    ledger: &'a Ledger,
    queue: Mutex<VecDeque<String>>,
    open: AtomicUsize,
    /// What the peaceful one works on.
    current: Mutex<Option<String>>,
    runs: Mutex<Spread>,
    recovery: Mutex<Spread>,
    kills: AtomicUsize,
    refusals: AtomicUsize,
    unknown: AtomicUsize,
}

#[test]
fn processes_that_share_a_data_directory_lose_nothing_when_one_is_killed() {
    let counter = Counter::new();
    let begin = now();
    let mut seed = *seeds(0).first().expect("one is always fresh");
    loop {
        crowd(&counter, seed);
        if patience().is_none_or(|patience| begin.elapsed() > patience) {
            return;
        }
        seed = fresh();
    }
}

fn crowd(counter: &Counter, seed: u64) {
    let ledger = Ledger::new(counter);
    let name = |number| format!("c{seed:x}-{number}");
    let names: Vec<String> = (0..EXECUTIONS).map(name).collect();
    let crowd = Crowd {
        ledger: &ledger,
        queue: Mutex::new(names.iter().cloned().collect()),
        open: AtomicUsize::new(names.len()),
        current: Mutex::default(),
        runs: Mutex::default(),
        recovery: Mutex::default(),
        kills: AtomicUsize::new(0),
        refusals: AtomicUsize::new(0),
        unknown: AtomicUsize::new(0),
    };
    std::thread::scope(|scope| {
        scope.spawn(|| peaceful(&crowd));
        scope.spawn(|| killed(&crowd, Dice::new(seed)));
    });
    ledger.audit(&names);
    println!(
        "report: crowd: {EXECUTIONS} executions, {} kills, {} refused to a second process, {} \
         unknown, 0 stuck, 0 doubled; whole runs {}; recovery {}; seed {seed}",
        crowd.kills.into_inner(),
        crowd.refusals.into_inner(),
        crowd.unknown.into_inner(),
        crowd.runs.into_inner().unwrap(),
        crowd.recovery.into_inner().unwrap(),
    );
}

/// Brings one execution after the other to its end, from its start or from where a killed process
/// left it.
fn peaceful(crowd: &Crowd<'_>) {
    // Ends the other one too, should this fail.
    let _rest = Rest(&crowd.open);
    while crowd.open.load(Ordering::Relaxed) > 0 {
        let next = crowd.queue.lock().unwrap().pop_front();
        let Some(name) = next else {
            pass(Duration::from_millis(5));
            continue;
        };
        if crowd.ledger.find(&name).is_none() {
            *crowd.current.lock().unwrap() = Some(name.clone());
            let begin = now();
            crowd.ledger.start(&name, None).wait().unwrap();
            crowd.runs.lock().unwrap().add(begin.elapsed());
            // Waits for one that meddles.
            *crowd.current.lock().unwrap() = None;
        }
        let (recovered, took) = crowd.ledger.recover(&name);
        crowd.recovery.lock().unwrap().add(took);
        let is_unknown = recovered == Recovered::Unknown;
        crowd
            .unknown
            .fetch_add(usize::from(is_unknown), Ordering::Relaxed);
        crowd.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Begins or goes on with executions and is killed while it does; now and then tries to work on
/// what the other one works on.
fn killed(crowd: &Crowd<'_>, mut dice: Dice) {
    while crowd.open.load(Ordering::Relaxed) > 0 {
        if dice.below(4) == 0 {
            meddle(crowd);
            continue;
        }
        let next = crowd.queue.lock().unwrap().pop_back();
        let Some(name) = next else {
            pass(Duration::from_millis(5));
            continue;
        };
        let mut run = match crowd.ledger.find(&name) {
            Some(id) => crowd.ledger.resume(&id, None),
            None => crowd.ledger.start(&name, None),
        };
        pass(dice.within(SPAN));
        let is_at_work = run.try_wait().unwrap().is_none();
        crowd
            .kills
            .fetch_add(usize::from(is_at_work), Ordering::Relaxed);
        run.kill().unwrap();
        run.wait().unwrap();
        let mut queue = crowd.queue.lock().unwrap();
        let place = usize::try_from(dice.below(queue.len() as u64 + 1)).unwrap();
        queue.insert(place, name);
        drop(queue);
        // The other one is to have a chance to take the last of them.
        pass(Duration::from_millis(20));
    }
}

/// Tries to work on what the other process works on.
fn meddle(crowd: &Crowd<'_>) {
    let current = crowd.current.lock().unwrap();
    let Some(name) = current.as_ref() else {
        return;
    };
    let Some(id) = crowd.ledger.find(name) else {
        return;
    };
    let status = crowd.ledger.resume(&id, None).wait().unwrap();
    // It may have come to its end meanwhile.
    assert!(matches!(status.code(), Some(0 | 1)), "{name}: {status}");
    let is_refused = status.code() == Some(1);
    crowd
        .refusals
        .fetch_add(usize::from(is_refused), Ordering::Relaxed);
}

/// Says that nothing is open any more when it is dropped.
struct Rest<'a>(&'a AtomicUsize);

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

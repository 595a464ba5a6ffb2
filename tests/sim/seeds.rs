//! Thousands of worlds, each made from a seed.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use oos::base::value::Value;
use oos::runner::{Clock as _, SystemClock};

use crate::plan::Plan;
use crate::scenario;
use crate::world::{self, Report};

/// Runs a plan and adds what only a comparison shows.
pub(crate) fn judge(plan: &Plan) -> Report {
    let scenario = scenario::find(&plan.scenario);
    let mut report = world::run(&scenario, plan);
    if report.broken.is_empty() && plan.only_interrupts() && !scenario.open {
        let calm = calm_end(&plan.scenario);
        if report.end != calm {
            report.broken.push(format!(
                "it came to {:#}\nand without trouble to {calm:#}",
                report.end
            ));
        }
    }
    report
}

/// Returns what a scenario comes to when nothing goes wrong.
fn calm_end(name: &str) -> Value {
    static ENDS: LazyLock<Mutex<BTreeMap<String, Value>>> = LazyLock::new(Mutex::default);
    if let Some(end) = ENDS.lock().unwrap().get(name) {
        return end.clone();
    }
    let report = world::run(&scenario::find(name), &Plan::calm(name, 0));
    assert_eq!(report.broken, [""; 0], "{name}: {:#?}", report.story);
    ENDS.lock()
        .unwrap()
        .insert(name.to_owned(), report.end.clone());
    report.end
}

/// Leaves out steps for as long as the plan still breaks a law.
fn shrunk(plan: &Plan) -> Plan {
    let mut smallest = plan.clone();
    let mut place = 0;
    while place < smallest.steps.len() {
        let mut smaller = smallest.clone();
        smaller.steps.remove(place);
        if judge(&smaller).broken.is_empty() {
            place += 1;
        } else {
            smallest = smaller;
        }
    }
    smallest
}

/// How much of a story is shown.
const LINES: usize = 60;

/// Fails with everything that is needed to see it again.
#[track_caller]
pub(crate) fn check(plan: &Plan) {
    let report = judge(plan);
    if report.broken.is_empty() {
        return;
    }
    let small = shrunk(plan);
    let mut report = judge(&small);
    // What goes round in circles is seen after a few rounds.
    report.story.truncate(LINES);
    let again = if *plan == Plan::of_seed(&scenario::names(), plan.seed) {
        format!("OOS_SIM_SEED={}", plan.seed)
    } else {
        format!("OOS_SIM_PLAN='{}'", serde_json::to_string(plan).unwrap())
    };
    panic!(
        "{:#?}\n{}\n\nsee it again: {again} cargo nextest run --test sim -E \
         'test(given_by_hand)'\nkeep it as tests/sim/regression/NAME.json: {}",
        report.broken,
        report.story.join("\n"),
        serde_json::to_string(&small).unwrap(),
    );
}

/// How many new seeds are tried when nobody asks for more.
const FEW: u64 = 50;

/// How many seeds each of the four parts runs.
const PART: u64 = 2_500;

fn part(number: u64) {
    let names = scenario::names();
    for seed in number * PART..(number + 1) * PART {
        check(&Plan::of_seed(&names, seed));
    }
}

#[test]
fn the_first_part_of_the_seeds_keeps_the_laws() {
    part(0);
}

#[test]
fn the_second_part_of_the_seeds_keeps_the_laws() {
    part(1);
}

#[test]
fn the_third_part_of_the_seeds_keeps_the_laws() {
    part(2);
}

#[test]
fn the_fourth_part_of_the_seeds_keeps_the_laws() {
    part(3);
}

/// Returns the number that a variable holds.
fn asked_for(variable: &str) -> Option<u64> {
    let text = std::env::var_os(variable)?;
    let number = text.to_str().and_then(|text| text.parse().ok());
    Some(number.unwrap_or_else(|| panic!("{variable} is a number")))
}

#[test]
fn a_world_given_by_hand_keeps_the_laws() {
    let plan = std::env::var_os("OOS_SIM_PLAN")
        .map(|text| serde_json::from_slice(text.as_encoded_bytes()).expect("it is a plan"));
    let seed = asked_for("OOS_SIM_SEED");
    match plan.or(seed.map(|seed| Plan::of_seed(&scenario::names(), seed))) {
        Some(plan) => check(&plan),
        None => println!("skipped: neither OOS_SIM_SEED nor OOS_SIM_PLAN is set"),
    }
}

/// Seeds that nobody has tried yet: a few, or as many as `OOS_SIM_SEEDS` says, or for as long as
/// `OOS_SIM_MINUTES` says.
#[test]
#[expect(clippy::disallowed_methods, reason = "a person says how long")]
fn new_seeds_keep_the_laws() {
    let minutes = asked_for("OOS_SIM_MINUTES").unwrap_or(0);
    let least = asked_for("OOS_SIM_SEEDS").unwrap_or(if minutes == 0 { FEW } else { 0 });
    let end = Instant::now() + Duration::from_secs(60 * minutes);
    let first = SystemClock.chance() >> 16;
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let names = scenario::names();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= least && Instant::now() >= end {
                        return;
                    }
                    let seed = first.wrapping_add(number);
                    check(&Plan::of_seed(&names, seed));
                    crate::engine::drive(seed);
                }
            });
        }
    });
    println!(
        "report: {} seeds from {first}, no law broken",
        next.into_inner()
    );
}

#[test]
fn the_same_seed_makes_the_same_world() {
    let names = scenario::names();
    for seed in 0..200 {
        let plan = Plan::of_seed(&names, seed);
        let scenario = scenario::find(&plan.scenario);
        let (first, second) = (world::run(&scenario, &plan), world::run(&scenario, &plan));
        assert_eq!(first.story, second.story, "seed {seed}");
        assert_eq!(first, second, "seed {seed}");
    }
}

#[test]
fn nothing_goes_wrong_in_a_calm_world() {
    for name in scenario::names() {
        let end = calm_end(name);
        println!("{name}: {} {}", end[0]["status"], end[0]["message"]);
    }
}

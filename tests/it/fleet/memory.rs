//! What a target costs in memory while thousands of others are done.

use crate::support::memory::{PEAK, memory};

use super::{Fleet, Said, names};

const COUNT: usize = 6_000;

/// Bytes: what the engine and the journal's transaction need, and nothing that a call leaves behind. A
/// call's future alone has more than 4 KiB.
const MOST: usize = 3_000;

#[test]
fn a_target_that_is_done_leaves_only_its_outcome_behind() {
    let fleet = Fleet::new();
    // What the process needs for any run at all: connections to the store, caches, threads.
    fleet.look(&names("warm", 600), |_| Said::ok("fine\n"));
    let before = memory(PEAK);
    fleet.look(&names("web", COUNT), |_| Said::ok("fine\n"));
    let target = (memory(PEAK) - before) / COUNT;
    println!("report: a target costs {target} bytes of memory");
    assert!(target < MOST, "{target} bytes a target");
}

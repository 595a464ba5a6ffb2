//! Published templates run through worlds that lose power.

use crate::plan::{Moment, Plan, Step};
use crate::scenario;
use crate::seeds::check;
use crate::world;

/// The appends around which the power fails: the first ones, where everything is new, and one far
/// behind.
const APPENDS: [u32; 4] = [1, 2, 4, 9];

#[test]
fn published_templates_come_to_the_same_end_with_and_without_crashes() {
    let names = scenario::templates();
    let (mut run, mut good) = (0, 0);
    for name in &names {
        let scenario = scenario::find(name);
        // What cannot be started here has a trigger, or wants an argument that nobody can make up.
        if !world::can_start(&scenario) {
            continue;
        }
        run += 1;
        let calm = Plan::calm(name, 0);
        check(&calm);
        let report = world::run(&scenario, &calm);
        good += usize::from(report.end[0]["status"] == "Success");
        for append in APPENDS
            .into_iter()
            .filter(|append| *append <= report.appends)
        {
            for moment in [Moment::After, Moment::Later] {
                check(&Plan {
                    steps: vec![Step::PowerFails { append, moment }],
                    ..calm.clone()
                });
            }
        }
    }
    println!("{run} of {} templates run, {good} to success", names.len());
    assert!(
        names.is_empty() || good * 2 > run,
        "most come to a good end"
    );
}

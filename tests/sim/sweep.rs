//! Every place at which something can go wrong, one after another, in every scenario.

use crate::plan::{Fate, Moment, Operation, Plan, Step};
use crate::scenario;
use crate::seeds::check;
use crate::world;

/// Runs a scenario once for every step that `steps` makes of its calm course.
fn sweep(steps: impl Fn(&world::Report) -> Vec<Step>) {
    let mut runs = 0;
    for name in scenario::names() {
        for leaves in [false, true] {
            let calm = Plan {
                leaves,
                ..Plan::calm(name, 0)
            };
            let report = world::run(&scenario::find(name), &calm);
            for step in steps(&report) {
                check(&Plan {
                    steps: vec![step],
                    ..calm.clone()
                });
                runs += 1;
            }
        }
    }
    println!("{runs} worlds");
}

#[test]
fn a_crash_around_any_append_changes_nothing() {
    sweep(|report| {
        let moments = [Moment::Before, Moment::After, Moment::Later];
        (1..=report.appends)
            .flat_map(|append| moments.map(|moment| Step::PowerFails { append, moment }))
            .collect()
    });
}

#[test]
fn an_append_that_fails_changes_nothing() {
    sweep(|report| {
        let operations = [Operation::Append, Operation::AppendWritten];
        (1..=report.appends)
            .flat_map(|number| operations.map(|operation| Step::StoreFails { operation, number }))
            .collect()
    });
}

#[test]
fn any_call_may_fail() {
    sweep(|report| {
        let fates = [
            Fate::Fails {
                code: "Forbidden".to_owned(),
            },
            Fate::Lost,
            Fate::Unreachable { times: 6 },
        ];
        (1..=report.calls)
            .flat_map(|number| fates.clone().map(|fate| Step::Call { number, fate }))
            .collect()
    });
}

#[test]
fn everything_may_be_said_twice() {
    sweep(|report| {
        let letters = u32::from(report.letters > 0);
        (0..letters).map(|_| Step::MailTwice { at: 0 }).collect()
    });
}

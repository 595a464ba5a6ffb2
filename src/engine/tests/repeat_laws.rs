//! The laws of repeating, on sets: of random loops with random failures and cancels, exactly what
//! failed or never began runs again, each once, and never what ended well.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::base::call::CallFault;
use crate::engine::effect::EffectKey;
use crate::engine::event::{Batches, End, Fact, LoopPlan, Request, UnitId};
use crate::engine::input::Input;
use crate::engine::status::{ExecutionStatus, Mode, WaitReason};
use crate::engine::tests::world::{World, api_error};

/// A loop to be: its items, its control, its tolerance, whether its items are children.
#[derive(Clone, Debug)]
struct Draw {
    items: u32,
    control: usize,
    errors: u32,
    children: bool,
}

fn draw() -> impl Strategy<Value = Draw> {
    (0..9_u32, 0..5_usize, 0..3_u32, any::<bool>()).prop_map(
        |(items, control, errors, children)| Draw {
            items,
            control,
            errors,
            children,
        },
    )
}

fn write(tasks: &[Draw]) -> String {
    let mut text = String::from("Tasks:\n");
    for (place, task) in tasks.iter().enumerate() {
        let control = [
            "Concurrency: 1",
            "Concurrency: 3",
            "Mode: Batch, Batch: [1, 2], ConcurrencyInBatches: [1, 2]",
            "Mode: Batch, Batch: [2], BatchPauseOption: EveryBatchPause",
            "Concurrency: '100%'",
        ][task.control];
        let (action, properties) = if task.children {
            ("ACS::ECS::Child", "a: 1")
        } else {
            ("ACS::ExecuteAPI", "Service: ECS, API: Do")
        };
        let items: Vec<u32> = (0..task.items).collect();
        write!(
            text,
            "  - Name: t{place}
    Action: {action}
    Properties: {{{properties}}}
    Outputs: {{id: {{Type: String, ValueSelector: Id}}}}
    Loop:
      Items: {items:?}
      RateControl: {{{control}, MaxErrors: {}}}
      Outputs: {{ids: {{AggregateType: 'Fn::ListJoin', AggregateField: id}}}}
",
            task.errors
        )
        .unwrap();
    }
    text
}

/// What became of the items of one execution, told by its journal alone.
#[derive(Default)]
struct Told {
    /// How often each began.
    begun: Vec<(u32, u32)>,
    /// Those that ended well, with what they gave.
    well: std::collections::BTreeMap<(u32, u32), Value>,
    /// Those of loops that ended well, tolerated failures included.
    settled: BTreeSet<u32>,
}

fn told(world: &World) -> Told {
    let mut told = Told::default();
    for event in &world.journal {
        match &event.fact {
            Fact::UnitStarted { unit, .. } => told.begun.push((unit.task, unit.item.unwrap())),
            Fact::UnitEnded {
                unit,
                end: End::Success { outputs },
            } => {
                let key = (unit.task, unit.item.unwrap());
                assert!(told.well.insert(key, outputs["id"].clone()).is_none());
            }
            Fact::TaskEnded {
                task,
                end: End::Success { .. },
                ..
            } => {
                told.settled.insert(*task);
            }
            _ => {}
        }
    }
    told
}

/// Answers what is out as `chance` has it until the execution ends or it is used up; from then
/// on everything goes well. Identities of answers are unique.
fn play(world: &mut World, chance: &[u8], round: usize) {
    let mut chance = chance.iter().copied();
    let mut number = 0;
    while !world.live.status().is_final() {
        let die = chance.next();
        number += 1;
        if world.live.wait_reasons().contains(&WaitReason::Failure) {
            let retry = Request::RetryTask {
                task: None,
                parameters: None,
            };
            let status = ExecutionStatus::Failed;
            let give_up = Request::CompleteExecution { status };
            let request = if die.is_some_and(|die| die < 128) {
                give_up
            } else {
                retry
            };
            world.say("ann", request).unwrap();
            continue;
        }
        if world.owed.is_empty() {
            world.say("ann", Request::Approve { task: None }).unwrap();
            continue;
        }
        if die.is_some_and(|die| die < 6) && !world.live.is_cancelling() {
            world.say("ann", Request::Cancel).unwrap();
            continue;
        }
        let pick = usize::from(die.unwrap_or_default());
        let id = format!("{round}.{number}");
        let well = die.is_none_or(|die| die >= 80);
        world.tell(&input(world, pick, well, &id)).unwrap();
    }
}

fn input(world: &World, pick: usize, well: bool, id: &str) -> Input {
    let keys: Vec<(UnitId, Option<u32>)> = world
        .owed
        .keys()
        .filter_map(|key| match key {
            EffectKey::Call(unit, call) => Some((*unit, Some(*call))),
            EffectKey::Child(unit) => Some((*unit, None)),
            _ => None,
        })
        .collect();
    let (unit, call) = keys[pick % keys.len()];
    let answer = json!({ "Id": id });
    match call {
        Some(call) => Input::Answered {
            unit,
            call,
            answer: match pick % 4 {
                _ if well => Ok(answer),
                0 => Err(CallFault::Cancelled { report: "x".into() }),
                _ => Err(api_error("Denied")),
            },
        },
        None => Input::ChildEnded {
            unit,
            status: if well {
                ExecutionStatus::Success
            } else {
                ExecutionStatus::Failed
            },
            outputs: crate::engine::tests::world::map(answer),
            message: "Denied: no".into(),
        },
    }
}

/// Windows and batches hold for what runs again as well.
fn check_windows(world: &World) {
    let mut plan: Option<&LoopPlan> = None;
    let mut batch = 0;
    let mut active = BTreeSet::new();
    for event in &world.journal {
        match &event.fact {
            Fact::TaskStarted { looping, .. } => {
                active.clear();
                plan = looping.as_ref().or(plan);
                batch = if looping.is_some() { 0 } else { batch };
            }
            Fact::BatchEnded { batch: ended, .. } => batch = *ended,
            Fact::UnitStarted { unit, .. } => {
                active.insert(unit.item);
                let window = match &plan.expect("all tasks loop").batches {
                    Batches::Concurrency { window } => *window,
                    // A batch that was passed over has ended too.
                    Batches::Batch { windows, .. } => {
                        *windows[batch as usize..].iter().max().unwrap()
                    }
                };
                assert!(active.len() <= window as usize, "{:#?}", world.journal);
            }
            Fact::UnitEnded { unit, .. } => {
                active.remove(&unit.item);
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn exactly_what_failed_or_never_began_runs_again_each_once(
        tasks in proptest::collection::vec(draw(), 1..4),
        pauses: bool,
        rounds in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..14), 1..4),
    ) {
        let mut world = World::start_with(&write(&tasks), |started| {
            started.mode = if pauses { Mode::FailurePause } else { Mode::Automatic };
        });
        play(&mut world, &rounds[0], 0);
        let mut done = told(&world);
        // The last round goes well.
        for round in 1..=rounds.len() {
            if world.live.status() == ExecutionStatus::Success {
                break;
            }
            let mut again = world.repeat();
            let chance = rounds.get(round).map_or(&[][..], Vec::as_slice);
            play(&mut again, chance, round);
            again.check_prefixes();
            check_windows(&again);
            let now = told(&again);
            for item in &now.begun {
                prop_assert!(!done.well.contains_key(item), "{item:?} had ended well");
                prop_assert!(!done.settled.contains(&item.0), "{item:?} is of a loop that had");
            }
            if chance.is_empty() {
                let open: Vec<(u32, u32)> = (0..)
                    .zip(&tasks)
                    .filter(|(task, _)| !done.settled.contains(task))
                    .flat_map(|(task, draw)| (0..draw.items).map(move |item| (task, item)))
                    .filter(|item| !done.well.contains_key(item))
                    .collect();
                let mut begun = now.begun.clone();
                begun.sort_unstable();
                prop_assert_eq!(&begun, &open, "each once");
                prop_assert_eq!(again.live.status(), ExecutionStatus::Success);
            }
            done.well.extend(now.well);
            done.settled.extend(now.settled);
            world = again;
        }
        // In the end the outputs of a loop are those of all its items, in order.
        if world.live.status() == ExecutionStatus::Success {
            for (task, draw) in (0..).zip(&tasks) {
                let ids: Vec<Value> = (0..draw.items)
                    .map(|item| done.well.get(&(task, item)).cloned().unwrap_or_default())
                    .collect();
                prop_assert_eq!(world.outputs(&format!("t{task}")), json!({ "ids": ids }));
            }
        }
    }
}

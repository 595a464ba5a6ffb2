//! The laws of the engine under random templates, answers, signals and repeated deliveries.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::json;

use crate::base::call::{ApiError, CallFault};
use crate::base::digest::Digest;
use crate::base::failure::FailureClass;
use crate::engine::effect::{DEADLINE, EffectKey};
use crate::engine::event::{
    Batches, BoundPlan, End, Fact, LoopPlan, Request, Signal, UnitId, Work,
};
use crate::engine::input::{Input, Refused};
use crate::engine::status::{ExecutionStatus, LoopMode, Mode, SafetyCheck};
use crate::engine::tests::world::{World, map};

/// Steps after which a run is stopped; most end long before.
const STEPS: usize = 60;

/// A task to be: its action, its loop, its error path, its time limit.
#[derive(Clone, Debug)]
struct Draw {
    action: usize,
    looping: Option<(u32, usize, u32, usize)>,
    on_error: usize,
    timeout: bool,
    lock: bool,
}

fn draw() -> impl Strategy<Value = Draw> {
    let looping = proptest::option::weighted(0.5, (0..7_u32, 0..5_usize, 0..3_u32, 0..6_usize));
    (
        0..9_usize,
        looping,
        0..4_usize,
        proptest::bool::weighted(0.2),
        proptest::bool::weighted(0.3),
    )
        .prop_map(|(action, looping, on_error, timeout, lock)| Draw {
            action,
            looping,
            on_error,
            timeout,
            lock,
        })
}

/// Writes the template of some tasks.
fn write(tasks: &[Draw]) -> String {
    const CALL: &str = "Service: ECS, API: Do, Parameters: {Id: '{{ ACS::ExecutionId }}'}";
    let mut text = String::from("Tasks:\n");
    let last = tasks.len() - 1;
    for (place, task) in tasks.iter().enumerate() {
        let (action, properties) = match task.action {
            0 | 1 => ("ACS::ExecuteAPI", CALL.to_owned()),
            2 => ("ACS::ExecuteAPI", CALL.replace("Do", "DeleteIt")),
            3 => (
                "ACS::WaitFor",
                format!("{CALL}, PropertySelector: S, DesiredValues: [a]"),
            ),
            4 => ("ACS::ECS::Child", "a: 1".to_owned()),
            5 => ("ACS::Sleep", "Duration: 5s".to_owned()),
            6 => ("ACS::Pause", String::new()),
            7 => ("ACS::Approve", "MinRequiredApprovals: 2".to_owned()),
            _ => (
                "ACS::Choice",
                "DefaultTask: 'ACS::NEXT', Choices: []".to_owned(),
            ),
        };
        writeln!(text, "  - Name: t{place}\n    Action: {action}").unwrap();
        writeln!(text, "    Properties: {{{properties}}}").unwrap();
        match task.on_error {
            1 => text.push_str("    OnError: ACS::NEXT\n"),
            2 if place < last => writeln!(text, "    OnError: t{last}").unwrap(),
            3 => text.push_str("    OnError: ACS::NEXT\n    IsCritical: false\n"),
            _ => {}
        }
        if task.action == 3 {
            text.push_str("    Retries: 2\n");
        }
        if task.lock {
            text.push_str("    Lock: '{{ ACS::ExecutionId }}'\n");
        }
        if task.timeout {
            text.push_str("    Timeout: 30s\n");
        }
        if let (Some((items, control, errors, reach)), 0..=4) = (task.looping, task.action) {
            let items: Vec<u32> = (0..items).collect();
            let control = match control {
                0 => "Concurrency: 1",
                1 => "Concurrency: 3",
                2 => "Mode: Batch, Batch: [1, 2]",
                3 => {
                    "Mode: Batch, Batch: [2], ConcurrencyInBatches: [1], BatchPauseOption: EveryBatchPause"
                }
                _ => "Concurrency: '100%'",
            };
            let reach = match reach {
                0 => ", Unreachable: Skip",
                1 => ", Unreachable: Defer, DeferRounds: 2, DeferPause: 5s",
                2 => ", Unreachable: Skip, ErrorBudget: {Unreachable: 1, Unknown: 0}",
                3 => ", ErrorBudget: {Unreachable: 1, Other: 2}, MaxErrorsInBatches: [0, 1]",
                _ => "",
            };
            writeln!(
                text,
                "    Loop: {{Items: {items:?}, RateControl: {{{control}, MaxErrors: {errors}{reach}}}}}"
            )
            .unwrap();
        }
    }
    text
}

/// Draws the next input out of what the execution waits for.
fn next_input(world: &World, draw: (u8, u8)) -> Option<Input> {
    let (kind, pick) = (draw.0, usize::from(draw.1));
    if kind < 30 || world.owed.is_empty() {
        return Some(Input::Signal(Signal {
            by: format!("p{}", pick % 3),
            note: String::new(),
            request: request(
                pick,
                world.live.current_tasks().first().map(ToString::to_string),
            ),
            plan: world.live.plan().filter(|_| pick % 7 != 0).cloned(),
            number: None,
        }));
    }
    let keys: Vec<EffectKey> = world.owed.keys().copied().collect();
    Some(match keys[pick % keys.len()] {
        EffectKey::Call(unit, call) => Input::Answered {
            unit,
            call,
            answer: match kind {
                30..=49 => Err(ApiError::new("Denied", "no").into()),
                50..=59 => Err(CallFault::Unreachable { reason: "x".into() }),
                60..=69 => Err(CallFault::Unknown { reason: "x".into() }),
                70..=89 => Err(CallFault::Cancelled { report: "x".into() }),
                90..=119 => Ok(json!({"S": "b"})),
                _ => Ok(json!({"S": "a"})),
            },
        },
        EffectKey::Timer(unit, timer) => Input::TimerFired { unit, timer },
        EffectKey::Child(unit) => match kind {
            30..=49 => Input::ChildChanged {
                unit,
                waiting: pick.is_multiple_of(2),
            },
            50..=59 => Input::ChildRefused {
                unit,
                reason: "x".into(),
            },
            _ => Input::ChildEnded {
                unit,
                status: match kind {
                    60..=89 => ExecutionStatus::Failed,
                    90..=99 => ExecutionStatus::Cancelled,
                    _ => ExecutionStatus::Success,
                },
                outputs: serde_json::Map::new(),
                message: "Denied: no".into(),
            },
        },
        EffectKey::Lock(unit) => match kind {
            30..=39 => Input::LockRefused {
                unit,
                reason: "x".into(),
            },
            _ => Input::LockGranted { unit },
        },
        EffectKey::CancelCall(_) | EffectKey::CancelChild(_) => return None,
    })
}

fn request(pick: usize, task: Option<String>) -> Request {
    let named = task.unwrap_or_else(|| "t0".into());
    match pick % 10 {
        0 => Request::Reject { task: None },
        1 | 2 => Request::ExecuteTask {
            task: named,
            parameters: None,
        },
        3 | 4 => Request::RetryTask {
            task: None,
            parameters: (pick > 128).then(|| map(json!({"API": "Other"}))),
        },
        5 => Request::SkipTask { task: None },
        6 => Request::CancelTask { task: named },
        7 => Request::CompleteExecution {
            status: ExecutionStatus::Success,
        },
        8 if pick.is_multiple_of(4) => Request::Cancel,
        _ => Request::Approve { task: None },
    }
}

/// An item that did not end well.
#[derive(Debug)]
struct Failed {
    class: FailureClass,
    /// Whether it failed, and was not passed over.
    counts: bool,
    batch: usize,
}

/// Tells whether more failed than the plan tolerates, counted from the beginning.
fn over_limits(plan: &LoopPlan, batch: usize, failed: &[Failed]) -> bool {
    let count = |is: &dyn Fn(&Failed) -> bool| failed.iter().filter(|failed| is(failed)).count();
    let over = |limit: u32, count: usize| count > limit as usize;
    let mut budgets = plan.budgets.iter();
    budgets.any(|(class, limit)| over(*limit, count(&|failed| failed.class == *class)))
        || over(
            plan.max_errors,
            count(&|failed| failed.counts && !plan.budgets.contains_key(&failed.class)),
        )
        || plan.batch_errors.get(batch).is_some_and(|limit| {
            over(
                *limit,
                count(&|failed| failed.counts && failed.batch == batch),
            )
        })
}

/// No more items at work than the plan allows, and one end for each that began.
fn check_loops(world: &World) {
    let mut plans: BTreeMap<u32, LoopPlan> = BTreeMap::new();
    let mut batch: BTreeMap<u32, usize> = BTreeMap::new();
    let mut active: BTreeMap<u32, Vec<UnitId>> = BTreeMap::new();
    let mut ended: Vec<UnitId> = Vec::new();
    let mut failed: BTreeMap<u32, Vec<Failed>> = BTreeMap::new();
    for event in &world.journal {
        match &event.fact {
            Fact::TaskStarted { task, looping, .. } => {
                failed.insert(*task, Vec::new());
                if let Some(plan) = looping {
                    plans.insert(*task, plan.clone());
                    batch.insert(*task, 0);
                }
            }
            Fact::UnitStarted { unit, .. } => {
                let active = active.entry(unit.task).or_default();
                // A new attempt takes the place of one that was lost.
                active.retain(|other| other.item != unit.item);
                active.push(*unit);
                if let Some(plan) = plans.get(&unit.task).filter(|_| unit.item.is_some()) {
                    let window = match &plan.batches {
                        Batches::Concurrency { window } => *window,
                        Batches::Batch { windows, .. } => windows[batch[&unit.task]],
                    };
                    assert!(
                        active.len() <= window as usize,
                        "window of task {}",
                        unit.task
                    );
                    let over = over_limits(plan, batch[&unit.task], &failed[&unit.task]);
                    assert!(!over, "an item after the limit: {:?}", failed[&unit.task]);
                }
            }
            Fact::UnitEnded { unit, end } => {
                assert!(!ended.contains(unit), "{unit:?} ends once");
                ended.push(*unit);
                active
                    .entry(unit.task)
                    .or_default()
                    .retain(|other| other != unit);
                let class = match end {
                    End::Failed { failure, .. } => Some((failure.class(), true)),
                    End::Skipped { reason } => {
                        reason.as_ref().map(|reason| (reason.class(), false))
                    }
                    End::Cancelled { .. } => Some((FailureClass::Other, true)),
                    End::Success { .. } | End::Deferred { .. } => None,
                };
                if let Some((class, counts)) = class {
                    let batch = batch.get(&unit.task).copied().unwrap_or_default();
                    let failed = failed.entry(unit.task).or_default();
                    failed.push(Failed {
                        class,
                        counts,
                        batch,
                    });
                }
            }
            Fact::BatchEnded { task, .. } => *batch.entry(*task).or_default() += 1,
            _ => {}
        }
    }
}

/// A unit with a lock makes no call, misses no poll and is not lost before it has it, and has it once.
fn check_locks(world: &World) {
    let mut waiting: BTreeSet<UnitId> = BTreeSet::new();
    for event in &world.journal {
        match &event.fact {
            Fact::UnitStarted { unit, lock, .. } if lock.is_some() => {
                waiting.insert(*unit);
            }
            Fact::LockGranted { unit } => assert!(waiting.remove(unit), "{unit:?} has it once"),
            Fact::PollMissed { unit, .. } | Fact::UnitLost { unit, .. } => {
                assert!(!waiting.contains(unit), "{unit:?} acts without its lock");
            }
            Fact::UnitEnded {
                unit,
                end: End::Success { .. },
            } => assert!(
                !waiting.contains(unit),
                "{unit:?} ends well without its lock"
            ),
            _ => {}
        }
    }
}

/// Whoever has not ended waits for the world or for a person.
fn check_not_stuck(world: &World) {
    let status = world.live.status();
    if !status.is_final() {
        assert!(
            !world.owed.is_empty() || !world.live.wait_reasons().is_empty(),
            "{status:?} and waits for nothing: {:#?}",
            world.journal
        );
    }
}

/// Whatever was to be approved went on only after two people approved it for the plan of that
/// moment, neither of whom started the run.
fn check_approvals(world: &World) {
    let mut plan = world.journal.first().and_then(|event| match &event.fact {
        Fact::ExecutionStarted(started) => started.plan.as_ref().map(|plan| plan.digest.clone()),
        _ => None,
    });
    let mut asked: BTreeMap<UnitId, BTreeSet<(String, Option<Digest>)>> = BTreeMap::new();
    for event in &world.journal {
        match &event.fact {
            Fact::TaskStarted {
                replanned: Some(replanned),
                ..
            } => plan = Some(replanned.digest.clone()),
            Fact::UnitStarted {
                unit,
                work,
                approval,
                ..
            } if approval.is_some() || matches!(work, Work::Approval { .. }) => {
                asked.insert(*unit, BTreeSet::new());
            }
            Fact::Approved { unit, by, plan, .. } => {
                let given = asked.get_mut(unit);
                given.map(|given| given.insert((by.clone(), plan.clone())));
            }
            Fact::UnitConfirmed { unit, .. }
            | Fact::UnitEnded {
                unit,
                end: End::Success { .. },
            } => {
                let Some(given) = asked.remove(unit) else {
                    continue;
                };
                let counted = given.iter().filter(|(_, given)| *given == plan);
                assert!(counted.count() >= 2, "{given:?}");
                assert!(given.iter().all(|(by, _)| by != "p0"), "{given:?}");
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn the_laws_hold_whatever_the_world_says(
        tasks in proptest::collection::vec(draw(), 1..4),
        mode in 0..3_usize,
        confirm: bool,
        bound: bool,
        inputs in proptest::collection::vec((any::<u8>(), any::<u8>()), STEPS),
    ) {
        let mut world = World::start_with(&write(&tasks), |started| {
            started.mode = [Mode::Automatic, Mode::FailurePause, Mode::Debug][mode];
            started.loop_mode = LoopMode::Automatic;
            started.user = "p0".into();
            started.plan = bound.then(|| BoundPlan {
                digest: Digest::of(b"plan"),
                loops: Vec::new(),
                approvals: Vec::new(),
                approved: None,
                editors: Vec::new(),
            });
            if confirm {
                started.safety_check = SafetyCheck::ConfirmEveryHighRiskAction;
            }
        });
        let mut last: Option<Input> = None;
        for draw in inputs {
            check_not_stuck(&world);
            let before = world.live.clone();
            // Everything is delivered twice: the second time changes nothing.
            if let Some(repeated @ (Input::Answered { .. } | Input::TimerFired { .. } | Input::ChildEnded { .. })) = last.take() {
                let refused = world.tell(&repeated).unwrap_err();
                prop_assert!(!matches!(refused, Refused::NotNow { .. }), "{refused:?}");
                prop_assert_eq!(&before, &world.live);
            }
            if world.live.status().is_final() {
                break;
            }
            let Some(input) = next_input(&world, draw) else { continue };
            match world.tell(&input) {
                Ok(_) => last = Some(input),
                Err(refused) => {
                    // Only the deadline of a task that ends already, and people, may be refused.
                    prop_assert!(
                        matches!(&input, Input::Signal(_) | Input::ChildChanged { .. })
                            || matches!(&input, Input::TimerFired { timer: DEADLINE, .. }),
                        "{input:?}: {refused:?}"
                    );
                    prop_assert_eq!(&before, &world.live);
                }
            }
        }
        check_loops(&world);
        check_locks(&world);
        check_approvals(&world);
        world.check_prefixes();
        if world.live.status().is_final() {
            prop_assert!(world.owed.is_empty());
            let cancel = Input::Signal(Signal { by: "p".into(), note: String::new(), request: Request::Cancel, plan: None, number: None });
            prop_assert_eq!(world.tell(&cancel), Err(Refused::Ended(world.live.status())));
            let ends = world.count(|fact| matches!(fact, Fact::ExecutionEnded { .. }));
            prop_assert_eq!(ends, 1);
            prop_assert_eq!(world.journal.last().unwrap().fact.name(), "ExecutionEnded");
        }
    }
}

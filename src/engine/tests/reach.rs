//! What a loop over targets tolerates: budgets by class, limits of batches, targets out of reach.

use serde_json::{Value, json};

use crate::base::call::{ApiError, CallFault};
use crate::engine::event::{End, Fact, Request};
use crate::engine::status::{ExecutionStatus as S, Mode, WaitReason};
use crate::engine::tests::world::{World, api_error};

type Answer = Result<Value, CallFault>;

/// A loop over `count` targets.
fn over(count: u32, control: &str) -> String {
    let items: Vec<u32> = (0..count).collect();
    format!(
        "
Tasks:
  - Name: each
    Action: ACS::ExecuteAPI
    Properties: {{Service: ECS, API: Do}}
    Loop: {{Items: {items:?}, RateControl: {{{control}}}}}
"
    )
}

fn unreachable() -> Answer {
    Err(ApiError::new("Host.Unreachable", "no route").into())
}

fn exit_code() -> Answer {
    Err(ApiError::new("ExitCode.3", "it ended with 3").into())
}

/// Answers every call as `answer` says for its item, until nothing is out.
fn run(world: &mut World, answer: impl Fn(u32) -> Answer) {
    while let Some(item) = world.items().first().copied() {
        world.answer_item(item, answer(item));
    }
}

/// Returns how many units were started.
fn started(world: &World) -> usize {
    world.count(|fact| matches!(fact, Fact::UnitStarted { .. }))
}

#[track_caller]
fn fails(control: &str, answer: impl Fn(u32) -> Answer, ran: usize, message: &str) {
    let mut world = World::start(&over(300, control));
    run(&mut world, answer);
    world.ended(S::Failed);
    assert_eq!(world.live.message(), message, "{control}");
    assert_eq!(started(&world), ran, "{control}");
}

#[track_caller]
fn passes(control: &str, answer: impl Fn(u32) -> Answer) {
    let mut world = World::start(&over(300, control));
    run(&mut world, answer);
    world.ended(S::Success);
    assert_eq!(started(&world), 300, "{control}");
}

#[test]
fn a_class_over_its_budget_stops_the_loop_by_name() {
    let every_tenth = |item: u32| match item % 10 {
        0 => unreachable(),
        _ => Ok(json!({})),
    };
    passes("ErrorBudget: {Unreachable: 10%}", every_tenth);
    fails(
        "ErrorBudget: {Unreachable: 29}",
        every_tenth,
        291,
        "Host.Unreachable: no route (30 of 300 items came to `Unreachable`, 29 may by \
         `ErrorBudget`)",
    );
    let auth = |item: u32| match item {
        7 => Err(api_error("Host.AuthenticationFailed")),
        _ => every_tenth(item),
    };
    fails(
        "ErrorBudget: {Unreachable: 10%, Authentication: 0}, MaxErrors: 100%",
        auth,
        8,
        "Host.AuthenticationFailed: told so (1 of 300 items came to `Authentication`, 0 may by \
         `ErrorBudget`)",
    );
}

#[test]
fn what_has_no_budget_counts_together() {
    let mixed = |item: u32| match item {
        1..=5 => unreachable(),
        6 => exit_code(),
        7 => Err(api_error("Denied")),
        _ => Ok(json!({})),
    };
    passes("ErrorBudget: {Unreachable: 5}, MaxErrors: 2", mixed);
    fails(
        "ErrorBudget: {Unreachable: 5}, MaxErrors: 1",
        mixed,
        8,
        "ExitCode.3: it ended with 3 (2 of 300 items failed in classes without a budget, 1 may by \
         `MaxErrors`)",
    );
    // A budget does not add to the number of all.
    fails(
        "ErrorBudget: {ExitCode: 1}, MaxErrors: 4",
        mixed,
        6,
        "Host.Unreachable: no route (5 of 300 items failed in classes without a budget, 4 may by \
         `MaxErrors`)",
    );
}

#[test]
fn a_call_without_an_answer_has_its_class_too() {
    let silent = |item: u32| match item {
        0 => Err(CallFault::Unreachable {
            reason: "no answer".into(),
        }),
        _ => Ok(json!({})),
    };
    passes("ErrorBudget: {Unreachable: 1}", silent);
    passes("Unreachable: skip", silent);
}

#[test]
fn what_nobody_knows_counts_as_unknown_while_it_waits() {
    let lost = || {
        Err(CallFault::Unknown {
            reason: "cut".into(),
        })
    };
    let mut world = World::start(&over(9, "Concurrency: 2, ErrorBudget: {Unknown: 1}"));
    world.answer_item(0, lost());
    assert_eq!(world.items(), [1], "the unknown one keeps its place");
    world.answer_item(1, lost());
    assert!(world.items().is_empty(), "nothing starts over the budget");
    assert_eq!(world.live.status(), S::Waiting);
    // A person takes them as done: that is within the budget again.
    world.say("ann", Request::SkipTask { task: None }).unwrap();
    assert_eq!(world.items(), [2, 3]);
    world.answer_all();
    world.ended(S::Success);
}

#[test]
fn a_canary_that_fails_stops_the_loop() {
    let canary = "Mode: Batch, Batch: [1, 10%, 100%], MaxErrors: 20%, MaxErrorsInBatches: [0, 10%]";
    let failing = |failing: fn(u32) -> bool| {
        move |item: u32| {
            if failing(item) {
                exit_code()
            } else {
                Ok(json!({}))
            }
        }
    };
    fails(
        canary,
        failing(|item| item == 0),
        1,
        "ExitCode.3: it ended with 3 (1 of the 1 items of batch 1 failed, 0 may)",
    );
    // The second batch is 30 targets, of which 3 may fail.
    passes(canary, failing(|item| (1..=3).contains(&item)));
    let mut world = World::start(&over(300, canary));
    run(&mut world, failing(|item| (1..=4).contains(&item)));
    world.ended(S::Failed);
    assert!(
        world
            .live
            .message()
            .contains("(4 of the 30 items of batch 2 failed, 3 may)")
    );
    // 20 run at once in a batch: those that ran when the fourth failed ended.
    assert_eq!(started(&world), 1 + 20 + 3);
    assert_eq!(
        world.count(|fact| matches!(fact, Fact::BatchEnded { .. })),
        1
    );
}

#[test]
fn the_sizes_of_a_canary_over_300_targets() {
    let control = "Mode: Batch, Batch: [1, 10%, 100%], ConcurrencyInBatches: [300], \
                   BatchPauseOption: FirstBatchPause";
    let mut world = World::start(&over(300, control));
    assert_eq!(world.items(), [0]);
    world.answer_all();
    assert_eq!(
        world.live.wait_reasons(),
        [WaitReason::BatchPause { batch: 1 }]
    );
    world.say("ann", Request::Approve { task: None }).unwrap();
    assert_eq!(world.items().len(), 30);
    for item in 1..=30 {
        world.answer_item(item, Ok(json!({})));
    }
    assert_eq!(world.items().len(), 269, "nobody is asked twice");
    world.answer_all();
    world.ended(S::Success);
}

#[test]
fn a_skipped_target_fails_nothing_and_says_why() {
    let every_third = |item: u32| match item % 3 {
        0 => unreachable(),
        _ => Ok(json!({})),
    };
    let mut world = World::start(&over(9, "Unreachable: Skip"));
    run(&mut world, every_third);
    world.ended(S::Success);
    let is_told = |fact: &Fact| {
        matches!(fact, Fact::UnitEnded { end: End::Skipped { reason: Some(reason) }, .. }
            if reason.code == "Host.Unreachable")
    };
    assert_eq!(world.count(is_told), 3);
    // A budget caps what may be passed over.
    let mut world = World::start(&over(9, "Unreachable: skip, ErrorBudget: {Unreachable: 2}"));
    run(&mut world, every_third);
    world.ended(S::Failed);
    assert_eq!(started(&world), 7);
    // What fails otherwise fails.
    let mut world = World::start(&over(9, "Unreachable: skip"));
    run(&mut world, |item| {
        if item == 4 {
            exit_code()
        } else {
            every_third(item)
        }
    });
    world.ended(S::Failed);
}

#[test]
fn a_deferred_target_is_tried_again_after_all_others() {
    let control = "Concurrency: 2, Unreachable: defer, DeferRounds: 2, DeferPause: PT1M";
    let mut world = World::start(&over(5, control));
    run(&mut world, |item| {
        if item < 2 {
            unreachable()
        } else {
            Ok(json!({}))
        }
    });
    assert_eq!(world.live.status(), S::Running);
    assert_eq!(world.fire(), 60);
    assert_eq!(world.items(), [0, 1]);
    assert_eq!(world.calls()[0].0.attempt, 2, "it is a call of its own");
    world.answer_item(0, Ok(json!({})));
    world.answer_item(1, unreachable());
    assert_eq!(world.fire(), 60);
    assert_eq!(world.items(), [1]);
    world.answer_item(1, unreachable());
    world.ended(S::Failed);
    assert_eq!(
        world.live.message(),
        "Host.Unreachable: no route (1 of 5 items failed, 0 may)"
    );
    assert_eq!(started(&world), 5 + 2 + 1);
}

#[test]
fn a_batch_ends_only_when_its_deferred_targets_are_settled() {
    let mut world = World::start(&over(
        4,
        "Mode: Batch, Batch: [1, 100%], Unreachable: defer",
    ));
    world.answer_item(0, unreachable());
    assert!(
        world.items().is_empty(),
        "no other batch begins without its canary"
    );
    assert_eq!(world.fire(), 30);
    world.answer_item(0, Ok(json!({})));
    assert_eq!(world.items(), [1, 2, 3]);
    world.answer_all();
    world.ended(S::Success);
}

#[test]
fn a_pause_before_another_round_can_be_cancelled_and_is_cut_by_the_deadline() {
    let text = over(2, "Unreachable: defer");
    let mut world = World::start(&text);
    run(&mut world, |_| unreachable());
    world.say("ann", Request::Cancel).unwrap();
    world.ended(S::Cancelled);

    let timed = text.replace("    Loop:", "    Timeout: 40s\n    Loop:");
    let mut world = World::start(&timed);
    run(&mut world, |_| unreachable());
    assert_eq!(world.fire(), 30);
    run(&mut world, |_| unreachable());
    assert_eq!(
        world.fire(),
        10,
        "the deadline is that of the task, not of a round"
    );
    world.ended(S::Failed);
    assert_eq!(world.live.message(), "Timeout: the task's time is up");
}

#[test]
fn a_retry_runs_what_was_passed_over_as_well_as_what_failed() {
    let answers = |item: u32| match item {
        0 => unreachable(),
        2 => exit_code(),
        _ => Ok(json!({})),
    };
    let text = over(5, "Unreachable: skip");
    let mut world = World::start_with(&text, |started| started.mode = Mode::FailurePause);
    run(&mut world, answers);
    assert_eq!(world.live.wait_reasons(), [WaitReason::Failure]);
    let retry = Request::RetryTask {
        task: None,
        parameters: None,
    };
    world.say("ann", retry).unwrap();
    run(&mut world, |_| Ok(json!({})));
    world.ended(S::Success);
    assert_eq!(started(&world), 3 + 4, "one never began");
}

#[test]
fn a_new_execution_of_the_rest_runs_failed_unreached_and_never_started_ones() {
    for policy in ["skip", "fail"] {
        let control =
            format!("Unreachable: {policy}, ErrorBudget: {{Unreachable: 5, ExitCode: 0}}");
        let mut world = World::start(&over(6, &control));
        run(&mut world, |item| match item {
            1 => unreachable(),
            3 => exit_code(),
            _ => Ok(json!({})),
        });
        world.ended(S::Failed);
        let mut again = world.repeat();
        let mut items = Vec::new();
        while let Some(item) = again.items().first().copied() {
            items.push(item);
            again.answer_item(item, Ok(json!({})));
        }
        again.ended(S::Success);
        assert_eq!(items, [1, 3, 4, 5], "{policy}");
    }
}

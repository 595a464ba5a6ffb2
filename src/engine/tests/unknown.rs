//! Calls of which nobody knows what came.

use serde_json::json;

use crate::base::call::CallFault;
use crate::engine::event::Request;
use crate::engine::status::{ExecutionStatus as S, TaskStatus as T, WaitReason};
use crate::engine::tests::world::World;

const TWO: &str = "
Tasks:
  - {Name: one, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: One}}
  - {Name: two, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Two}}
";

fn unknown() -> CallFault {
    CallFault::Unknown {
        reason: "link lost".into(),
    }
}

fn lost() -> World {
    let mut world = World::start(TWO);
    world.answer_with(Err(unknown()));
    assert_eq!(world.live.status(), S::Waiting);
    assert_eq!(world.task("one"), T::Unknown);
    assert_eq!(
        world.live.wait_reasons(),
        [WaitReason::Unknown {
            reason: "link lost".into()
        }]
    );
    assert!(world.owed.is_empty());
    world.check_prefixes();
    world
}

fn retry() -> Request {
    Request::RetryTask {
        task: None,
        parameters: None,
    }
}

#[test]
fn a_retry_makes_another_call() {
    let mut world = lost();
    world.say("ann", retry()).unwrap();
    assert_eq!(world.calls()[0].0.attempt, 2);
    assert_ne!(
        world.call().client_token,
        World::start(TWO).call().client_token
    );
    world.answer_all();
    world.ended(S::Success);
}

#[test]
fn a_skip_goes_on() {
    let mut world = lost();
    world.say("ann", Request::SkipTask { task: None }).unwrap();
    assert_eq!(world.task("one"), T::Skipped);
    world.answer_all();
    world.ended(S::Success);
}

#[test]
fn cancelling_the_task_or_the_execution_ends_it() {
    let mut world = lost();
    world
        .say("ann", Request::CancelTask { task: "one".into() })
        .unwrap();
    world.ended(S::Cancelled);
    let mut world = lost();
    world.say("ann", Request::Cancel).unwrap();
    world.ended(S::Cancelled);
}

#[test]
fn the_other_items_of_a_loop_go_on_and_a_retry_runs_only_what_is_unknown() {
    let text = TWO.replace(
        "API: One}",
        "API: One}, Loop: {Items: [a, b, c, d], RateControl: {Concurrency: 2}}",
    );
    let mut world = World::start(&text);
    world.answer_item(0, Err(unknown()));
    assert_eq!(world.live.status(), S::Running);
    assert_eq!(world.items(), [1]);
    world.answer_item(1, Ok(json!({})));
    world.say("ann", retry()).unwrap();
    assert_eq!(world.items(), [0, 2]);
    world.answer_item(2, Ok(json!({})));
    world.answer_item(0, Err(unknown()));
    world.answer_item(3, Ok(json!({})));
    assert_eq!(world.live.status(), S::Waiting);
    world.say("ann", Request::SkipTask { task: None }).unwrap();
    assert_eq!(world.call().api, "Two");
    world.answer_all();
    world.ended(S::Success);
}

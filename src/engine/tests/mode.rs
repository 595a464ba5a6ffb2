//! The modes `FailurePause` and Debug (language reference 6.3 and 6.4; case 75).

use serde_json::json;

use crate::engine::event::Request;
use crate::engine::status::{ExecutionStatus as S, Mode, TaskStatus as T, WaitReason};
use crate::engine::tests::world::{World, api_error, map};

const TWO: &str = "
Tasks:
  - Name: one
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: One, Parameters: {A: 1, B: 2}}
    OnError: three
  - {Name: two, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Two}}
  - {Name: three, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Three}}
";

fn start(mode: Mode) -> World {
    World::start_with(TWO, |started| started.mode = mode)
}

/// An execution of mode `FailurePause` whose first task has failed.
fn failed() -> World {
    let mut world = start(Mode::FailurePause);
    world.fail("Denied");
    assert_eq!(world.live.status(), S::Waiting);
    assert_eq!(world.live.wait_reasons(), [WaitReason::Failure]);
    assert_eq!(world.live.current_tasks(), [&"one".into()]);
    assert_eq!(world.live.message(), "Denied: told so");
    world
}

fn retry() -> Request {
    Request::RetryTask {
        task: None,
        parameters: None,
    }
}

fn execute(task: &str) -> Request {
    Request::ExecuteTask {
        task: task.into(),
        parameters: None,
    }
}

#[test]
fn case_75_a_retry_that_succeeds_takes_the_failure_back() {
    let mut world = failed();
    let first = world.journal.len();
    world.say("ann", retry()).unwrap();
    assert_eq!(world.journal[first].fact.name(), "SignalReceived");
    assert_eq!(world.live.message(), "");
    assert_eq!(world.calls()[0].0.attempt, 2);
    world.answer(json!({}));
    assert_eq!(world.call().api, "Two");
    world.answer_all();
    world.ended(S::Success);
}

#[test]
fn case_75_a_retry_with_other_properties() {
    let mut world = failed();
    let request = Request::RetryTask {
        task: Some("ONE".into()),
        parameters: Some(map(json!({"parameters": {"A": 9}}))),
    };
    world.say("ann", request).unwrap();
    assert_eq!(world.call().api, "One");
    assert_eq!(json!(world.call().parameters), json!({"A": 9}));
    world.fail("Again");
    assert_eq!(world.live.message(), "Again: told so");
    // What one retry was given does not stick to the next.
    world.say("ann", retry()).unwrap();
    assert_eq!(json!(world.call().parameters), json!({"A": 1, "B": 2}));
}

#[test]
fn case_75_a_skip_goes_on_with_the_next_task() {
    let mut world = failed();
    world.say("ann", Request::SkipTask { task: None }).unwrap();
    assert_eq!(world.task("one"), T::Skipped);
    assert_eq!(world.call().api, "Two");
    world.answer_all();
    world.ended(S::Success);
}

#[test]
fn case_75_complete_ends_with_the_given_status() {
    for status in [S::Success, S::Failed, S::Cancelled] {
        let mut world = failed();
        world
            .say("ann", Request::CompleteExecution { status })
            .unwrap();
        world.ended(status);
        let message = if status == S::Failed {
            "Denied: told so"
        } else {
            ""
        };
        assert_eq!(world.live.message(), message);
    }
    let status = S::Running;
    failed()
        .say("ann", Request::CompleteExecution { status })
        .unwrap_err();
}

#[test]
fn another_task_may_be_run_and_the_failure_stays() {
    let mut world = failed();
    world.say("ann", execute("three")).unwrap();
    world.answer(json!({}));
    world.ended(S::Failed);
}

#[test]
fn a_paused_execution_can_be_cancelled() {
    let mut world = failed();
    world
        .say("ann", Request::CancelTask { task: "one".into() })
        .unwrap_err();
    world.say("ann", Request::Cancel).unwrap();
    world.ended(S::Cancelled);
}

#[test]
fn requests_that_do_not_fit_are_refused_with_a_remedy() {
    let mut world = start(Mode::Automatic);
    for request in [
        retry(),
        execute("two"),
        Request::SkipTask { task: None },
        Request::CompleteExecution { status: S::Success },
        Request::Approve { task: None },
        Request::Reject { task: None },
    ] {
        let refused = world.say("ann", request.clone()).unwrap_err();
        assert!(refused.to_string().len() > 20, "{request:?}: {refused}");
    }
    assert_eq!(world.journal.len(), 3, "nothing was recorded");
}

#[test]
fn in_mode_failure_pause_a_loop_is_tolerant_first_and_a_retry_runs_what_failed() {
    let text = TWO.replace(
        "    OnError: three\n",
        "    Loop: {Items: [a, b, c, d], RateControl: {Concurrency: 2, MaxErrors: 1}}\n",
    );
    let mut world = World::start_with(&text, |started| started.mode = Mode::FailurePause);
    world.answer_item(0, Err(api_error("Denied")));
    assert_eq!(world.live.status(), S::Running);
    world.answer_item(1, Ok(json!({})));
    world.answer_item(2, Err(api_error("Denied")));
    world.answer_item(3, Ok(json!({})));
    assert_eq!(world.live.wait_reasons(), [WaitReason::Failure]);
    world.say("ann", retry()).unwrap();
    assert_eq!(world.items(), [0, 2], "what ended well is not run again");
    world.answer_item(0, Ok(json!({})));
    world.answer_item(2, Ok(json!({})));
    assert_eq!(world.task("one"), T::Success);
    world.answer_all();
    world.ended(S::Success);
}

#[test]
fn mode_debug_asks_before_every_task() {
    let mut world = start(Mode::Debug);
    assert_eq!(world.live.status(), S::Waiting);
    assert_eq!(world.live.wait_reasons(), [WaitReason::Debug]);
    let request = Request::ExecuteTask {
        task: "one".into(),
        parameters: Some(map(json!({"API": "Other"}))),
    };
    world.say("ann", request).unwrap();
    assert_eq!(world.call().api, "Other");
    assert_eq!(json!(world.call().parameters), json!({"A": 1, "B": 2}));
    world.answer(json!({}));
    assert_eq!(world.live.wait_reasons(), [WaitReason::Debug]);
    // Another task than the next, even one that has run.
    world.say("ann", execute("one")).unwrap();
    world.fail("Denied");
    assert_eq!(world.live.wait_reasons(), [WaitReason::Failure]);
    world.say("ann", execute("three")).unwrap();
    world.answer(json!({}));
    world.ended(S::Failed);

    let mut world = start(Mode::Debug);
    world
        .say("ann", Request::CompleteExecution { status: S::Success })
        .unwrap();
    world.ended(S::Success);
}

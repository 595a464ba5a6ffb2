//! Cancelling (language reference 6.5; case 71) and restarting (case 72).

use serde_json::json;

use crate::base::call::CallFault;
use crate::engine::effect::EffectKey;
use crate::engine::event::Request;
use crate::engine::input::{Input, Refused};
use crate::engine::status::{ExecutionStatus as S, TaskStatus as T};
use crate::engine::tests::world::World;

fn cancel(world: &mut World) {
    world.say("ann", Request::Cancel).unwrap();
}

fn cancelled(report: &str) -> CallFault {
    CallFault::Cancelled {
        report: report.into(),
    }
}

const SLEEP: &str = "
Tasks:
  - {Name: nap, Action: 'ACS::Sleep', Properties: {Duration: PT8H}}
  - {Name: two, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Two}}
";

const CALL: &str = "
Tasks:
  - {Name: one, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: One}}
  - {Name: two, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Two}}
";

#[test]
fn case_71_cancel_ends_a_sleep_at_once() {
    let mut world = World::start(SLEEP);
    cancel(&mut world);
    world.ended(S::Cancelled);
    assert_eq!(world.task("nap"), T::Cancelled);
    assert_eq!(world.task("two"), T::Pending);
}

#[test]
fn case_71_cancel_ends_a_wait_between_polls_at_once() {
    let mut world = World::start(
        "
Tasks:
  - Name: wait
    Action: ACS::WaitFor
    Properties: {Service: ECS, API: Get, PropertySelector: Status, DesiredValues: [a]}
",
    );
    world.answer(json!({}));
    cancel(&mut world);
    world.ended(S::Cancelled);
}

#[test]
fn case_71_cancel_of_a_loop_starts_nothing_and_awaits_what_runs() {
    let mut world = World::start(&CALL.replace(
        "API: One}",
        "API: One}, Loop: {Items: [1, 2, 3, 4], RateControl: {Concurrency: 2}}",
    ));
    world.answer_item(0, Ok(json!({})));
    cancel(&mut world);
    assert_eq!(world.live.status(), S::Running);
    assert!(world.live.is_cancelling());
    let ends = world
        .owed
        .keys()
        .filter(|key| matches!(key, EffectKey::CancelCall(_)));
    assert_eq!(ends.count(), 2);
    world.answer_item(1, Err(cancelled("ended 3 processes")));
    // A result that came before the call could be ended is a result.
    world.answer_item(2, Ok(json!({})));
    world.ended(S::Cancelled);
    assert_eq!(world.task("one"), T::Cancelled);
    assert_eq!(world.task("two"), T::Pending);
}

#[test]
fn a_call_under_way_is_asked_to_end_and_the_execution_ends_with_its_answer() {
    for answer in [
        Err(cancelled("ended")),
        Ok(json!({})),
        Err(CallFault::Unknown {
            reason: "link lost".into(),
        }),
    ] {
        let mut world = World::start(CALL);
        cancel(&mut world);
        assert_eq!(world.owed.len(), 2);
        world.answer_with(answer);
        world.ended(S::Cancelled);
        assert_eq!(world.task("two"), T::Pending);
    }
}

#[test]
fn cancelling_twice_is_cancelling_once() {
    let mut world = World::start(CALL);
    cancel(&mut world);
    assert_eq!(world.say("bob", Request::Cancel), Ok(Vec::new()));
    world.answer_with(Err(cancelled("")));
    world.ended(S::Cancelled);
    assert_eq!(
        world.say("bob", Request::Cancel),
        Err(Refused::Ended(S::Cancelled))
    );
}

#[test]
fn children_are_cancelled_and_awaited() {
    let mut world = World::start(
        "
Tasks:
  - {Name: stop, Action: 'ACS::ECS::StopInstance', Properties: {instanceId: i-1}}
",
    );
    cancel(&mut world);
    assert!(
        world
            .owed
            .keys()
            .any(|key| matches!(key, EffectKey::CancelChild(_)))
    );
    world.end_child(S::Cancelled, json!({}), "");
    world.ended(S::Cancelled);
}

#[test]
fn the_path_on_cancel_runs() {
    let mut world = World::start(
        "
Tasks:
  - {Name: one, Action: 'ACS::Sleep', Properties: {Duration: PT1H}, OnCancel: tidy}
  - {Name: two, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Two}}
  - {Name: tidy, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Tidy}}
",
    );
    cancel(&mut world);
    assert_eq!(world.call().api, "Tidy");
    world.answer(json!({}));
    world.ended(S::Cancelled);
    assert_eq!(world.task("tidy"), T::Success);
    assert_eq!(world.task("two"), T::Pending);
}

#[test]
fn a_cancelled_task_cancels_the_execution_unless_a_path_is_given() {
    let mut world = World::start(SLEEP);
    let request = |task: &str| Request::CancelTask { task: task.into() };
    world.say("ann", request("two")).unwrap_err();
    world.say("ann", request("nap")).unwrap();
    world.ended(S::Cancelled);

    let mut world = World::start(CALL);
    world.say("ann", request("one")).unwrap();
    world.answer(json!({}));
    assert_eq!(
        world.call().api,
        "Two",
        "the call had ended well before it could be cancelled"
    );
}

#[test]
fn case_72_a_restart_during_a_sleep_keeps_the_moment() {
    let mut world = World::start(SLEEP);
    let before = world.timer();
    world.check_prefixes();
    let mut again = crate::engine::Execution::fold(
        std::sync::Arc::new(world.live.template().clone()),
        world.journal.clone(),
    )
    .unwrap();
    assert_eq!(
        again.take_fresh(),
        world.owed.clone().into_iter().collect::<Vec<_>>()
    );
    assert!(before.is_some());
    world.fire();
    world.answer(json!({}));
    world.ended(S::Success);
}

#[test]
fn late_and_repeated_deliveries_change_nothing() {
    let mut world = World::start(SLEEP);
    let (_, unit, timer) = world.timer().unwrap();
    let fired = Input::TimerFired { unit, timer };
    world.fire();
    assert_eq!(world.tell(&fired), Err(Refused::Stale));
    let (unit, call, _) = world.calls()[0].clone();
    let other = Input::Answered {
        unit,
        call: call + 1,
        answer: Ok(json!({})),
    };
    assert_eq!(world.tell(&other), Err(Refused::Stale));
    let answered = Input::Answered {
        unit,
        call,
        answer: Ok(json!({})),
    };
    world.tell(&answered).unwrap();
    assert_eq!(world.tell(&answered), Err(Refused::Ended(S::Success)));
    world.ended(S::Success);
}

#[test]
fn a_clean_up_that_waits_for_somebody_is_ended_by_a_second_cancel_and_by_a_rejection() {
    for answer in [Request::Cancel, Request::Reject { task: None }] {
        let mut world = World::start(
            "
Tasks:
  - {Name: nap, Action: 'ACS::Sleep', Properties: {Duration: PT8H}, OnCancel: tidy}
  - {Name: tidy, Action: 'ACS::Pause'}
",
        );
        cancel(&mut world);
        assert_eq!(world.task("tidy"), T::Waiting);
        world.say("bob", answer).unwrap();
        world.ended(S::Cancelled);
        assert_eq!(world.task("tidy"), T::Cancelled);
    }
}

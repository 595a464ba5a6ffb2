//! Triggers that wait to be fired, what they start, and executions that are held before they begin
//! (language reference 4.11 and 4.12).

use std::time::Duration;

use serde_json::json;

use crate::engine::event::{Fact, Hold, PassCause, Passed, Renewal, Request, TriggerKind};
use crate::engine::input::{Input, Refused};
use crate::engine::status::{ExecutionStatus as S, TaskStatus as T, WaitReason};
use crate::engine::tests::world::{World, map, start_time, started};

const TIMER: &str = "
Tasks:
  - Name: trigger
    Action: ACS::TimerTrigger
    Properties: {Type: cron, Expression: '0 0 8 * * ?', EndDate: '2099-12-31T00:00:00Z'}
  - {Name: two, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Two}}
";

fn waits(paused: bool) -> Vec<WaitReason> {
    let trigger = TriggerKind::Timer;
    vec![WaitReason::Trigger { trigger, paused }]
}

fn held(hold: Hold) -> World {
    World::start_with(TIMER, |started| {
        started.trigger = Some(json!({}));
        started.hold = Some(hold);
    })
}

fn blackout() -> Hold {
    Hold::Blackout {
        calendar: "freeze (year's end)".into(),
        until: start_time() + Duration::from_mins(90),
    }
}

fn turn() -> Hold {
    let reason = "another one has not ended".into();
    Hold::Turn { reason }
}

#[test]
fn case_77_a_trigger_waits_and_ends_well_when_it_has_no_more_times() {
    let mut world = World::start(TIMER);
    assert_eq!(
        (world.live.status(), world.task("trigger")),
        (S::Waiting, T::Waiting)
    );
    assert_eq!(world.live.wait_reasons(), waits(false));
    assert!(
        world.owed.is_empty(),
        "what fires it is not the engine's work"
    );
    world.tell(&Input::TriggerEnded).unwrap();
    world.ended(S::Success);
    assert_eq!(world.task("two"), T::Pending, "it belongs to what is fired");
    world.check_prefixes();
}

#[test]
fn a_fired_execution_begins_behind_its_trigger() {
    let mut world = World::start_with(TIMER, |started| started.trigger = Some(json!({})));
    assert_eq!(world.task("trigger"), T::Success);
    world.answer(json!({}));
    world.ended(S::Success);
}

#[test]
fn times_that_started_nothing_are_on_record() {
    let mut world = World::start(TIMER);
    let passed = Passed {
        from: start_time(),
        until: start_time(),
        count: 1,
        cause: PassCause::Missed,
        note: String::new(),
    };
    world.tell(&Input::TimesPassed(passed)).unwrap();
    assert_eq!(world.live.wait_reasons(), waits(false));
    assert_eq!(
        world.count(|fact| matches!(fact, Fact::TimesPassed { .. })),
        1
    );
    world.check_prefixes();
}

#[test]
fn a_trigger_whose_template_was_changed_goes_on_waiting() {
    let mut world = World::start(TIMER);
    let renewal = || {
        Input::TriggerRenewed(Renewal {
            settings: map(json!({"Type": "rate", "Expression": "5 minutes"})),
            started: Box::new(started()),
        })
    };
    world.tell(&renewal()).unwrap();
    world.say("ann", Request::PauseTrigger).unwrap();
    world.tell(&renewal()).unwrap();
    assert_eq!(world.live.wait_reasons(), waits(true));
    world.tell(&Input::TriggerEnded).unwrap();
    world.ended(S::Success);
    assert_eq!(world.tell(&renewal()), Err(Refused::Ended(S::Success)));
    world.check_prefixes();
}

#[test]
fn a_trigger_is_paused_and_goes_on_once_each() {
    let mut world = World::start(TIMER);
    world.say("ann", Request::PauseTrigger).unwrap();
    assert_eq!(world.live.wait_reasons(), waits(true));
    assert_eq!(world.say("ann", Request::PauseTrigger), Ok(Vec::new()));
    world.say("bob", Request::ResumeTrigger).unwrap();
    assert_eq!(world.live.wait_reasons(), waits(false));
    world.say("bob", Request::Cancel).unwrap();
    world.ended(S::Cancelled);
    world.check_prefixes();
}

#[test]
fn what_is_no_trigger_cannot_be_paused() {
    let mut world = World::start_with(TIMER, |started| started.trigger = Some(json!({})));
    let refused = world.say("ann", Request::PauseTrigger).unwrap_err();
    assert!(matches!(refused, Refused::NotNow { .. }), "{refused}");
    assert_eq!(world.tell(&Input::TriggerEnded), Err(Refused::Stale));
}

#[test]
fn a_held_execution_begins_when_its_turn_comes() {
    let mut world = held(turn());
    assert_eq!(world.live.status(), S::Queued);
    assert_eq!(
        world.tell(&Input::TakenUp),
        Ok(Vec::new()),
        "it is still not its turn"
    );
    world.tell(&Input::Released).unwrap();
    assert_eq!(world.tell(&Input::Released), Err(Refused::Stale));
    world.answer(json!({}));
    world.ended(S::Success);
    world.check_prefixes();
}

#[test]
fn a_blackout_ends_by_itself() {
    let mut world = held(blackout());
    assert_eq!(world.live.status(), S::Waiting);
    assert!(matches!(
        world.live.wait_reasons()[..],
        [WaitReason::Blackout { .. }]
    ));
    assert_eq!(world.fire(), 90 * 60);
    world.answer(json!({}));
    world.ended(S::Success);
    world.check_prefixes();
}

#[test]
fn somebody_else_overrides_a_blackout() {
    let mut world = held(blackout());
    let approve = || Request::Approve { task: None };
    let refused = world.say("ann", approve()).unwrap_err().to_string();
    assert!(refused.contains("another person must approve"), "{refused}");
    world.say("bob", approve()).unwrap();
    assert_eq!(
        world.count(|fact| matches!(fact, Fact::ExecutionReleased { by } if by == "bob")),
        1
    );
    world.answer(json!({}));
    world.ended(S::Success);
    world.check_prefixes();
}

#[test]
fn nothing_passes_by_a_hold() {
    #[track_caller]
    fn case(request: &Request) {
        for hold in [turn(), blackout()] {
            let mut world = held(hold);
            let refused = world.say("bob", request.clone()).unwrap_err();
            assert!(matches!(refused, Refused::NotNow { .. }), "{refused}");
        }
    }
    case(&Request::SkipTask { task: None });
    case(&Request::RetryTask {
        task: None,
        parameters: None,
    });
    case(&Request::ExecuteTask {
        task: "two".into(),
        parameters: None,
    });
    case(&Request::CompleteExecution { status: S::Success });
}

#[test]
fn a_held_execution_can_be_cancelled_and_rejected() {
    for request in [Request::Cancel, Request::Reject { task: None }] {
        for hold in [turn(), blackout()] {
            let mut world = held(hold);
            world.say("bob", request.clone()).unwrap();
            world.ended(S::Cancelled);
            assert_eq!(world.task("two"), T::Pending);
            world.check_prefixes();
        }
    }
}

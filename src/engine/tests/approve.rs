//! Approvals, pauses and confirmations (language reference 4.8, 4.9 and 5.5; cases 73, 74, 76).

use serde_json::json;

use crate::engine::event::Request;
use crate::engine::input::Refused;
use crate::engine::status::{ExecutionStatus as S, SafetyCheck, TaskStatus as T, WaitReason};
use crate::engine::tests::world::World;

const APPROVE: &str = "
Tasks:
  - Name: ask
    Action: ACS::Approve
    Properties:
      NotifyType: WebHook
      WebHook: {URI: 'http://127.0.0.1/x', Content: {text: please}}
      Approvers: [bob, cat, dan]
      MinRequiredApprovals: 2
";

fn approve() -> Request {
    Request::Approve { task: None }
}

fn reject() -> Request {
    Request::Reject { task: None }
}

fn reason(refused: Refused) -> String {
    match refused {
        Refused::NotNow { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_message_goes_out_first_then_people_are_waited_for() {
    let mut world = World::start(APPROVE);
    assert_eq!(world.live.status(), S::Running);
    assert!(world.call().is("HTTP", "POST"));
    world.say("bob", approve()).unwrap_err();
    world.answer(json!({}));
    assert_eq!(world.live.status(), S::Waiting);
    assert_eq!(world.task("ask"), T::Waiting);
    assert_eq!(
        world.live.wait_reasons(),
        [WaitReason::Approval {
            approvers: ["bob", "cat", "dan"].map(String::from).to_vec(),
            required: 2,
            given: Vec::new(),
        }]
    );
}

#[test]
fn case_74_two_approvals_of_two_people_are_needed() {
    let mut world = World::start(APPROVE);
    world.answer(json!({}));
    world.say("bob", approve()).unwrap();
    let refused = world.say("bob", approve()).unwrap_err();
    assert_eq!(
        reason(refused),
        "`bob` has approved already: somebody else must approve too"
    );
    let refused = world.say("eve", approve()).unwrap_err();
    assert_eq!(
        reason(refused),
        "`eve` is not one of the approvers: bob, cat, dan"
    );
    assert_eq!(world.live.status(), S::Waiting);
    world.say("cat", approve()).unwrap();
    world.ended(S::Success);
}

#[test]
fn case_73_a_rejection_cancels_the_execution() {
    let mut world = World::start(APPROVE);
    world.answer(json!({}));
    world.say("bob", approve()).unwrap();
    world.say("eve", reject()).unwrap_err();
    world.say("cat", reject()).unwrap();
    world.ended(S::Cancelled);
    assert_eq!(world.task("ask"), T::Cancelled);
}

#[test]
fn a_message_that_cannot_be_sent_fails_the_approval() {
    let mut world = World::start(APPROVE);
    world.fail("HTTP 500");
    world.ended(S::Failed);

    World::start(&APPROVE.replace("WebHook\n", "Mail\n")).ended(S::Failed);
}

#[test]
fn a_pause_waits_for_anybody() {
    let text = "
Tasks:
  - {Name: pause, Action: 'ACS::Pause'}
  - {Name: two, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Two}}
";
    let mut world = World::start(text);
    assert_eq!(world.live.wait_reasons(), [WaitReason::Pause]);
    let wrong = Request::Approve {
        task: Some("two".into()),
    };
    let refused = world.say("eve", wrong).unwrap_err();
    assert_eq!(
        reason(refused),
        "task `two` is not the one that waits: that is `pause`"
    );
    let misspelt = Request::Approve {
        task: Some("pausse".into()),
    };
    let refused = world.say("eve", misspelt).unwrap_err();
    assert_eq!(
        reason(refused),
        "there is no task `pausse`: did you mean `pause`?"
    );
    world
        .say(
            "eve",
            Request::Approve {
                task: Some("PAUSE".into()),
            },
        )
        .unwrap();
    assert_eq!(world.call().api, "Two");
    let refused = world.say("eve", approve()).unwrap_err();
    assert_eq!(reason(refused), "nothing waits for an approval");
}

const RISKY: &str = "
Tasks:
  - {Name: risky, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: DeleteDisk}}
";

fn confirming(text: &str) -> World {
    World::start_with(text, |started| {
        started.safety_check = SafetyCheck::ConfirmEveryHighRiskAction;
    })
}

#[test]
fn case_76_high_risk_calls_wait_for_confirmation() {
    let mut world = confirming(RISKY);
    assert!(world.owed.is_empty());
    assert_eq!(
        world.live.wait_reasons(),
        [WaitReason::Confirmation {
            api: "ECS.DeleteDisk".into()
        }]
    );
    world.say("bob", approve()).unwrap();
    assert_eq!(world.call().api, "DeleteDisk");
    world.answer(json!({}));
    world.ended(S::Success);

    let mut world = confirming(RISKY);
    world.say("bob", reject()).unwrap();
    world.ended(S::Cancelled);

    assert_eq!(World::start(RISKY).calls().len(), 1, "skipped by default");
}

#[test]
fn case_76_risk_of_the_task_wins() {
    let normal = RISKY.replace("API: DeleteDisk", "API: DeleteDisk, Risk: Normal");
    assert_eq!(confirming(&normal).calls().len(), 1);
    let high = RISKY.replace("API: DeleteDisk", "API: StopInstance, Risk: High");
    assert_eq!(confirming(&high).live.status(), S::Waiting);
    let harmless = RISKY.replace("API: DeleteDisk", "API: DescribeDisks");
    assert_eq!(confirming(&harmless).calls().len(), 1);
}

#[test]
fn one_confirmation_is_for_all_items_that_wait() {
    let text = RISKY.replace(
        "API: DeleteDisk}",
        "API: DeleteDisk}, Loop: {Items: [1, 2, 3], RateControl: {Concurrency: 2}}",
    );
    let mut world = confirming(&text);
    world.say("bob", approve()).unwrap();
    assert_eq!(world.items(), [0, 1]);
    world.answer_all();
    assert_eq!(world.live.status(), S::Waiting, "the third wants its own");
    world.say("bob", approve()).unwrap();
    world.answer_all();
    world.ended(S::Success);
}

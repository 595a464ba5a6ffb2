//! Whose approval counts, for which plan, and that nothing passes by an approval.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::base::digest::Digest;
use crate::engine::event::{BoundPlan, Fact, PlannedLoop, Request, Started};
use crate::engine::status::{ExecutionStatus as S, Mode, TaskStatus as T, WaitReason};
use crate::engine::tests::world::{World, map};

const ASK: &str = "
Tasks:
  - Name: ask
    Action: ACS::Approve
    Properties: {Approvers: [ann, bob, cat], MinRequiredApprovals: 1}
  - {Name: act, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Act}}
";

fn plan() -> Digest {
    Digest::of(b"the plan")
}

fn bind(started: &mut Started) {
    started.plan = Some(BoundPlan {
        digest: plan(),
        loops: Vec::new(),
        approvals: vec![vec!["ask".into()]],
        approved: None,
        editors: Vec::new(),
    });
}

/// Starts `text` as ann, bound to a plan.
fn bound(text: &str) -> World {
    World::start_with(text, bind)
}

fn bound_in(text: &str, mode: Mode) -> World {
    World::start_with(text, |started| {
        bind(started);
        started.mode = mode;
    })
}

fn skip() -> Request {
    Request::SkipTask { task: None }
}

fn retry(properties: Option<Value>) -> Request {
    Request::RetryTask {
        task: None,
        parameters: properties.map(map),
    }
}

#[test]
fn an_approval_counts_if_another_person_gives_it_for_this_plan() {
    #[track_caller]
    fn case(self_approval: bool, by: &str, given_for: Option<&[u8]>, expected: Result<(), &str>) {
        let mut world = World::start_with(ASK, |started| {
            bind(started);
            started.self_approval = self_approval;
        });
        let result = match given_for {
            Some(text) => world.approve(by, &Digest::of(text)),
            None => world.say(by, Request::Approve { task: None }),
        };
        match (result, expected) {
            (Ok(_), Ok(())) => assert_eq!(world.task("ask"), T::Success),
            (Err(refused), Err(reason)) => {
                let refused = refused.to_string();
                assert!(refused.contains(reason), "{refused}");
                assert_eq!(world.task("ask"), T::Waiting);
            }
            (result, _) => panic!("{self_approval} {by} {given_for:?}: {result:?}"),
        }
    }
    let (right, wrong) = (Some(b"the plan".as_slice()), Some(b"another".as_slice()));
    let alone = "`ann` started this execution, so another person must approve";
    for self_approval in [false, true] {
        case(self_approval, "bob", right, Ok(()));
        case(
            self_approval,
            "bob",
            None,
            Err("an approval is for one plan"),
        );
        case(
            self_approval,
            "bob",
            wrong,
            Err(&format!("is {} now", plan())),
        );
        case(
            self_approval,
            "bob",
            wrong,
            Err(&Digest::of(b"another").to_string()),
        );
        case(self_approval, "eve", right, Err("not one of the approvers"));
        case(self_approval, "ann", wrong, Err("approve again"));
    }
    case(false, "ann", right, Err(alone));
    case(false, "ann", right, Err("`--allow-self-approval`"));
    case(true, "ann", right, Ok(()));
}

#[test]
fn four_eyes_hold_without_a_plan_as_well() {
    let mut world = World::start(ASK);
    let approve = || Request::Approve { task: None };
    world.say("ann", approve()).unwrap_err();
    world.approve("bob", &plan()).unwrap_err();
    world.say("bob", approve()).unwrap();
    assert_eq!(world.task("ask"), T::Success);
}

#[test]
fn who_started_it_may_reject_and_confirm_their_own_work() {
    let mut world = bound(ASK);
    world.say("ann", Request::Reject { task: None }).unwrap();
    world.ended(S::Cancelled);

    let mut world = bound("Tasks: [{Name: pause, Action: 'ACS::Pause'}]");
    world.say("ann", Request::Approve { task: None }).unwrap();
    world.ended(S::Success);
}

#[test]
fn a_quorum_is_of_people_and_shows_who_is_missing() {
    let mut world = bound(&ASK.replace("Approvals: 1", "Approvals: 2"));
    world.approve("bob", &plan()).unwrap();
    world.approve("bob", &plan()).unwrap_err();
    assert_eq!(
        world.live.wait_reasons(),
        [WaitReason::Approval {
            approvers: ["ann", "bob", "cat"].map(String::from).to_vec(),
            required: 2,
            given: vec!["bob".into()],
        }]
    );
    world.approve("cat", &plan()).unwrap();
    world.answer(json!({}));
    world.ended(S::Success);
}

#[test]
fn an_approval_that_could_never_be_given_is_refused_before_anybody_is_asked() {
    let alone = ASK.replace("[ann, bob, cat]", "[ann, ann]");
    let world = bound(&alone);
    world.ended(S::Failed);
    let message = world.live.message();
    assert!(message.contains("besides `ann`"), "{message}");
    assert!(message.contains("--allow-self-approval"), "{message}");
    let world = World::start_with(&alone, |started| started.self_approval = true);
    assert_eq!(world.task("ask"), T::Waiting);
    // A name that stands twice is one person.
    let twice = ASK
        .replace("[ann, bob, cat]", "[bob, bob]")
        .replace("Approvals: 1", "Approvals: 2");
    bound(&twice).ended(S::Failed);
}

#[test]
fn nothing_passes_by_an_approval() {
    let execute = |task: &str| Request::ExecuteTask {
        task: task.into(),
        parameters: None,
    };
    let refused = |world: &mut World, by: &str, request: Request| {
        let refused = world.say(by, request).unwrap_err().to_string();
        assert!(refused.contains("`ask` is an approval"), "{refused}");
    };
    // Its message cannot be sent, so it fails and a person is asked.
    let hook = ASK.replace("{Approvers", "{NotifyType: Mail, Approvers");
    for by in ["ann", "bob"] {
        let mut world = bound_in(&hook, Mode::FailurePause);
        assert_eq!(world.live.wait_reasons(), [WaitReason::Failure]);
        refused(&mut world, by, skip());
        refused(&mut world, by, execute("act"));
        refused(&mut world, by, retry(Some(json!({"Approvers": []}))));
        world.say(by, retry(None)).unwrap();

        let mut world = bound_in(ASK, Mode::Debug);
        refused(&mut world, by, skip());
        refused(&mut world, by, execute("act"));
        world.say(by, execute("ask")).unwrap();
        assert_eq!(world.task("ask"), T::Waiting);
        world.approve("bob", &plan()).unwrap();
        world.say("ann", execute("act")).unwrap();
        world.answer(json!({}));
        world.ended(S::Success);
    }
    let mut world = World::start_with(&hook, |started| {
        started.mode = Mode::FailurePause;
        started.self_approval = true;
    });
    world.say("ann", skip()).unwrap();
    world.answer(json!({}));
    world.ended(S::Success);
}

#[test]
fn an_approval_in_a_called_template_cannot_be_passed_by_either() {
    let text = ASK.replace("ACS::Approve", "ACS::Approve::DingTalkWebhook");
    let mut world = bound_in(&text, Mode::FailurePause);
    world.end_child(S::Failed, json!({}), "NotSupported: no");
    let refused = world.say("ann", skip()).unwrap_err().to_string();
    assert!(refused.contains("`ask` is an approval"), "{refused}");
}

/// A run of ann, approved by bob, whose second task has failed.
fn approved_and_failed(text: &str) -> World {
    let mut world = bound_in(text, Mode::FailurePause);
    world.approve("bob", &plan()).unwrap();
    world.fail("Denied");
    world
}

#[test]
fn a_retry_as_planned_needs_no_new_approval() {
    let mut world = approved_and_failed(ASK);
    world.say("ann", retry(None)).unwrap();
    assert_eq!(world.plan(), plan());
    world.answer(json!({}));
    world.ended(S::Success);
}

#[test]
fn a_changed_task_waits_for_the_same_approvals_again() {
    let mut world = approved_and_failed(ASK);
    world
        .say("cat", retry(Some(json!({"API": "Other"}))))
        .unwrap();
    assert_ne!(world.plan(), plan());
    assert!(world.owed.is_empty(), "nothing is called before");
    assert_eq!(
        world.live.wait_reasons(),
        [WaitReason::Approval {
            approvers: ["ann", "bob", "cat"].map(String::from).to_vec(),
            required: 1,
            given: Vec::new(),
        }]
    );
    let now = world.plan();
    world.approve("bob", &plan()).unwrap_err();
    world.approve("ann", &now).unwrap_err();
    let refused = world.approve("cat", &now).unwrap_err().to_string();
    assert!(
        refused.contains("changed what this execution runs with"),
        "{refused}"
    );
    world.approve("bob", &now).unwrap();
    assert_eq!(world.call().api, "Other");
    world.fail("Denied");
    // The same change again is another plan.
    world
        .say("cat", retry(Some(json!({"API": "Other"}))))
        .unwrap();
    assert_ne!(world.plan(), now);
    world.approve("bob", &now).unwrap_err();
    world.approve("bob", &world.plan()).unwrap();
    world.answer(json!({}));
    world.ended(S::Success);
}

#[test]
fn all_items_of_a_changed_loop_are_approved_at_once() {
    let text = format!(
        "{}    Loop: {{Items: [1, 2, 3]}}\n",
        ASK.trim_end().replace(
            "- {Name: act, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Act}}",
            "- Name: act\n    Action: ACS::ExecuteAPI\n    Properties: {Service: ECS, API: Act}\n"
        )
    );
    let mut world = approved_and_failed(&text);
    world
        .say("ann", retry(Some(json!({"API": "Other"}))))
        .unwrap();
    world.approve("bob", &world.plan()).unwrap();
    world.answer_all();
    world.ended(S::Success);
}

#[test]
fn a_change_before_the_approval_makes_another_plan_of_it() {
    let text = "
Tasks:
  - {Name: act, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Act}}
  - {Name: ask, Action: 'ACS::Approve'}
";
    let mut world = bound_in(text, Mode::FailurePause);
    world.fail("Denied");
    world
        .say("ann", retry(Some(json!({"API": "Other"}))))
        .unwrap();
    assert_eq!(
        world.call().api,
        "Other",
        "nothing was approved that could be void"
    );
    world.answer(json!({}));
    world.approve("bob", &plan()).unwrap_err();
    world.approve("bob", &world.plan()).unwrap();
    world.ended(S::Success);
}

#[test]
fn the_plan_after_a_change_does_not_tell_secrets() {
    let changed = |api: &str, secret: bool| {
        let mut world = World::start_with(ASK, |started| {
            bind(started);
            started.mode = Mode::FailurePause;
            started.parameters = map(json!({"pin": "1234"}));
            started.secret = if secret {
                vec!["pin".into()]
            } else {
                Vec::new()
            };
        });
        world.approve("bob", &plan()).unwrap();
        world.fail("Denied");
        world.say("cat", retry(Some(json!({"API": api})))).unwrap();
        world.plan()
    };
    assert_ne!(changed("A", false), changed("B", false));
    assert_eq!(changed("A", true), changed("B", true));
}

#[test]
fn a_loop_begins_only_with_the_items_of_the_plan() {
    #[track_caller]
    fn case(listed: Value, found: &str, expected: Option<&str>) {
        let text = format!(
            "
Tasks:
  - Name: each
    Action: ACS::ExecuteAPI
    Properties: {{Service: ECS, API: Act}}
    Loop: {{Items: {found}}}
"
        );
        let Value::Array(items) = listed else {
            panic!("{listed} is no list");
        };
        let mut world = World::start_with(&text, |started| {
            started.plan = Some(BoundPlan {
                digest: plan(),
                loops: vec![PlannedLoop {
                    path: vec!["Each".into()],
                    items: Arc::new(items),
                }],
                approvals: Vec::new(),
                approved: None,
                editors: Vec::new(),
            });
        });
        match expected {
            None => {
                world.answer_all();
                world.ended(S::Success);
            }
            Some(words) => {
                world.ended(S::Failed);
                assert_eq!(
                    world.count(|fact| matches!(fact, Fact::UnitStarted { .. })),
                    0
                );
                let message = world.live.message();
                assert!(message.contains(words), "{message}");
            }
        }
    }
    case(json!(["a", "b"]), "[a, b]", None);
    case(json!([]), "[]", None);
    case(json!(["a", "b"]), "[a, b, c]", Some("new: `c`;"));
    case(json!(["a", "b"]), "[b]", Some("gone: `a`;"));
    case(json!(["a", "b"]), "[a, c]", Some("new: `c`; gone: `b`;"));
    case(json!(["a", "b"]), "[b, a]", Some("another order"));
    case(json!(["a"]), "[a, a]", Some("new: `a`;"));
    case(
        json!([]),
        "[a, b, c, d, e]",
        Some("new: `a`, `b`, `c` and 2 more;"),
    );
}

#[test]
fn a_child_is_bound_to_its_part_of_the_plan() {
    let text = "
Tasks:
  - {Name: sub, Action: 'ACS::Template', Properties: {TemplateName: x}}
";
    let listed = |path: &[&str]| PlannedLoop {
        path: path.iter().map(ToString::to_string).collect(),
        items: Arc::new(vec![json!(1)]),
    };
    let world = World::start_with(text, |started| {
        started.plan = Some(BoundPlan {
            digest: plan(),
            loops: vec![
                listed(&["sub", "each"]),
                listed(&["other", "each"]),
                listed(&["sub"]),
            ],
            approvals: vec![vec!["sub".into(), "ask".into()]],
            approved: None,
            editors: Vec::new(),
        });
    });
    let unit = world.children()[0].0;
    assert_eq!(
        world.live.child_plan(unit),
        Some(BoundPlan {
            digest: plan(),
            loops: vec![listed(&["each"])],
            approvals: vec![vec!["ask".into()]],
            approved: None,
            editors: Vec::new(),
        })
    );
}

#[test]
fn an_approval_that_nobody_gives_in_time_ends_as_the_template_chose() {
    #[track_caller]
    fn case(outcome: &str, ask: T, execution: S) {
        let text = ASK.replace(
            "Approvals: 1}",
            &format!("Approvals: 1{outcome}}}\n    Timeout: PT1H"),
        );
        let mut world = bound(&text);
        assert_eq!(world.fire(), 3600);
        assert_eq!(world.task("ask"), ask);
        world.answer_all();
        world.ended(execution);
        let expired = world.count(|fact| matches!(fact, Fact::ApprovalExpired { .. }));
        assert_eq!(expired, usize::from(ask != T::Failed));
        assert_eq!(world.count(|fact| matches!(fact, Fact::Approved { .. })), 0);
    }
    case("", T::Failed, S::Failed);
    case(", TimeoutOutcome: Fail", T::Failed, S::Failed);
    case(", TimeoutOutcome: reject", T::Cancelled, S::Cancelled);
    case(", TimeoutOutcome: Approve", T::Success, S::Success);
}

#[test]
fn an_approval_in_time_is_not_undone_by_the_timer() {
    let text = ASK.replace(
        "Approvals: 1}",
        "Approvals: 1, TimeoutOutcome: Reject}\n    Timeout: PT1H",
    );
    let mut world = bound(&text);
    world.approve("bob", &plan()).unwrap();
    assert!(world.timer().is_none());
    world.answer_all();
    world.ended(S::Success);
}

#[test]
fn an_approval_of_a_clean_up_that_nobody_gives_in_time_ends_the_clean_up() {
    let text = "
Tasks:
  - {Name: nap, Action: 'ACS::Sleep', Properties: {Duration: PT8H}, OnCancel: ask}
  - Name: ask
    Action: ACS::Approve
    Properties: {TimeoutOutcome: Reject}
    Timeout: PT1H
";
    let mut world = bound(text);
    world.say("ann", Request::Cancel).unwrap();
    assert_eq!(world.task("ask"), T::Waiting);
    world.fire();
    world.ended(S::Cancelled);
    assert_eq!(world.task("ask"), T::Cancelled);
    let requested = world.count(|fact| matches!(fact, Fact::CancelRequested { .. }));
    assert_eq!(requested, 1);
}

#[test]
fn going_back_passes_by_no_approval_either() {
    let text = "
Tasks:
  - {Name: choose, Action: 'ACS::Choice', Properties: {DefaultTask: other}}
  - {Name: ask, Action: 'ACS::Approve'}
  - {Name: act, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Act}}
  - {Name: other, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Other}}
";
    let execute = |task: &str| Request::ExecuteTask {
        task: task.into(),
        parameters: None,
    };
    let mut world = bound_in(text, Mode::Debug);
    world.say("ann", execute("choose")).unwrap();
    assert_eq!(world.live.wait_reasons(), [WaitReason::Debug]);
    let refused = world.say("ann", execute("act")).unwrap_err().to_string();
    assert!(refused.contains("`ask` is an approval"), "{refused}");
    world.say("ann", execute("other")).unwrap();
}

#[test]
fn who_changed_the_parent_approves_nothing_in_its_children() {
    let text = "
Tasks:
  - {Name: prepare, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Prepare}}
  - {Name: ask, Action: 'ACS::Template', Properties: {TemplateName: x}}
";
    let mut world = bound_in(text, Mode::FailurePause);
    world.fail("no");
    world
        .say("cat", retry(Some(json!({"API": "Other"}))))
        .unwrap();
    world.answer(json!({}));
    let unit = world.children()[0].0;
    let plan = world.live.child_plan(unit).unwrap();
    assert_eq!(plan.editors, ["cat"]);

    let mut child = World::start_with(ASK, |started| started.plan = Some(plan.clone()));
    let refused = child.approve("cat", &plan.digest).unwrap_err().to_string();
    assert!(
        refused.contains("changed what this execution runs with"),
        "{refused}"
    );
    child.approve("bob", &plan.digest).unwrap();
}

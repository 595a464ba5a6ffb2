//! Order, jumps, failure, skipping, outputs (language reference 2.2 to 2.7; cases 42 to 50, 80).

use serde_json::json;

use crate::engine::status::{ExecutionStatus as S, TaskStatus as T};
use crate::engine::tests::world::World;

const THREE: &str = "
Tasks:
  - {Name: one, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: One}}
  - {Name: two, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Two}}
  - {Name: three, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Three}}
";

/// Three tasks, with more attributes for the first.
fn three(first: &str) -> String {
    THREE.replacen("API: One}}", &format!("API: One}}, {first}}}"), 1)
}

#[test]
fn tasks_run_one_after_another_and_one_step_is_one_append() {
    let mut world = World::start(THREE);
    assert_eq!(world.call().api, "One");
    let events = world.answer(json!({}));
    // Unit and task end, the next begin: all in one.
    assert_eq!(events.len(), 4);
    assert_eq!(world.call().api, "Two");
    world.answer(json!({}));
    world.answer(json!({}));
    world.ended(S::Success);
}

#[test]
fn case_42_by_default_a_failure_ends_and_later_tasks_are_unreached() {
    let mut world = World::start(THREE);
    world.fail("Denied");
    world.ended(S::Failed);
    assert_eq!(world.task("two"), T::Pending);
    assert_eq!(world.live.message(), "Denied: told so");
}

#[test]
fn case_43_the_error_path_runs_and_the_execution_has_failed_all_the_same() {
    let mut world = World::start(&three("OnError: three"));
    world.fail("Denied");
    // The first failure can be read while the execution still works.
    assert_eq!(world.live.message(), "Denied: told so");
    assert_eq!(world.live.status(), S::Running);
    assert_eq!(world.call().api, "Three");
    world.answer(json!({}));
    world.ended(S::Failed);
    assert_eq!(world.task("two"), T::Pending);
    assert_eq!(world.task("three"), T::Success);
}

#[test]
fn case_44_next_after_an_error_counts_as_failure() {
    let mut world = World::start(&three("OnError: 'ACS::NEXT'"));
    world.fail("Denied");
    world.answer_all();
    world.ended(S::Failed);
    assert_eq!(world.task("three"), T::Success);
}

#[test]
fn case_45_a_task_that_is_not_critical_may_fail() {
    let mut world = World::start(&three("OnError: 'ACS::NEXT', IsCritical: false"));
    world.fail("Denied");
    world.answer_all();
    world.ended(S::Success);
    assert_eq!(world.task("one"), T::Failed);
    assert_eq!(world.live.message(), "");
}

#[test]
fn the_first_failure_is_the_message() {
    let mut world = World::start(&three("OnError: 'ACS::NEXT'"));
    world.fail("First");
    world.fail("Second");
    world.ended(S::Failed);
    assert_eq!(world.live.message(), "First: told so");
}

#[test]
fn case_46_on_success_may_end() {
    let mut world = World::start(&three("OnSuccess: 'ACS::END'"));
    world.answer(json!({}));
    world.ended(S::Success);
    assert_eq!(world.task("two"), T::Pending);
}

#[test]
fn case_47_a_choice_goes_to_the_first_that_holds_or_to_the_default() {
    const TEXT: &str = "
Parameters: {n: {Type: Number}}
Tasks:
  - Name: choose
    Action: ACS::Choice
    Properties:
      DefaultTask: other
      Choices:
        - {When: {'Fn::Equals': ['{{ n }}', 1]}, NextTask: last}
        - {When: {'Fn::Equals': ['{{ n }}', '1']}, NextTask: other}
        - {When: {'Fn::Equals': ['{{ n }}', 2]}, NextTask: 'ACS::END'}
  - {Name: other, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Other}}
  - {Name: last, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Last}}
";
    #[track_caller]
    fn case(n: u32, expected: Option<&str>) {
        let world = World::start_given(TEXT, json!({"n": n}));
        match expected {
            Some(api) => assert_eq!(world.call().api, api),
            None => world.ended(S::Success),
        }
    }
    case(1, Some("Last"));
    case(2, None);
    case(3, Some("Other"));
}

#[test]
fn case_48_when_false_skips_and_goes_on() {
    let mut world = World::start(&three("When: {'Fn::Equals': [a, b]}, OnSuccess: three"));
    assert_eq!(world.task("one"), T::Skipped);
    assert_eq!(world.call().api, "Two");
    world.answer_all();
    world.ended(S::Success);
}

#[test]
fn when_may_name_a_condition() {
    let text = format!(
        "Conditions: {{isProd: {{'Fn::Equals': [a, b]}}}}{}",
        three("When: isProd")
    );
    assert_eq!(World::start(&text).task("one"), T::Skipped);
}

#[test]
fn case_49_a_jump_skips_tasks_between_and_their_outputs_are_null() {
    let mut world = World::start(
        "
Tasks:
  - {Name: one, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: One}, OnSuccess: three}
  - Name: two
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Two}
    Outputs: {id: {Type: String, ValueSelector: Id}}
  - Name: three
    Action: ACS::ExecuteAPI
    Properties:
      Service: ECS
      API: Three
      Parameters: {Id: '{{ two.id }}', Text: 'x{{ two.id }}'}
Outputs: {id: {Type: String, Value: '{{ two.id }}'}}
",
    );
    world.answer(json!({}));
    let call = world.call();
    assert_eq!(call.api, "Three");
    assert_eq!(json!(call.parameters), json!({"Text": "x"}));
    world.answer(json!({}));
    world.ended(S::Success);
    assert_eq!(json!(world.live.outputs()), json!({"id": null}));
}

#[test]
fn outputs_are_selected_and_names_ignore_case() {
    let mut world = World::start(
        "
Tasks:
  - Name: find
    Action: ACS::ExecuteApi
    Properties: {Service: ECS, API: DescribeInstances}
    Outputs:
      ids: {Type: List, ValueSelector: 'Instances.Instance[].InstanceId'}
      first: {Type: String, ValueSelector: 'Instances.Instance[].InstanceId'}
Outputs:
  ids: {Type: List, Value: '{{ FIND.IDS }}'}
  first: {Type: String, Value: 'is {{ find.First }}'}
",
    );
    world.answer(json!({"Instances": {"Instance": [{"InstanceId": "a"}, {"InstanceId": "b"}]}}));
    world.ended(S::Success);
    assert_eq!(
        json!(world.live.outputs()),
        json!({"ids": ["a", "b"], "first": "is a"})
    );
}

#[test]
fn a_selector_that_fails_fails_the_task_and_names_the_output() {
    let mut world = World::start(
        "
Tasks:
  - Name: find
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Find}
    Outputs: {ids: {Type: List, ValueSelector: 'Items[].Id'}}
",
    );
    world.answer(json!({}));
    world.ended(S::Failed);
    let message = world.live.message();
    assert!(
        message.starts_with("Evaluation: task `find`: output `ids`:"),
        "{message}"
    );
}

#[test]
fn properties_that_cannot_be_evaluated_fail_the_task_and_name_the_path() {
    let world = World::start(
        "
Tasks:
  - Name: call
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Call, Parameters: {Ids: [{'Fn::Jq': [First, '.a.b', [1]]}]}}
",
    );
    world.ended(S::Failed);
    let message = world.live.message();
    assert!(
        message.starts_with("Evaluation: task `call`:")
            && message.contains("Properties.Parameters.Ids[0]"),
        "{message}"
    );
}

#[test]
fn case_80_outputs_after_a_failure_are_those_that_can_be_had() {
    let mut world = World::start(
        "
Tasks:
  - Name: one
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: One}
    Outputs: {id: {Type: String, ValueSelector: Id}}
  - Name: two
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Two}
    Outputs: {id: {Type: String, ValueSelector: Id}}
Outputs:
  one: {Type: String, Value: '{{ one.id }}'}
  two: {Type: String, Value: '{{ two.id }}'}
  broken: {Type: String, Value: {'Fn::Jq': [First, '.[0].x', '{{ two.id }}text']}}
",
    );
    world.answer(json!({"Id": "i-1"}));
    world.fail("Denied");
    world.ended(S::Failed);
    assert_eq!(
        json!(world.live.outputs()),
        json!({"one": "i-1", "two": null, "broken": null})
    );
}

#[test]
fn a_call_goes_to_the_region_of_its_parameters_with_role_and_token() {
    let text = "
Tasks:
  - Name: one
    Action: ACS::ExecuteAPI
    Properties:
      {Service: ecs, API: One, Method: PUT, URI: /x, Body: {a: 1}, Parameters: {RegionId: cn-far, L: [null, 1]}}
";
    let call = World::start(text).call();
    assert_eq!(call.region, "cn-far");
    assert_eq!(call.role.as_deref(), Some("runner"));
    assert_eq!(
        json!(call.parameters),
        json!({"RegionId": "cn-far", "L": [1]})
    );
    assert_eq!(call.client_token.len(), 32);
    assert_eq!(call.client_token, World::start(text).call().client_token);
    let rest = call.rest.unwrap();
    assert_eq!((rest.method.as_str(), rest.uri.as_str()), ("PUT", "/x"));
    assert_eq!(rest.body, json!({"a": 1}));
    assert_eq!(World::start(THREE).call().region, "cn-test");
}

#[test]
fn a_jump_backwards_ends_the_execution_as_failed() {
    let mut world = World::start(
        "
Tasks:
  - {Name: one, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: One}}
  - {Name: two, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Two}, OnSuccess: one}
",
    );
    world.answer(json!({}));
    world.answer(json!({}));
    world.ended(S::Failed);
    assert_eq!(
        world.live.message(),
        "InvalidJump: `one` is not a task further down"
    );
}

#[test]
fn case_78_an_execution_that_an_event_fired_sees_its_data() {
    let text = "
Tasks:
  - Name: trigger
    Action: ACS::EventTrigger
    Properties: {Product: ECS}
    Outputs: {id: {Type: String, ValueSelector: .content.resourceId}}
  - Name: two
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Two, Parameters: {Id: '{{ trigger.id }}'}}
";
    let world = World::start_with(text, |started| {
        started.trigger = Some(json!({"content": {"resourceId": "i-1"}}));
    });
    assert_eq!(json!(world.call().parameters), json!({"Id": "i-1"}));

    let world = World::start(text);
    assert_eq!(world.live.status(), S::Waiting);
}

#[test]
fn entries_of_the_parameter_store_come_with_the_start() {
    let text = "
Tasks:
  - {Name: one, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: '{{ oos:a/b }}'}}
";
    let world = World::start_with(text, |started| {
        started.stored.insert("a/b".into(), json!("Stored"));
    });
    assert_eq!(world.call().api, "Stored");
    World::start(text).ended(S::Failed);
}

#[test]
fn a_sleep_ends_at_its_time_and_messages_are_posted() {
    let mut world = World::start(
        "
Tasks:
  - {Name: nap, Action: 'ACS::Sleep', Properties: {Duration: 90s}}
  - Name: tell
    Action: ACS::Notify
    Properties:
      NotifyType: WebHook
      WebHook: {URI: 'http://127.0.0.1/x', Headers: {A: b}, Content: {list: [1]}}
",
    );
    assert_eq!(world.fire(), 90);
    let call = world.call();
    assert!(call.is("HTTP", "POST"));
    assert_eq!(
        json!(call.parameters),
        json!({"URL": "http://127.0.0.1/x", "Headers": {"A": "b"}, "Body": {"list": [1]}})
    );
    world.answer(json!({}));
    world.ended(S::Success);
}

#[test]
fn native_product_actions_and_target_selection_are_calls_of_the_provider() {
    let mut world = World::start(
        "
Tasks:
  - Name: select
    Action: ACS::SelectTargets
    Properties:
      ResourceType: ALIYUN::ECS::Instance
      Filters: ['{\"Type\": \"All\", \"RegionId\": \"cn-far\"}']
  - {Name: native, Action: 'ACS::ECS::Native', Properties: {instanceId: i-1}}
",
    );
    let call = world.call();
    assert!(call.is("ACS", "ACS::SelectTargets"));
    assert_eq!(call.region, "cn-far");
    assert_eq!(
        json!(call.parameters["Filters"]),
        json!([{"Type": "All", "RegionId": "cn-far"}])
    );
    world.answer(json!({}));
    assert!(world.call().is("ACS", "ACS::ECS::Native"));
    world.answer(json!({}));
    world.ended(S::Success);
}

#[test]
fn a_task_whose_time_is_up_fails_with_timeout() {
    let text = &three("Timeout: PT10M, OnError: three");
    let mut world = World::start(text);
    assert_eq!(world.fire(), 600);
    // The call is asked to end; the task ends when it is answered.
    assert_eq!(world.owed.len(), 2);
    world.answer_with(Err(crate::base::call::CallFault::Cancelled {
        report: "process ended".into(),
    }));
    assert_eq!(
        world.live.message(),
        "Timeout: the task's time is up; process ended"
    );
    assert_eq!(world.call().api, "Three");

    let mut world = World::start(text);
    world.answer(json!({}));
    assert!(world.timer().is_none(), "the timer ends with the task");
}

//! Child executions (language reference 4.10, 4.16, 6.6; cases 50 and 79).

use serde_json::json;

use crate::base::id::MAX_DEPTH;
use crate::engine::effect::Effect;
use crate::engine::input::{Input, Refused};
use crate::engine::status::{ExecutionStatus as S, TaskStatus as T, WaitReason};
use crate::engine::tests::world::{World, started};

const CALLER: &str = "
Tasks:
  - Name: run
    Action: ACS::ECS::RunCommand
    Properties: {instanceId: i-1}
    Outputs: {text: {Type: String, ValueSelector: invocationOutput}, none: {Type: String, ValueSelector: nothing}}
    OnError: tidy
    OnSuccess: ACS::END
  - {Name: tidy, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Tidy}}
";

#[test]
fn the_child_gets_the_properties_and_gives_its_outputs() {
    let mut world = World::start(CALLER);
    let (_, id, template, parameters) = world.children()[0].clone();
    assert_eq!(id, world.live.id().unwrap().child(1));
    assert_eq!(template, "ACS::ECS::RunCommand");
    assert_eq!(json!(parameters), json!({"instanceId": "i-1"}));
    world.end_child(S::Success, json!({"invocationOutput": "hi"}), "");
    world.ended(S::Success);
    assert_eq!(world.outputs("run"), json!({"text": "hi", "none": null}));
}

#[test]
fn case_50_a_child_that_failed_after_its_clean_up_fails_the_task() {
    let mut world = World::start(CALLER);
    world.end_child(
        S::Failed,
        json!({"invocationOutput": "hi"}),
        "Denied: told so",
    );
    assert_eq!(world.task("run"), T::Failed);
    assert_eq!(world.outputs("run"), json!({}));
    assert_eq!(world.live.message(), "Denied: told so");
    world.answer(json!({}));
    world.ended(S::Failed);
}

#[test]
fn case_79_root_ids_have_no_dot_and_children_one_more() {
    let world = World::start(CALLER);
    let id = world.live.id().unwrap().to_string();
    assert!(!id.contains('.'));
    assert_eq!(world.children()[0].1.to_string(), format!("{id}.0001"));
}

#[test]
fn a_child_that_is_refused_fails_the_task() {
    let mut world = World::start(CALLER);
    let unit = world.children()[0].0;
    let reason = "there is no template `ACS::ECS::RunCommand`".to_owned();
    world.tell(&Input::ChildRefused { unit, reason }).unwrap();
    assert_eq!(
        world.live.message(),
        "ChildRefused: there is no template `ACS::ECS::RunCommand`"
    );
}

#[test]
fn the_parent_waits_while_its_child_waits() {
    let mut world = World::start(CALLER);
    let (unit, id, ..) = world.children()[0].clone();
    let told = |waiting| Input::ChildChanged { unit, waiting };
    world.tell(&told(true)).unwrap();
    assert_eq!(world.live.status(), S::Waiting);
    assert_eq!(
        world.live.wait_reasons(),
        [WaitReason::Child { id: id.clone() }]
    );
    assert_eq!(world.tell(&told(true)), Err(Refused::Stale));
    let approve = crate::engine::event::Request::Approve { task: None };
    let refused = world.say("bob", approve).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!("the child execution `{id}` waits, not this one: answer there")
    );
    world.tell(&told(false)).unwrap();
    assert_eq!(world.live.status(), S::Running);
    world.end_child(S::Success, json!({}), "");
    world.ended(S::Success);
}

#[test]
fn a_child_that_was_rejected_cancels_the_execution() {
    let mut world = World::start(CALLER);
    world.end_child(S::Cancelled, json!({}), "");
    world.ended(S::Cancelled);
}

#[test]
fn acs_template_names_a_template_or_holds_one() {
    let mut world = World::start_given(
        "
Parameters: {given: {Type: Json}}
Tasks:
  - Name: by-name
    Action: ACS::Template
    Properties: {TemplateName: other, TemplateVersion: v2, Parameters: '{{ given }}'}
  - Name: inline
    Action: ACS::Template
    Properties: {TemplateContent: 'Tasks: []', Parameters: {a: 1}}
",
        json!({"given": "{\"b\": 2}"}),
    );
    let effect = world.owed.values().next().unwrap().clone();
    let Effect::Child {
        template,
        version,
        parameters,
        ..
    } = effect
    else {
        panic!("{effect:?}");
    };
    assert_eq!(
        (template.as_str(), version.as_deref()),
        ("other", Some("v2"))
    );
    assert_eq!(json!(parameters), json!({"b": 2}));
    world.end_child(S::Success, json!({}), "");
    let effect = world.owed.values().next().unwrap().clone();
    let Effect::Child { id, content, .. } = effect else {
        panic!("{effect:?}");
    };
    assert_eq!(id, world.live.id().unwrap().child(2));
    assert_eq!(content.as_deref(), Some("Tasks: []"));
}

#[test]
fn templates_call_each_other_eight_levels_deep_and_not_deeper() {
    let deep = |levels: usize| {
        World::start_with(CALLER, |settings| {
            settings.id = (0..levels).fold(started().id, |id, _| id.child(1));
        })
    };
    assert_eq!(deep(MAX_DEPTH - 1).children().len(), 1);
    let world = deep(MAX_DEPTH);
    assert_eq!(world.task("run"), T::Failed);
    assert!(world.live.message().starts_with("TooDeep: "));
}

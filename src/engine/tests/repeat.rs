//! A new execution takes over what the one before it did and goes on where it failed.

use serde_json::json;

use crate::engine::event::{Fact, Request};
use crate::engine::status::{ExecutionStatus as S, Mode, TaskStatus as T, WaitReason};
use crate::engine::tests::world::{World, api_error};

/// Three tasks, the second with `settings`; the last names outputs of the first two.
fn three(settings: &str) -> String {
    format!(
        "
Tasks:
  - Name: first
    Action: ACS::ExecuteAPI
    Properties: {{Service: ECS, API: First}}
    Outputs: {{id: {{Type: String, ValueSelector: Id}}}}
  - Name: each
    Action: ACS::ExecuteAPI
    Properties: {{Service: ECS, API: Each, Parameters: {{Id: '{{{{ first.id }}}}'}}}}
    Outputs: {{id: {{Type: String, ValueSelector: Id}}}}
    {settings}
  - Name: last
    Action: ACS::ExecuteAPI
    Properties: {{Service: ECS, API: Last}}
  - {{Name: clean-up, Action: 'ACS::ExecuteAPI', Properties: {{Service: ECS, API: CleanUp}}}}
Outputs:
  ids: {{Type: List, Value: '{{{{ each.ids }}}}'}}
  first: {{Type: String, Value: '{{{{ first.id }}}}'}}
"
    )
}

fn looped(control: &str) -> String {
    let outputs = "Outputs: {ids: {AggregateType: 'Fn::ListJoin', AggregateField: id}}";
    let items = "Items: [a, b, c, d, e]";
    three(&format!(
        "Loop: {{{items}, RateControl: {{{control}}}, {outputs}}}"
    ))
}

/// Returns the APIs of the calls that are out.
fn out(world: &World) -> Vec<String> {
    world
        .calls()
        .into_iter()
        .map(|(_, _, call)| call.api)
        .collect()
}

fn taken(world: &World) -> Vec<u32> {
    let tasks = world.journal.iter().filter_map(|event| match event.fact {
        Fact::TaskTaken { task, .. } => Some(task),
        _ => None,
    });
    tasks.collect()
}

/// Answers the items of the loop with their number, those of `failing` with an error.
fn answer_items(world: &mut World, failing: &[u32]) {
    while let Some(item) = world.items().first().copied() {
        let answer = if failing.contains(&item) {
            Err(api_error("Denied"))
        } else {
            Ok(json!({"Id": format!("id-{item}")}))
        };
        world.answer_item(item, answer);
    }
}

#[test]
fn only_what_failed_or_never_began_runs_and_outputs_are_those_of_all() {
    let mut world = World::start(&looped("Concurrency: 2"));
    world.answer(json!({"Id": "one"}));
    // The third fails with the fourth under way; the fifth never begins.
    world.answer_item(0, Ok(json!({"Id": "id-0"})));
    world.answer_item(1, Ok(json!({"Id": "id-1"})));
    world.answer_item(2, Err(api_error("Denied")));
    world.answer_item(3, Ok(json!({"Id": "id-3"})));
    world.ended(S::Failed);

    let mut again = world.repeat();
    assert_eq!(taken(&again), [0]);
    assert_eq!(again.items(), [2, 4], "the window is that of the loop");
    assert_eq!(again.call_of(2).parameters["Id"], "one");
    answer_items(&mut again, &[]);
    assert_eq!(again.task("each"), T::Success);
    assert_eq!(out(&again), ["Last"]);
    again.answer_all();
    again.ended(S::Success);
    assert_eq!(
        json!(again.live.outputs()),
        json!({"ids": ["id-0", "id-1", "id-2", "id-3", "id-4"], "first": "one"})
    );
}

#[test]
fn a_repeat_can_be_repeated() {
    let mut world = World::start(&looped("Concurrency: 5"));
    world.answer(json!({"Id": "one"}));
    answer_items(&mut world, &[0, 1, 4]);
    let mut second = world.repeat();
    answer_items(&mut second, &[1]);
    second.ended(S::Failed);
    let mut third = second.repeat();
    assert_eq!(third.items(), [1]);
    answer_items(&mut third, &[]);
    third.answer_all();
    third.ended(S::Success);
    let ids = &third.live.outputs()["ids"];
    assert_eq!(*ids, json!(["id-0", "id-1", "id-2", "id-3", "id-4"]));
}

#[test]
fn the_error_budget_is_for_what_runs_again() {
    let mut world = World::start(&looped("Concurrency: 5, MaxErrors: 1"));
    world.answer(json!({"Id": "one"}));
    answer_items(&mut world, &[0, 1, 2]);
    world.ended(S::Failed);
    let mut again = world.repeat();
    assert_eq!(again.items(), [0, 1, 2]);
    answer_items(&mut again, &[2]);
    assert_eq!(again.task("each"), T::Success);
    again.answer_all();
    again.ended(S::Success);
    let ids = &again.live.outputs()["ids"];
    assert_eq!(*ids, json!(["id-0", "id-1", null, "id-3", "id-4"]));
}

#[test]
fn batches_in_which_all_is_done_are_passed_over() {
    let control = "Mode: Batch, Batch: [1, 2], ConcurrencyInBatches: [1], MaxErrors: 0, \
                   BatchPauseOption: EveryBatchPause";
    let mut world = World::start(&looped(control));
    world.answer(json!({"Id": "one"}));
    world.answer_item(0, Ok(json!({"Id": "id-0"})));
    world.say("ann", Request::Approve { task: None }).unwrap();
    world.answer_item(1, Ok(json!({"Id": "id-1"})));
    world.answer_item(2, Err(api_error("Denied")));
    world.ended(S::Failed);

    let mut again = world.repeat();
    assert_eq!(again.items(), [2], "the first batch has been gone through");
    again.answer_item(2, Ok(json!({"Id": "id-2"})));
    assert_eq!(
        again.live.wait_reasons(),
        [WaitReason::BatchPause { batch: 2 }]
    );
    again.say("ann", Request::Approve { task: None }).unwrap();
    assert_eq!(again.items(), [3], "one of a batch at a time");
    answer_items(&mut again, &[]);
    again.answer_all();
    again.ended(S::Success);
}

#[test]
fn what_a_failure_led_to_by_name_runs_again() {
    let mut world = World::start(&three("OnError: clean-up"));
    world.answer(json!({"Id": "one"}));
    world.fail("Denied");
    assert_eq!(out(&world), ["CleanUp"]);
    world.answer_all();
    world.ended(S::Failed);

    let mut well = world.repeat();
    assert_eq!((taken(&well), out(&well)), (vec![0], vec!["Each".into()]));
    well.answer(json!({"Id": "x"}));
    well.answer(json!({}));
    assert_eq!(
        out(&well),
        ["CleanUp"],
        "it is on the way of success as well"
    );
    well.answer_all();
    well.ended(S::Success);

    let mut badly = world.repeat();
    badly.fail("Denied");
    assert_eq!(out(&badly), ["CleanUp"]);
    badly.answer_all();
    badly.ended(S::Failed);
}

#[test]
fn what_followed_a_failure_that_was_passed_over_is_taken_unless_it_names_its_outputs() {
    let text = three("OnError: 'ACS::NEXT'").replace(
        "API: CleanUp",
        "API: CleanUp, Parameters: {Id: '{{ each.id }}'}",
    );
    let mut world = World::start(&text);
    world.answer(json!({"Id": "one"}));
    world.fail("Denied");
    world.answer_all();
    world.ended(S::Failed);
    let mut again = world.repeat();
    assert_eq!(out(&again), ["Each"]);
    again.answer(json!({"Id": "x"}));
    assert_eq!(taken(&again), [0, 2]);
    assert_eq!(out(&again), ["CleanUp"]);
    assert_eq!(again.call().parameters["Id"], "x");
    again.answer_all();
    again.ended(S::Success);
}

#[test]
fn a_cancelled_execution_goes_on_with_what_had_not_ended_well() {
    let mut world = World::start(&looped("Concurrency: 2"));
    world.answer(json!({"Id": "one"}));
    world.answer_item(0, Ok(json!({"Id": "id-0"})));
    world.say("ann", Request::Cancel).unwrap();
    world.answer_item(1, Ok(json!({"Id": "id-1"})));
    let report = "ended 1 process".to_owned();
    world.answer_item(2, Err(crate::base::call::CallFault::Cancelled { report }));
    world.ended(S::Cancelled);
    let mut again = world.repeat();
    assert_eq!(again.items(), [2, 3]);
    answer_items(&mut again, &[]);
    again.answer_all();
    again.ended(S::Success);
    let begun =
        again.count(|fact| matches!(fact, Fact::UnitStarted { unit, .. } if unit.task == 1));
    assert_eq!(begun, 3);
}

#[test]
fn a_cancelled_loop_that_is_retried_runs_only_what_had_not_ended_well() {
    let mut world = World::start_with(&looped("Concurrency: 2"), |started| {
        started.mode = Mode::FailurePause;
    });
    world.answer(json!({"Id": "one"}));
    world.answer_item(0, Ok(json!({"Id": "id-0"})));
    let task = "each".to_owned();
    world.say("ann", Request::CancelTask { task }).unwrap();
    answer_items(&mut world, &[2]);
    assert_eq!(world.live.wait_reasons(), [WaitReason::Failure]);
    let (task, parameters) = (None, None);
    world
        .say("ann", Request::RetryTask { task, parameters })
        .unwrap();
    assert_eq!(world.items(), [2, 3]);
    answer_items(&mut world, &[]);
    world.answer_all();
    world.ended(S::Success);
}

#[test]
fn items_that_are_children_are_kept_or_begin_as_new_children() {
    let text = looped("Concurrency: 2, MaxErrors: 2").replacen(
        "Action: ACS::ExecuteAPI\n    Properties: {Service: ECS, API: Each, Parameters: {Id: '{{ first.id }}'}}",
        "Action: ACS::ECS::Child\n    Properties: {a: 1}",
        1,
    );
    let mut world = World::start(&text);
    world.answer(json!({"Id": "one"}));
    for status in [S::Success, S::Failed, S::Failed, S::Failed] {
        world.end_child(status, json!({"Id": "x"}), "Denied: no");
    }
    world.end_child(S::Success, json!({"Id": "x"}), "");
    world.ended(S::Failed);
    let mut again = world.repeat();
    let ids: Vec<_> = again.children().into_iter().map(|(_, id, ..)| id).collect();
    let id = again.live.id().unwrap();
    assert_eq!(
        ids,
        [id.child(1), id.child(2)],
        "children of the new execution"
    );
    for _ in 0..3 {
        again.end_child(S::Success, json!({"Id": "x"}), "");
    }
    again.answer_all();
    again.ended(S::Success);
}

#[test]
fn the_way_that_a_choice_took_is_taken_again() {
    let text = "
Tasks:
  - Name: choose
    Action: ACS::Choice
    Properties: {DefaultTask: right, Choices: []}
  - {Name: wrong, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Wrong}}
  - {Name: right, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Right}}
  - {Name: last, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Last}}
";
    let mut world = World::start(text);
    world.answer(json!({}));
    world.fail("Denied");
    world.ended(S::Failed);
    let mut again = world.repeat();
    assert_eq!(
        (taken(&again), out(&again)),
        (vec![0, 2], vec!["Last".into()])
    );
    again.answer_all();
    again.ended(S::Success);
}

#[test]
fn mode_debug_asks_only_before_what_runs() {
    let mut world = World::start_with(&three(""), |started| started.mode = Mode::Debug);
    let execute = |world: &mut World, task: &str| {
        let (task, parameters) = (task.to_owned(), None);
        world
            .say("ann", Request::ExecuteTask { task, parameters })
            .unwrap();
    };
    execute(&mut world, "first");
    world.answer(json!({"Id": "one"}));
    execute(&mut world, "each");
    world.fail("Denied");
    world.say("ann", Request::Cancel).unwrap();
    world.ended(S::Cancelled);
    let again = world.repeat();
    assert_eq!(taken(&again), [0]);
    assert_eq!(again.live.wait_reasons(), [WaitReason::Debug]);
    assert_eq!(again.live.current_tasks(), [&"each".into()]);
}

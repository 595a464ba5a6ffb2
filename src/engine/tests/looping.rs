//! Loops (language reference 2.8; cases 61 to 70).

use serde_json::{Value, json};

use crate::base::call::CallFault;
use crate::engine::effect::Effect;
use crate::engine::event::{Fact, Request};
use crate::engine::status::{ExecutionStatus as S, LoopMode, Mode, TaskStatus as T, WaitReason};
use crate::engine::tests::world::{World, api_error};

/// A loop over `items` with the given settings; its output collects `Id` of the answers.
fn looped(items: &str, settings: &str) -> String {
    format!(
        "
Tasks:
  - Name: each
    Action: ACS::ExecuteAPI
    Properties: {{Service: ECS, API: Do, Parameters: {{Id: '{{{{ ACS::TaskLoopItem }}}}'}}}}
    Outputs:
      id: {{Type: String, ValueSelector: Id}}
      n: {{Type: Number, ValueSelector: N}}
    Loop:
      Items: {items}
      {settings}
      Outputs:
        ids: {{AggregateType: 'Fn::ListJoin', AggregateField: id}}
        sum: {{AggregateType: 'Fn::Sum', AggregateField: n}}
        none: {{AggregateType: 'Fn::ListJoin', AggregateField: undeclared}}
Outputs:
  ids: {{Type: List, Value: '{{{{ each.ids }}}}'}}
  plain: {{Type: List, Value: '{{{{ each.id }}}}'}}
"
    )
}

const SIX: &str = "[a, b, c, d, e, f]";

fn rate(settings: &str) -> String {
    format!("RateControl: {{{settings}}}")
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands beside answers that fail"
)]
fn ok(id: &str) -> Result<Value, CallFault> {
    Ok(json!({"Id": id, "N": 1}))
}

#[test]
fn case_61_zero_items_are_success_and_aggregates_are_empty() {
    for items in ["[]", "'[]'", "null"] {
        let text = looped(items, "");
        if items == "null" {
            // A parameter may be null where a literal may not.
            let text = text.replace("Items: null", "Items: '{{ p }}'");
            let text = format!("Parameters: {{p: {{Type: Json}}}}{text}");
            let world = World::start_given(&text, json!({"p": null}));
            world.ended(S::Success);
            continue;
        }
        let world = World::start(&text);
        world.ended(S::Success);
        assert_eq!(
            world.outputs("each"),
            json!({"ids": [], "sum": 0, "none": []})
        );
    }
}

#[test]
fn case_62_aggregates_are_in_item_order_however_the_answers_come() {
    let mut world = World::start(&looped(
        "[a, b, c]",
        &rate("Mode: Concurrency, Concurrency: 3"),
    ));
    for item in [2, 0, 1] {
        world.answer_item(item, ok(["a", "b", "c"][item as usize]));
    }
    world.ended(S::Success);
    assert_eq!(
        world.outputs("each"),
        json!({"ids": ["a", "b", "c"], "sum": 3, "none": [null, null, null]})
    );
    // Outside of the loop only the aggregates have values.
    assert_eq!(
        json!(world.live.outputs()),
        json!({"ids": ["a", "b", "c"], "plain": null})
    );
}

#[test]
fn case_63_a_failed_item_is_null() {
    let mut world = World::start(&looped("[a, b, c]", &rate("Concurrency: 3, MaxErrors: 1")));
    world.answer_item(0, ok("a"));
    world.answer_item(1, Err(api_error("Denied")));
    world.answer_item(2, ok("c"));
    world.ended(S::Success);
    assert_eq!(world.outputs("each")["ids"], json!(["a", null, "c"]));
    assert_eq!(world.outputs("each")["sum"], json!(2));
}

/// Lets the first `failures` items fail, the others succeed; returns the status and how many ran.
fn run(settings: &str, failures: u32) -> (S, usize) {
    let mut world = World::start(&looped(SIX, settings));
    while let Some(item) = world.items().first().copied() {
        let answer = if item < failures {
            Err(api_error("Denied"))
        } else {
            ok("x")
        };
        world.answer_item(item, answer);
    }
    world.ended(world.live.status());
    let ran = world.count(|fact| matches!(fact, Fact::UnitStarted { .. }));
    (world.live.status(), ran)
}

#[test]
fn case_64_max_errors_as_number_and_percentage() {
    assert_eq!(run("", 1), (S::Failed, 1), "none is tolerated by default");
    assert_eq!(run(&rate("MaxErrors: 2"), 2), (S::Success, 6));
    assert_eq!(run(&rate("MaxErrors: 2"), 3), (S::Failed, 3));
    assert_eq!(run(&rate("MaxErrors: 100%"), 6), (S::Success, 6));
    // Percentages are rounded down: 49 % of six are two.
    assert_eq!(run(&rate("MaxErrors: '49%'"), 2), (S::Success, 6));
    assert_eq!(run(&rate("MaxErrors: '49%'"), 3), (S::Failed, 3));
}

#[test]
fn case_65_after_the_limit_nothing_new_starts_and_what_runs_ends() {
    let mut world = World::start(&looped(SIX, &rate("Concurrency: 2")));
    assert_eq!(world.items(), [0, 1]);
    world.answer_item(0, Err(api_error("Denied")));
    assert_eq!(world.items(), [1]);
    assert_eq!(world.live.status(), S::Running);
    world.answer_item(1, ok("b"));
    world.ended(S::Failed);
    assert_eq!(
        world.live.message(),
        "Denied: told so (1 of 6 items failed, 0 may)"
    );
}

/// Returns which items run at once, answering all of them each time.
fn waves(settings: &str) -> Vec<usize> {
    let mut world = World::start(&looped(SIX, settings));
    let mut waves = Vec::new();
    while !world.items().is_empty() {
        let wave = world.items();
        waves.push(wave.len());
        // The last one first, so that a sliding window would show.
        for item in wave.into_iter().rev() {
            world.answer_item(item, ok("x"));
            if world.items().iter().any(|other| *other > item + 4) {
                break;
            }
        }
    }
    world.ended(S::Success);
    waves
}

#[test]
fn case_66_a_list_of_concurrencies_means_batches() {
    assert_eq!(waves("Concurrency: [1, 2]"), [1, 2, 2, 1]);
    assert_eq!(waves("Concurrency: ['50%']"), [3, 3]);
    assert_eq!(waves(&rate("Mode: Batch, Batch: [1, 5]")), [1, 5]);
    assert_eq!(waves(&rate("Mode: Batch, Batch: [2]")), [2, 2, 2]);
    let narrow = rate("Mode: Batch, Batch: [6], ConcurrencyInBatches: [6]");
    assert_eq!(waves(&narrow), [6]);
    let mut world = World::start(&looped(
        SIX,
        &rate("Mode: Batch, Batch: [2, 4], ConcurrencyInBatches: [1, 3]"),
    ));
    assert_eq!(world.items(), [0]);
    world.answer(json!({}));
    assert_eq!(world.items(), [1]);
    world.answer(json!({}));
    assert_eq!(world.items(), [2, 3, 4]);
}

#[test]
fn concurrency_as_number_percentage_and_text() {
    #[track_caller]
    fn case(settings: &str, window: usize) {
        let world = World::start(&looped(SIX, settings));
        assert_eq!(world.items().len(), window, "{settings}");
    }
    case("", 1);
    case(&rate("Mode: Concurrency, Concurrency: 4"), 4);
    case(&rate("Concurrency: '4'"), 4);
    // Rounded up, and at least one.
    case(&rate("Concurrency: '40%'"), 3);
    case(&rate("Concurrency: '1%'"), 1);
    case(&rate("Concurrency: 100"), 6);
    // Stray commas (reference 8.4).
    case(
        &rate("Mode: 'Concurrency,', MaxErrors: '0,', Concurrency: '2,'"),
        2,
    );
}

#[test]
fn case_67_a_batch_pause_waits_for_approval() {
    let text = looped(
        SIX,
        &rate("Mode: Batch, Batch: [1, 3], BatchPauseOption: EveryBatchPause"),
    );
    let mut world = World::start(&text);
    world.answer(json!({}));
    assert_eq!(world.live.status(), S::Waiting);
    assert_eq!(
        world.live.wait_reasons(),
        [WaitReason::BatchPause { batch: 1 }]
    );
    assert_eq!(world.task("each"), T::Waiting);
    let approve = || Request::Approve { task: None };
    world.say("bob", approve()).unwrap();
    assert_eq!(world.items(), [1, 2, 3]);
    world.say("bob", approve()).unwrap_err();
    world.answer_all();
    world.say("bob", approve()).unwrap();
    world.answer_all();
    world.ended(S::Success);

    let first = text.replace("EveryBatchPause", "FirstBatchPause");
    let mut world = World::start(&first);
    world.answer(json!({}));
    world.say("bob", approve()).unwrap();
    world.answer_all();
    world.ended(S::Success);

    let mut world = World::start_with(&text.replace("EveryBatchPause", "Automatic"), |started| {
        started.loop_mode = LoopMode::FirstBatchPause;
    });
    world.answer(json!({}));
    assert_eq!(world.live.status(), S::Waiting, "the caller's mode wins");
    world.say("bob", Request::Reject { task: None }).unwrap();
    world.ended(S::Cancelled);
}

#[test]
fn case_68_the_keys_of_2019_stand_under_loop() {
    assert_eq!(
        run("Concurrency: 2\n      MaxErrors: 1", 1),
        (S::Success, 6)
    );
    assert_eq!(
        waves("Mode: Batch\n      Concurrency: [2]\n      BatchPauseOption: Automatic"),
        [2, 2, 2]
    );
    // RateControl wins.
    let both = format!("Concurrency: 5\n      {}", rate("Concurrency: 2"));
    assert_eq!(World::start(&looped(SIX, &both)).items(), [0, 1]);
}

#[test]
fn case_69_when_is_evaluated_once_unless_it_names_the_item() {
    let text = looped(SIX, "").replace(
        "    Loop:\n",
        "    When: {'Fn::Equals': [a, b]}\n    Loop:\n",
    );
    let world = World::start(&text);
    assert_eq!(world.task("each"), T::Skipped);
    world.ended(S::Success);

    let text = looped(SIX, "").replace(
        "    Loop:\n",
        "    When: {'Fn::Equals': [c, '{{ ACS::TaskLoopItem }}']}\n    Loop:\n",
    );
    let mut world = World::start(&text);
    assert_eq!(world.items(), [2]);
    world.answer(json!({"Id": "c"}));
    world.ended(S::Success);
    assert_eq!(
        world.outputs("each")["ids"],
        json!([null, null, "c", null, null, null])
    );
}

#[test]
fn case_70_a_looped_product_action_is_a_child_for_each_item() {
    let mut world = World::start(
        "
Tasks:
  - Name: stop
    Action: ACS::ECS::StopInstance
    Properties: {instanceId: '{{ ACS::TaskLoopItem }}'}
    Loop: {Items: [i-1, i-2], RateControl: {Concurrency: 2}}
",
    );
    let children = world.children();
    let id = world.live.id().unwrap();
    assert_eq!(children.len(), 2);
    assert_eq!(children[0].1, id.child(1));
    assert_eq!(children[1].1, id.child(2));
    assert_eq!(children[1].2, "ACS::ECS::StopInstance");
    assert_eq!(json!(children[1].3), json!({"instanceId": "i-2"}));
    world.end_child(S::Success, json!({}), "");
    world.end_child(S::Failed, json!({}), "Denied: told so");
    world.ended(S::Failed);
}

#[test]
fn an_item_that_cannot_be_rendered_fails_alone() {
    let text = looped("[{a: 1}, text]", &rate("MaxErrors: 1")).replace(
        "Id: '{{ ACS::TaskLoopItem }}'",
        "Id: {'Fn::Jq': [First, '.a', '{{ ACS::TaskLoopItem }}']}",
    );
    let mut world = World::start(&text);
    world.answer_all();
    world.ended(S::Success);
    assert_eq!(
        world.count(|fact| matches!(fact, Fact::UnitStarted { .. })),
        1
    );
}

#[test]
fn selectors_see_the_item() {
    let text = looped("[a, b]", "").replace(
        "ValueSelector: Id}",
        "ValueSelector: '.|\"{{ ACS::TaskLoopItem }}\"'}",
    );
    let mut world = World::start(&text);
    world.answer_all();
    world.ended(S::Success);
    assert_eq!(world.outputs("each")["ids"], json!(["a", "b"]));
}

#[test]
fn items_that_are_no_list() {
    #[track_caller]
    fn case(items: &Value, expected: &Value) {
        let text = looped("'{{ items }}'", "");
        let text = format!("Parameters: {{items: {{Type: Json}}}}{text}");
        let mut world = World::start_given(&text, json!({"items": items}));
        world.answer_all();
        world.ended(S::Success);
        assert_eq!(world.outputs("each")["ids"], *expected);
    }
    case(&json!("[1, 2]"), &json!([null, null]));
    case(&json!("one"), &json!([null]));
    case(&json!({"a": 1}), &json!([null]));
}

#[test]
fn a_setting_that_is_no_number_fails_the_task() {
    let world = World::start(&looped(SIX, &rate("Concurrency: many")));
    world.ended(S::Failed);
    assert_eq!(
        world.live.message(),
        "Evaluation: task `each`: `Concurrency` of a loop must be a number or a percentage, not \
         `\"many\"`"
    );
}

#[test]
fn in_mode_debug_items_run_one_by_one() {
    let text = looped(SIX, &rate("Concurrency: 6"));
    let mut world = World::start_with(&text, |started| started.mode = Mode::Debug);
    world
        .say(
            "ann",
            Request::ExecuteTask {
                task: "each".into(),
                parameters: None,
            },
        )
        .unwrap();
    assert_eq!(world.items(), [0]);
}

#[test]
fn acs_loop_runs_a_child_for_each_item_that_sees_the_names_around_it() {
    let mut world = World::start_given(
        "
Parameters: {zone: {Type: String}, unused: {Type: String}}
Tasks:
  - Name: find
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Find}
    Outputs: {ids: {Type: List, ValueSelector: 'Ids[]'}}
  - Name: many
    Action: ACS::Loop
    Properties:
      LoopItems: '{{ find.ids }}'
      LoopRateControl: {Mode: Concurrency, Concurrency: 2, MaxErrors: 1}
      LoopTasks:
        - Name: start
          Action: ACS::ECS::StartInstance
          Properties: {instanceId: '{{ ACS::TaskLoopItem }}', zone: '{{ zone }}', all: '{{ find.ids }}'}
    Outputs: {states: {Type: List, ValueSelector: '{{ start.state }}'}}
",
        json!({"zone": "z1", "unused": "u"}),
    );
    world.answer(json!({"Ids": ["a", "b"]}));
    let effect = world.owed.values().nth(1).unwrap().clone();
    let Effect::Child {
        content: Some(content),
        outer: Some(outer),
        ..
    } = effect
    else {
        panic!("{effect:?}");
    };
    let content: Value = serde_json::from_str(&content).unwrap();
    assert_eq!(
        content["Tasks"][0]["Properties"]["instanceId"],
        "{{ ACS::TaskLoopItem }}"
    );
    assert_eq!(content["Outputs"]["states"]["Value"], "{{ start.state }}");
    assert_eq!(outer.item, "b");
    assert_eq!(json!(outer.parameters), json!({"zone": "z1"}));
    assert_eq!(json!(outer.outputs), json!({"find": {"ids": ["a", "b"]}}));
    world.end_child(S::Success, json!({"states": "on"}), "");
    world.end_child(S::Failed, json!({}), "Denied: told so");
    world.ended(S::Success);
    assert_eq!(world.outputs("many"), json!({"states": ["on", null]}));
}

#[test]
fn steps_of_acs_loop_see_the_names_around_them() {
    use crate::engine::event::Outer;
    let text = "
Tasks:
  - Name: start
    Action: ACS::ExecuteAPI
    Properties: {Service: '{{ zone }}', API: '{{ ACS::TaskLoopItem }}', Parameters: {Ids: '{{ FIND.ids }}'}}
";
    let world = World::start_with(text, |started| {
        started.outer = Some(Outer {
            parameters: crate::engine::tests::world::map(json!({"Zone": "z1"})),
            outputs: [(
                "find".to_owned(),
                crate::engine::tests::world::map(json!({"ids": [1]})),
            )]
            .into(),
            item: json!("item"),
        });
    });
    let call = world.call();
    assert_eq!((call.service.as_str(), call.api.as_str()), ("z1", "item"));
    assert_eq!(json!(call.parameters), json!({"Ids": [1]}));
}

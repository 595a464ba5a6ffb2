//! The cost of a step does not grow with the size of the run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use oos::base::digest::Digest;
use oos::base::id::ExecutionId;
use oos::base::source::Source;
use oos::base::time::Timestamp;
use oos::engine::Execution;
use oos::engine::effect::EffectKey;
use oos::engine::event::{Event, Started};
use oos::engine::input::Input;
use oos::engine::status::{ExecutionStatus, LoopMode, Mode, SafetyCheck};
use oos::template::parse::parse;

use crate::support::memory::{DATA, memory};

const TEXT: &str = "
FormatVersion: OOS-2019-06-01
Parameters: {items: {Type: List}}
Tasks:
  - Name: each
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Do, Parameters: {Id: '{{ ACS::TaskLoopItem }}'}}
    Outputs: {id: {Type: String, ValueSelector: Id}}
    Loop:
      Items: '{{ items }}'
      RateControl: {Mode: Concurrency, Concurrency: 10}
      Outputs: {ids: {AggregateType: 'Fn::ListJoin', AggregateField: id}}
";

/// A loop over `count` items that has begun.
fn start(count: usize) -> Execution {
    let items: Vec<Value> = (0..count).map(|n| json!(format!("i-{n:08}"))).collect();
    let mut settings = started();
    settings.parameters.insert("items".into(), items.into());
    let mut execution = Execution::new(Arc::new(
        parse(&Source::new("<test>", TEXT)).template.unwrap(),
    ));
    take(&mut execution, &Input::Start(Box::new(settings)));
    execution
}

fn start_time() -> Timestamp {
    "2030-01-02T03:04:05Z".parse().unwrap()
}

fn started() -> Started {
    Started {
        id: ExecutionId::new(start_time(), 7),
        template_name: "scale".into(),
        template_version: None,
        template: Digest::of(b"template"),
        library: Digest::of(b"library"),
        tasks: Vec::new(),
        native: Vec::new(),
        parameters: serde_json::Map::new(),
        secret: Vec::new(),
        inherited_secrets: Vec::new(),
        mode: Mode::Automatic,
        loop_mode: LoopMode::Automatic,
        safety_check: SafetyCheck::Skip,
        region: "cn-test".into(),
        account: "1".into(),
        user: "ann".into(),
        role: None,
        parent: None,
        plan: None,
        self_approval: false,
        repeats: None,
        trigger: None,
        fired: None,
        hold: None,
        stored: serde_json::Map::new(),
        stored_secrets: serde_json::Map::new(),
        outer: None,
        inventory: None,
        origin: None,
        changing: Vec::new(),
        description: String::new(),
        tags: BTreeMap::new(),
    }
}

fn take(execution: &mut Execution, input: &Input) -> Vec<Event> {
    let events = execution.decide(input, start_time()).unwrap();
    for event in &events {
        execution.apply(event).unwrap();
    }
    events
}

/// Answers up to `steps` calls; returns the median time of a step and the bytes of all events.
#[expect(clippy::disallowed_methods, reason = "the test measures time")]
fn run(execution: &mut Execution, steps: usize) -> (Duration, usize) {
    let mut times = Vec::new();
    let mut bytes = 0;
    let mut calls: std::collections::VecDeque<EffectKey> = std::collections::VecDeque::new();
    for _ in 0..steps {
        let begun = Instant::now();
        calls.extend(execution.take_fresh().into_iter().map(|(key, _)| key));
        let Some(EffectKey::Call(unit, call)) = calls.pop_front() else {
            break;
        };
        let answer = Ok(json!({"Id": "i-00000000"}));
        let events = take(execution, &Input::Answered { unit, call, answer });
        times.push(begun.elapsed());
        bytes += events
            .iter()
            .map(|event| serde_json::to_string(event).unwrap().len())
            .sum::<usize>();
    }
    times.sort();
    (times[times.len() / 2], bytes)
}

#[test]
fn an_item_among_100_000_costs_what_one_among_100_costs() {
    let (small, _) = run(&mut start(100), 90);
    let (large, _) = run(&mut start(100_000), 400);
    // The logarithm and colder caches; a step that looked at all items would cost 1000 times as
    // much.
    assert!(large < small * 6, "{large:?} against {small:?}");
}

#[test]
fn an_item_takes_a_few_hundred_bytes() {
    const COUNT: usize = 4_000;
    let mut execution = start(COUNT);
    let before = memory(DATA);
    let (_, bytes) = run(&mut execution, COUNT);
    assert_eq!(execution.status(), ExecutionStatus::Success);
    let grown = memory(DATA).saturating_sub(before) / COUNT;
    assert!(grown < 500, "{grown} bytes of memory an item");
    let journal = bytes / COUNT;
    assert!(journal < 800, "{journal} bytes of journal an item");
    let Some(Value::Array(ids)) = execution
        .task_outputs(0)
        .and_then(|outputs| outputs.get("ids"))
    else {
        panic!("the loop has outputs");
    };
    assert_eq!(ids.len(), COUNT);
}

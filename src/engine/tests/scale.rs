//! The cost of a step does not grow with the size of the run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::engine::Execution;
use crate::engine::effect::EffectKey;
use crate::engine::event::Event;
use crate::engine::input::Input;
use crate::engine::status::ExecutionStatus;
use crate::engine::tests::world::{start_time, started, template};

const TEXT: &str = "
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
    let mut execution = Execution::new(template(TEXT));
    take(&mut execution, &Input::Start(Box::new(settings)));
    execution
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
    let before = resident();
    let (_, bytes) = run(&mut execution, COUNT);
    assert_eq!(execution.status(), ExecutionStatus::Success);
    let grown = resident().saturating_sub(before) / COUNT;
    assert!(grown < 1_500, "{grown} bytes of memory an item");
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

/// Returns the bytes of memory that this process uses; 0 where the system does not tell.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok())
        .map_or(0, |kilobytes| kilobytes * 1024)
}

#[test]
fn copies_share_their_items() {
    let execution = start(1_000);
    let copy = execution.clone();
    assert!(Arc::ptr_eq(
        &execution.state.tasks[0].looping.as_ref().unwrap().plan,
        &copy.state.tasks[0].looping.as_ref().unwrap().plan,
    ));
}

//! The journal and the texts that it names.

use super::fixture::{
    call, ended, event, id, start, started, success, task_ended, task_started, unit,
};
use super::fixture::{unit_ended, unit_started};
use super::{Bench, on_every_store};
use crate::engine::event::{Event, Fact, Repeat};
use crate::engine::status::{ExecutionStatus, TaskStatus};
use crate::store::view::{TaskFilter, Views as _};
use crate::store::{Contents as _, Journal as _, StoreError};
use serde_json::json;

on_every_store! {
    events_come_back_after_reopening
    second_writer_is_fenced
    refused_append_leaves_no_trace
    journal_begins_with_a_start
    views_follow_a_run
    the_rest_of_an_execution_is_done_by_one_other
    texts_come_back_under_their_digest
}

async fn events_come_back_after_reopening<B: Bench>(bench: B) {
    let events = [
        started(&id(1)),
        task_started(1, 0),
        task_ended(2, 0, success(json!({}))),
    ];
    let store = bench.open();
    assert_eq!(store.append(&id(1), 0, &events[..1]).await.unwrap(), 1);
    assert_eq!(store.append(&id(1), 1, &events[1..]).await.unwrap(), 3);
    drop(store);
    let store = bench.open();
    assert_eq!(store.read(&id(1)).await.unwrap(), events);
    assert_eq!(store.read(&id(2)).await.unwrap(), []);
    assert_eq!(
        store.start(&id(1)).await.unwrap(),
        Some(start(&id(1)).into())
    );
    assert_eq!(store.start(&id(2)).await.unwrap(), None);
}

async fn second_writer_is_fenced<B: Bench>(bench: B) {
    let (one, two) = (bench.open(), bench.open());
    one.append(&id(1), 0, &[started(&id(1))]).await.unwrap();
    two.append(&id(1), 1, &[task_started(1, 0)]).await.unwrap();
    for expected in [0, 1, 3] {
        let error = one.append(&id(1), expected, &[task_started(1, 0)]).await;
        assert_eq!(
            error,
            Err(StoreError::Conflict {
                id: id(1),
                expected,
                found: 2
            })
        );
    }
    assert_eq!(one.append(&id(1), 2, &[]).await, Ok(2));
    assert!(one.append(&id(1), 1, &[]).await.is_err());
}

async fn refused_append_leaves_no_trace<B: Bench>(bench: B) {
    let store = bench.open();
    store.append(&id(1), 0, &[started(&id(1))]).await.unwrap();
    let before = store.execution(&id(1)).await.unwrap();
    let late = [task_started(1, 0), ended(2, ExecutionStatus::Success)];
    let (second, first) = (id(2), [started(&id(2))]);
    let unlucky = id(1);
    // Together with one that is accepted, so that both are in one transaction.
    let (refused, accepted) = tokio::join!(
        store.append(&unlucky, 7, &late),
        store.append(&second, 0, &first)
    );
    assert!(refused.is_err());
    assert_eq!(accepted, Ok(1));
    assert_eq!(store.execution(&id(1)).await.unwrap(), before);
    assert_eq!(store.read(&id(1)).await.unwrap().len(), 1);
    assert!(store.execution(&id(2)).await.unwrap().is_some());
}

async fn journal_begins_with_a_start<B: Bench>(bench: B) {
    let store = bench.open();
    let error = store.append(&id(1), 0, &[task_started(0, 0)]).await;
    assert!(
        matches!(error, Err(StoreError::Damaged { .. })),
        "{error:?}"
    );
    assert_eq!(store.read(&id(1)).await.unwrap(), []);
}

async fn views_follow_a_run<B: Bench>(bench: B) {
    let store = bench.open();
    let begin = [
        started(&id(1)),
        task_started(1, 0),
        unit_started(1, unit(0, None), call("uptime")),
    ];
    store.append(&id(1), 0, &begin).await.unwrap();
    let view = store.execution(&id(1)).await.unwrap().unwrap();
    assert_eq!(view.status, ExecutionStatus::Running);
    assert_eq!(view.current_tasks, ["first"]);
    assert_eq!(json!(view.counters), json!({"Pending": 1, "Running": 1}));
    assert_eq!(view.tags["team"], "blue");
    assert_eq!(view.parameters["who"], "world");
    assert_eq!(store.unfinished().await.unwrap(), [id(1)]);

    let end = [
        unit_ended(2, unit(0, None), success(json!({"a": 1}))),
        task_ended(2, 0, success(json!({"a": 1}))),
        ended(3, ExecutionStatus::Success),
    ];
    store.append(&id(1), 3, &end).await.unwrap();
    let view = store.execution(&id(1)).await.unwrap().unwrap();
    assert_eq!(view.status, ExecutionStatus::Success);
    assert_eq!(json!(view.outputs), json!({"sum": 3}));
    assert_eq!(view.end_date, Some(super::fixture::at(3)));
    assert_eq!(store.unfinished().await.unwrap(), []);
    let tasks = store.tasks(&id(1), &TaskFilter::default()).await.unwrap();
    assert_eq!(tasks.len(), 2);
    assert_eq!(tasks[0].status, TaskStatus::Success);
    assert_eq!(
        tasks[0].properties["Parameters"]["CommandContent"],
        "uptime"
    );
    assert_eq!(tasks[0].outputs["a"], 1);
    assert_eq!(tasks[1].status, TaskStatus::Pending);
}

/// The start of an execution that repeats the first one.
fn repeating(number: u64, rest: bool) -> [Event; 1] {
    let mut start = start(&id(number));
    start.repeats = Some(Repeat {
        execution: id(1),
        note: "again".into(),
        rest,
        taken: Vec::new(),
    });
    [event(
        number.cast_signed(),
        Fact::ExecutionStarted(Box::new(start)),
    )]
}

async fn the_rest_of_an_execution_is_done_by_one_other<B: Bench>(bench: B) {
    let (one, two) = (bench.open(), bench.open());
    one.append(&id(1), 0, &[started(&id(1))]).await.unwrap();
    for (number, rest) in [(2, false), (3, true), (4, false)] {
        let appended = one.append(&id(number), 0, &repeating(number, rest)).await;
        assert_eq!(appended, Ok(1), "{number}");
    }
    let refused = two.append(&id(5), 0, &repeating(5, true)).await;
    let taken = StoreError::Taken {
        execution: id(1),
        by: id(3),
    };
    assert_eq!(refused, Err(taken));
    assert_eq!(two.read(&id(5)).await.unwrap(), []);
    assert_eq!(
        two.repeated_by(&id(1)).await.unwrap(),
        [id(2), id(3), id(4)]
    );
    assert_eq!(two.repeated_by(&id(2)).await.unwrap(), []);
}

async fn texts_come_back_under_their_digest<B: Bench>(bench: B) {
    let texts = vec![
        "a: 1\n".to_owned(),
        "x".repeat(100_000),
        "a: 1\n".to_owned(),
    ];
    let store = bench.open();
    let digests = store.keep(texts.clone()).await.unwrap();
    assert_eq!(digests[0], digests[2]);
    assert_eq!(store.keep(texts.clone()).await.unwrap(), digests);
    let store = bench.open();
    for (digest, text) in digests.iter().zip(&texts) {
        assert_eq!(store.content(digest).await.unwrap().as_ref(), Some(text));
    }
    let unknown = crate::base::digest::Digest::of(b"unknown");
    assert_eq!(store.content(&unknown).await.unwrap(), None);
}

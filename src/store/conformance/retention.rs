//! Removing what has ended.

use serde_json::json;

use super::fixture::{at, call, ended, event, id, map, now, start, started, unit, unit_started};
use super::mailbox::signal;
use super::{Bench, on_every_store};
use crate::base::id::ExecutionId;
use crate::base::output::{Channel, LogKey, OutputSink};
use crate::engine::event::{
    Event, Fact, Firing, Lock, PassCause, Passed, Repeat, TriggerKind, Work,
};
use crate::engine::status::ExecutionStatus;
use crate::store::audit::{Audit as _, AuditRecord};
use crate::store::view::{CommandFilter, ExecutionFilter, TaskFilter, Views as _};
use crate::store::{
    Journal as _, KeptFor, LockWish, Locks as _, Logs as _, Mailbox as _, Part, Removal,
    RemovalCause, Retention as _, STARTER_TAG, Store, StoreError, Triggers as _,
};

on_every_store! {
    what_has_ended_goes_with_all_that_belongs_to_it
    what_has_not_ended_or_is_needed_stays
    output_goes_alone
    executions_stand_in_the_order_in_which_they_ended
    a_trigger_remembers_up_to_when_it_was_dealt_with
    what_is_begun_again_is_not_gone_with_its_logs
    removing_is_on_record
}

fn removal(part: Part) -> Removal {
    Removal {
        part,
        cause: Some(RemovalCause::Age),
        by: "anna".into(),
    }
}

/// Removes executions to the last row; returns which went.
async fn remove(store: &impl Store, part: Part, ids: &[ExecutionId]) -> Vec<ExecutionId> {
    let gone = store.remove(ids, &removal(part)).await.unwrap();
    while store.sweep_removed().await.unwrap() {}
    gone
}

fn key(execution: &ExecutionId) -> LogKey {
    LogKey {
        execution: execution.clone(),
        task: "first".into(),
        item: None,
        attempt: 1,
    }
}

fn print(store: &impl Store, id: &ExecutionId, text: &str) {
    OutputSink::write(store, &key(id), Channel::Stdout, 0, text.as_bytes()).unwrap();
    store.flush(&key(id)).unwrap();
}

/// Records a whole execution that started a command and ended at `seconds`.
async fn run(store: &impl Store, id: &ExecutionId, seconds: i64) {
    let events = [
        started(id),
        unit_started(1, unit(0, None), call("x")),
        ended(seconds, ExecutionStatus::Success),
    ];
    store.append(id, 0, &events).await.unwrap();
}

async fn what_has_ended_goes_with_all_that_belongs_to_it<B: Bench>(bench: B) {
    let store = bench.open();
    for (id, seconds) in [(id(1), 5), (id(1).child(1), 4), (id(2), 6)] {
        run(&store, &id, seconds).await;
        print(&store, &id, "hello\n");
    }
    let before = store.usage().await.unwrap();
    assert!(before.logs > 0, "{before:?}");
    assert!(store.size(&id(1), Part::History).await.unwrap() > 0);
    assert_eq!(
        remove(&store, Part::History, &[id(1), id(9)]).await,
        [id(1)]
    );

    for gone in [id(1), id(1).child(1)] {
        assert_eq!(store.read(&gone).await.unwrap(), []);
        assert_eq!(store.execution(&gone).await.unwrap(), None);
        let tasks = store.tasks(&gone, &TaskFilter::default()).await.unwrap();
        assert_eq!(tasks, []);
        assert_eq!(store.logs(&gone).await.unwrap(), []);
    }
    let all = ExecutionFilter {
        include_children: true,
        tags: vec![("team".into(), "blue".into())],
        ..ExecutionFilter::default()
    };
    let left = store.executions(&all).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].execution_id, id(2));
    let commands = CommandFilter::default();
    let commands = store.commands(&commands).await.unwrap();
    assert!(commands.iter().all(|command| command.execution_id == id(2)));
    assert_eq!(store.logs(&id(2)).await.unwrap().len(), 1);
    assert!(store.usage().await.unwrap().logs < before.logs);

    let store = bench.open();
    let tombstone = store.removed(id(1).as_str(), 10).await.unwrap().remove(0);
    assert_eq!(tombstone.history_removed, Some(now()));
    assert_eq!(tombstone.cause, Some(RemovalCause::Age));
    assert_eq!(tombstone.template_name, "Restart");
    assert!(tombstone.digest.is_some());
    let last = store.last_removed("RESTART").await.unwrap();
    assert_eq!(last, Some(tombstone));
    assert_eq!(store.last_removed("other").await.unwrap(), None);
    assert_eq!(remove(&store, Part::History, &[id(1)]).await, []);
}

/// Asserts that an execution stays for this reason.
#[track_caller]
fn assert_kept(found: &[crate::store::EndedView], id: &ExecutionId, kept: KeptFor) {
    let view = found.iter().find(|view| view.execution_id == *id);
    assert_eq!(view.and_then(|view| view.kept), Some(kept), "{id}");
}

async fn what_has_not_ended_or_is_needed_stays<B: Bench>(bench: B) {
    let store = bench.open();
    let end = |seconds| ended(seconds, ExecutionStatus::Failed);
    // A child that goes on.
    run(&store, &id(1), 2).await;
    store
        .append(&id(1).child(1), 0, &[started(&id(1).child(1))])
        .await
        .unwrap();
    // Repeated by one that goes on, and by one that did the rest.
    run(&store, &id(2), 2).await;
    let repeat = |by, rest| {
        let mut start = start(&id(by));
        let note = String::new();
        let taken = Vec::new();
        start.repeats = Some(Repeat {
            execution: id(2),
            note,
            rest,
            taken,
        });
        event(3, Fact::ExecutionStarted(Box::new(start)))
    };
    store.append(&id(3), 0, &[repeat(3, false)]).await.unwrap();
    store
        .append(&id(4), 0, &[repeat(4, true), end(5)])
        .await
        .unwrap();
    // A signal that nobody has heard, and a place in a queue.
    run(&store, &id(5), 2).await;
    let signal = signal("");
    let number = store.post(&id(5), &signal).await.unwrap();
    run(&store, &id(6), 2).await;
    store.lock(&wish(&id(6))).await.unwrap();
    // Started by a call of one that goes on: of whichever began before.
    let mut guest = start(&id(7));
    guest
        .tags
        .insert(STARTER_TAG.to_owned(), "token".to_owned());
    let guest = event(4, Fact::ExecutionStarted(Box::new(guest)));
    store.append(&id(7), 0, &[guest, end(5)]).await.unwrap();

    let found = store.ended(Part::History, None, 100).await.unwrap();
    let kept = [
        (1, KeptFor::Child),
        (2, KeptFor::Repeat),
        (4, KeptFor::Rest),
        (5, KeptFor::Signal),
        (6, KeptFor::Lock),
        (7, KeptFor::Starter),
    ];
    for (number, kept) in kept {
        assert_kept(&found, &id(number), kept);
    }
    let all: Vec<ExecutionId> = (1..8).map(id).collect();
    assert_eq!(remove(&store, Part::History, &all).await, []);

    // Once nothing needs them any more they go.
    store.append(&id(3), 1, &[end(6)]).await.unwrap();
    store.append(&id(1).child(1), 1, &[end(6)]).await.unwrap();
    store.settle(number, None).await.unwrap();
    let gone = remove(&store, Part::History, &all).await;
    assert_eq!(gone, [1, 2, 3, 4, 5, 7].map(id));
}

fn wish(execution: &ExecutionId) -> LockWish {
    LockWish {
        execution: execution.clone(),
        unit: unit(0, None),
        inside: None,
        lock: Lock {
            names: vec!["x".into()],
            cap: None,
        },
    }
}

async fn output_goes_alone<B: Bench>(bench: B) {
    let store = bench.open();
    for number in [1, 2] {
        run(&store, &id(number), 5).await;
        print(&store, &id(number), "hello\n");
    }
    run(&store, &id(3), 5).await;
    store.append(&id(4), 0, &[started(&id(4))]).await.unwrap();
    print(&store, &id(4), "still at work\n");
    let listed = |found: Vec<crate::store::EndedView>| -> Vec<ExecutionId> {
        found.into_iter().map(|view| view.execution_id).collect()
    };
    let found = store.ended(Part::Logs, None, 10).await.unwrap();
    assert_eq!(
        listed(found),
        [id(1), id(2)],
        "those that have printed and ended"
    );
    assert!(store.size(&id(1), Part::Logs).await.unwrap() > 0);
    let gone = remove(&store, Part::Logs, &[id(1), id(4)]).await;
    assert_eq!(gone, [id(1)]);
    assert_eq!(store.logs(&id(1)).await.unwrap(), []);
    assert_eq!(store.lines(&key(&id(2)), 0, 9).await.unwrap().len(), 1);
    assert_eq!(store.lines(&key(&id(4)), 0, 9).await.unwrap().len(), 1);
    assert!(store.execution(&id(1)).await.unwrap().is_some());
    let tombstone = store.removed(id(1).as_str(), 1).await.unwrap().remove(0);
    assert_eq!(
        (tombstone.history_removed, tombstone.logs_removed),
        (None, Some(now()))
    );
    assert_eq!(store.last_removed("Restart").await.unwrap(), None);
    // And the rest of it later.
    assert_eq!(remove(&store, Part::History, &[id(1)]).await, [id(1)]);
    let tombstone = store.removed(id(1).as_str(), 1).await.unwrap().remove(0);
    assert!(tombstone.history_removed.is_some() && tombstone.logs_removed.is_some());
}

async fn executions_stand_in_the_order_in_which_they_ended<B: Bench>(bench: B) {
    let store = bench.open();
    for (number, seconds) in [(1, 30), (2, 10), (3, 20), (4, 20)] {
        run(&store, &id(number), seconds).await;
        run(&store, &id(number).child(1), seconds).await;
    }
    let all = store.ended(Part::History, None, 10).await.unwrap();
    let places: Vec<_> = all
        .iter()
        .map(|view| (view.end_date, view.execution_id.clone()))
        .collect();
    let expected = [(10, 2), (20, 3), (20, 4), (30, 1)];
    assert_eq!(
        places,
        expected.map(|(seconds, number)| (at(seconds), id(number)))
    );
    let behind = store
        .ended(Part::History, Some(&places[1]), 1)
        .await
        .unwrap();
    assert_eq!(behind[0].execution_id, id(4));
    assert_eq!(
        store.end_before_newest(1).await.unwrap(),
        Some((at(20), id(4)))
    );
    assert_eq!(store.end_before_newest(4).await.unwrap(), None);
}

fn fired(number: u64, nominal: i64) -> Event {
    let mut start = start(&id(number));
    start.fired = Some(Firing {
        trigger: id(1),
        nominal: Some(at(nominal)),
    });
    event(nominal, Fact::ExecutionStarted(Box::new(start)))
}

async fn what_is_begun_again_is_not_gone_with_its_logs<B: Bench>(bench: B) {
    let store = bench.open();
    run(&store, &id(1), 5).await;
    assert_eq!(remove(&store, Part::History, &[id(1)]).await, [id(1)]);
    run(&store, &id(1), 6).await;
    assert_eq!(remove(&store, Part::Logs, &[id(1)]).await, [id(1)]);
    assert_eq!(store.read(&id(1)).await.unwrap().len(), 3);
    let [gone] = &*store.removed("", 2).await.unwrap() else {
        panic!("there is one tombstone");
    };
    assert_eq!((gone.history_removed, &gone.digest), (None, &None));
    assert!(gone.logs_removed.is_some());
}

async fn a_trigger_remembers_up_to_when_it_was_dealt_with<B: Bench>(bench: B) {
    let store = bench.open();
    let work = Work::Watch {
        trigger: TriggerKind::Timer,
        settings: map(json!({"Type": "rate", "Expression": "1 minutes"})),
    };
    let passed = Passed {
        from: at(5),
        until: at(5),
        count: 1,
        cause: PassCause::Missed,
        note: String::new(),
    };
    let unit = unit(0, None);
    let watch = [
        started(&id(1)),
        unit_started(1, unit, work),
        event(6, Fact::TimesPassed { unit, passed }),
    ];
    store.append(&id(1), 0, &watch).await.unwrap();
    for (number, nominal) in [(2, 10), (3, 20)] {
        store
            .append(&id(number), 0, &[fired(number, nominal)])
            .await
            .unwrap();
        let end = ended(nominal + 1, ExecutionStatus::Success);
        store.append(&id(number), 1, &[end]).await.unwrap();
    }
    let found = store.ended(Part::History, None, 10).await.unwrap();
    assert_kept(&found, &id(3), KeptFor::Trigger);
    assert_eq!(
        remove(&store, Part::History, &[id(1), id(2), id(3)]).await,
        [id(2)]
    );
    let handled = store.trigger(&id(1)).await.unwrap().unwrap().handled;
    assert_eq!(handled, Some(at(20)));
    for nominal in [10, 20] {
        let again = store.append(&id(8), 0, &[fired(8, nominal)]).await;
        assert!(matches!(again, Err(StoreError::Passed { .. })), "{again:?}");
    }
    let firings = store.firings(&id(1), 10).await.unwrap();
    assert_eq!(firings.len(), 2, "that of what went has gone, too");
    // A trigger that has ended goes when all that it has fired has ended.
    store.append(&id(4), 0, &[fired(4, 30)]).await.unwrap();
    store
        .append(&id(1), 3, &[ended(31, ExecutionStatus::Cancelled)])
        .await
        .unwrap();
    let found = store.ended(Part::History, None, 10).await.unwrap();
    assert_kept(&found, &id(1), KeptFor::Fired);
    store
        .append(&id(4), 1, &[ended(32, ExecutionStatus::Success)])
        .await
        .unwrap();
    let gone = remove(&store, Part::History, &[id(1), id(3)]).await;
    assert_eq!(gone, [id(1), id(3)]);
    assert_eq!(store.triggers(true).await.unwrap(), []);
}

async fn removing_is_on_record<B: Bench>(bench: B) {
    let store = bench.open();
    for number in [1, 2] {
        run(&store, &id(number), 5).await;
    }
    remove(&store, Part::History, &[id(1), id(2)]).await;
    let records: Vec<AuditRecord> = store.audit(0, 100).await.unwrap();
    let last = records.last().unwrap();
    assert_eq!(
        (last.action.as_str(), last.actor.as_str()),
        ("history-removed", "anna")
    );
    assert_eq!(last.detail_value("executions"), Some(json!(2)));
    assert_eq!(last.detail_value("to"), Some(json!(id(2).to_string())));
    assert_eq!(last.detail_value("cause"), Some(json!("age")));
    let starts = records.iter().filter(|record| record.action == "started");
    assert_eq!(starts.count(), 2, "what people did stays on record");
    // Nothing to remove is nothing to record.
    remove(&store, Part::History, &[id(1)]).await;
    assert_eq!(store.audit(0, 100).await.unwrap().len(), records.len());
}

//! The store in memory and the one on disk answer alike, whatever is done and whenever the latter
//! is opened again (law L8).

use proptest::prelude::*;
use serde_json::json;

use super::fixture::{
    at, call, ended, event, failure, id, loop_started, started, success, task_ended, task_started,
    unit, unit_ended, unit_started,
};
use super::mailbox::signal;
use super::{Bench, Memory, Sqlite};
use crate::base::digest::Digest;
use crate::base::output::OutputSink;
use crate::base::output::{Channel, LogKey};
use crate::base::records::{Record, RecordChange, RecordQuery, Records};
use crate::engine::event::{Event, Fact, Work};
use crate::engine::status::{ExecutionStatus, WaitReason};
use crate::store::audit::Audit;
use crate::store::view::{ExecutionFilter, TaskFilter};
use crate::store::{Part, Removal, RemovalCause, Store};

#[derive(Clone, Debug)]
enum Step {
    Append(u64, u64, Vec<u8>),
    Output(u64, bool, u64, String),
    Post(u64),
    Settle(u64, bool),
    Put(u8, u64, u8),
    Delete(u8, u64),
    Template(u8, u8),
    Remove(u64, bool),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3_u64, 0..3_u64, prop::collection::vec(0..18_u8, 1..5))
            .prop_map(|(id, slip, facts)| Step::Append(id, slip, facts)),
        3 => (0..3_u64, any::<bool>(), 0..4_u64, "[a\n]{0,6}")
            .prop_map(|(id, error, back, text)| Step::Output(id, error, back, text)),
        1 => (0..3_u64).prop_map(Step::Post),
        1 => (1..5_u64, any::<bool>()).prop_map(|(number, accept)| Step::Settle(number, accept)),
        2 => (0..3_u8, 0..3_u64, 0..3_u8).prop_map(|(id, rev, tag)| Step::Put(id, rev, tag)),
        1 => (0..3_u8, 0..3_u64).prop_map(|(id, rev)| Step::Delete(id, rev)),
        1 => (0..2_u8, 0..2_u8).prop_map(|(name, text)| Step::Template(name, text)),
        2 => (0..3_u64, any::<bool>()).prop_map(|(id, all)| Step::Remove(id, all)),
        2 => Just(Step::Reopen),
    ]
}

/// One of many facts; their order need not make sense, since listings take every order.
fn fact(kind: u8, seconds: i64) -> Event {
    let item = unit(0, Some(u32::from(kind % 3)));
    match kind {
        0 | 1 => task_started(seconds, u32::from(kind)),
        2 => loop_started(seconds, 0, vec![json!("a"), json!({"b": 1}), json!(null)]),
        3..=5 => unit_started(seconds, item, call("x")),
        6..=8 => unit_ended(seconds, item, success(json!({"n": kind}))),
        9 => unit_ended(seconds, item, failure("broken")),
        10 => unit_started(seconds, unit(1, None), Work::Pause),
        11 => unit_ended(seconds, unit(1, None), success(json!({}))),
        12 => task_ended(seconds, 0, success(json!({"n": [1]}))),
        13 => task_ended(seconds, 1, failure("broken")),
        14 => event(seconds, Fact::TaskSkipped { task: 1 }),
        15 => event(
            seconds,
            Fact::UnitLost {
                unit: item,
                reason: "gone".into(),
            },
        ),
        16 => event(
            seconds,
            Fact::ExecutionPaused {
                task: 0,
                reason: WaitReason::Failure,
            },
        ),
        _ => ended(seconds, ExecutionStatus::Failed),
    }
}

fn key(number: u64) -> LogKey {
    LogKey {
        execution: id(number),
        task: "first".into(),
        item: None,
        attempt: 1,
    }
}

/// Does a step and returns all that it answered.
async fn perform(store: &impl Store, step: &Step, seconds: i64) -> String {
    match step {
        Step::Append(number, slip, facts) => {
            let known = store.read(&id(*number)).await.unwrap().len() as u64;
            // Every third append is behind or ahead of the journal.
            let expected = if *slip == 0 { known + 1 } else { known };
            let mut events: Vec<_> = facts.iter().map(|kind| fact(*kind, seconds)).collect();
            if known == 0 {
                events.insert(0, started(&id(*number)));
            }
            format!("{:?}", store.append(&id(*number), expected, &events).await)
        }
        Step::Output(number, error, back, text) => {
            let channel = if *error {
                Channel::Stderr
            } else {
                Channel::Stdout
            };
            let stored = store.stored(&key(*number), channel).unwrap();
            let offset = stored.saturating_sub(*back);
            let written = OutputSink::write(store, &key(*number), channel, offset, text.as_bytes());
            let flushed = store.flush(&key(*number));
            format!("{:?} {:?}", written.is_ok(), flushed.is_ok())
        }
        Step::Post(number) => {
            let signal = signal("");
            format!("{:?}", store.post(&id(*number), &signal).await)
        }
        Step::Settle(number, accept) => {
            let refusal = (!accept).then(|| "no".to_owned());
            format!("{:?}", store.settle(*number, refusal).await)
        }
        Step::Put(number, revision, tag) => {
            let record = Record {
                kind: "instance".into(),
                id: number.to_string(),
                document: json!({ "tag": tag }),
                tags: vec![("tag".into(), tag.to_string())],
                revision: *revision,
                sealed: false,
            };
            format!(
                "{:?}",
                Records::write(store, vec![RecordChange::Put(record)])
            )
        }
        Step::Delete(number, revision) => {
            let change = RecordChange::Delete {
                kind: "instance".into(),
                id: number.to_string(),
                revision: *revision,
            };
            format!("{:?}", Records::write(store, vec![change]))
        }
        Step::Template(name, text) => {
            let name = format!("template-{name}");
            format!(
                "{:?}",
                store.put_template(&name, &text.to_string(), "anna").await
            )
        }
        Step::Remove(number, all) => {
            let removal = Removal {
                part: if *all { Part::History } else { Part::Logs },
                cause: Some(RemovalCause::Age),
                by: "anna".into(),
            };
            let gone = store.remove(&[id(*number), id(7)], &removal).await;
            while store.sweep_removed().await.unwrap() {}
            format!("{gone:?}")
        }
        Step::Reopen => String::new(),
    }
}

/// Returns everything that can be read.
async fn everything(store: &(impl Store + Audit)) -> Vec<String> {
    let mut seen = Vec::new();
    let all = ExecutionFilter::default();
    seen.push(format!("{:?}", store.executions(&all).await));
    let waiting = ExecutionFilter {
        statuses: vec![ExecutionStatus::Waiting],
        started_before: Some(at(5)),
        ..all
    };
    seen.push(format!("{:?}", store.executions(&waiting).await));
    seen.push(format!("{:?}", store.unfinished().await));
    for number in 0..3 {
        let id = id(number);
        let tasks = TaskFilter {
            include_items: true,
            ..TaskFilter::default()
        };
        seen.push(format!("{:?}", store.tasks(&id, &tasks).await));
        seen.push(format!("{:?}", store.events(&id, 1, 3).await));
        seen.push(format!("{:?}", store.waiting(&id).await));
        seen.push(format!("{:?}", store.logs(&id).await));
        seen.push(format!("{:?}", store.lines(&key(number), 1, 3).await));
    }
    for number in 1..5 {
        seen.push(format!("{:?}", store.answer(number).await));
    }
    let tagged = RecordQuery {
        ids: None,
        tags: vec![("tag".into(), Some("1".into()))],
    };
    seen.push(format!(
        "{:?}",
        store.list("instance", &RecordQuery::default())
    ));
    seen.push(format!("{:?}", store.list("instance", &tagged)));
    seen.push(format!("{:?}", store.templates().await));
    for part in [Part::History, Part::Logs] {
        seen.push(format!("{:?}", store.ended(part, None, 10).await));
    }
    seen.push(format!("{:?}", store.end_before_newest(1).await));
    for mut view in store.removed("exec-", 10).await.unwrap() {
        // Each keeps journals in a form of its own.
        view.digest = view.digest.map(|_| Digest::of(b""));
        seen.push(format!("{view:?}"));
    }
    for mut record in store.audit(0, usize::MAX).await.unwrap() {
        if record.action == "history-removed" {
            let digest = record.detail_value("digest").unwrap();
            record.detail = record.detail.replace(digest.as_str().unwrap(), "");
        }
        // Where it was written down is all that may differ.
        seen.push(format!(
            "{} {} {} {} {} {}",
            record.number, record.at, record.actor, record.action, record.subject, record.detail
        ));
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn memory_and_disk_answer_alike(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (memory, disk) = (Memory::new(), Sqlite::new());
            let (model, mut store) = (memory.open(), disk.open());
            for (seconds, step) in (0..).zip(&steps) {
                if matches!(step, Step::Reopen) {
                    drop(store);
                    store = disk.open();
                }
                let expected = perform(&model, step, seconds).await;
                prop_assert_eq!(perform(&store, step, seconds).await, expected, "{:?}", step);
            }
            prop_assert_eq!(everything(&store).await, everything(&model).await);
            prop_assert_eq!(store.check().unwrap(), []);
            Ok(())
        })?;
    }
}

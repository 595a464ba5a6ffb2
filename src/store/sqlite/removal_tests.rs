//! Removing on a disk: sound at every step, and the room comes back.

use std::path::Path;
use std::sync::Arc;

use crate::base::id::ExecutionId;
use crate::base::output::{Channel, LogKey, OutputSink as _};
use crate::engine::status::ExecutionStatus;
use crate::store::conformance::fixture::{
    call, ended, id, loop_started, now, started, success, task_ended, unit, unit_ended,
    unit_started,
};
use crate::store::sqlite::tests::stopwatch;
use crate::store::sqlite::{SqliteStore, verify_file};
use crate::store::view::{ExecutionFilter, Views as _};
use crate::store::{Journal as _, Part, Removal, RemovalCause, Retention as _};

/// Makes a file one of the format before there was retention.
pub(super) const FORMAT_8: &str = "\
    DROP TRIGGER log_chunk_came; DROP TRIGGER log_chunk_went; DROP TABLE tally; \
    DROP TABLE removal; DROP INDEX execution_ended; DROP INDEX command_execution; \
    DROP INDEX signal_execution; ALTER TABLE watch DROP COLUMN renewed; PRAGMA user_version = 8;";

fn open(directory: &Path) -> SqliteStore {
    SqliteStore::open(directory, Arc::new(now)).unwrap()
}

fn removal(part: Part) -> Removal {
    Removal {
        part,
        cause: Some(RemovalCause::Bytes),
        by: "anna".into(),
    }
}

/// Records an execution with a loop of so many items, each of which prints, in a child if it is asked for.
async fn record(store: &SqliteStore, id: &ExecutionId, items: u32) {
    let values = (0..items).map(Into::into).collect();
    let mut events = vec![started(id), loop_started(1, 0, values)];
    for item in 0..items {
        let unit = unit(0, Some(item));
        let output = success(serde_json::json!({ "text": "x".repeat(100) }));
        events.push(unit_started(1, unit, call("true")));
        events.push(unit_ended(2, unit, output));
        let key = LogKey {
            execution: id.clone(),
            task: "first".into(),
            item: Some(item),
            attempt: 1,
        };
        let text = format!("{item} says hello to {id}\n").repeat(20);
        store
            .write(&key, Channel::Stdout, 0, text.as_bytes())
            .unwrap();
        store.flush(&key).unwrap();
    }
    events.push(task_ended(3, 0, success(serde_json::json!({}))));
    events.push(ended(4, ExecutionStatus::Success));
    store.append(id, 0, &events).await.unwrap();
}

#[track_caller]
fn assert_sound(directory: &Path, store: &SqliteStore, when: &str) {
    assert_eq!(store.check().unwrap(), [], "{when}");
    let report = verify_file(&directory.join("oos.sqlite"), None).unwrap();
    assert_eq!(report.flaws, [], "{when}");
}

#[tokio::test]
async fn a_crash_after_any_step_of_a_removal_leaves_a_sound_store() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    for root in [id(1), id(2)] {
        record(&store, &root, 300).await;
        record(&store, &root.child(1), 200).await;
    }
    record(&store, &id(3), 3).await;
    let listed = |store: SqliteStore| async move {
        let all = ExecutionFilter::default();
        let all = store.executions(&all).await.unwrap();
        all.into_iter()
            .map(|view| view.execution_id)
            .collect::<Vec<_>>()
    };
    store.remove(&[id(1)], &removal(Part::Logs)).await.unwrap();
    store
        .remove(&[id(1), id(2)], &removal(Part::History))
        .await
        .unwrap();
    let mut steps = 0;
    loop {
        assert_eq!(
            listed(store.clone()).await,
            [id(3)],
            "at once, after {steps} steps"
        );
        assert_sound(folder.path(), &store, &format!("after {steps} steps"));
        if steps % 3 == 1 {
            // What is left is not listed again.
            assert_eq!(store.rebuild("anna").unwrap(), 1);
        }
        drop(store);
        store = open(folder.path());
        steps += 1;
        if !store.sweep_removed().await.unwrap() {
            break;
        }
    }
    assert!(steps > 5, "it is done in {steps} steps");
    assert_sound(folder.path(), &store, "at the end");
    let connection = rusqlite::Connection::open(folder.path().join("oos.sqlite")).unwrap();
    for table in [
        "journal",
        "execution_detail",
        "task",
        "loop_block",
        "log",
        "log_chunk",
        "execution_tag",
    ] {
        let sql = format!("SELECT count(*) FROM {table}");
        let rows: u64 = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
        let of_the_other = match table {
            "journal" => 10,
            "task" => 5,
            "log" | "log_chunk" => 3,
            _ => 1,
        };
        assert_eq!(rows, of_the_other, "{table}");
    }
}

#[tokio::test]
async fn room_is_given_back_to_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let roots: Vec<ExecutionId> = (1..=30).map(id).collect();
    for root in &roots {
        record(&store, root, 400).await;
    }
    let size = || {
        std::fs::metadata(folder.path().join("oos.sqlite"))
            .unwrap()
            .len()
    };
    // So that all of it is in the file, and not in the log of what was written last.
    let connection = rusqlite::Connection::open(folder.path().join("oos.sqlite")).unwrap();
    let settle = || {
        connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .unwrap();
    };
    settle();
    let before = size();
    store.remove(&roots, &removal(Part::History)).await.unwrap();
    let mut steps = Vec::new();
    loop {
        let begin = stopwatch();
        let is_more = store.sweep_removed().await.unwrap();
        steps.push(begin.elapsed());
        if !is_more {
            break;
        }
    }
    steps.sort();
    let (number, longest) = (steps.len(), steps[steps.len() - 1]);
    let (middle, most) = (steps[number / 2], steps[number * 99 / 100]);
    println!("report: {number} steps, p50 {middle:?}, p99 {most:?}, longest {longest:?}");
    settle();
    let after = size();
    println!(
        "report: {before} bytes before, {after} after {} executions went",
        roots.len()
    );
    assert!(after < before / 2, "{before} bytes before, {after} after");
    assert!(store.usage().await.unwrap().unused < 5 << 20);
    assert_sound(folder.path(), &store, "at the end");
}

#[tokio::test]
async fn an_older_file_counts_the_output_that_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    record(&store, &id(1), 5).await;
    let logs = store.usage().await.unwrap().logs;
    drop(store);
    let connection = rusqlite::Connection::open(folder.path().join("oos.sqlite")).unwrap();
    connection.execute_batch(FORMAT_8).unwrap();
    drop(connection);
    let path = folder.path().join("oos.sqlite");
    assert_eq!(verify_file(&path, None).unwrap().flaws, [], "read as it is");
    let store = open(folder.path());
    assert_eq!(store.usage().await.unwrap().logs, logs);
    assert_sound(folder.path(), &store, "after the change of format");
}

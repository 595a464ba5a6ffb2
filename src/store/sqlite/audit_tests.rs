//! Audit records on disk: what is changed, cut off or hidden is found, what outlives its execution
//! stays whole.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::{TempDir, tempdir};

use crate::base::digest::Digest;
use crate::engine::event::{Event, Fact, Request, Signal};
use crate::store::audit::{Audit as _, AuditAction, AuditHead, AuditReport, Deed};
use crate::store::conformance::fixture::{event, id, now, started, task_started};
use crate::store::sqlite::seal::KeyFile;
use crate::store::sqlite::{SqliteStore, audit, audit_check, verify_file};
use crate::store::{Journal as _, Templates as _};

const COLUMNS: [&str; 8] = [
    "at", "actor", "origin", "action", "subject", "detail", "previous", "digest",
];

fn open(directory: &Path) -> SqliteStore {
    SqliteStore::open(directory, Arc::new(now)).unwrap()
}

fn database(directory: &TempDir) -> Connection {
    Connection::open(directory.path().join("oos.sqlite")).unwrap()
}

fn cancelled(seconds: i64) -> Event {
    let signal = Signal {
        by: "bob".into(),
        note: "enough — 够了".into(),
        request: Request::Cancel,
        number: None,
        plan: None,
    };
    event(seconds, Fact::SignalReceived { signal })
}

/// A store with two executions and a template: six records.
async fn filled() -> (TempDir, SqliteStore) {
    let directory = tempdir().unwrap();
    let store = open(directory.path());
    let run = [started(&id(1)), task_started(1, 0), cancelled(2)];
    store.append(&id(1), 0, &run).await.unwrap();
    store
        .append(&id(2), 0, &[started(&id(2)), cancelled(3)])
        .await
        .unwrap();
    store.put_template("Patch", "a: 1", "ann").await.unwrap();
    (directory, store)
}

fn verify(
    connection: &Connection,
    directory: &TempDir,
    expected: Option<AuditHead>,
) -> AuditReport {
    let key = KeyFile::of(directory.path());
    audit_check::verify(connection, &key, expected).unwrap()
}

/// Does `change` and returns the number of the first record that is then wrong; undoes it.
fn flaw_after(connection: &Connection, directory: &TempDir, change: &str) -> Option<u64> {
    connection.execute_batch("BEGIN").unwrap();
    connection.execute_batch(change).unwrap();
    let report = verify(connection, directory, None);
    connection.execute_batch("ROLLBACK").unwrap();
    report.flaws.first().map(|flaw| flaw.number)
}

#[tokio::test]
async fn every_byte_of_every_column_counts() {
    let (directory, _store) = filled().await;
    let connection = database(&directory);
    for number in 1..=6_u64 {
        for column in COLUMNS {
            let select = format!("SELECT {column} FROM audit WHERE number = {number}");
            let value: Value = connection.query_row(&select, [], |row| row.get(0)).unwrap();
            let changed: Vec<String> = match value {
                Value::Integer(at) => (0..63).map(|bit| (at ^ (1 << bit)).to_string()).collect(),
                Value::Text(text) => (0..text.len())
                    .map(|place| {
                        let mut bytes = text.clone().into_bytes();
                        bytes[place] ^= 1;
                        let hex = Digest::from_hash(&bytes);
                        format!("CAST(x'{}' AS TEXT)", hex.hex())
                    })
                    .collect(),
                other => panic!("{other:?}"),
            };
            assert!(!changed.is_empty() || column == "previous" && number == 1);
            for value in changed {
                let change = format!("UPDATE audit SET {column} = {value} WHERE number = {number}");
                let found = flaw_after(&connection, &directory, &change);
                assert_eq!(found, Some(number), "{change}");
            }
        }
    }
    assert_eq!(verify(&connection, &directory, None).flaws, []);
}

#[tokio::test]
async fn every_record_that_is_deleted_moved_or_put_in_is_found() {
    let (directory, _store) = filled().await;
    let connection = database(&directory);
    for one in 1..=6_u64 {
        let delete = format!("DELETE FROM audit WHERE number = {one}");
        assert_eq!(flaw_after(&connection, &directory, &delete), Some(one));
        let copy = format!(
            "INSERT INTO audit SELECT 7, at, actor, origin, action, subject, detail, previous, \
             digest FROM audit WHERE number = {one}"
        );
        assert_eq!(flaw_after(&connection, &directory, &copy), Some(7));
        for two in one + 1..=6 {
            let swap = format!(
                "UPDATE audit SET number = 99 WHERE number = {one};
                 UPDATE audit SET number = {one} WHERE number = {two};
                 UPDATE audit SET number = {two} WHERE number = 99"
            );
            assert_eq!(flaw_after(&connection, &directory, &swap), Some(one));
        }
    }
}

#[tokio::test]
async fn an_end_that_is_cut_off_is_found() {
    let (directory, store) = filled().await;
    let connection = database(&directory);
    let head = store.audit(5, 1).await.unwrap()[0].head();
    let cut = |from: u64| format!("DELETE FROM audit WHERE number >= {from}");
    for from in 1..=6 {
        assert_eq!(flaw_after(&connection, &directory, &cut(from)), Some(from));
    }
    let mended = "UPDATE sqlite_sequence SET seq = (SELECT max(number) FROM audit) \
                  WHERE name = 'audit'";
    // The journals still tell of what was done.
    for from in 2..=5 {
        let change = format!("{}; {mended}", cut(from));
        assert_eq!(flaw_after(&connection, &directory, &change), Some(from));
    }
    // Nothing but the record told of the template: a head that was noted finds it.
    connection
        .execute_batch(&format!("{}; {mended}", cut(6)))
        .unwrap();
    assert_eq!(verify(&connection, &directory, None).flaws, []);
    let report = verify(&connection, &directory, Some(head.clone()));
    assert_eq!(report.flaws[0].number, 6, "{report:?}");
    // Also when others have been written since.
    store.put_template("Other", "b: 1", "eve").await.unwrap();
    let report = verify(&connection, &directory, Some(head));
    assert_eq!(report.flaws[0].number, 6, "{report:?}");
    assert!(report.flaws[0].problem.contains("digest is expected"));
}

#[tokio::test]
async fn numbers_that_were_cut_off_are_not_given_out_again() {
    let (directory, store) = filled().await;
    database(&directory)
        .execute_batch("DELETE FROM audit WHERE number > 3")
        .unwrap();
    let head = store
        .note(Deed::new("ann", AuditAction::SecretSet, "x"))
        .await
        .unwrap();
    assert_eq!(head.number, 7);
    let findings = store.check().unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].what, "audit record 4");
    // All gone: the next process does not begin as if nothing had been there.
    database(&directory)
        .execute_batch("DELETE FROM audit")
        .unwrap();
    drop(store);
    let report = verify(&database(&directory), &directory, None);
    assert_eq!(report.flaws[0].number, 1);
    drop(open(directory.path()));
    let report = verify(&database(&directory), &directory, None);
    assert_eq!(report.flaws[0].number, 1);
}

#[tokio::test]
async fn records_and_journals_must_tell_the_same() {
    let (directory, _store) = filled().await;
    let connection = database(&directory);
    let gone = format!("DELETE FROM journal WHERE execution_id = '{}'", id(1));
    // Executions that are deleted whole keep their records.
    assert_eq!(flaw_after(&connection, &directory, &gone), None);
    let shortened = format!("{gone} AND seq = 3");
    assert_eq!(flaw_after(&connection, &directory, &shortened), Some(3));
    // Hiding behind the list of what is older than the records.
    let hidden = format!("INSERT INTO unaudited VALUES ('{}', 9)", id(1));
    assert_eq!(flaw_after(&connection, &directory, &hidden), Some(1));
}

#[tokio::test]
async fn a_rebuild_adds_a_record_and_changes_none() {
    let (_directory, store) = filled().await;
    let before = store.audit(0, 99).await.unwrap();
    store.rebuild("carl").unwrap();
    let after = store.audit(0, 99).await.unwrap();
    assert_eq!(after[..6], before);
    assert_eq!(
        (&*after[6].actor, &*after[6].action),
        ("carl", "store-rebuilt")
    );
    assert_eq!(after.len(), 7);
    assert_eq!(store.check().unwrap(), []);
}

#[tokio::test]
async fn a_copy_is_verified_and_nothing_is_left_beside_it() {
    let (directory, store) = filled().await;
    let target = tempdir().unwrap();
    let copy = target.path().join("50% of #1?.sqlite");
    store.backup(&copy).unwrap();
    let report = verify_file(&copy, None).unwrap();
    assert_eq!((report.records, &*report.flaws), (6, &[][..]));
    assert_eq!(std::fs::read_dir(target.path()).unwrap().count(), 1);
    // The one in use, with what is only in its log so far.
    let used = directory.path().join("oos.sqlite");
    assert_eq!(verify_file(&used, None).unwrap(), report);
    assert!(verify_file(&target.path().join("none"), None).is_err());
}

#[tokio::test]
async fn journals_that_cannot_be_read_are_not_taken_as_compared() {
    let directory = tempdir().unwrap();
    let store = open(directory.path());
    let mut start = crate::store::conformance::fixture::start(&id(1));
    start.secret = vec!["who".into()];
    let start = event(0, Fact::ExecutionStarted(Box::new(start)));
    store.append(&id(1), 0, &[start]).await.unwrap();
    drop(store);
    let file = directory.path().join("oos.sqlite");
    assert_eq!(verify_file(&file, None).unwrap().not_compared, 0);
    std::fs::remove_file(directory.path().join("secret.key")).unwrap();
    let report = verify_file(&file, None).unwrap();
    assert_eq!((report.not_compared, &*report.flaws), (1, &[][..]));
}

#[tokio::test]
async fn a_store_of_the_first_format_gets_records_from_now_on() {
    let directory = tempdir().unwrap();
    let connection = database(&directory);
    connection
        .execute_batch(include_str!("migration/0001_initial.sql"))
        .unwrap();
    connection
        .execute_batch("PRAGMA application_id = 0x6f6f7331; PRAGMA user_version = 1")
        .unwrap();
    for (seq, event) in [(1, started(&id(1))), (2, cancelled(1))] {
        let mut blob = vec![0];
        blob.extend(serde_json::to_vec(&event).unwrap());
        connection
            .execute(
                "INSERT INTO journal VALUES (?1, ?2, ?3)",
                (id(1).as_str(), seq, blob),
            )
            .unwrap();
    }
    let file = directory.path().join("oos.sqlite");
    assert!(verify_file(&file, None).is_err());
    let store = open(directory.path());
    store.rebuild("ann").unwrap();
    assert_eq!(store.check().unwrap(), []);
    assert_eq!(store.read(&id(1)).await.unwrap().len(), 2);
    store.append(&id(1), 2, &[cancelled(2)]).await.unwrap();
    let records = store.audit(0, 99).await.unwrap();
    let actions: Vec<_> = records.iter().map(|record| &*record.action).collect();
    assert_eq!(actions, ["begun", "store-rebuilt", "cancelled"]);
    assert_eq!(store.check().unwrap(), []);
    let missing = "DELETE FROM audit WHERE number = 3; \
                   UPDATE sqlite_sequence SET seq = 2 WHERE name = 'audit'";
    assert_eq!(flaw_after(&connection, &directory, missing), Some(3));
    assert_eq!(audit::highest(&connection).unwrap(), 3);
}

#[test]
fn unreadable_files_are_no_flaws() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("text");
    std::fs::write(&path, "no database at all, but long enough to look at").unwrap();
    assert!(verify_file(&path, None).is_err());
}

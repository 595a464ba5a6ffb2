//! What only a store on disk can get wrong: files, crashes, damage, keys, other processes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::Connection;
use serde_json::json;
use tempfile::{TempDir, tempdir};

use crate::base::output::{Channel, LogKey, OutputSink as _};
use crate::base::records::{Record, RecordChange, RecordQuery};
use crate::engine::event::{Event, Fact, Request, Signal, UnitId, Work};
use crate::engine::status::ExecutionStatus;
use crate::store::conformance::fixture::{
    at, call, ended, event, failure, id, loop_started, map, now, start, started, success,
    task_ended, task_started, unit, unit_ended, unit_started,
};
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::removal_tests::FORMAT_8;
use crate::store::view::{CommandFilter, ExecutionFilter, TaskFilter, Views as _};
use crate::store::{Contents as _, Journal as _, Logs as _, Mailbox as _, StoreError};

fn open(directory: &Path) -> SqliteStore {
    SqliteStore::open(directory, Arc::new(now)).unwrap()
}

fn database(directory: &TempDir) -> Connection {
    Connection::open(directory.path().join("oos.sqlite")).unwrap()
}

fn log_key() -> LogKey {
    LogKey {
        execution: id(1),
        task: "first".into(),
        item: None,
        attempt: 1,
    }
}

/// A run with a loop, an end and outputs.
fn run() -> Vec<Event> {
    vec![
        started(&id(1)),
        loop_started(1, 0, vec![json!("a"), json!(1.5)]),
        unit_started(1, unit(0, Some(0)), call("uptime")),
        unit_started(1, unit(0, Some(1)), call("uptime")),
        unit_ended(2, unit(0, Some(0)), success(json!({"load": 0.25}))),
        unit_ended(2, unit(0, Some(1)), failure("exit code 1")),
        task_ended(3, 0, failure("1 of 2 items failed")),
        ended(4, ExecutionStatus::Failed),
    ]
}

#[tokio::test]
async fn everything_on_disk_is_private() {
    let parent = tempdir().unwrap();
    let directory = parent.path().join("state/oos");
    let store = open(&directory);
    store.append(&id(1), 0, &secret_run()).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    let files: Vec<_> = fs::read_dir(&directory)
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    assert_eq!(files.len(), 4, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

fn secret_run() -> Vec<Event> {
    let mut start = start(&id(1));
    start.parameters = map(json!({"password": "hunter22"}));
    start.secret = vec!["password".into()];
    start.inherited_secrets = vec![json!("inherited-canary")];
    vec![
        event(0, Fact::ExecutionStarted(Box::new(start))),
        task_started(1, 0),
        unit_started(
            1,
            unit(0, None),
            call(&"login hunter22 inherited-canary; ".repeat(200)),
        ),
        unit_ended(2, unit(0, None), success(json!({"hunter22": ["hunter22"]}))),
        task_ended(2, 0, failure("hunter22 was refused")),
    ]
}

#[tokio::test]
async fn planted_secret_is_in_no_file() {
    let directory = tempdir().unwrap();
    let store = open(directory.path());
    store.append(&id(1), 0, &secret_run()).await.unwrap();
    let signal = Signal {
        by: "anna".into(),
        note: "try hunter22".into(),
        request: Request::RetryTask {
            task: None,
            parameters: Some(map(json!({"password": "hunter22"}))),
        },
        plan: None,
        number: None,
    };
    store.post(&id(1), &signal).await.unwrap();
    for (offset, byte) in (0..).zip(b"echo hunter22 inherited-canary\n") {
        store
            .write(&log_key(), Channel::Stdout, offset, &[*byte])
            .unwrap();
    }
    store.flush(&log_key()).unwrap();
    let canaries = [&b"hunter22"[..], b"inherited-canary"];
    for file in fs::read_dir(directory.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        for canary in canaries {
            let found = bytes.windows(canary.len()).any(|part| part == canary);
            assert!(!found, "{}", path.display());
        }
    }
    drop(store);
    let store = open(directory.path());
    assert_eq!(store.read(&id(1)).await.unwrap(), secret_run());
    assert_eq!(store.waiting(&id(1)).await.unwrap()[0].1, signal);
    assert_eq!(
        store.lines(&log_key(), 0, 9).await.unwrap()[0].text,
        "echo ****** ******"
    );
    assert_eq!(store.check().unwrap(), []);
    drop(store);
    fs::remove_file(directory.path().join("secret.key")).unwrap();
    let store = open(directory.path());
    assert!(store.read(&id(1)).await.is_err());
    assert!(store.execution(&id(1)).await.unwrap().is_some());
}

#[test]
fn sealed_record_is_in_no_file_and_comes_back() {
    use crate::base::records::Records;

    let directory = tempdir().unwrap();
    let store = open(directory.path());
    let record = Record {
        kind: "command".into(),
        id: "c-1".into(),
        document: json!({"Name": "hunter22"}),
        tags: vec![("team".into(), "blue".into())],
        revision: 0,
        sealed: true,
    };
    Records::write(&store, vec![RecordChange::Put(record.clone())]).unwrap();
    let kept = Record {
        revision: 1,
        ..record
    };
    assert_eq!(
        Records::get(&store, "command", "c-1").unwrap(),
        Some(kept.clone())
    );
    assert_eq!(
        Records::list(&store, "command", &RecordQuery::default()).unwrap(),
        [kept]
    );
    drop(store);
    let bytes = fs::read(directory.path().join("oos.sqlite")).unwrap();
    assert!(!bytes.windows(8).any(|part| part == b"hunter22"));
}

#[tokio::test]
async fn crash_loses_nothing_that_was_acknowledged() {
    let directory = tempdir().unwrap();
    let store = open(directory.path());
    let run = run();
    for (n, event) in run.iter().enumerate() {
        store
            .append(&id(1), n as u64, std::slice::from_ref(event))
            .await
            .unwrap();
        // The disk as a crash at this moment would leave it.
        let copy = tempdir().unwrap();
        for name in ["oos.sqlite", "oos.sqlite-wal"] {
            fs::copy(directory.path().join(name), copy.path().join(name)).unwrap();
        }
        let survivor = open(copy.path());
        assert_eq!(survivor.read(&id(1)).await.unwrap(), run[..=n]);
        assert_eq!(survivor.check().unwrap(), []);
    }
}

#[tokio::test]
async fn write_torn_by_power_loss_leaves_whole_events() {
    let directory = tempdir().unwrap();
    let store = open(directory.path());
    for (n, event) in run().iter().enumerate() {
        store
            .append(&id(1), n as u64, std::slice::from_ref(event))
            .await
            .unwrap();
    }
    let wal = fs::read(directory.path().join("oos.sqlite-wal")).unwrap();
    let mut lengths = Vec::new();
    for part in 0..8 {
        let copy = tempdir().unwrap();
        let database = directory.path().join("oos.sqlite");
        fs::copy(database, copy.path().join("oos.sqlite")).unwrap();
        let torn = &wal[..wal.len() / 8 * part];
        fs::write(copy.path().join("oos.sqlite-wal"), torn).unwrap();
        let survivor = open(copy.path());
        let events = survivor.read(&id(1)).await.unwrap();
        assert_eq!(events, run()[..events.len()]);
        assert_eq!(survivor.check().unwrap(), []);
        lengths.push(events.len());
    }
    assert!(lengths.is_sorted());
    assert!(lengths[7] > 0);
}

#[tokio::test]
async fn store_that_was_never_closed_opens_again() {
    let directory = tempdir().unwrap();
    let store = open(directory.path());
    store.append(&id(1), 0, &run()).await.unwrap();
    std::mem::forget(store);
    assert_eq!(open(directory.path()).read(&id(1)).await.unwrap(), run());
}

#[test]
fn file_that_is_no_store_is_refused_and_left_alone() {
    #[track_caller]
    fn case(content: &[u8]) {
        let directory = tempdir().unwrap();
        let path = directory.path().join("oos.sqlite");
        fs::write(&path, content).unwrap();
        let error = SqliteStore::open(directory.path(), Arc::new(now)).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), content);
    }
    case(b"garbage");
    case(&[0xa5; 8192]);
    let directory = tempdir().unwrap();
    database(&directory)
        .execute_batch("CREATE TABLE other (x)")
        .unwrap();
    case(&fs::read(directory.path().join("oos.sqlite")).unwrap());
}

#[tokio::test]
async fn cut_off_or_overwritten_file_is_an_error() {
    let directory = tempdir().unwrap();
    let store = open(directory.path());
    let run = run();
    store.append(&id(1), 0, &run).await.unwrap();
    drop(store);
    let whole = fs::read(directory.path().join("oos.sqlite")).unwrap();
    let mut overwritten = whole.clone();
    overwritten[4096..].fill(0xa5);
    for bytes in [&whole[..whole.len() / 2], &whole[..1000], &overwritten] {
        let copy = tempdir().unwrap();
        fs::write(copy.path().join("oos.sqlite"), bytes).unwrap();
        let outcome = match SqliteStore::open(copy.path(), Arc::new(now)) {
            Ok(store) => store.read(&id(1)).await.map(drop),
            Err(error) => Err(error),
        };
        assert!(
            matches!(outcome, Err(StoreError::Damaged { .. })),
            "{outcome:?}"
        );
    }
}

#[test]
fn newer_format_is_refused() {
    let directory = tempdir().unwrap();
    drop(open(directory.path()));
    database(&directory)
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let error = SqliteStore::open(directory.path(), Arc::new(now)).unwrap_err();
    assert_eq!(
        error,
        StoreError::TooNew {
            found: 99,
            supported: 10
        }
    );
}

#[test]
fn directory_that_cannot_be_made_is_named() {
    let directory = tempdir().unwrap();
    fs::write(directory.path().join("file"), "").unwrap();
    let path = directory.path().join("file/data");
    let error = SqliteStore::open(&path, Arc::new(now)).unwrap_err();
    assert!(error.to_string().contains("file/data"), "{error}");
}

#[test]
fn two_processes_write_side_by_side_and_never_both_at_one_place() {
    let directory = tempdir().unwrap();
    drop(open(directory.path()));
    let won = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for process in 0..2 {
            let (directory, won) = (directory.path(), &won);
            scope.spawn(move || {
                let store = open(directory);
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                runtime.block_on(async {
                    for number in 0..50 {
                        let own = id(1000 * (process + 1) + number);
                        store.append(&own, 0, &[started(&own)]).await.unwrap();
                        let both = id(number);
                        match store.append(&both, 0, &[started(&both)]).await {
                            Ok(1) => won.fetch_add(1, Ordering::SeqCst),
                            Err(StoreError::Conflict { .. }) => 0,
                            other => panic!("{other:?}"),
                        };
                    }
                });
            });
        }
    });
    assert_eq!(won.into_inner(), 50);
}

#[tokio::test]
async fn tasks_that_append_together_all_get_their_answer() {
    let directory = tempdir().unwrap();
    let store = open(directory.path());
    let appends = (0..50).map(|number| {
        let store = store.clone();
        async move { store.append(&id(number), 0, &[started(&id(number))]).await }
    });
    let answers = futures_util::future::join_all(appends).await;
    assert!(answers.iter().all(|answer| *answer == Ok(1)));
    let filter = ExecutionFilter {
        limit: 99,
        ..ExecutionFilter::default()
    };
    assert_eq!(store.executions(&filter).await.unwrap().len(), 50);
}

#[tokio::test]
async fn check_finds_what_was_tampered_with_and_rebuild_mends_listings() {
    let directory = tempdir().unwrap();
    let store = open(directory.path());
    store.append(&id(1), 0, &run()).await.unwrap();
    store.append(&id(2), 0, &[started(&id(2))]).await.unwrap();
    store.keep(vec!["text".into()]).await.unwrap();
    assert_eq!(store.check().unwrap(), []);
    let before = store.execution(&id(1)).await.unwrap();
    let all = TaskFilter {
        include_items: true,
        ..TaskFilter::default()
    };
    let tasks = store.tasks(&id(1), &all).await.unwrap();
    database(&directory)
        .execute_batch(
            "UPDATE execution SET status = 'Success'; UPDATE task SET attempt = 7;
             DELETE FROM loop_block; UPDATE content SET text = x'0041'",
        )
        .unwrap();
    let findings = store.check().unwrap();
    assert_eq!(findings.len(), 3, "{findings:?}");
    assert_eq!(store.rebuild("anna").unwrap(), 2);
    let findings = store.check().unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].what.starts_with("content sha256:"));
    assert_eq!(store.execution(&id(1)).await.unwrap(), before);
    assert_eq!(store.tasks(&id(1), &all).await.unwrap(), tasks);

    database(&directory)
        .execute("DELETE FROM journal WHERE seq = 3", [])
        .unwrap();
    let findings = store.check().unwrap();
    assert!(
        findings[0].problem.contains("event 3 is missing"),
        "{findings:?}"
    );
    assert!(store.read(&id(1)).await.is_err());
    // What cannot be folded is not half rebuilt.
    assert!(store.rebuild("anna").is_err());
    assert_eq!(store.execution(&id(1)).await.unwrap(), before);
}

#[tokio::test]
async fn rebuild_makes_the_time_lines_of_hosts_again() {
    let directory = tempdir().unwrap();
    let store = open(directory.path());
    let mut events = run();
    for event in &mut events {
        if let Fact::UnitStarted {
            work: Work::Call { call },
            ..
        } = &mut event.fact
        {
            // A call that starts a command on several hosts.
            let targets = json!(["web1", "web2"]);
            call.parameters.insert("InstanceId".into(), targets);
        }
    }
    store.append(&id(1), 0, &events).await.unwrap();
    assert_eq!(store.check().unwrap(), []);
    let all = CommandFilter {
        target: "web2".into(),
        ..CommandFilter::default()
    };
    let line = store.commands(&all).await.unwrap();
    assert_eq!(line.len(), 2, "{line:?}");
    assert_eq!(line[0].exit_code, None, "the calls ended, not the commands");
    database(&directory)
        .execute("DELETE FROM command WHERE target = 'web2'", [])
        .unwrap();
    assert_eq!(store.check().unwrap().len(), 1);
    store.rebuild("anna").unwrap();
    assert_eq!(store.check().unwrap(), []);
    assert_eq!(store.commands(&all).await.unwrap(), line);
}

#[tokio::test]
async fn commands_of_an_older_format_are_listed_attempt_by_attempt() {
    let directory = tempdir().unwrap();
    let store = open(directory.path());
    let mut work = call("look");
    if let Work::Call { call } = &mut work {
        call.service = crate::base::call::ACTION_SERVICE.into();
        call.api = "ACS::ECS::RunCommand".into();
        call.parameters.insert("instanceId".into(), json!("web1"));
    }
    let mut start = start(&id(1));
    start.tasks[0].action = "ACS::ECS::RunCommand".into();
    let again = UnitId {
        attempt: 2,
        ..unit(0, None)
    };
    let events = [
        event(0, Fact::ExecutionStarted(Box::new(start))),
        task_started(1, 0),
        unit_started(1, unit(0, None), work.clone()),
        unit_ended(2, unit(0, None), failure("exit code 1")),
        unit_started(3, again, work),
        unit_ended(4, again, success(json!({}))),
    ];
    store.append(&id(1), 0, &events).await.unwrap();
    let all = CommandFilter {
        target: "web1".into(),
        ..CommandFilter::default()
    };
    let line = store.commands(&all).await.unwrap();
    assert_eq!(line.len(), 2, "{line:?}");
    drop(store);
    database(&directory).execute_batch(FORMAT_8).unwrap();
    database(&directory)
        .execute_batch(
            "DROP TABLE command; DROP TABLE watch; DROP TABLE firing; DROP INDEX execution_fired; \
             ALTER TABLE execution DROP COLUMN fired_by; DROP TABLE lock_name; \
             DROP TABLE lock_wish; PRAGMA user_version = 5",
        )
        .unwrap();
    let store = open(directory.path());
    assert_eq!(store.check().unwrap(), []);
    assert_eq!(store.commands(&all).await.unwrap(), line);
}

#[tokio::test]
async fn backup_is_a_store() {
    let directory = tempdir().unwrap();
    let store = open(directory.path());
    store.append(&id(1), 0, &run()).await.unwrap();
    let target = tempdir().unwrap();
    let path = target.path().join("oos.sqlite");
    store.backup(&path).unwrap();
    assert!(
        store.backup(&path).is_err(),
        "an existing file is not overwritten"
    );
    let copy = open(target.path());
    assert_eq!(copy.read(&id(1)).await.unwrap(), run());
    assert_eq!(copy.execution(&id(1)).await, store.execution(&id(1)).await);
}

#[tokio::test]
async fn output_reaches_other_processes_without_a_flush() {
    let directory = tempdir().unwrap();
    let (writer, follower) = (open(directory.path()), open(directory.path()));
    writer
        .write(&log_key(), Channel::Stdout, 0, b"working\n")
        .unwrap();
    let mut seen = 0;
    while follower.line_count(&log_key()).await.unwrap() == 0 {
        seen = follower.changed(seen).await.unwrap();
    }
    let lines = follower.lines(&log_key(), 0, 9).await.unwrap();
    assert_eq!(lines[0].text, "working");
    assert_eq!(lines[0].at, at(0));
}

/// Transactions of each kind that are measured.
const ROUNDS: u32 = 200;

/// Prints what an append costs beside a bare transaction; asserts only that both happen.
#[tokio::test]
async fn append_costs_are_printed() {
    let directory = tempdir().unwrap();
    let store = open(directory.path());
    store.append(&id(1), 0, &[started(&id(1))]).await.unwrap();
    let bare = database(&directory);
    bare.execute_batch("PRAGMA synchronous = FULL; CREATE TABLE bare (n INTEGER, text TEXT)")
        .unwrap();
    let began = stopwatch();
    for n in 0..ROUNDS {
        bare.execute("INSERT INTO bare VALUES (?1, 'x')", [n])
            .unwrap();
    }
    let bare_cost = began.elapsed() / ROUNDS;
    let began = stopwatch();
    for n in 0..u64::from(ROUNDS) {
        store
            .append(&id(1), n + 1, &[task_started(1, 0)])
            .await
            .unwrap();
    }
    let append_cost = began.elapsed() / ROUNDS;
    println!("bare transaction {bare_cost:?}, append {append_cost:?}");
    drop(store);
    let began = stopwatch();
    let store = open(directory.path());
    let opened = began.elapsed();
    let listed = store.executions(&ExecutionFilter::default()).await.unwrap();
    println!("open {opened:?}, open and list {:?}", began.elapsed());
    assert_eq!(listed.len(), 1);
    assert_eq!(store.read(&id(1)).await.unwrap().len(), 201);
}

#[expect(
    clippy::disallowed_methods,
    reason = "a measurement is printed, nothing depends on it"
)]
pub(super) fn stopwatch() -> std::time::Instant {
    std::time::Instant::now()
}

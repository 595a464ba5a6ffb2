//! Whatever stands in a row of the journal, reading it gives events or an error, and folding the
//! events gives an execution or an error: never a panic, never a hang.
//!
//! The first byte chooses between one row as it lies on disk and events, one JSON line each.

#![no_main]

use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use libfuzzer_sys::fuzz_target;
use oos::base::id::ExecutionId;
use oos::base::source::Source;
use oos::base::time::Timestamp;
use oos::engine::Execution;
use oos::engine::event::Event;
use oos::engine::input::Input;
use oos::store::Journal;
use oos::store::sqlite::SqliteStore;
use oos::template::model::Template;
use oos::template::parse::parse;
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const ID: &str = "exec-01q3g996480000000007";

static TEMPLATE: LazyLock<Arc<Template>> = LazyLock::new(|| {
    let text = "FormatVersion: OOS-2019-06-01\n\
        Tasks:\n\
        - {Name: zero, Action: 'ACS::Sleep', Properties: {Duration: PT1S}}\n\
        - Name: one\n\
        \x20 Action: ACS::ExecuteAPI\n\
        \x20 Properties: {Service: ECS, API: RunInstances, Parameters: {Amount: '{{ ACS::TaskLoopItem }}'}}\n\
        \x20 Loop: {Items: [1, 2, 3], RateControl: {Mode: Concurrency, Concurrency: 2, MaxErrors: 1}}\n\
        \x20 OnError: ACS::END\n\
        - {Name: two, Action: 'ACS::Approve', Properties: {Approvers: [ann, bob], MinRequiredApprovals: 2}}\n\
        - {Name: three, Action: 'ACS::Template', Properties: {TemplateName: other}}\n";
    Arc::new(
        parse(&Source::new("t.yml", text))
            .template
            .expect("the template is valid"),
    )
});

struct Disk {
    store: SqliteStore,
    writer: Connection,
    runtime: Runtime,
    _folder: TempDir,
}

static DISK: LazyLock<Mutex<Disk>> = LazyLock::new(|| {
    let folder = TempDir::with_prefix_in("oos-fuzz", Path::new("/dev/shm")).expect("a folder");
    let now = Arc::new(epoch);
    let store = SqliteStore::open(folder.path(), now).expect("a new store");
    let writer = Connection::open(folder.path().join("oos.sqlite")).expect("the store's file");
    writer
        .pragma_update(None, "synchronous", "OFF")
        .expect("a pragma");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    Mutex::new(Disk {
        store,
        writer,
        runtime,
        _folder: folder,
    })
});

fn epoch() -> Timestamp {
    "2030-01-02T03:04:05Z".parse().expect("a time")
}

fn row(blob: &[u8]) {
    let disk = DISK.lock().expect("a panic ends the process");
    let write = "INSERT OR REPLACE INTO journal (execution_id, seq, event) VALUES (?1, 1, ?2)";
    disk.writer
        .execute(write, (ID, blob))
        .expect("the row is written");
    let id: ExecutionId = ID.parse().expect("an id");
    if let Ok(events) = disk.runtime.block_on(disk.store.read(&id)) {
        fold(events);
    }
}

fn fold(events: Vec<Event>) {
    let last = events.last().map(|event| event.at).unwrap_or_else(epoch);
    let Ok(mut execution) = Execution::fold(Arc::clone(&TEMPLATE), events) else {
        return;
    };
    let (mut effects, mut fresh) = (Vec::new(), execution.take_fresh());
    effects.extend(execution.effects());
    effects.sort_by_key(|(key, _)| *key);
    fresh.sort_by_key(|(key, _)| *key);
    assert_eq!(effects, fresh, "after a fold all effects are fresh");
    let _names = (
        execution.message(),
        execution.wait_reasons(),
        execution.current_tasks().len(),
    );
    if let Ok(events) = execution.decide(&Input::TakenUp, last) {
        for event in events {
            execution
                .apply(&event)
                .expect("what is decided can be applied");
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    match bytes.split_first() {
        Some((b'r', blob)) => row(blob),
        Some((_, lines)) => {
            let events: Result<Vec<Event>, _> = lines
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
                .map(serde_json::from_slice)
                .collect();
            if let Ok(events) = events {
                fold(events);
            }
        }
        None => {}
    }
});

//! What a recorded step costs, beside the least it can cost: one durable transaction of one row.
//!
//! `cargo bench --bench steps` prints the machine, both figures and their ratio. Everything runs in
//! one process over the real store; instances are stand-ins, since no step here enters one.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and fails by panicking"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use oos::provider::http::{HttpLimits, HttpProvider};
use oos::provider::local::LocalCloud;
use oos::provider::local::fake::FakeDriver;
use oos::provider::registry::Registry;
use oos::runner::{
    Clock as _, DriveOptions, Identity, Library, Outcome, Parts, Runner, StartRequest, SystemClock,
    TemplateRef,
};
use oos::store::sqlite::SqliteStore;

/// Steps of a run, and transactions of the floor.
const STEPS: u32 = 1000;
/// Every figure is the median of so many runs.
const RUNS: usize = 5;

fn main() {
    let folder = tempfile::Builder::new()
        .prefix("oos-bench-")
        .tempdir_in(".")
        .unwrap();
    println!("machine: {}", machine());
    println!("command: cargo bench --bench steps ({STEPS} steps, median of {RUNS} runs)");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let runner = runner(&folder.path().join("data"));
    let instance = runtime.block_on(run(&runner, INSTANCE, json!({})));
    let instance = instance["instanceIds"][0].as_str().unwrap().to_owned();
    let floor = median(|| floor(&folder.path().join("floor.sqlite")));
    print("one-row FULL transaction", floor, floor);
    for (name, template) in [("DescribeRegions", DESCRIBE), ("TagResources", TAG)] {
        let step = median(|| {
            let began = now();
            runtime.block_on(run(&runner, template, json!({"instanceId": instance})));
            began.elapsed() / STEPS
        });
        print(name, step, floor);
    }
}

fn print(name: &str, each: Duration, floor: Duration) {
    let ratio = each.as_secs_f64() / floor.as_secs_f64();
    println!(
        "{name:<26} {:>8.1} us   {ratio:.2}x",
        each.as_secs_f64() * 1e6
    );
}

fn median(mut measure: impl FnMut() -> Duration) -> Duration {
    let mut figures: Vec<Duration> = (0..RUNS).map(|_| measure()).collect();
    figures.sort();
    figures[RUNS / 2]
}

#[expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]
fn now() -> Instant {
    Instant::now()
}

/// Times transactions of one row, each durable before the next.
fn floor(path: &Path) -> Duration {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE IF NOT EXISTS step (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;",
        )
        .unwrap();
    let mut insert = connection
        .prepare("INSERT INTO step (text) VALUES (?1)")
        .unwrap();
    let began = now();
    for _ in 0..STEPS {
        insert
            .execute(["a row of about the size of an event of a step"])
            .unwrap();
    }
    began.elapsed() / STEPS
}

fn runner(data: &Path) -> Runner {
    let store = Arc::new(SqliteStore::open(data, Arc::new(|| SystemClock.now())).unwrap());
    let records = Arc::clone(&store) as Arc<dyn oos::base::records::Records>;
    let cloud = LocalCloud::new(records, Arc::new(FakeDriver::default()), "1", "local");
    let http = HttpProvider::new(HttpLimits::default()).unwrap();
    Runner::new(Parts {
        store,
        provider: Arc::new(Registry::new(Arc::new(cloud), Arc::new(http))),
        library: Library::new(Vec::new(), None),
        clock: Arc::new(SystemClock),
        identity: Identity {
            user: "bench".into(),
            account: "1".into(),
            region: "local".into(),
            inventory: None,
        },
    })
}

async fn run(runner: &Runner, template: &str, arguments: serde_json::Value) -> serde_json::Value {
    let reference = TemplateRef::Text {
        name: "bench".into(),
        text: template.into(),
    };
    let mut request = StartRequest::new(reference);
    request.arguments = serde_json::from_value(arguments).unwrap();
    let prepared = runner.prepare(request).unwrap();
    let id = runner.start(&prepared).await.unwrap();
    match runner.drive(&id, DriveOptions::default()).await.unwrap() {
        Outcome::Ended {
            outputs, message, ..
        } => {
            assert_eq!(message, "");
            serde_json::Value::Object(outputs)
        }
        Outcome::Stopped => unreachable!("nobody stops it"),
    }
}

fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let cores = cpuinfo
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    format!(
        "{}, {cores} cores, Linux {}",
        model.unwrap_or("?"),
        read("/proc/sys/kernel/osrelease").trim()
    )
}

const INSTANCE: &str = "
FormatVersion: OOS-2019-06-01
Tasks:
  - Name: run
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: RunInstances, Parameters: {ImageId: host}}
    Outputs: {ids: {Type: List, ValueSelector: 'InstanceIdSets.InstanceIdSet[]'}}
Outputs:
  instanceIds: {Type: List, Value: '{{ run.ids }}'}
";

const DESCRIBE: &str = "
FormatVersion: OOS-2019-06-01
Parameters:
  instanceId: {Type: String}
Tasks:
  - Name: step
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DescribeRegions}
    Loop:
      Items: {'Fn::Jq': [All, 'range(1000)', {}]}
      Concurrency: 1
";

const TAG: &str = "
FormatVersion: OOS-2019-06-01
Parameters:
  instanceId: {Type: String}
Tasks:
  - Name: step
    Action: ACS::ExecuteAPI
    Properties:
      Service: ECS
      API: TagResources
      Parameters:
        ResourceType: instance
        ResourceIds: ['{{ instanceId }}']
        Tags: [{Key: step, Value: '{{ ACS::TaskLoopItem }}'}]
    Loop:
      Items: {'Fn::Jq': [All, 'range(1000)', {}]}
      Concurrency: 1
";

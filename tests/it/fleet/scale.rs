//! Ten thousand targets: time and memory of their report.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use oos::base::id::ExecutionId;
use oos::base::output::{Channel, LogKey, OutputSink as _};
use oos::engine::Execution;
use oos::engine::effect::EffectKey;
use oos::engine::event::{Event, Started};
use oos::engine::input::Input;
use oos::engine::status::ExecutionStatus;
use oos::runner::{Clock as _, SystemClock};
use oos::store::{Journal as _, Logs as _};

use super::{Fleet, LOOK, Said, names};

const COUNT: usize = 10_000;

/// Events that are appended at once: the journal is made soon, as no run under load would make it.
const BATCH: usize = 1000;

/// A debug build on a machine that is busy with other tests; a release build takes a tenth.
const PATIENCE: Duration = Duration::from_secs(30);

/// Kilobytes of address space: far less than all outputs and rows together would take.
const MEMORY: u32 = 400_000;

/// What the engine decides for [`LOOK`] over many hosts, recorded in large pieces.
struct Recording<'a> {
    fleet: &'a Fleet,
    id: ExecutionId,
    execution: Execution,
    last: u64,
    events: Vec<Event>,
}

impl<'a> Recording<'a> {
    fn start(fleet: &'a Fleet, hosts: &[String]) -> Self {
        let id = ExecutionId::new(SystemClock.now(), 7);
        let arguments = json!({ "hosts": hosts });
        let (_, prepared) = fleet.prepare(LOOK, arguments, |_| Said::ok(""));
        let started = Started {
            id: id.clone(),
            ..prepared.started().clone()
        };
        let mut recording = Self {
            fleet,
            id,
            execution: Execution::new(Arc::new(prepared.template().clone())),
            last: 0,
            events: Vec::new(),
        };
        recording.take(&Input::Start(Box::new(started)));
        recording
    }

    fn take(&mut self, input: &Input) {
        let events = self.execution.decide(input, SystemClock.now()).unwrap();
        for event in &events {
            self.execution.apply(event).unwrap();
        }
        self.events.extend(events);
        if self.events.len() >= BATCH {
            self.append();
        }
    }

    fn append(&mut self) {
        let work = self.fleet.store.append(&self.id, self.last, &self.events);
        self.last = self.fleet.runtime.block_on(work).unwrap();
        self.events.clear();
    }

    /// Answers every call and prints what the hosts say.
    fn finish(mut self, hosts: &[String], say: impl Fn(&str) -> Said) {
        let mut calls = VecDeque::new();
        loop {
            calls.extend(self.execution.take_fresh().into_iter().map(|(key, _)| key));
            let Some(EffectKey::Call(unit, call)) = calls.pop_front() else {
                break;
            };
            let said = say(&hosts[unit.item.unwrap() as usize]);
            let key = LogKey {
                execution: self.id.clone(),
                task: "look".to_owned(),
                item: unit.item,
                attempt: unit.attempt,
            };
            let written = self
                .fleet
                .store
                .write(&key, Channel::Stdout, 0, said.stdout.as_bytes());
            written.unwrap();
            let answer = match said.fault {
                Some(fault) => Err(fault),
                None => Ok(json!({})),
            };
            self.take(&Input::Answered { unit, call, answer });
        }
        self.append();
        assert_eq!(self.execution.status(), ExecutionStatus::Success);
        self.fleet
            .runtime
            .block_on(self.fleet.store.logs(&self.id))
            .unwrap();
    }
}

#[test]
fn ten_thousand_targets_are_reported_soon_and_in_little_memory() {
    let fleet = Fleet::new();
    // 4 KiB each: 40 MiB of output of which two are shown.
    let usual = "a line of output that is like all others\n".repeat(100);
    let odd = usual.replacen("like", "unlike", 1);
    let hosts = names("web", COUNT);
    Recording::start(&fleet, &hosts).finish(&hosts, |name| match name {
        "web00007" | "web09999" => Said::ok(odd.clone()),
        _ if name.ends_with("00") => Said::failed("Host.Unreachable", "no answer"),
        _ => Said::ok(usual.clone()),
    });
    for form in ["text", "html", "json", "csv", "md"] {
        #[expect(clippy::disallowed_methods, reason = "the test measures time")]
        let begun = Instant::now();
        let file = format!("report.{form}");
        let script = format!(
            "ulimit -v {MEMORY}; exec {} report @last --format {form} -O {file}",
            env!("CARGO_BIN_EXE_oos")
        );
        let mut shell = std::process::Command::new("sh");
        shell
            .args(["-c", &script])
            .env_clear()
            .env("HOME", fleet.home.path())
            .env("OOS_DATA_DIR", fleet.home.path().join("data"))
            .current_dir(fleet.home.path());
        let ran = fleet.home.finish(&mut shell);
        let took = begun.elapsed();
        assert_eq!(ran.code, 0, "{form}: {ran}");
        let size = std::fs::metadata(fleet.home.path().join(&file))
            .unwrap()
            .len();
        println!(
            "report: {COUNT} targets as {form}: {took:?}, {} KiB",
            size / 1024
        );
        assert!(took < PATIENCE, "{form}: {took:?}");
    }
    let html = std::fs::read_to_string(fleet.home.path().join("report.html")).unwrap();
    assert_eq!(html.matches("<li><a ").count(), COUNT);
    // The output of the usual group is in the page once; the odd one is four lines of a diff.
    assert_eq!(html.matches("like all others").count(), 104);
}

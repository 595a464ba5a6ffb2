//! How many appends the answers to many calls take.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::action::{ActionSpec, ApiSpec};
use crate::base::call::{ApiCall, CallFault};
use crate::base::time::Timestamp;
use crate::base::value::Value;
use crate::engine::status::ExecutionStatus;
use crate::provider::fake::FakeProvider;
use crate::provider::{CallContext, Provider, Registry};
use crate::runner::clock::Clock;
use crate::runner::{
    DriveOptions, Identity, Library, Outcome, Parts, Runner, StartRequest, TemplateRef,
};
use crate::store::memory::MemoryStore;

const ITEMS: usize = 240;

/// A clock that goes with the runtime's.
#[derive(Debug)]
struct Stopped(Instant);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + self.0.elapsed()
    }

    fn chance(&self) -> u64 {
        7
    }
}

/// Answers each call as many milliseconds after it was asked as the call says.
#[derive(Debug)]
struct Slow(FakeProvider);

#[async_trait]
impl Provider for Slow {
    fn api(&self, service: &str, api: &str) -> Option<ApiSpec> {
        self.0.api(service, api)
    }

    fn apis(&self) -> Vec<ApiSpec> {
        self.0.apis()
    }

    fn actions(&self) -> Vec<ActionSpec> {
        self.0.actions()
    }

    async fn call(&self, call: &ApiCall, context: &CallContext) -> Result<Value, CallFault> {
        let wait = call.parameters["Milliseconds"].as_u64().unwrap();
        tokio::time::sleep(Duration::from_millis(wait)).await;
        self.0.call(call, context).await
    }
}

/// Runs a loop whose items end one millisecond after the other; returns how many appends it took.
async fn appends(concurrency: usize) -> usize {
    let mut text = format!(
        "FormatVersion: OOS-2019-06-01
Tasks:
- Name: each
  Action: ACS::ExecuteAPI
  Properties:
    Service: ECS
    API: StartInstance
    Parameters: {{Milliseconds: '{{{{ ACS::TaskLoopItem }}}}'}}
  Loop:
    RateControl: {{Mode: Concurrency, Concurrency: {concurrency}, MaxErrors: 0}}
    Items: ["
    );
    for item in 0..ITEMS {
        write!(text, "{}, ", 20 + item % concurrency).unwrap();
    }
    text.push_str("]\n");
    let provider = FakeProvider::default().always("ECS.StartInstance", Value::Null);
    let provider = Arc::new(Slow(provider));
    let clock = Arc::new(Stopped(Instant::now()));
    let told = Arc::clone(&clock);
    let runner = Runner::new(Parts {
        store: Arc::new(MemoryStore::new(Arc::new(move || told.now()))),
        provider: Arc::new(Registry::new(provider.clone(), provider)),
        library: Library::new(Vec::new(), None),
        clock,
        identity: Identity {
            user: "ann".to_owned(),
            account: "1234".to_owned(),
            region: "local".to_owned(),
            inventory: None,
        },
    });
    let request = StartRequest::new(TemplateRef::Text {
        name: "each".to_owned(),
        text,
    });
    let prepared = runner.prepare(request).unwrap();
    let id = runner.start(&prepared).await.unwrap();
    let outcome = runner.drive(&id, DriveOptions::default()).await.unwrap();
    let Outcome::Ended { status, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(status, ExecutionStatus::Success);
    let events = runner.store().read(&id).await.unwrap();
    // What is appended together was decided at one moment.
    let moments = events.iter().map(|event| event.at);
    moments.collect::<BTreeSet<_>>().len()
}

#[tokio::test(start_paused = true)]
async fn answers_of_a_crowd_are_gathered_and_those_of_a_few_are_not() {
    let crowd = appends(60).await;
    assert!(crowd < ITEMS / 3, "{crowd}");
    let few = appends(12).await;
    assert!(few > ITEMS * 2 / 3, "{few}");
}

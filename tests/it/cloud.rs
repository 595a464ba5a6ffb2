//! The local cloud over a driver in memory: the APIs, their errors, what survives a crash.

mod command;
mod conformance;
mod host;
mod image;
mod instance;
mod reference;
mod route;
mod tag;

use std::sync::Arc;

use oos::base::call::{ApiCall, CallFault};
use oos::base::output::Channel;
use oos::base::value::Value;
use oos::provider::conformance::{call, context};
use oos::provider::local::LocalCloud;
use oos::provider::local::fake::{FakeDriver, FakeRecords};
use oos::provider::output::MemorySink;
use oos::provider::{CallContext, Provider};
use serde_json::json;

/// A cloud with everything it stands on in reach.
struct World {
    records: Arc<FakeRecords>,
    driver: Arc<FakeDriver>,
    sink: Arc<MemorySink>,
    cloud: LocalCloud,
    runtime: tokio::runtime::Runtime,
}

impl World {
    fn new() -> Self {
        let (records, driver) = (Arc::<FakeRecords>::default(), Arc::<FakeDriver>::default());
        Self {
            cloud: LocalCloud::new(records.clone(), driver.clone(), "1234", "local"),
            records,
            driver,
            sink: Arc::default(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
        }
    }

    fn context(&self, task: &str) -> CallContext {
        context(&self.sink, task)
    }

    fn call(&self, call: &ApiCall, context: &CallContext) -> Result<Value, CallFault> {
        self.runtime.block_on(self.cloud.call(call, context))
    }

    /// Calls an API of ECS; the token is made of all there is to the call.
    fn ecs(&self, api: &str, parameters: Value) -> Result<Value, CallFault> {
        let token = format!("{api} {parameters}");
        self.call(&call("ECS", api, &token, &parameters), &self.context(api))
    }

    fn ok(&self, api: &str, parameters: Value) -> Value {
        let shown = format!("{api} {parameters}");
        self.ecs(api, parameters)
            .unwrap_or_else(|fault| panic!("{shown}: {fault}"))
    }

    /// Returns the code of the error that a call is answered with.
    #[track_caller]
    fn code(&self, api: &str, parameters: Value) -> String {
        match self.ecs(api, parameters) {
            Err(CallFault::Api(error)) => error.code,
            other => panic!("{api}: {other:?}"),
        }
    }

    /// Makes a running instance.
    fn instance(&self, name: &str) -> String {
        let answer = self.ok("RunInstances", json!({ "InstanceName": name }));
        text(&answer["InstanceIdSets"]["InstanceIdSet"][0])
    }

    fn status(&self, id: &str) -> String {
        let answer = self.ok("DescribeInstances", json!({ "InstanceIds": [id] }));
        text(&answer["Instances"]["Instance"][0]["Status"])
    }

    fn logged(&self, task: &str, channel: Channel) -> String {
        String::from_utf8(self.sink.bytes(&self.context(task).log, channel)).unwrap()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Returns the field of every entry of a list.
fn each(list: &Value, field: &str) -> Vec<String> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|entry| text(&entry[field]))
        .collect()
}

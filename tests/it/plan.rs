//! What a plan looks up: as much at the same time as may be, and with the same answers.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use oos::action::{ActionSpec, ApiSpec};
use oos::base::call::{ApiCall, CallFault, Recovery};
use oos::base::value::Value;
use oos::provider::{CallContext, Provider};
use oos::runner::plan::Repeats;
use oos::runner::{
    Clock as _, Identity, Library, Parts, Runner, StartRequest, SystemClock, TemplateRef,
};
use oos::store::memory::MemoryStore;
use serde_json::json;

/// Answers every call with the name that it asks for and an `!`, and counts how many are under way.
#[derive(Debug, Default)]
struct Echo {
    now: AtomicUsize,
    most: AtomicUsize,
    calls: AtomicUsize,
}

#[async_trait]
impl Provider for Echo {
    fn api(&self, service: &str, api: &str) -> Option<ApiSpec> {
        Some(ApiSpec {
            service: service.to_owned(),
            api: api.to_owned(),
            recovery: Recovery::Idempotent,
        })
    }

    fn apis(&self) -> Vec<ApiSpec> {
        Vec::new()
    }

    fn actions(&self) -> Vec<ActionSpec> {
        Vec::new()
    }

    async fn call(&self, call: &ApiCall, _: &CallContext) -> Result<Value, CallFault> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        // Whoever else is to be called gets the chance to be.
        tokio::task::yield_now().await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        Ok(json!({"Name": format!("{}!", call.parameters["Name"].as_str().unwrap())}))
    }
}

fn read(task: &str, name: &str) -> String {
    format!(
        "  - Name: {task}
    Action: ACS::ExecuteAPI
    Properties: {{Service: ECS, API: DescribeName, Parameters: {{Name: '{name}'}}}}
    Outputs: {{name: {{Type: String, ValueSelector: .Name}}}}\n"
    )
}

fn looping(items: &[String]) -> String {
    format!(
        "  - Name: each
    Action: ACS::ExecuteAPI
    Properties: {{Service: ECS, API: DescribeName, Parameters: {{Name: x}}}}
    Loop: {{Items: {}}}\n",
        json!(items)
    )
}

/// Plans a template made of these tasks; returns what the loop `each` is over.
fn plan(echo: &Arc<Echo>, tasks: &str) -> Repeats {
    let clock = Arc::new(|| SystemClock.now());
    let runner = Runner::new(Parts {
        store: Arc::new(MemoryStore::new(clock)),
        provider: Arc::clone(echo) as Arc<dyn Provider>,
        library: Library::new(Vec::new(), None),
        clock: Arc::new(SystemClock),
        identity: Identity {
            user: "ann".to_owned(),
            account: "1".to_owned(),
            region: "local".to_owned(),
            inventory: None,
        },
    });
    let prepared = runner.prepare(StartRequest::new(TemplateRef::Text {
        name: "test".to_owned(),
        text: format!("FormatVersion: OOS-2019-06-01\nTasks:\n{tasks}"),
    }));
    let prepared = prepared.unwrap();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.build().unwrap();
    let plan = runtime.block_on(runner.plan(&prepared)).unwrap();
    let each = plan.steps.into_iter().find(|step| step.path == ["each"]);
    each.unwrap().repeats
}

#[test]
fn independent_look_ups_are_made_at_the_same_time_but_not_too_many_of_them() {
    let mut tasks = String::new();
    for number in 0..20 {
        write!(
            tasks,
            "{}",
            read(&format!("t{number}"), &number.to_string())
        )
        .unwrap();
    }
    let items: Vec<String> = (0..20).map(|n| format!("{{{{ t{n}.name }}}}")).collect();
    let echo = Arc::new(Echo::default());
    let repeats = plan(&echo, &(tasks + &looping(&items)));
    let names = (0..20).map(|number| json!(format!("{number}!"))).collect();
    assert_eq!(repeats, Repeats::Items(names));
    assert_eq!(echo.most.load(Ordering::SeqCst), 8);
    assert_eq!(echo.calls.load(Ordering::SeqCst), 20);
}

#[test]
fn a_look_up_that_depends_on_another_one_comes_after_it() {
    let tasks = [
        read("first", "a"),
        read("other", "b"),
        read("second", "{{ first.name }}"),
        read("third", "{{ second.name }}{{ other.name }}"),
        looping(&["{{ third.name }}".to_owned()]),
    ];
    let echo = Arc::new(Echo::default());
    let repeats = plan(&echo, &tasks.concat());
    assert_eq!(repeats, Repeats::Items(vec![json!("a!!b!!")]));
    assert_eq!(echo.most.load(Ordering::SeqCst), 2);
    assert_eq!(echo.calls.load(Ordering::SeqCst), 4);
}

#[test]
fn what_nothing_refers_to_is_not_looked_up() {
    let echo = Arc::new(Echo::default());
    let tasks = [read("alone", "a"), looping(&["b".to_owned()])];
    let repeats = plan(&echo, &tasks.concat());
    assert_eq!(repeats, Repeats::Items(vec![json!("b")]));
    assert_eq!(echo.calls.load(Ordering::SeqCst), 0);
}

//! Events and ids for the tests of stores.

use serde_json::json;

use crate::base::call::ApiCall;
use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::time::Timestamp;
use crate::base::value::{Map, Value};
use crate::engine::event::{
    Batches, End, Event, Fact, Failure, LoopPlan, Started, TaskHead, UnitId, Work,
};
use crate::engine::status::ExecutionStatus;

/// The moment `seconds` after the tests began.
pub(in crate::store) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

/// The time that stores are told.
pub(in crate::store) fn now() -> Timestamp {
    at(0)
}

/// A root id; a higher number is a later one.
pub(in crate::store) fn id(number: u64) -> ExecutionId {
    ExecutionId::new(at(0), number)
}

pub(in crate::store) fn event(seconds: i64, fact: Fact) -> Event {
    Event {
        at: at(seconds),
        fact,
    }
}

pub(in crate::store) fn map(value: Value) -> Map {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no map"),
    }
}

/// What an execution of the tasks `first` and `second` starts with.
pub(in crate::store) fn start(id: &ExecutionId) -> Started {
    Started {
        id: id.clone(),
        template_name: "Restart".into(),
        template_version: Some("v1".into()),
        template: Digest::of(b"template"),
        library: Digest::of(b"library"),
        tasks: ["first", "second"]
            .map(|name| TaskHead {
                name: name.into(),
                action: "ACS::ExecuteAPI".into(),
            })
            .into(),
        native: Vec::new(),
        parameters: map(json!({"who": "world"})),
        secret: Vec::new(),
        inherited_secrets: Vec::new(),
        mode: crate::engine::status::Mode::default(),
        loop_mode: crate::engine::status::LoopMode::default(),
        safety_check: crate::engine::status::SafetyCheck::default(),
        region: "local".into(),
        account: "1".into(),
        user: "anna".into(),
        role: None,
        parent: None,
        plan: None,
        self_approval: false,
        repeats: None,
        trigger: None,
        fired: None,
        hold: None,
        stored: Map::new(),
        stored_secrets: Map::new(),
        outer: None,
        inventory: None,
        origin: None,
        changing: Vec::new(),
        description: "test".into(),
        tags: [("team".to_owned(), "blue".to_owned())].into(),
    }
}

pub(in crate::store) fn started(id: &ExecutionId) -> Event {
    event(0, Fact::ExecutionStarted(Box::new(start(id))))
}

pub(in crate::store) fn task_started(seconds: i64, task: u32) -> Event {
    event(
        seconds,
        Fact::TaskStarted {
            task,
            attempt: 1,
            looping: None,
            overrides: None,
            deadline: None,
            replanned: None,
        },
    )
}

pub(in crate::store) fn loop_started(seconds: i64, task: u32, items: Vec<Value>) -> Event {
    event(
        seconds,
        Fact::TaskStarted {
            task,
            attempt: 1,
            looping: Some(LoopPlan::new(items, 0, Batches::Concurrency { window: 2 })),
            overrides: None,
            deadline: None,
            replanned: None,
        },
    )
}

pub(in crate::store) fn unit(task: u32, item: Option<u32>) -> UnitId {
    UnitId {
        task,
        item,
        attempt: 1,
    }
}

pub(in crate::store) fn call(text: &str) -> Work {
    Work::Call {
        call: ApiCall {
            service: "ECS".into(),
            api: "RunCommand".into(),
            region: "local".into(),
            parameters: map(json!({ "CommandContent": text })),
            rest: None,
            role: None,
            client_token: "t".into(),
            auto_paging: true,
        },
    }
}

pub(in crate::store) fn unit_started(seconds: i64, unit: UnitId, work: Work) -> Event {
    event(
        seconds,
        Fact::UnitStarted {
            unit,
            work,
            confirm: false,
            approval: None,
            lock: None,
        },
    )
}

pub(in crate::store) fn unit_ended(seconds: i64, unit: UnitId, end: End) -> Event {
    event(seconds, Fact::UnitEnded { unit, end })
}

pub(in crate::store) fn task_ended(seconds: i64, task: u32, end: End) -> Event {
    event(
        seconds,
        Fact::TaskEnded {
            task,
            end,
            target: None,
        },
    )
}

pub(in crate::store) fn success(outputs: Value) -> End {
    End::Success {
        outputs: map(outputs),
    }
}

pub(in crate::store) fn failure(message: &str) -> End {
    End::Failed {
        failure: Failure {
            code: "Broken".into(),
            message: message.into(),
        },
        outputs: Map::new(),
    }
}

pub(in crate::store) fn ended(seconds: i64, status: ExecutionStatus) -> Event {
    event(
        seconds,
        Fact::ExecutionEnded {
            status,
            outputs: map(json!({"sum": 3})),
            message: String::new(),
        },
    )
}

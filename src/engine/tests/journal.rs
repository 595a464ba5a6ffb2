//! The serialized form of every event: a journal of any released version must decode.

use std::sync::Arc;

use serde_json::json;

use crate::base::call::{ApiCall, Rest};
use crate::base::digest::Digest;
use crate::base::failure::FailureClass;
use crate::base::time::Timestamp;
use crate::engine::event::{
    ApprovalTerms, Batches, BoundPlan, Cap, Delay, End, Event, Fact, Failure, Firing, Hold,
    InventorySources, Kept, Lock, LoopPlan, OnUnreachable, Outer, PassCause, Passed, PlannedLoop,
    PollPolicy, Renewal, Repeat, Replanned, Request, Signal, StopCause, Taken, TaskHead,
    TemplateOrigin, TemplatePlace, TimeoutOutcome, TriggerKind, UnitId, Work,
};
use crate::engine::status::{ExecutionStatus, LoopMode, WaitReason};
use crate::engine::tests::world::{map, start_time, started};
use crate::template::model::Jump;

/// One line an event, in the order of [`facts`]. Lines are added, never changed.
const GOLDEN: &str = include_str!("journal.jsonl");

fn at() -> Timestamp {
    start_time()
}

fn unit(item: Option<u32>) -> UnitId {
    UnitId {
        task: 1,
        item,
        attempt: 2,
    }
}

fn call() -> ApiCall {
    ApiCall {
        service: "ECS".into(),
        api: "RunInstances".into(),
        region: "cn-test".into(),
        parameters: map(json!({"Amount": 1})),
        rest: None,
        role: Some("runner".into()),
        client_token: "token".into(),
        auto_paging: true,
    }
}

fn works() -> Vec<Work> {
    let rest = Rest {
        method: "PUT".into(),
        uri: "/x".into(),
        headers: map(json!({"A": "b"})),
        body: json!("text"),
    };
    let policy = |delay| PollPolicy {
        selector: "Status".into(),
        desired: vec![json!("Running")],
        not_desired: Vec::new(),
        stop: vec![json!(null)],
        retries: 10,
        delay,
        max_interval: 1800,
    };
    let poll = |delay| Work::Poll {
        call: call(),
        policy: policy(delay),
    };
    let id = started().id.child(1);
    vec![
        Work::Call {
            call: ApiCall {
                rest: Some(rest),
                auto_paging: false,
                ..call()
            },
        },
        poll(Delay::Exponential),
        poll(Delay::Constant { delay: 5 }),
        poll(Delay::Linear {
            delay: 5,
            back_off: 2,
        }),
        Work::Sleep { until: at() },
        Work::Choice {
            target: Jump::Task("next".into()),
        },
        Work::Choice { target: Jump::End },
        Work::Trigger {
            event: json!({"a": 1}),
        },
        Work::Approval {
            notice: Some(call()),
            approvers: vec!["bob".into()],
            required: 1,
            on_timeout: TimeoutOutcome::Fail,
        },
        Work::Pause,
        Work::Child {
            id,
            template: "ACS::ECS::RunCommand".into(),
            version: Some("v1".into()),
            content: Some("Tasks: []".into()),
            parameters: map(json!({"a": 1})),
            outer: Some(Outer {
                parameters: map(json!({"p": 1})),
                outputs: [("t".to_owned(), map(json!({"o": 1})))].into(),
                item: json!("i"),
            }),
        },
    ]
}

fn ends() -> Vec<End> {
    vec![
        End::Success {
            outputs: map(json!({"id": "i-1"})),
        },
        End::Failed {
            failure: Failure::new("Denied", "told so"),
            outputs: map(json!({})),
        },
        End::Cancelled {
            report: "ended 1 process".into(),
        },
        End::SKIPPED,
    ]
}

fn requests() -> Vec<Request> {
    let task = Some("one".to_owned());
    vec![
        Request::Approve { task: task.clone() },
        Request::Reject { task: None },
        Request::ExecuteTask {
            task: "one".into(),
            parameters: Some(map(json!({"a": 1}))),
        },
        Request::RetryTask {
            task: task.clone(),
            parameters: None,
        },
        Request::SkipTask { task },
        Request::CancelTask { task: "one".into() },
        Request::CompleteExecution {
            status: ExecutionStatus::Success,
        },
        Request::Cancel,
    ]
}

/// Facts about the execution and its tasks.
fn task_facts() -> Vec<Fact> {
    let plan = |batches| LoopPlan::new(vec![json!("a"), json!(1)], 1, batches);
    let started_with = |looping| Fact::TaskStarted {
        task: 1,
        attempt: 1,
        looping,
        overrides: Some(map(json!({"API": "Other"}))),
        deadline: Some(at()),
        replanned: None,
    };
    let mut settings = started();
    settings.tasks = vec![TaskHead {
        name: "one".into(),
        action: "ACS::ExecuteAPI".into(),
    }];
    settings.trigger = Some(json!({"resourceId": "i-1"}));
    settings.stored = map(json!({"a/b": "c"}));
    settings.parent = Some(unit(None));
    vec![
        Fact::ExecutionStarted(Box::new(settings)),
        started_with(Some(plan(Batches::Concurrency { window: 2 }))),
        started_with(Some(plan(Batches::Batch {
            sizes: vec![1, 1],
            windows: vec![1, 1],
            pause: LoopMode::FirstBatchPause,
        }))),
        Fact::TaskStarted {
            task: 1,
            attempt: 2,
            looping: None,
            overrides: None,
            deadline: None,
            replanned: None,
        },
        Fact::TaskSkipped { task: 1 },
        Fact::BatchEnded {
            task: 1,
            batch: 1,
            pause: true,
        },
        Fact::BatchReleased { task: 1 },
        Fact::TaskStopping {
            task: 1,
            cause: StopCause::Timeout,
        },
        Fact::TaskEnded {
            task: 1,
            end: ends().swap_remove(0),
            target: Some(Jump::Next),
        },
        Fact::ExecutionPaused {
            task: 1,
            reason: WaitReason::Failure,
        },
        Fact::CancelRequested {
            by: "ann".into(),
            note: "enough".into(),
        },
        Fact::ExecutionEnded {
            status: ExecutionStatus::Failed,
            outputs: map(json!({"a": null})),
            message: "Denied: told so".into(),
        },
    ]
}

/// Facts about units.
fn unit_facts() -> Vec<Fact> {
    let id = unit(Some(3));
    vec![
        Fact::UnitSkipped { unit: id },
        Fact::UnitConfirmed {
            unit: id,
            lock: false,
        },
        Fact::PollMissed {
            unit: id,
            poll: 0,
            value: json!("Starting"),
            fault: None,
            next: at(),
        },
        Fact::PollMissed {
            unit: id,
            poll: 1,
            value: json!(null),
            fault: Some("no route".into()),
            next: at(),
        },
        Fact::PollDue { unit: id, poll: 1 },
        Fact::NoticeSent { unit: id },
        Fact::Approved {
            unit: id,
            by: "bob".into(),
            note: String::new(),
            plan: None,
        },
        Fact::UnitLost {
            unit: id,
            reason: "link lost".into(),
        },
        Fact::ChildChanged {
            unit: id,
            waiting: true,
        },
    ]
}

/// What runs that repeat another one record besides.
fn repeat_facts() -> Vec<Fact> {
    let kept = vec![
        Some(Kept::Success {
            outputs: map(json!({"id": "i-1"})),
        }),
        Some(Kept::Skipped),
        None,
    ];
    let items = vec![json!("a"), json!("b"), json!("c")];
    let plan = LoopPlan {
        kept: Arc::new(kept),
        ..LoopPlan::new(items, 0, Batches::Concurrency { window: 1 })
    };
    let mut settings = started();
    settings.repeats = Some(Repeat {
        execution: settings.id.clone(),
        note: "fixed the disk".into(),
        rest: true,
        taken: vec![
            Taken::Task {
                task: 0,
                end: ends().swap_remove(0),
                target: Some(Jump::Next),
            },
            Taken::Loop { task: 1, plan },
        ],
    });
    vec![
        Fact::ExecutionStarted(Box::new(settings)),
        Fact::TaskTaken {
            task: 0,
            end: ends().swap_remove(0),
            target: Some(Jump::Next),
        },
        Fact::TaskTaken {
            task: 2,
            end: End::SKIPPED,
            target: None,
        },
    ]
}

fn facts() -> Vec<Fact> {
    let mut facts = task_facts();
    facts.extend(unit_facts());
    facts.extend(works().into_iter().map(|work| Fact::UnitStarted {
        unit: unit(None),
        confirm: matches!(work, Work::Call { .. }),
        approval: None,
        lock: None,
        work,
    }));
    facts.extend(ends().into_iter().map(|end| Fact::UnitEnded {
        unit: unit(Some(0)),
        end,
    }));
    facts.extend(requests().into_iter().map(|request| Fact::SignalReceived {
        signal: Signal {
            by: "ann".into(),
            note: "because".into(),
            request,
            plan: None,
            number: None,
        },
    }));
    let mut with_secrets = started();
    with_secrets.stored_secrets = map(json!({"db/password": "s"}));
    facts.push(Fact::ExecutionStarted(Box::new(with_secrets)));
    facts.extend(plan_facts());
    facts.extend(repeat_facts());
    facts.extend(reach_facts());
    facts.push(inventory_fact());
    facts.extend(trigger_facts());
    facts
}

/// What runs over hosts of an inventory record.
fn inventory_fact() -> Fact {
    let mut settings = started();
    settings.inventory = Some(InventorySources {
        sources: vec!["/etc/oos/hosts.yml".into()],
        max_age: 600,
        stale: true,
    });
    Fact::ExecutionStarted(Box::new(settings))
}

fn terms() -> ApprovalTerms {
    ApprovalTerms {
        approvers: vec!["bob".into()],
        required: 1,
    }
}

/// What runs that are bound to a plan record besides.
fn plan_facts() -> Vec<Fact> {
    let digest = Digest::of(b"plan");
    let mut settings = started();
    settings.self_approval = true;
    settings.plan = Some(BoundPlan {
        digest: digest.clone(),
        loops: vec![PlannedLoop {
            path: vec!["one".into(), "each".into()],
            items: Arc::new(vec![json!("i-1")]),
        }],
        approvals: vec![vec!["ask".into()]],
        approved: Some(terms()),
        editors: Vec::new(),
    });
    vec![
        Fact::ExecutionStarted(Box::new(settings)),
        Fact::TaskStarted {
            task: 0,
            attempt: 2,
            looping: None,
            overrides: Some(map(json!({"API": "Other"}))),
            deadline: None,
            replanned: Some(Replanned {
                digest: digest.clone(),
                by: "ann".into(),
                approval: Some(terms()),
            }),
        },
        Fact::UnitStarted {
            unit: unit(None),
            work: Work::Approval {
                notice: None,
                approvers: Vec::new(),
                required: 1,
                on_timeout: TimeoutOutcome::Reject,
            },
            confirm: false,
            approval: Some(terms()),
            lock: None,
        },
        Fact::ApprovalExpired {
            unit: unit(None),
            outcome: TimeoutOutcome::Approve,
        },
        Fact::SignalReceived {
            signal: Signal {
                by: "bob".into(),
                note: "seen".into(),
                request: Request::Approve { task: None },
                plan: Some(digest.clone()),
                number: Some(3),
            },
        },
        Fact::Approved {
            unit: unit(None),
            by: "bob".into(),
            note: "seen".into(),
            plan: Some(digest),
        },
    ]
}

/// What loops over targets that may be out of reach record besides.
fn reach_facts() -> Vec<Fact> {
    let failure = || Failure::new("Host.Unreachable", "no route");
    let started = |unreachable| Fact::TaskStarted {
        task: 1,
        attempt: 1,
        looping: Some(LoopPlan {
            budgets: [(FailureClass::Unreachable, 1), (FailureClass::Unknown, 0)].into(),
            batch_errors: vec![0, 1],
            unreachable,
            ..LoopPlan::new(vec![json!("a")], 0, Batches::Concurrency { window: 1 })
        }),
        overrides: None,
        deadline: None,
        replanned: None,
    };
    let ended = |end| Fact::UnitEnded {
        unit: unit(Some(0)),
        end,
    };
    vec![
        started(OnUnreachable::Skip),
        started(OnUnreachable::Defer {
            rounds: 3,
            pause: 30,
        }),
        ended(End::Skipped {
            reason: Some(failure()),
        }),
        ended(End::Deferred { failure: failure() }),
        Fact::UnitStarted {
            unit: unit(Some(0)),
            work: Work::Pause,
            confirm: false,
            approval: None,
            lock: Some(Lock {
                names: vec!["web1".into()],
                cap: Some(Cap {
                    group: "web".into(),
                    limit: 3,
                }),
            }),
        },
        Fact::UnitConfirmed {
            unit: unit(Some(0)),
            lock: true,
        },
        Fact::LockGranted {
            unit: unit(Some(0)),
        },
        Fact::RoundPlanned {
            task: 1,
            round: 1,
            items: 1,
            until: at(),
        },
        Fact::RoundStarted {
            task: 1,
            attempt: 2,
        },
    ]
}

/// What triggers and held executions record.
fn trigger_facts() -> Vec<Fact> {
    let mut fired = started();
    fired.fired = Some(Firing {
        trigger: started().id,
        nominal: Some(at()),
    });
    fired.hold = Some(Hold::Turn {
        reason: "others".into(),
    });
    let until = at();
    let calendar = "freeze".to_owned();
    let mut held = started();
    held.hold = Some(Hold::Blackout {
        calendar: calendar.clone(),
        until,
    });
    let mut watching = started();
    watching.origin = Some(TemplateOrigin {
        place: TemplatePlace::Name {
            name: "nightly".into(),
            version: Some("v2".into()),
        },
        timer: Some(map(json!({"Type": "rate"}))),
    });
    let unit = unit(None);
    let watch = |trigger| Fact::UnitStarted {
        unit,
        work: Work::Watch {
            trigger,
            settings: map(json!({"Type": "cron"})),
        },
        confirm: false,
        approval: None,
        lock: None,
    };
    let passed = |cause| Fact::TimesPassed {
        unit,
        passed: Passed {
            from: at(),
            until: at(),
            count: 2,
            cause,
            note: "late".into(),
        },
    };
    let said = |request| Fact::SignalReceived {
        signal: Signal {
            by: "ann".into(),
            note: String::new(),
            request,
            plan: None,
            number: None,
        },
    };
    vec![
        Fact::ExecutionStarted(Box::new(fired)),
        Fact::ExecutionStarted(Box::new(held)),
        Fact::ExecutionPaused {
            task: 0,
            reason: WaitReason::Blackout { calendar, until },
        },
        Fact::ExecutionReleased { by: "bob".into() },
        watch(TriggerKind::Timer),
        watch(TriggerKind::Event),
        watch(TriggerKind::Alarm),
        Fact::TriggerPaused { unit },
        Fact::TriggerResumed { unit },
        passed(PassCause::Missed),
        passed(PassCause::Overlap),
        passed(PassCause::Blackout),
        passed(PassCause::Paused),
        passed(PassCause::Renewed),
        Fact::ExecutionStarted(Box::new(watching.clone())),
        Fact::TriggerRenewed {
            unit,
            renewal: Renewal {
                settings: map(json!({"Type": "rate"})),
                started: Box::new(watching),
            },
        },
        said(Request::PauseTrigger),
        said(Request::ResumeTrigger),
    ]
}

#[test]
fn every_event_has_its_stable_form_and_decodes_from_it() {
    let events: Vec<Event> = facts()
        .into_iter()
        .map(|fact| Event { at: at(), fact })
        .collect();
    let written: Vec<String> = events
        .iter()
        .map(|event| serde_json::to_string(event).unwrap())
        .collect();
    let golden: Vec<&str> = GOLDEN.lines().collect();
    assert_eq!(written, golden, "\n{}\n", written.join("\n"));
    for (event, line) in events.iter().zip(golden) {
        assert_eq!(serde_json::from_str::<Event>(line).unwrap(), *event);
    }
}

#[test]
fn the_golden_file_has_every_fact() {
    let mut names: Vec<&str> = facts().iter().map(Fact::name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 31, "{names:?}");
}

//! Listings: filters, pages, loops, waiting, secrets.

use serde_json::json;

use super::fixture::{
    at, call, ended, event, failure, id, loop_started, map, start, started, success, task_ended,
    task_started, unit, unit_ended, unit_started,
};
use super::{Bench, on_every_store};
use crate::base::id::ExecutionId;
use crate::engine::event::{End, Event, Fact, Failure, TimeoutOutcome, Work};
use crate::engine::status::ExecutionStatus::{self, Cancelled, Running, Waiting};
use crate::engine::status::{TaskStatus, WaitReason};
use crate::store::view::{CommandFilter, ExecutionFilter, LoopCounts, TaskFilter, Views};
use crate::store::{Journal, Store};

on_every_store! {
    filters_select
    pages_follow_one_another
    loop_counts_its_items
    commands_of_a_host_are_its_time_line
    items_are_paged_with_those_whose_turn_has_not_come
    retried_loop_goes_on_with_its_items
    waiting_is_told_with_its_reason
    secrets_are_masked_in_every_view
    change_is_noticed
}

async fn ids<S: Views>(store: &S, filter: ExecutionFilter) -> Vec<ExecutionId> {
    let views = store.executions(&filter).await.unwrap();
    views.into_iter().map(|view| view.execution_id).collect()
}

async fn run(
    store: &impl Store,
    id: &ExecutionId,
    seconds: i64,
    change: impl FnOnce(&mut crate::engine::event::Started),
) {
    let mut start = start(id);
    change(&mut start);
    let event = event(seconds, Fact::ExecutionStarted(Box::new(start)));
    store.append(id, 0, &[event]).await.unwrap();
}

async fn filters_select<B: Bench>(bench: B) {
    let store = bench.open();
    run(&store, &id(1), 1, |start| {
        start.template_name = "Other".into();
    })
    .await;
    run(&store, &id(2), 2, |start| start.user = "bert".into()).await;
    run(&store, &id(2).child(1), 3, |_| {}).await;
    run(&store, &id(3), 4, |start| {
        start.tags = [("team", "red"), ("tier", "1")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into();
    })
    .await;
    store
        .append(&id(3), 1, &[ended(9, ExecutionStatus::Failed)])
        .await
        .unwrap();
    let all = ExecutionFilter::default;
    assert_eq!(ids(&store, all()).await, [id(3), id(2), id(1)]);
    let children = ExecutionFilter {
        include_children: true,
        ..all()
    };
    assert_eq!(
        ids(&store, children).await,
        [id(3), id(2).child(1), id(2), id(1)]
    );
    let parent = ExecutionFilter {
        parent: Some(id(2)),
        ..all()
    };
    assert_eq!(ids(&store, parent).await, [id(2).child(1)]);
    let template = ExecutionFilter {
        template_name: Some("OTHER".into()),
        ..all()
    };
    assert_eq!(ids(&store, template).await, [id(1)]);
    let user = ExecutionFilter {
        executed_by: Some("bert".into()),
        ..all()
    };
    assert_eq!(ids(&store, user).await, [id(2)]);
    let failed = ExecutionFilter {
        statuses: vec![ExecutionStatus::Failed],
        ..all()
    };
    assert_eq!(ids(&store, failed).await, [id(3)]);
    let several = vec![ExecutionStatus::Failed, ExecutionStatus::Running];
    let several = ExecutionFilter {
        statuses: several,
        ..all()
    };
    assert_eq!(ids(&store, several).await, [id(3), id(2), id(1)]);
    let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let tags = |tags: Vec<_>| ExecutionFilter { tags, ..all() };
    assert_eq!(
        ids(&store, tags(vec![tag("team", "red"), tag("tier", "1")])).await,
        [id(3)]
    );
    assert_eq!(
        ids(&store, tags(vec![tag("team", "red"), tag("tier", "2")])).await,
        []
    );
    let between = ExecutionFilter {
        started_after: Some(at(1)),
        started_before: Some(at(4)),
        ..all()
    };
    assert_eq!(ids(&store, between).await, [id(2), id(1)]);
    let prefix = ExecutionFilter {
        id_prefix: Some(id(2).as_str().to_owned()),
        ..all()
    };
    assert_eq!(ids(&store, prefix).await, [id(2)]);
    assert_eq!(store.unfinished().await.unwrap(), [id(1), id(2)]);
}

async fn pages_follow_one_another<B: Bench>(bench: B) {
    let store = bench.open();
    for number in 0..7 {
        // Two start at the same moment.
        run(
            &store,
            &id(number),
            i64::try_from(number / 2).unwrap(),
            |_| {},
        )
        .await;
    }
    let mut seen = Vec::new();
    loop {
        let after = seen.last().cloned();
        let page = ids(
            &store,
            ExecutionFilter {
                after,
                limit: 3,
                ..ExecutionFilter::default()
            },
        )
        .await;
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 3);
        seen.extend(page);
    }
    assert_eq!(seen, (0..7).rev().map(id).collect::<Vec<_>>());
    let unknown = ExecutionFilter {
        after: Some(id(99)),
        ..ExecutionFilter::default()
    };
    assert_eq!(ids(&store, unknown).await, []);
}

fn items(count: u32) -> Vec<crate::base::value::Value> {
    (0..count).map(|n| json!(format!("host-{n}"))).collect()
}

async fn loop_counts_its_items<B: Bench>(bench: B) {
    let store = bench.open();
    let item = |n| unit(0, Some(n));
    let events = [
        started(&id(1)),
        loop_started(1, 0, items(600)),
        unit_started(1, item(0), call("a")),
        unit_started(1, item(1), call("b")),
        unit_started(1, item(599), call("c")),
        unit_ended(2, item(0), success(json!({"code": 0}))),
        unit_ended(2, item(1), failure("exit code 3")),
        event(2, Fact::UnitSkipped { unit: item(2) }),
    ];
    store.append(&id(1), 0, &events).await.unwrap();
    let tasks = store.tasks(&id(1), &TaskFilter::default()).await.unwrap();
    let counts = LoopCounts {
        total: 600,
        success: 1,
        failed: 1,
        running: 1,
        skipped: 1,
    };
    assert_eq!(tasks[0].loop_counts, Some(counts));
    assert_eq!(tasks[0].status, TaskStatus::Running);
    let all = TaskFilter {
        include_items: true,
        ..TaskFilter::default()
    };
    let tasks = store.tasks(&id(1), &all).await.unwrap();
    let shown: Vec<_> = tasks
        .iter()
        .map(|t| (t.loop_index, t.loop_item.clone()))
        .collect();
    let host = |n: u32| (Some(n), Some(json!(format!("host-{n}"))));
    assert_eq!(
        shown,
        [
            (None, None),
            host(0),
            host(1),
            host(2),
            host(599),
            (None, None)
        ]
    );
    assert_eq!(tasks[2].status_message, "Broken: exit code 3");
    assert_eq!(tasks[2].task_execution_id, format!("{}.t0000#1", id(1)));
    assert_eq!(tasks[1].task_name, "first");
    let failed = TaskFilter {
        statuses: vec![TaskStatus::Failed],
        ..all.clone()
    };
    assert_eq!(store.tasks(&id(1), &failed).await.unwrap(), tasks[2..3]);
    let page = TaskFilter {
        offset: 1,
        limit: 2,
        task_name: Some("FIRST".into()),
        ..all
    };
    assert_eq!(store.tasks(&id(1), &page).await.unwrap(), tasks[1..3]);
}

/// A call of the native action that runs a command.
fn command(target: &str) -> Work {
    let Work::Call { mut call } = call("look") else {
        unreachable!("it is a call");
    };
    call.service = crate::base::call::ACTION_SERVICE.into();
    call.api = "ACS::ECS::RunCommand".into();
    call.parameters.insert("instanceId".into(), json!(target));
    Work::Call { call }
}

async fn commands_of_a_host_are_its_time_line<B: Bench>(bench: B) {
    let store = bench.open();
    for (number, seconds) in [(1, 10), (2, 20)] {
        run(&store, &id(number), seconds, |start| {
            start.user = format!("user-{number}");
            start.tasks[0].action = "acs::ecs::RunCommand".into();
        })
        .await;
        let second = crate::engine::event::UnitId {
            attempt: 2,
            ..unit(0, Some(1))
        };
        let exit = |code: &str| End::failed(Failure::new(code, "no"));
        let events = [
            loop_started(seconds, 0, items(2)),
            unit_started(seconds + 1, unit(0, Some(0)), command("web1")),
            unit_started(seconds + 1, unit(0, Some(1)), command("web2")),
            unit_ended(seconds + 2, unit(0, Some(0)), success(json!({}))),
            unit_ended(seconds + 3, unit(0, Some(1)), exit("ExitCode.3")),
            // An attempt that is under way.
            unit_started(seconds + 4, second, command("web2")),
        ];
        store.append(&id(number), 1, &events).await.unwrap();
    }
    let all = |target: &str| CommandFilter {
        target: target.into(),
        ..CommandFilter::default()
    };
    let line = store.commands(&all("web2")).await.unwrap();
    let seen: Vec<_> = line
        .iter()
        .map(|command| (command.start_date, command.attempt, command.status))
        .collect();
    let expected = [
        (at(24), 2, TaskStatus::Running),
        (at(21), 1, TaskStatus::Failed),
        (at(14), 2, TaskStatus::Running),
        (at(11), 1, TaskStatus::Failed),
    ];
    assert_eq!(seen, expected);
    let failed = &line[1];
    assert_eq!(
        (failed.exit_code, failed.code.as_str()),
        (Some(3), "ExitCode.3")
    );
    assert_eq!(failed.executed_by, "user-2");
    assert_eq!(failed.execution_id, id(2));
    assert_eq!(
        (failed.loop_index, failed.task_name.as_str()),
        (Some(1), "first")
    );
    assert_eq!(failed.end_date, Some(at(23)));
    let well = store.commands(&all("web1")).await.unwrap();
    assert_eq!(well.len(), 2);
    assert_eq!(well[0].exit_code, Some(0));
    let since = CommandFilter {
        since: Some(at(21)),
        limit: 1,
        ..all("web2")
    };
    assert_eq!(store.commands(&since).await.unwrap(), line[..1]);
    assert_eq!(store.commands(&all("web")).await.unwrap(), []);
}

async fn items_are_paged_with_those_whose_turn_has_not_come<B: Bench>(bench: B) {
    let store = bench.open();
    let item = |n| unit(0, Some(n));
    let events = [
        started(&id(1)),
        loop_started(1, 0, items(600)),
        unit_started(1, item(1), call("b")),
        unit_started(1, item(255), call("c")),
        unit_started(1, item(599), call("d")),
        unit_ended(2, item(1), failure("exit code 3")),
    ];
    store.append(&id(1), 0, &events).await.unwrap();
    let all = store.items(&id(1), "FIRST", 0, 1000).await.unwrap();
    assert_eq!(all.len(), 600);
    for (n, view) in (0..).zip(&all) {
        assert_eq!(view.loop_index, Some(n));
        assert_eq!(view.loop_item, Some(json!(format!("host-{n}"))));
        let status = match n {
            1 => TaskStatus::Failed,
            255 | 599 => TaskStatus::Running,
            _ => TaskStatus::Pending,
        };
        assert_eq!(view.status, status, "{n}");
    }
    for (from, limit) in [(0, 2), (254, 5), (598, 9), (600, 1)] {
        let page = store.items(&id(1), "first", from, limit).await.unwrap();
        let until = (from + limit).min(600) as usize;
        assert_eq!(page, all[from as usize..until], "{from}");
    }
    // A task without a loop has no items, and neither has one that is not there.
    assert_eq!(store.items(&id(1), "second", 0, 9).await.unwrap(), []);
    assert_eq!(store.items(&id(1), "third", 0, 9).await.unwrap(), []);
}

async fn retried_loop_goes_on_with_its_items<B: Bench>(bench: B) {
    let store = bench.open();
    let second = |n| crate::engine::event::UnitId {
        attempt: 2,
        ..unit(0, Some(n))
    };
    let retry = |looping| Fact::TaskStarted {
        task: 0,
        attempt: 2,
        looping,
        overrides: None,
        deadline: None,
        replanned: None,
    };
    let events = [
        started(&id(1)),
        loop_started(1, 0, items(2)),
        unit_started(1, unit(0, Some(0)), call("a")),
        unit_started(1, unit(0, Some(1)), call("b")),
        unit_ended(2, unit(0, Some(0)), success(json!({}))),
        unit_ended(2, unit(0, Some(1)), failure("no")),
        task_ended(2, 0, failure("no")),
        event(3, retry(None)),
        unit_started(3, second(1), call("b")),
        unit_ended(4, second(1), success(json!({}))),
    ];
    store.append(&id(1), 0, &events).await.unwrap();
    let filter = TaskFilter {
        include_items: true,
        limit: 3,
        ..TaskFilter::default()
    };
    let tasks = store.tasks(&id(1), &filter).await.unwrap();
    let counts = LoopCounts {
        total: 2,
        success: 2,
        ..LoopCounts::default()
    };
    assert_eq!(tasks[0].loop_counts, Some(counts));
    assert_eq!([tasks[1].attempt, tasks[2].attempt], [1, 2]);

    // A new plan takes the items of the old one away.
    let Fact::TaskStarted { looping, .. } = loop_started(5, 0, items(1)).fact else {
        unreachable!("it is a start");
    };
    let again = [
        event(5, retry(looping)),
        unit_started(5, second(0), call("c")),
    ];
    store.append(&id(1), 10, &again).await.unwrap();
    let tasks = store.tasks(&id(1), &filter).await.unwrap();
    let counts = LoopCounts {
        total: 1,
        running: 1,
        ..LoopCounts::default()
    };
    assert_eq!(tasks[0].loop_counts, Some(counts));
    assert_eq!(tasks[1].loop_index, Some(0));
    assert_eq!(tasks[1].status, TaskStatus::Running);
    assert_eq!(tasks[2].task_name, "second");
}

async fn waiting_is_told_with_its_reason<B: Bench>(bench: B) {
    let store = bench.open();
    let mut last = 0;
    let mut steps = Vec::new();
    let approval = Work::Approval {
        notice: None,
        approvers: vec!["bert".into(), "carl".into()],
        required: 2,
        on_timeout: TimeoutOutcome::Fail,
    };
    let wait = |given: &[&str]| WaitReason::Approval {
        approvers: vec!["bert".into(), "carl".into()],
        required: 2,
        given: given.iter().map(ToString::to_string).collect(),
    };
    let approved = Fact::Approved {
        unit: unit(0, None),
        by: "bert".into(),
        note: "seen".into(),
        plan: None,
    };
    let script: Vec<(Vec<Event>, Option<WaitReason>)> = vec![
        (
            vec![
                started(&id(1)),
                task_started(1, 0),
                unit_started(1, unit(0, None), approval),
            ],
            Some(wait(&[])),
        ),
        (vec![event(2, approved)], Some(wait(&["bert"]))),
        (vec![unit_ended(2, unit(0, None), success(json!({})))], None),
        (
            vec![
                task_ended(2, 0, success(json!({}))),
                loop_started(3, 1, items(3)),
            ],
            None,
        ),
        (
            vec![
                unit_started(3, unit(1, Some(0)), Work::Pause),
                unit_started(3, unit(1, Some(1)), call("a")),
            ],
            None,
        ),
        (
            vec![unit_ended(4, unit(1, Some(1)), success(json!({})))],
            Some(WaitReason::Pause),
        ),
        (
            vec![unit_ended(5, unit(1, Some(0)), success(json!({})))],
            None,
        ),
        (
            vec![event(
                6,
                Fact::BatchEnded {
                    task: 1,
                    batch: 1,
                    pause: true,
                },
            )],
            Some(WaitReason::BatchPause { batch: 1 }),
        ),
        (vec![event(7, Fact::BatchReleased { task: 1 })], None),
        (
            vec![event(
                8,
                Fact::ExecutionPaused {
                    task: 1,
                    reason: WaitReason::Failure,
                },
            )],
            Some(WaitReason::Failure),
        ),
        (vec![ended(9, ExecutionStatus::Cancelled)], None),
    ];
    for (events, expected) in script {
        last = store.append(&id(1), last, &events).await.unwrap();
        let view = store.execution(&id(1)).await.unwrap().unwrap();
        assert_eq!(view.waiting_status, expected, "after event {last}");
        steps.push(view.status);
    }
    assert_eq!(
        steps,
        [
            Waiting, Waiting, Running, Running, Running, Waiting, Running, Waiting, Running,
            Waiting, Cancelled
        ]
    );
}

async fn secrets_are_masked_in_every_view<B: Bench>(bench: B) {
    let store = bench.open();
    let mut start = start(&id(1));
    start.parameters = map(json!({"password": "hunter22", "pin": "12", "who": "hunter22 too"}));
    start.secret = vec!["Password".into(), "pin".into()];
    start.inherited_secrets = vec![json!("Success")];
    let events = [
        event(0, Fact::ExecutionStarted(Box::new(start))),
        task_started(1, 0),
        unit_started(1, unit(0, None), call("login hunter22")),
        unit_ended(2, unit(0, None), success(json!({"echo": "hunter22"}))),
        task_ended(2, 0, failure("hunter22 was refused")),
        ended(3, ExecutionStatus::Success),
    ];
    store.append(&id(1), 0, &events).await.unwrap();
    assert_eq!(store.read(&id(1)).await.unwrap(), events);
    let view = store.execution(&id(1)).await.unwrap().unwrap();
    let masked = json!({"password": "******", "pin": "******", "who": "****** too"});
    assert_eq!(json!(view.parameters), masked);
    // The secret is a word of the engine as well, which must go on meaning what it means.
    assert_eq!(view.status, ExecutionStatus::Success);
    let tasks = store.tasks(&id(1), &TaskFilter::default()).await.unwrap();
    assert_eq!(tasks[0].status_message, "Broken: ****** was refused");
    let page = store.events(&id(1), 2, 2).await.unwrap();
    assert_eq!(page.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [3, 4]);
    let all = store.events(&id(1), 0, 99).await.unwrap();
    assert_eq!(all.len(), 6);
    for text in [json!(all), json!(tasks), json!(view)].map(|value| value.to_string()) {
        assert!(!text.contains("hunter22"), "{text}");
    }
}

async fn change_is_noticed<B: Bench>(bench: B) {
    let (one, two) = (bench.open(), bench.open());
    let seen = one.changed(0).await.unwrap();
    let (moment, ()) = tokio::join!(one.changed(seen), async {
        two.append(&id(1), 0, &[started(&id(1))]).await.unwrap();
    });
    assert_ne!(moment.unwrap(), seen);
}

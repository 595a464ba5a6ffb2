//! Triggers, and what became of their times.

use serde_json::json;

use super::fixture::{at, event, id, map, start, started, unit, unit_started};
use super::mailbox::signal;
use super::{Bench, on_every_store};
use crate::base::id::ExecutionId;
use crate::engine::event::{Event, Fact, Firing, PassCause, Passed, Renewal, TriggerKind, Work};
use crate::engine::status::ExecutionStatus;
use crate::store::conformance::fixture::ended;
use crate::store::view::Views as _;
use crate::store::{Journal as _, Mailbox as _, StoreError, Triggers as _};

on_every_store! {
    triggers_are_listed_until_they_end
    a_nominal_time_starts_at_most_one_execution
    times_that_started_nothing_count_as_dealt_with
    attendance_is_shared
}

fn watch(seconds: i64) -> Event {
    let work = Work::Watch {
        trigger: TriggerKind::Timer,
        settings: map(json!({"Type": "rate", "Expression": "1 minutes"})),
    };
    unit_started(seconds, unit(0, None), work)
}

fn renewed(seconds: i64, rate: &str) -> Event {
    let renewal = Renewal {
        settings: map(json!({"Type": "rate", "Expression": rate})),
        started: Box::new(start(&id(1))),
    };
    let unit = unit(0, None);
    event(seconds, Fact::TriggerRenewed { unit, renewal })
}

fn fired(id: &ExecutionId, by: &ExecutionId, nominal: Option<i64>) -> Event {
    let mut started = start(id);
    started.fired = Some(Firing {
        trigger: by.clone(),
        nominal: nominal.map(at),
    });
    event(
        nominal.unwrap_or(0),
        Fact::ExecutionStarted(Box::new(started)),
    )
}

fn passed(from: i64, until: i64) -> Event {
    let passed = Passed {
        from: at(from),
        until: at(until),
        count: 3,
        cause: PassCause::Missed,
        note: "nobody was there".into(),
    };
    let unit = unit(0, None);
    event(until, Fact::TimesPassed { unit, passed })
}

async fn triggers_are_listed_until_they_end<B: Bench>(bench: B) {
    let store = bench.open();
    let pause = event(
        2,
        Fact::TriggerPaused {
            unit: unit(0, None),
        },
    );
    let resume = event(
        3,
        Fact::TriggerResumed {
            unit: unit(0, None),
        },
    );
    store
        .append(&id(1), 0, &[started(&id(1)), watch(1)])
        .await
        .unwrap();
    let seen = store.trigger(&id(1)).await.unwrap().unwrap();
    assert_eq!(
        seen.settings,
        map(json!({"Type": "rate", "Expression": "1 minutes"}))
    );
    assert_eq!(
        (seen.paused, seen.start_date, seen.handled, seen.length),
        (false, at(1), None, 2)
    );
    let [mark] = &*store.marks().await.unwrap() else {
        panic!("there is one trigger");
    };
    assert_eq!((&mark.execution_id, mark.paused), (&id(1), false));
    assert_eq!(store.unfinished().await.unwrap(), [], "it only waits");
    let number = store.post(&id(1), &signal("ann")).await.unwrap();
    assert_eq!(
        store.unfinished().await.unwrap(),
        [id(1)],
        "somebody spoke to it"
    );
    store.settle(number, None).await.unwrap();
    assert_eq!(store.unfinished().await.unwrap(), []);
    store.append(&id(1), 2, &[pause]).await.unwrap();
    assert!(store.trigger(&id(1)).await.unwrap().unwrap().paused);
    store.append(&id(1), 3, &[resume]).await.unwrap();
    let seen = bench.open().triggers(false).await.unwrap().remove(0);
    assert_eq!((seen.paused, seen.resumed), (false, Some(at(3))));
    // The same settings are no news: times go on where they are.
    store
        .append(
            &id(1),
            4,
            &[renewed(4, "1 minutes"), renewed(5, "2 minutes")],
        )
        .await
        .unwrap();
    let seen = bench.open().trigger(&id(1)).await.unwrap().unwrap();
    assert_eq!(
        seen.settings,
        map(json!({"Type": "rate", "Expression": "2 minutes"}))
    );
    assert_eq!((seen.renewed, seen.settled()), (Some(at(5)), at(5)));
    assert_eq!(seen.length, 6);
    let marks = store.marks().await.unwrap();
    assert_eq!(marks[0].renewed, Some(at(5)));
    store
        .append(&id(1), 6, &[ended(6, ExecutionStatus::Cancelled)])
        .await
        .unwrap();
    assert_eq!(store.triggers(false).await.unwrap(), []);
    assert_eq!(store.marks().await.unwrap(), []);
    assert_eq!(store.triggers(true).await.unwrap().len(), 1);
    assert_eq!(store.trigger(&id(2)).await.unwrap(), None);
}

async fn a_nominal_time_starts_at_most_one_execution<B: Bench>(bench: B) {
    let (one, two) = (bench.open(), bench.open());
    one.append(&id(1), 0, &[started(&id(1)), watch(1)])
        .await
        .unwrap();
    one.append(&id(2), 0, &[fired(&id(2), &id(1), Some(10))])
        .await
        .unwrap();
    for nominal in [10, 5] {
        let second = two
            .append(&id(3), 0, &[fired(&id(3), &id(1), Some(nominal))])
            .await;
        let expected = StoreError::Passed {
            trigger: id(1),
            nominal: at(nominal),
        };
        assert_eq!(second, Err(expected));
    }
    // What a person fires has no nominal time.
    two.append(&id(3), 0, &[fired(&id(3), &id(1), None)])
        .await
        .unwrap();
    two.append(&id(4), 0, &[fired(&id(4), &id(1), Some(11))])
        .await
        .unwrap();
    assert_eq!(
        one.trigger(&id(1)).await.unwrap().unwrap().handled,
        Some(at(11))
    );
    assert_eq!(one.running(&id(1)).await.unwrap(), [id(3), id(2), id(4)]);
    two.append(&id(2), 1, &[ended(12, ExecutionStatus::Success)])
        .await
        .unwrap();
    assert_eq!(one.running(&id(1)).await.unwrap(), [id(3), id(4)]);
    let firings = one.firings(&id(1), 2).await.unwrap();
    let shown: Vec<_> = firings
        .iter()
        .map(|firing| {
            (
                firing.nominal_time,
                firing.execution_id.clone(),
                firing.status,
            )
        })
        .collect();
    let running = Some(ExecutionStatus::Running);
    assert_eq!(
        shown,
        [
            (Some(at(11)), Some(id(4)), running),
            (Some(at(10)), Some(id(2)), Some(ExecutionStatus::Success)),
        ]
    );
}

async fn times_that_started_nothing_count_as_dealt_with<B: Bench>(bench: B) {
    let store = bench.open();
    store
        .append(&id(1), 0, &[started(&id(1)), watch(1), passed(5, 9)])
        .await
        .unwrap();
    let late = store
        .append(&id(2), 0, &[fired(&id(2), &id(1), Some(9))])
        .await;
    assert!(matches!(late, Err(StoreError::Passed { .. })), "{late:?}");
    let again = store.append(&id(1), 3, &[passed(9, 12)]).await;
    assert!(matches!(again, Err(StoreError::Passed { .. })), "{again:?}");
    let seen = store.firings(&id(1), 10).await.unwrap().remove(0);
    assert_eq!(
        (seen.nominal_time, seen.until_time, seen.count),
        (Some(at(5)), Some(at(9)), 3)
    );
    assert_eq!(
        (seen.cause, seen.execution_id),
        (Some(PassCause::Missed), None)
    );
}

async fn attendance_is_shared<B: Bench>(bench: B) {
    use crate::store::Ownership as _;
    let (one, two) = (bench.open(), bench.open());
    assert!(!one.is_attended().unwrap());
    let first = one.attend().unwrap();
    let second = two.attend().unwrap();
    assert!(one.is_attended().unwrap() && two.is_attended().unwrap());
    drop(first);
    assert!(one.is_attended().unwrap());
    drop(second);
    assert!(!two.is_attended().unwrap());
}

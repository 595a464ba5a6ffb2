//! Audit records: who did what, in one chain.

use serde_json::json;

use super::fixture::{at, event, id, map, start, started, task_started};
use super::{Bench, on_every_store};
use crate::engine::event::{Fact, Request, Signal};
use crate::store::audit::{Audit, AuditAction, AuditRecord, AuditReport, Chain, Deed};
use crate::store::{Journal as _, Templates as _};

on_every_store! {
    what_people_do_is_recorded_with_the_event
    what_no_journal_tells_of_is_noted
    refused_append_leaves_no_record
    secrets_are_masked_in_records
    several_openings_share_one_chain
}

fn signal(by: &str, request: Request) -> Fact {
    Fact::SignalReceived {
        signal: Signal {
            by: by.into(),
            note: "because".into(),
            request,
            number: None,
            plan: None,
        },
    }
}

async fn records(store: &impl Audit) -> Vec<AuditRecord> {
    store.audit(0, usize::MAX).await.unwrap()
}

async fn verified(store: &impl Audit) -> AuditReport {
    let mut chain = Chain::default();
    for record in records(store).await {
        chain.follow(Ok(&record));
    }
    chain.finish()
}

fn deeds(records: &[AuditRecord]) -> Vec<(&str, &str, &str)> {
    records
        .iter()
        .map(|record| (&*record.actor, &*record.action, &*record.subject))
        .collect()
}

async fn what_people_do_is_recorded_with_the_event<B: Bench>(bench: B) {
    let store = bench.open();
    let parent = id(1).to_string();
    let events = [
        started(&id(1)),
        task_started(1, 0),
        event(
            2,
            signal(
                "bob",
                Request::SkipTask {
                    task: Some("first".into()),
                },
            ),
        ),
        // A parent that cancels its child is no person.
        event(3, signal(&parent, Request::Cancel)),
        event(4, signal("carl", Request::Cancel)),
    ];
    store.append(&id(1), 0, &events).await.unwrap();
    let store = bench.open();
    let records = records(&store).await;
    let subject = id(1).to_string();
    assert_eq!(
        deeds(&records),
        [
            ("oos", "begun", "audit"),
            ("anna", "started", &*subject),
            ("bob", "skipped", &*subject),
            ("carl", "cancelled", &*subject),
        ]
    );
    assert_eq!(records[2].at, at(2));
    assert_eq!(
        records[2].detail,
        json!({"task": "first", "note": "because", "event": 3}).to_string()
    );
    assert_eq!(verified(&store).await.flaws, []);
    assert_eq!(store.audit(2, 1).await.unwrap(), records[2..3]);
}

async fn what_no_journal_tells_of_is_noted<B: Bench>(bench: B) {
    let store = bench.open();
    let head = store
        .note(Deed::new("ann", AuditAction::SecretSet, "db/password"))
        .await
        .unwrap();
    assert_eq!(head.number, 2);
    store.put_template("Patch", "a: 1", "ann").await.unwrap();
    // The same text makes no version: nothing was done.
    store.put_template("Patch", "a: 1", "bob").await.unwrap();
    store.delete_template("patch", "carl").await.unwrap();
    store.delete_template("patch", "carl").await.unwrap();
    let records = records(&store).await;
    assert_eq!(
        deeds(&records[1..]),
        [
            ("ann", "secret-set", "db/password"),
            ("ann", "template-created", "Patch"),
            ("carl", "template-deleted", "patch"),
        ]
    );
    assert_eq!(records[1].head(), head);
    assert_eq!(records[2].detail_value("version"), Some(json!("v1")));
    assert_eq!(verified(&store).await.flaws, []);
}

async fn refused_append_leaves_no_record<B: Bench>(bench: B) {
    let store = bench.open();
    assert!(store.append(&id(1), 3, &[started(&id(1))]).await.is_err());
    assert_eq!(records(&store).await.len(), 1);
}

async fn secrets_are_masked_in_records<B: Bench>(bench: B) {
    let store = bench.open();
    let mut start = start(&id(1));
    start.parameters = map(json!({"password": "hunter22"}));
    start.secret = vec!["password".into()];
    let request = Request::RetryTask {
        task: None,
        parameters: Some(map(json!({"text": "login hunter22"}))),
    };
    let events = [
        event(0, Fact::ExecutionStarted(Box::new(start))),
        event(1, signal("bob", request)),
    ];
    store.append(&id(1), 0, &events[..1]).await.unwrap();
    store.append(&id(1), 1, &events[1..]).await.unwrap();
    let records = records(&store).await;
    assert_eq!(records.len(), 3);
    for record in &records {
        assert!(!record.detail.contains("hunter22"), "{}", record.detail);
    }
    assert_eq!(
        records[2].detail_value("parameters"),
        Some(json!({"text": "login ******"}))
    );
}

async fn several_openings_share_one_chain<B: Bench>(bench: B) {
    let stores = [bench.open(), bench.open(), bench.open()];
    let notes = (0..30_usize).map(|number| {
        let deed = Deed::new("ann", AuditAction::SecretSet, number.to_string());
        stores[number % 3].note(deed)
    });
    let heads = futures_util::future::join_all(notes).await;
    assert!(heads.iter().all(Result::is_ok));
    let report = verified(&stores[0]).await;
    assert_eq!((report.records, &*report.flaws), (31, &[][..]));
}

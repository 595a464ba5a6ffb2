//! Documents of the provider.

use serde_json::json;

use super::{Bench, on_every_store};
use crate::base::records::{Record, RecordChange, RecordError, RecordQuery, Records};

on_every_store! {
    records_come_back_in_order_of_creation
    queries_select_by_id_and_tags
    conflict_takes_everything_back
    deleted_record_begins_anew
}

fn record(id: &str, tags: &[(&str, &str)], revision: u64) -> Record {
    Record {
        kind: "instance".into(),
        id: id.into(),
        document: json!({"Id": id, "Revision": revision}),
        tags: tags
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        revision,
        sealed: false,
    }
}

fn put(store: &impl Records, record: Record) {
    store.write(vec![RecordChange::Put(record)]).unwrap();
}

fn ids(store: &impl Records, query: &RecordQuery) -> Vec<String> {
    let records = store.list("instance", query).unwrap();
    records.into_iter().map(|record| record.id).collect()
}

async fn records_come_back_in_order_of_creation<B: Bench>(bench: B) {
    let store = bench.open();
    put(&store, record("i-b", &[], 0));
    put(&store, record("i-a", &[], 0));
    put(&store, record("i-b", &[("k", "v")], 1));
    assert_eq!(ids(&store, &RecordQuery::default()), ["i-b", "i-a"]);
    // What is closed is durable.
    drop(store);
    let store = bench.open();
    assert_eq!(ids(&store, &RecordQuery::default()), ["i-b", "i-a"]);
    let stored = store.get("instance", "i-b").unwrap().unwrap();
    assert_eq!(stored.revision, 2);
    assert_eq!(stored.document["Revision"], 1);
    assert_eq!(stored.tags, [("k".to_owned(), "v".to_owned())]);
    assert_eq!(store.get("image", "i-b").unwrap(), None);
    assert_eq!(store.list("image", &RecordQuery::default()).unwrap(), []);
}

#[track_caller]
fn case(
    store: &impl Records,
    wanted: Option<&[&str]>,
    tags: &[(&str, Option<&str>)],
    expected: &[&str],
) {
    let query = RecordQuery {
        ids: wanted.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect()),
        tags: tags
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.map(str::to_owned)))
            .collect(),
    };
    assert_eq!(ids(store, &query), expected);
}

async fn queries_select_by_id_and_tags<B: Bench>(bench: B) {
    let store = bench.open();
    put(&store, record("1", &[("role", "web"), ("zone", "a")], 0));
    put(&store, record("2", &[("role", "web"), ("zone", "b")], 0));
    put(&store, record("3", &[("role", "db")], 0));
    case(&store, None, &[("role", Some("web"))], &["1", "2"]);
    case(&store, None, &[("role", None)], &["1", "2", "3"]);
    case(
        &store,
        None,
        &[("role", Some("web")), ("zone", Some("b"))],
        &["2"],
    );
    case(
        &store,
        None,
        &[("role", Some("web")), ("zone", None)],
        &["1", "2"],
    );
    case(&store, Some(&["3", "1", "9"]), &[], &["1", "3"]);
    case(&store, Some(&["3", "1"]), &[("zone", None)], &["1"]);
    case(&store, Some(&[]), &[], &[]);
    // Tags are written with the record.
    put(&store, record("1", &[("role", "db")], 1));
    case(&store, None, &[("role", Some("web"))], &["2"]);
    case(&store, None, &[("role", Some("db"))], &["1", "3"]);
}

async fn conflict_takes_everything_back<B: Bench>(bench: B) {
    let store = bench.open();
    put(&store, record("1", &[], 0));
    let changes = vec![
        RecordChange::Put(record("2", &[], 0)),
        RecordChange::Put(record("1", &[], 0)),
    ];
    let error = store.write(changes).unwrap_err();
    assert!(matches!(error, RecordError::Conflict { id, .. } if id == "1"));
    assert_eq!(ids(&store, &RecordQuery::default()), ["1"]);
    // Within one write the later change sees the earlier.
    let changes = vec![
        RecordChange::Put(record("2", &[], 0)),
        RecordChange::Put(record("2", &[], 1)),
    ];
    store.write(changes).unwrap();
    assert_eq!(store.get("instance", "2").unwrap().unwrap().revision, 2);
}

async fn deleted_record_begins_anew<B: Bench>(bench: B) {
    let store = bench.open();
    put(&store, record("1", &[("k", "v")], 0));
    put(&store, record("2", &[("k", "v")], 0));
    let delete = |revision| RecordChange::Delete {
        kind: "instance".into(),
        id: "1".into(),
        revision,
    };
    assert!(store.write(vec![delete(7)]).is_err());
    store.write(vec![delete(1)]).unwrap();
    assert_eq!(store.get("instance", "1").unwrap(), None);
    assert!(store.write(vec![delete(1)]).is_err());
    put(&store, record("1", &[("k", "v")], 0));
    let tag = RecordQuery {
        ids: None,
        tags: vec![("k".into(), Some("v".into()))],
    };
    assert_eq!(ids(&store, &tag), ["2", "1"]);
}

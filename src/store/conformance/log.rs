//! Command output.

use serde_json::json;

use super::fixture::{event, id, map, start};
use super::{Bench, on_every_store};
use crate::base::id::ExecutionId;
use crate::base::output::{Channel, LogKey, OutputSink as _};
use crate::engine::event::Fact;
use crate::store::{Journal as _, Logs};

on_every_store! {
    lines_come_back_by_range
    bytes_known_already_are_ignored
    output_is_seen_before_it_is_flushed
    logs_of_children_are_listed
    secret_across_writes_is_never_seen
    large_log_is_read_by_range
}

fn key(execution: &ExecutionId, item: Option<u32>) -> LogKey {
    LogKey {
        execution: execution.clone(),
        task: "run".into(),
        item,
        attempt: 1,
    }
}

async fn texts(store: &impl Logs, key: &LogKey, from: u64, limit: usize) -> Vec<(u64, String)> {
    let lines = store.lines(key, from, limit).await.unwrap();
    lines
        .into_iter()
        .map(|line| (line.number, line.text))
        .collect()
}

fn numbered(from: u64, texts: &[&str]) -> Vec<(u64, String)> {
    (from..)
        .zip(texts.iter().map(|text| (*text).to_owned()))
        .collect()
}

async fn lines_come_back_by_range<B: Bench>(bench: B) {
    let store = bench.open();
    let key = key(&id(1), None);
    store.write(&key, Channel::Stdout, 0, b"one\ntwo").unwrap();
    store.write(&key, Channel::Stderr, 0, b"warning\n").unwrap();
    store.flush(&key).unwrap();
    store
        .write(&key, Channel::Stdout, 7, b" and a half\nthree\n")
        .unwrap();
    store.flush(&key).unwrap();
    // What was flushed is durable with what follows it, or with the end of the store.
    drop(store);
    let store = bench.open();
    let all = ["one", "two and a half", "warning", "three"];
    assert_eq!(texts(&store, &key, 0, 100).await, numbered(0, &all));
    assert_eq!(texts(&store, &key, 1, 2).await, numbered(1, &all[1..3]));
    assert_eq!(texts(&store, &key, 3, 9).await, numbered(3, &all[3..]));
    assert_eq!(texts(&store, &key, 4, 9).await, []);
    assert_eq!(store.line_count(&key).await.unwrap(), 4);
    let lines = store.lines(&key, 2, 1).await.unwrap();
    assert_eq!(lines[0].channel, Channel::Stderr);
    assert_eq!(store.stored(&key, Channel::Stdout).unwrap(), 25);
    assert_eq!(store.stored(&key, Channel::Stderr).unwrap(), 8);
    let unknown = super::log::key(&id(2), None);
    assert_eq!(texts(&store, &unknown, 0, 9).await, []);
    assert_eq!(store.line_count(&unknown).await.unwrap(), 0);
}

async fn bytes_known_already_are_ignored<B: Bench>(bench: B) {
    let key = key(&id(1), None);
    let store = bench.open();
    store.write(&key, Channel::Stdout, 0, b"abc\n").unwrap();
    store.flush(&key).unwrap();
    drop(store);
    let store = bench.open();
    store.write(&key, Channel::Stdout, 0, b"abc\nde").unwrap();
    store.write(&key, Channel::Stdout, 2, b"c\ndef\n").unwrap();
    store.write(&key, Channel::Stdout, 1, b"bc").unwrap();
    assert!(store.write(&key, Channel::Stdout, 9, b"gap").is_err());
    store.flush(&key).unwrap();
    assert_eq!(
        texts(&store, &key, 0, 9).await,
        numbered(0, &["abc", "def"])
    );
    assert_eq!(store.stored(&key, Channel::Stdout).unwrap(), 8);
}

async fn output_is_seen_before_it_is_flushed<B: Bench>(bench: B) {
    let store = bench.open();
    let key = key(&id(1), None);
    store.write(&key, Channel::Stdout, 0, b"working").unwrap();
    assert_eq!(texts(&store, &key, 0, 9).await, numbered(0, &["working"]));
    assert_eq!(store.logs(&id(1)).await.unwrap(), [key]);
}

async fn logs_of_children_are_listed<B: Bench>(bench: B) {
    let store = bench.open();
    let keys = [
        key(&id(1).child(2), Some(7)),
        key(&id(1), None),
        key(&id(1).child(2).child(1), None),
    ];
    for key in keys.iter().chain([&key(&id(2), None)]) {
        store.write(key, Channel::Stdout, 0, b"x\n").unwrap();
        store.flush(key).unwrap();
    }
    assert_eq!(store.logs(&id(1)).await.unwrap(), keys);
    assert_eq!(
        store.logs(&id(1).child(2)).await.unwrap(),
        [keys[0].clone(), keys[2].clone()]
    );
    assert_eq!(store.logs(&id(1).child(1)).await.unwrap(), []);
}

async fn secret_across_writes_is_never_seen<B: Bench>(bench: B) {
    let store = bench.open();
    let mut start = start(&id(1));
    start.parameters = map(json!({"password": "hunter22"}));
    start.secret = vec!["password".into()];
    let start = event(0, Fact::ExecutionStarted(Box::new(start)));
    store.append(&id(1), 0, &[start]).await.unwrap();
    let key = key(&id(1), None);
    let text = b"login hunter22 hunter2 ok\n";
    for (offset, byte) in (0..).zip(text) {
        store
            .write(&key, Channel::Stdout, offset, &[*byte])
            .unwrap();
        for (_, line) in texts(&store, &key, 0, 9).await {
            assert!(!line.contains("hunter22"), "{line}");
        }
    }
    store.flush(&key).unwrap();
    assert_eq!(
        texts(&store, &key, 0, 9).await,
        numbered(0, &["login ****** hunter2 ok"])
    );
    assert_eq!(
        store.stored(&key, Channel::Stdout).unwrap(),
        text.len() as u64
    );
}

async fn large_log_is_read_by_range<B: Bench>(bench: B) {
    let store = bench.open();
    let key = key(&id(1), None);
    let mut offset = 0;
    for block in 0..100_u64 {
        let lines = (0..1000).map(|n| format!("line {:0>94}", block * 1000 + n));
        let text = lines.collect::<Vec<_>>().join("\n") + "\n";
        store
            .write(&key, Channel::Stdout, offset, text.as_bytes())
            .unwrap();
        offset += text.len() as u64;
    }
    store.flush(&key).unwrap();
    assert_eq!(offset, 10_000_000);
    assert_eq!(store.line_count(&key).await.unwrap(), 100_000);
    for from in [0, 1, 655, 656, 77_777, 99_999] {
        let lines = texts(&store, &key, from, 2).await;
        let expected: Vec<_> = (from..(from + 2).min(100_000))
            .map(|n| (n, format!("line {n:0>94}")))
            .collect();
        assert_eq!(lines, expected);
    }
}

//! The user's templates.

use super::{Bench, on_every_store};
use crate::store::Templates as _;

on_every_store! {
    versions_count_up_with_the_text
}

async fn versions_count_up_with_the_text<B: Bench>(bench: B) {
    let store = bench.open();
    let first = store
        .put_template("Patch-All", "a: 1", "anna")
        .await
        .unwrap();
    assert_eq!(first.template_version, "v1");
    assert_eq!(
        store
            .put_template("patch-all", "a: 1", "anna")
            .await
            .unwrap(),
        first
    );
    let second = store
        .put_template("patch-all", "a: 2", "anna")
        .await
        .unwrap();
    assert_eq!(second.template_version, "v2");
    store.put_template("Another", "b: 1", "anna").await.unwrap();
    let store = bench.open();
    let newest = store.template("PATCH-ALL", None).await.unwrap();
    assert_eq!(newest, Some((second.clone(), "a: 2".to_owned())));
    let old = store.template("patch-all", Some("v1")).await.unwrap();
    assert_eq!(old, Some((first.clone(), "a: 1".to_owned())));
    for version in ["v3", "1", "v", "latest"] {
        assert_eq!(
            store.template("patch-all", Some(version)).await.unwrap(),
            None
        );
    }
    let names: Vec<_> = store.templates().await.unwrap();
    let names: Vec<_> = names.iter().map(|entry| &*entry.template_name).collect();
    assert_eq!(names, ["Another", "patch-all"]);
    assert_eq!(
        store.template_versions("patch-all").await.unwrap(),
        [second, first]
    );
    assert!(store.delete_template("PATCH-all", "anna").await.unwrap());
    assert!(!store.delete_template("patch-all", "anna").await.unwrap());
    assert_eq!(store.template("patch-all", None).await.unwrap(), None);
}

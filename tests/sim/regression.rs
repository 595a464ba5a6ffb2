//! Worlds in which something was wrong once, each under the name of what is right.

use std::path::Path;

use crate::plan::Plan;
use crate::seeds::check;

#[test]
fn what_was_wrong_once_stays_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sim/regression");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        println!("{}", path.display());
        let plan: Plan = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        check(&plan);
    }
}

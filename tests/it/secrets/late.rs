//! Secrets that a run comes upon only while it runs.

use std::fs::File;
use std::io::Write as _;

use crate::support::oos::Home;

const CANARY: &str = "canary-read-late-5d1";

const INNER: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - {Name: nap, Action: 'ACS::Sleep', Properties: {Duration: PT0S}}
Outputs: {got: {Type: String, Value: 'it is {{ oos-secret:db }}'}}
";

const OUTER: &str = "FormatVersion: OOS-2019-06-01
Parameters: {which: {Type: String}}
Tasks:
  - Name: sub
    Action: ACS::Template
    Properties: {TemplateName: '{{ which }}'}
    Outputs: {got: {Type: String, ValueSelector: got}}
Outputs: {got: {Type: String, Value: '{{ sub.got }}'}}
";

#[test]
fn a_template_that_is_named_late_hands_no_secret_to_a_parent_that_cannot_hide_it() {
    let home = Home::new();
    home.file("library/Inner.yml", INNER);
    home.file("outer.yml", OUTER);
    let value = home.file("value", CANARY);
    let set = home
        .command()
        .args(["secret", "set", "db"])
        .stdin(File::open(value).unwrap())
        .output();
    assert!(set.unwrap().status.success());
    let run = [
        "--library",
        "library",
        "run",
        "outer.yml",
        "-p",
        "which=Inner",
    ];
    let ran = home.oos(&run);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("hands on a secret"), "{}", ran.stdout);
    let mut said = ran.stdout.clone().into_bytes();
    said.write_all(ran.stderr.as_bytes()).unwrap();
    for name in ["oos.sqlite", "oos.sqlite-wal"] {
        said.extend(std::fs::read(home.path().join("data").join(name)).unwrap_or_default());
    }
    let canary = CANARY.as_bytes();
    assert!(!said.windows(canary.len()).any(|part| part == canary));
}

//! `oos audit`: who did what.

use serde_json::Value;

use crate::support::oos::{Home, Ran};

const PAUSE: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  password: {Type: String, NoEcho: true}
Tasks:
  - Name: ask
    Action: ACS::Pause
";

const NAP: &str = "FormatVersion: OOS-2019-06-01\n\
    Tasks:\n  - {Name: nap, Action: 'ACS::Sleep', Properties: {Duration: PT1S}}\n";

/// A home in which a run was started and rejected, and a template created and deleted.
fn home() -> Home {
    let home = Home::new();
    home.file("pause.yml", PAUSE);
    home.file("secrets.yml", "password: hunter22\n");
    let run = [
        "run",
        "pause.yml",
        "--parameters",
        "secrets.yml",
        "--no-wait",
    ];
    assert_eq!(home.oos(&run).code, 4);
    let reject = ["reject", "@last", "--note", "not hunter22", "--resume"];
    assert_eq!(home.oos(&reject).code, 3);
    assert_eq!(home.oos(&["template", "create", "pause.yml"]).code, 0);
    assert_eq!(home.oos(&["template", "delete", "pause"]).code, 0);
    home
}

fn list(home: &Home, arguments: &[&str]) -> Vec<Value> {
    let all = [&["-o", "json", "audit", "list"], arguments].concat();
    home.oos(&all).json(0).as_array().unwrap().clone()
}

fn actions(records: &[Value]) -> Vec<&str> {
    records
        .iter()
        .map(|record| record["Action"].as_str().unwrap())
        .collect()
}

fn verify(home: &Home, arguments: &[&str]) -> Ran {
    home.oos(&[&["audit", "verify"], arguments].concat())
}

#[test]
fn what_people_did_is_listed_with_who_and_why() {
    let home = home();
    let records = list(&home, &[]);
    let expected = [
        "begun",
        "started",
        "rejected",
        "template-created",
        "template-deleted",
    ];
    assert_eq!(actions(&records), expected);
    assert_eq!(records[2]["Detail"]["note"], "not ******");
    assert_eq!(records[1]["Detail"]["parameters"]["password"], "******");
    assert_eq!(actions(&list(&home, &["@last"])), ["started", "rejected"]);
    assert_eq!(
        actions(&list(&home, &["--limit", "1"])),
        ["template-deleted"]
    );
    let me = records[1]["Actor"].as_str().unwrap();
    assert_eq!(list(&home, &["--by", me]).len(), 4);
    assert!(list(&home, &["--by", "nobody-of-this-name"]).is_empty());
    let table = home.oos(&["audit", "list"]);
    assert!(table.data(0).contains("not ******"), "{table}");
}

#[test]
fn a_whole_record_verifies_and_a_changed_one_is_named() {
    let home = home();
    let whole = verify(&home, &[]);
    let words = whole.data(0).trim();
    let head = words.strip_prefix("5 records whole. The head is ").unwrap();
    assert_eq!(verify(&home, &["--expect", head]).code, 0);
    assert_eq!(home.oos(&["store", "check"]).code, 0);

    let database = rusqlite::Connection::open(home.path().join("data/oos.sqlite")).unwrap();
    let change = "UPDATE audit SET detail = replace(detail, 'not', 'yes') WHERE number = 3";
    assert_eq!(database.execute(change, []).unwrap(), 1);
    let changed = verify(&home, &[]);
    assert_eq!(changed.code, 1, "{changed}");
    assert!(changed.stdout.starts_with("record 3: "), "{changed}");
    let check = home.oos(&["store", "check"]);
    assert_eq!(check.code, 1, "{check}");
    assert!(check.stdout.contains("audit record 3"), "{check}");
}

#[test]
fn exported_records_verify_anywhere() {
    let home = home();
    let exported = home.oos(&["audit", "export"]);
    let lines = exported.data(0);
    let head = exported.stderr.trim().strip_prefix("The head is ").unwrap();
    let elsewhere = Home::new();
    elsewhere.file("records.jsonl", lines);
    let whole = verify(&elsewhere, &["records.jsonl", "--expect", head]);
    assert_eq!(
        whole.data(0),
        format!("5 records whole. The head is {head}\n")
    );
    assert!(
        !elsewhere.path().join("data").exists(),
        "nothing is made to look"
    );

    elsewhere.file("records.jsonl", &lines.replacen("rejected", "approved", 1));
    let changed = verify(&elsewhere, &["records.jsonl"]);
    assert!(changed.data(1).starts_with("record 3: "), "{changed}");

    let kept: Vec<&str> = lines.lines().take(4).collect();
    elsewhere.file("records.jsonl", &format!("{}\n", kept.join("\n")));
    assert_eq!(verify(&elsewhere, &["records.jsonl"]).code, 0);
    let cut = verify(&elsewhere, &["records.jsonl", "--expect", head]);
    assert!(cut.data(1).starts_with("record 5: it is missing"), "{cut}");
}

#[test]
fn a_backup_verifies_where_it_is() {
    let home = home();
    assert_eq!(home.oos(&["store", "backup", "copy.sqlite"]).code, 0);
    let copy = home
        .oos(&["-o", "json", "audit", "verify", "copy.sqlite"])
        .json(0);
    assert_eq!(copy["Records"], 5);
    // The key of what is sealed is not beside it.
    assert_eq!(copy["NotCompared"], 1);
    assert_eq!(verify(&home, &["nothing.sqlite"]).code, 2);
    assert_eq!(verify(&home, &["--expect", "5"]).code, 2);
}

#[test]
fn processes_that_write_at_the_same_time_write_one_chain() {
    let home = Home::new();
    home.file("nap.yml", NAP);
    let create = |number: usize| {
        let name = format!("nap-{number}");
        let arguments = ["template", "create", "nap.yml", "--name", &name];
        home.command().args(arguments).spawn().unwrap()
    };
    let mut processes: Vec<_> = (0..12).map(create).collect();
    for process in &mut processes {
        assert!(process.wait().unwrap().success());
    }
    let whole = verify(&home, &[]);
    assert!(whole.data(0).starts_with("13 records whole."), "{whole}");
}

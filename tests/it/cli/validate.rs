//! `oos validate`.

use crate::support::oos::{Home, assert_ran};

const VALID: &str = "FormatVersion: OOS-2019-06-01\n\
    Tasks:\n  - {Name: nap, Action: 'ACS::Sleep', Properties: {Duration: PT1S}}\n";

const WRONG: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  image: {Label: 镜像, Typ: String}
Tasks:
  - Name: nap
    Action: ACS::Slep
  - Name: nap
    Action: ACS::Sleep
    Properties: {Duration: '{{ nothing }}'}
";

#[test]
fn everything_that_is_wrong_is_shown_at_once() {
    let home = Home::new();
    home.file("wrong.yml", WRONG);
    let ran = home.oos(&["validate", "wrong.yml"]);
    assert_eq!(ran.code, 2);
    assert_ran!("validate_wrong", ran);
}

#[test]
fn problems_are_a_list_of_records() {
    let home = Home::new();
    home.file("wrong.yml", WRONG);
    let problems = home.oos(&["-o", "json", "validate", "wrong.yml"]).json(2);
    let first = &problems[0];
    assert_eq!(first["file"], "wrong.yml");
    assert_eq!(first["line"], 3);
    assert_eq!(first["column"], 22);
    assert_eq!(first["severity"], "error");
    let keys: Vec<&String> = first.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "file", "line", "column", "severity", "code", "message", "hint"
        ]
    );
}

#[test]
fn folders_are_walked_and_other_files_left_alone() {
    let home = Home::new();
    home.file("books/a.yml", VALID);
    home.file("books/deep/b.yaml", VALID);
    home.file("books/deep/notes.txt", "no template");
    let ran = home.oos(&["validate", "books"]);
    assert_eq!(ran.data(0), "");
    assert_eq!(ran.stderr, "2 files checked: 0 errors, 0 warnings.\n");
}

#[test]
fn quiet_says_nothing_about_valid_files() {
    let home = Home::new();
    home.file("a.yml", VALID);
    let ran = home.oos(&["-q", "validate", "a.yml"]);
    assert_eq!((ran.data(0), ran.stderr.as_str()), ("", ""));
}

#[test]
fn a_file_that_is_not_there_is_a_usage_error() {
    let ran = Home::new().oos(&["validate", "nowhere.yml"]);
    assert_eq!(ran.code, 2);
    assert_ran!("validate_missing", ran);
}

#[test]
fn actions_of_the_library_are_known() {
    let home = Home::new();
    home.file(
        "a.yml",
        "FormatVersion: OOS-2019-06-01\nTasks:\n  - {Name: mine, Action: 'ACS::MY::Thing'}\n",
    );
    home.file("books/ACS::MY::Thing.yml", VALID);
    assert_eq!(home.oos(&["validate", "a.yml"]).code, 2);
    assert_eq!(
        home.oos(&["--library", "books", "validate", "a.yml"]).code,
        0
    );
}

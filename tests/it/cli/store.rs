//! `oos store` and `oos doctor`.

use crate::support::oos::Home;

const NAP: &str = "FormatVersion: OOS-2019-06-01\n\
    Tasks:\n  - {Name: nap, Action: 'ACS::Sleep', Properties: {Duration: PT1S}}\n";

#[test]
fn a_backup_is_a_data_directory_of_its_own() {
    let home = Home::new();
    home.file("nap.yml", NAP);
    assert_eq!(home.oos(&["run", "nap.yml"]).code, 0);
    home.file("copy/note", "");
    assert_eq!(home.oos(&["store", "backup", "copy/oos.sqlite"]).code, 0);
    let list = |data: &str| {
        home.oos(&["--data-dir", data, "-o", "json", "list"])
            .json(0)
    };
    assert_eq!(list("copy"), list("data"));
    let again = home.oos(&["store", "backup", "copy/oos.sqlite"]);
    assert_eq!(again.code, 2, "{again}");
}

#[test]
fn a_sound_store_checks_clean_and_is_rebuilt_the_same() {
    let home = Home::new();
    home.file("nap.yml", NAP);
    assert_eq!(home.oos(&["run", "nap.yml"]).code, 0);
    let before = home.oos(&["-o", "json", "list"]).json(0);
    assert_eq!(
        home.oos(&["store", "rebuild"]).stderr,
        "1 execution rebuilt.\n"
    );
    assert_eq!(home.oos(&["-o", "json", "list"]).json(0), before);
    assert_eq!(home.oos(&["store", "check"]).code, 0);
}

#[test]
fn the_doctor_names_a_library_that_cannot_be_read() {
    let home = Home::new();
    let ran = home.oos(&["--library", "nowhere", "doctor"]);
    assert_eq!(ran.code, 1, "{ran}");
    assert!(ran.stdout.contains("Correct the path `nowhere`"), "{ran}");
}

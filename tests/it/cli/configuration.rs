//! Configuration files and the places of data.

use crate::support::oos::{Home, assert_ran};

#[test]
fn a_key_that_is_not_known_is_refused_with_its_place() {
    let home = Home::new();
    let path = home.file("other.yml", "libary: [x]\n");
    let ran = home.oos(&["--config", &path.display().to_string(), "list"]);
    assert_eq!(ran.code, 2);
    assert_ran!("config_unknown_key", ran);
}

#[test]
fn a_file_that_is_not_there_is_refused() {
    let ran = Home::new().oos(&["--config", "nowhere.yml", "list"]);
    assert_eq!(ran.code, 2);
    assert_ran!("config_missing", ran);
}

#[test]
fn a_profile_that_is_not_known_is_refused_with_the_nearest() {
    let ran = Home::new().oos(&["--profile", "lokal", "list"]);
    assert_eq!(ran.code, 2);
    assert_ran!("config_profile", ran);
}

#[test]
fn the_region_of_a_profile_is_what_templates_see() {
    let home = Home::new();
    let config = home.file(
        "lab.yml",
        "profile: lab\nprofiles:\n  lab: {region: lab-1, account: '42'}\n",
    );
    home.file(
        "where.yml",
        "FormatVersion: OOS-2019-06-01\n\
         Tasks:\n  - {Name: nap, Action: 'ACS::Sleep', Properties: {Duration: PT1S}}\n\
         Outputs:\n  place: {Type: String, Value: '{{ ACS::RegionId }} {{ ACS::AccountId }}'}\n",
    );
    let config = config.display().to_string();
    let ran = home.oos(&["--config", &config, "-o", "json", "run", "where.yml"]);
    assert_eq!(ran.json(0)["Outputs"]["place"], "lab-1 42");
}

#[test]
fn a_data_directory_that_cannot_be_made_is_an_internal_error() {
    let home = Home::new();
    home.file("file", "");
    let ran = home.oos(&["--data-dir", "file/data", "list"]);
    assert_eq!(ran.code, 5);
    assert_ran!("data_directory", ran);
}

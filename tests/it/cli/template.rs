//! `oos template` and `oos action`.

use crate::support::oos::{Home, assert_ran};

const NAP: &str = "FormatVersion: OOS-2019-06-01\n\
    Description: {en: Sleeps a little, zh-cn: 睡一会儿}\n\
    Tasks:\n  - {Name: nap, Action: 'ACS::Sleep', Properties: {Duration: PT1S}}\n";

#[test]
fn kept_templates_have_versions_and_run_by_name() {
    let home = Home::new();
    home.file("nap.yml", NAP);
    assert_eq!(
        home.oos(&["template", "create", "nap.yml"]).data(0),
        "nap v1\n"
    );
    assert_eq!(
        home.oos(&["template", "create", "nap.yml"]).data(0),
        "nap v1\n"
    );
    let newer = NAP.replace("PT1S", "PT2S");
    home.file("nap.yml", &newer);
    assert_eq!(
        home.oos(&["template", "create", "nap.yml"]).data(0),
        "nap v2\n"
    );
    assert_eq!(home.oos(&["template", "show", "NAP"]).data(0), newer);
    assert_eq!(
        home.oos(&["template", "show", "nap", "--version", "v1"])
            .data(0),
        NAP
    );
    let versions = home
        .oos(&["-o", "json", "template", "show", "nap", "--versions"])
        .json(0);
    assert_eq!(versions[0]["TemplateVersion"], "v2");
    let ran = home.oos(&["-o", "json", "run", "nap", "--template-version", "v1"]);
    assert_eq!(ran.json(0)["TemplateVersion"], "v1");
    assert_eq!(home.oos(&["template", "delete", "nap"]).code, 0);
    assert_eq!(home.oos(&["template", "show", "nap"]).code, 2);
}

#[test]
fn a_template_with_errors_is_not_kept() {
    let home = Home::new();
    home.file("wrong.yml", "FormatVersion: OOS-2019-06-01\n");
    assert_eq!(home.oos(&["template", "create", "wrong.yml"]).code, 2);
    assert_eq!(home.oos(&["template", "show", "wrong"]).code, 2);
}

#[test]
fn descriptions_are_in_the_users_language() {
    let home = Home::new();
    home.file("books/nap.yml", NAP);
    let list = |arguments: &[&str]| {
        let options = ["--library", "books"];
        home.oos(&[&options[..], arguments, &["template", "list"]].concat())
            .stdout
    };
    assert!(list(&[]).contains("Sleeps a little"));
    assert!(list(&["--language", "zh-cn"]).contains("睡一会儿"));
}

#[test]
fn actions_show_what_they_take_and_give() {
    let home = Home::new();
    assert_ran!("action_show", home.oos(&["action", "show", "acs::sleep"]));
    assert_ran!("action_unknown", home.oos(&["action", "show", "ACS::Slep"]));
    let apis = home.oos(&["action", "list", "--apis"]);
    assert!(apis.data(0).contains("DescribeInstances"), "{apis}");
}

//! `oos diff`: what changed from one patrol to the next.

use serde_json::{Value, json};

use super::{Fleet, Said, by_name, names};
use crate::support::oos::assert_ran;

/// Two patrols over hosts of which some changed.
fn patrols() -> Fleet {
    let fleet = Fleet::new();
    let say = |name: &String, kernel: &str| {
        (
            name.clone(),
            Said::ok(format!("host {name}\nkernel {kernel}\nok\n")),
        )
    };
    let before = names("web", 20);
    let answers = before.iter().map(|name| say(name, "6.1"));
    fleet.look(&before, by_name(answers.collect::<Vec<_>>()));
    // The first is gone, one is new, five have a new kernel, one fails.
    let mut after = before[1..].to_vec();
    after.push("new1".to_owned());
    let answers = after.iter().enumerate().map(|(place, name)| match place {
        0..5 => say(name, "6.2"),
        5 => (name.clone(), Said::failed("Host.Unreachable", "no answer")),
        _ => say(name, "6.1"),
    });
    fleet.look(&after, by_name(answers.collect::<Vec<_>>()));
    fleet
}

#[test]
fn the_same_change_on_many_hosts_is_shown_once() {
    let fleet = patrols();
    assert_ran!("diff", fleet.home.oos(&["diff", "@last"]));
    let document = fleet.home.oos(&["-o", "json", "diff", "@last"]).json(0);
    let changes: Vec<(&str, u64)> = document["Changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            (
                change["Kind"].as_str().unwrap(),
                change["Count"].as_u64().unwrap(),
            )
        })
        .collect();
    // The outputs all differ by the host's name; what changed in them is the same.
    assert_eq!(changes[0], ("Output", 5), "{document:#}");
    let mut rest = changes[1..].to_vec();
    rest.sort_unstable();
    assert_eq!(rest, [("Gone", 1), ("New", 1), ("Status", 1)]);
    assert_eq!(document["Unchanged"], 13);
}

#[test]
fn no_change_is_no_change_and_the_exit_code_says_so_when_asked() {
    let fleet = patrols();
    let ids = |n: usize| -> String {
        let list = fleet.home.oos(&["-o", "json", "list"]).json(0);
        list[n]["ExecutionId"].as_str().unwrap().to_owned()
    };
    let (newest, oldest) = (ids(0), ids(1));
    let same = ["diff", &newest, &newest, "--exit-code"];
    assert_eq!(fleet.home.oos(&same).code, 0);
    assert_eq!(fleet.home.oos(&["diff", &oldest, "@last"]).code, 0);
    assert_eq!(
        fleet
            .home
            .oos(&["diff", &oldest, "@last", "--exit-code"])
            .code,
        1
    );
    let alone = fleet.home.oos(&["diff", &oldest]);
    assert_eq!(alone.code, 2, "{alone}");
}

#[test]
fn one_is_compared_with_the_one_before_that_had_the_same_parameters() {
    let fleet = Fleet::new();
    let hosts = names("web", 3);
    let others = names("db", 2);
    let first = fleet.look(&hosts, |_| Said::ok("a\n"));
    fleet.look(&others, |_| Said::ok("a\n"));
    fleet.look(&hosts, |_| Said::ok("b\n"));
    let document: Value = fleet.home.oos(&["-o", "json", "diff", "@last"]).json(0);
    assert_eq!(document["From"], json!(first));
    assert_eq!(document["Changes"][0]["Targets"], json!(hosts));
    assert_eq!(
        document["Changes"][0]["Difference"],
        "@@ -1 +1 @@\n-a\n+b\n"
    );
}

#[test]
fn outputs_that_are_equal_but_for_numbers_have_not_changed() {
    let fleet = Fleet::new();
    let hosts = names("web", 3);
    fleet.look(&hosts, |_| Said::ok("load 0.17\n"));
    fleet.look(&hosts, |_| Said::ok("load 12.5\n"));
    let changed = |arguments: &[&str]| {
        let ran = fleet
            .home
            .oos(&[&["diff", "@last", "--exit-code"], arguments].concat());
        ran.code
    };
    assert_eq!(changed(&[]), 1);
    assert_eq!(changed(&["--normalize", "numbers"]), 0);
}

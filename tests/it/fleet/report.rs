//! `oos report`: folding, classes, forms, languages.

use serde_json::{Value, json};

use super::{Fleet, Said, names};
use crate::support::machine::Machine;
use crate::support::oos::{Home, assert_ran};
use crate::support::terminal::shown;

/// Twenty hosts: most say the same, two say a little else, the others fail in their ways.
fn mixed() -> Fleet {
    let fleet = Fleet::new();
    fleet.look(&names("web", 20), |name| match name {
        "web03" | "web04" => Said::ok("one\n2\nthree\n"),
        "web05" => Said::failed("Host.Unreachable", "web05 did not answer"),
        "web06" => Said::failed("Host.KeyRefused", "web06 has another key"),
        "web07" => Said::failed("Host.AuthenticationFailed", "web07 took no key"),
        "web08" => Said::failed("CommandTimeout", "it did not end within 5 s"),
        "web09" | "web10" => Said::failed("ExitCode.3", "the command ended with exit code 3")
            .with_stderr("no disk\n"),
        _ => Said::ok("one\ntwo\nthree\n"),
    });
    fleet
}

fn report(home: &Home, arguments: &[&str]) -> Value {
    home.oos(&[&["-o", "json", "report", "@last"], arguments].concat())
        .json(0)
}

#[test]
fn equal_outputs_are_shown_once_and_odd_ones_as_a_diff() {
    let fleet = mixed();
    assert_ran!("report", fleet.home.oos(&["report", "@last"]));
}

#[test]
fn the_report_speaks_the_language_of_the_user() {
    let fleet = mixed();
    let chinese = ["--language", "zh-cn", "report", "@last"];
    assert_ran!("report_chinese", fleet.home.oos(&chinese));
    let markdown = ["report", "@last", "--format", "md"];
    assert_ran!("report_markdown", fleet.home.oos(&markdown));
}

#[test]
fn every_failure_is_counted_in_its_class() {
    let fleet = mixed();
    let document = report(&fleet.home, &[]);
    let step = &document["Steps"][0];
    let classes: Vec<_> = step["Classes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|class| (class["Class"].as_str().unwrap(), class["Count"].as_u64()))
        .collect();
    let expected = [
        ("Unreachable", 1),
        ("RefusedKey", 1),
        ("Authentication", 1),
        ("Timeout", 1),
        ("ExitCode", 2),
    ];
    assert_eq!(classes, expected.map(|(class, count)| (class, Some(count))));
    assert_eq!(step["Statuses"], json!({"Success": 14, "Failed": 6}));
    let targets = step["Targets"].as_array().unwrap();
    assert_eq!(targets.len(), 20);
    assert_eq!(targets[8]["Name"], "web09");
    assert_eq!(targets[8]["ExitCode"], 3);
    assert_eq!(targets[8]["Class"], "ExitCode");
    assert_eq!(targets[0]["ExitCode"], 0);
    assert_eq!(targets[4]["ExitCode"], Value::Null);
    let group = &step["Groups"][targets[8]["Group"].as_u64().unwrap() as usize];
    assert_eq!(group["Stderr"], "no disk\n");
    assert_eq!(group["Count"], 2);
}

#[test]
fn what_is_bound_to_differ_does_not_part_groups() {
    let fleet = Fleet::new();
    fleet.look(&names("web", 30), |name| {
        let number: usize = name[3..].parse().unwrap();
        Said::ok(format!(
            "{name} up since 2026-11-{number:02}T10:00:00Z\nused {}%\n",
            number * 3
        ))
    });
    let groups = |what: &str| {
        let document = report(&fleet.home, &["--normalize", what]);
        document["Steps"][0]["Groups"].as_array().unwrap().len()
    };
    assert_eq!(
        report(&fleet.home, &[])["Steps"][0]["Groups"]
            .as_array()
            .unwrap()
            .len(),
        30
    );
    assert_eq!(groups("host"), 30);
    assert_eq!(groups("times,host"), 30);
    assert_eq!(groups("numbers,times,host"), 1);
    assert_eq!(
        groups("numbers"),
        1,
        "the number in the name is one as well"
    );
}

#[test]
fn targets_whose_turn_never_came_are_reported() {
    let fleet = Fleet::new();
    let template = super::LOOK.replace("200, MaxErrors: '100%'", "1, MaxErrors: 0");
    fleet.run(
        &template,
        json!({"hosts": names("web", 5)}),
        |name| match name {
            "web2" => Said::failed("ExitCode.1", "no"),
            _ => Said::ok("fine\n"),
        },
    );
    let document = report(&fleet.home, &[]);
    let statuses = &document["Steps"][0]["Statuses"];
    assert_eq!(statuses["Failed"], 1, "{document:#}");
    assert_eq!(statuses["Pending"], 3, "{document:#}");
    let text = fleet.home.oos(&["report", "@last"]);
    assert!(text.data(0).contains("3 targets (60.0 %)"), "{text}");
}

#[test]
fn commands_of_children_are_reported_with_the_targets_of_the_loop() {
    let fleet = Fleet::new();
    let template = "
FormatVersion: OOS-2019-06-01
Parameters: {hosts: {Type: List}}
Tasks:
  - Name: each
    Action: ACS::Loop
    Properties:
      LoopItems: '{{ hosts }}'
      LoopRateControl: {Mode: Concurrency, Concurrency: 4, MaxErrors: '100%'}
      LoopTasks:
        - Name: prepare
          Action: ACS::ECS::RunCommand
          Properties: {instanceId: '{{ ACS::TaskLoopItem }}', commandType: RunShellScript, commandContent: a}
        - Name: look
          Action: ACS::ECS::RunCommand
          Properties: {instanceId: '{{ ACS::TaskLoopItem }}', commandType: RunShellScript, commandContent: b}
";
    fleet.run(
        template,
        json!({"hosts": names("db", 4)}),
        |name| match name {
            "db3" => Said::failed("Host.Unreachable", "gone"),
            _ => Said::ok("fine\n"),
        },
    );
    let document = report(&fleet.home, &[]);
    let steps: Vec<_> = document["Steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            (
                step["Name"].as_str().unwrap(),
                step["Total"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        steps,
        [("each/prepare", 4), ("each/look", 4)],
        "{document:#}"
    );
    let only = report(&fleet.home, &["--task", "LOOK"]);
    assert_eq!(only["Steps"].as_array().unwrap().len(), 1);
}

#[test]
fn an_execution_without_targets_says_so() {
    let home = Home::new();
    home.file(
        "plain.yml",
        "FormatVersion: OOS-2019-06-01
Tasks:
  - {Name: look, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: DescribeRegions}}
",
    );
    assert_eq!(home.oos(&["run", "plain.yml"]).code, 0);
    let ran = home.oos(&["report", "@last"]);
    assert!(ran.data(0).contains("No command ran on a target"), "{ran}");
}

#[test]
fn a_table_has_a_row_a_target_with_its_own_output_and_no_formula() {
    let fleet = Fleet::new();
    let hosts = ["=cmd|' /C calc'!A0", "web2", "web3"].map(str::to_owned);
    fleet.look(&hosts, |name| match name {
        "web2" => Said::ok("@SUM(A1)\nsecond \"line\"\n"),
        "web3" => Said::failed("Broken", "+1"),
        _ => Said::ok("x\n"),
    });
    let path = fleet.home.path().join("fleet.csv");
    let ran = fleet.home.oos(&["report", "@last", "-O", "fleet.csv"]);
    assert!(
        ran.data(0).is_empty() && ran.stderr.contains("3 targets"),
        "{ran}"
    );
    let mut table = csv::Reader::from_path(path).unwrap();
    let column = |name: &str, table: &mut csv::Reader<std::fs::File>| {
        let headings = table.headers().unwrap();
        headings.iter().position(|heading| heading == name).unwrap()
    };
    let [name, stdout, message] =
        ["Name", "Stdout", "Message"].map(|heading| column(heading, &mut table));
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(&rows[0][name], "'=cmd|' /C calc'!A0");
    assert_eq!(&rows[1][stdout], "'@SUM(A1)\nsecond \"line\"\n");
    assert_eq!(&rows[2][message], "'+1");
    let formula = ['=', '+', '-', '@', '\t', '\r'];
    for cell in rows.iter().flatten() {
        assert!(!cell.starts_with(formula), "{cell}");
    }
}

#[test]
fn nothing_that_a_host_prints_reaches_the_terminal_as_more_than_text() {
    let fleet = Fleet::new();
    let hosts = ["evil\x1b]0;pwned\x07".to_owned(), "web2".to_owned()];
    fleet.look(&hosts, |name| match name {
        "web2" => Said::failed("Bad\x1b[2J", "message \x1b[31m\u{202e}"),
        _ => Said::ok("\x1b[2J\x1b]52;c;eA==\x07\u{9b}31m\rhidden\n"),
    });
    for form in ["text", "md", "html"] {
        let ran = fleet.home.oos(&["report", "@last", "--format", form]);
        let text = ran.data(0);
        let harmful = |c: char| (c.is_control() && c != '\n' && c != '\t') || c == '\u{202e}';
        assert!(!text.contains(harmful), "{form}: {text:?}");
        assert!(text.contains("hidden"), "{form}: {text}");
    }
    // As data they are exactly what the host printed.
    let document = report(&fleet.home, &[]);
    let text = document["Steps"][0]["Groups"].to_string();
    assert!(text.contains("\\u001b[2J"), "{text}");
}

/// Whatever shows words of a host, in whatever form, on a real terminal.
#[test]
fn no_terminal_obeys_a_host() {
    let fleet = Fleet::new();
    let hosts = ["evil\x1b]0;pwned\x07".to_owned(), "web2".to_owned()];
    let output = "\x1b[2J\x1b[31m\x1b]52;c;eA==\x07\u{9b}31m\u{202e}\rhidden\n";
    fleet.look(&hosts, move |name| match name {
        "web2" => Said::failed("Bad\x1b[2J", "message \x1b[31m\u{9b}\u{202e} hidden"),
        _ => Said::ok(output),
    });
    let harmful = |c: char| (c.is_control() && c != '\n' && c != '\t') || c == '\u{202e}';
    let case = |arguments: &[&str]| {
        let mut command = fleet.home.command();
        command.args(arguments);
        let text = shown(command);
        assert!(!text.contains(harmful), "{arguments:?}: {text:?}");
        assert!(text.contains("hidden"), "{arguments:?}: {text}");
    };
    for form in ["text", "md", "html", "csv", "json"] {
        case(&["report", "@last", "--format", form]);
    }
    for form in ["text", "json", "yaml"] {
        for command in ["logs", "events"] {
            case(&[command, "@last", "-o", form]);
        }
        case(&["tasks", "@last", "--items", "-o", form]);
    }
    // Elsewhere it is exact, and JSON is so everywhere.
    let logs = fleet.home.oos(&["logs", "@last", "--item", "0"]);
    assert_eq!(logs.data(0), output);
    let logs = fleet
        .home
        .oos(&["logs", "@last", "--item", "0", "-o", "json"]);
    assert_eq!(logs.json(0)["Message"], output.trim_end());
    assert!(!logs.stdout.contains(harmful), "{logs}");
    let table = fleet.home.oos(&["report", "@last", "--format", "csv"]);
    assert!(table.data(0).contains(output), "{table}");
}

/// Real instances: what the product's own runbook did on them.
#[test]
fn commands_on_instances_are_reported() {
    let machine = Machine::new();
    let ids = machine.instances(3, "[]");
    machine.home.file(
        "bulk.yml",
        "FormatVersion: OOS-2019-06-01
Parameters: {ids: {Type: List}, odd: {Type: String}}
Tasks:
  - Name: look
    Action: ACS::ECS::RunCommand
    Properties:
      instanceId: '{{ ACS::TaskLoopItem }}'
      commandType: RunShellScript
      commandContent: |
        echo same; if [ {{ ACS::TaskLoopItem }} = {{ odd }} ]; then echo broken >&2; exit 7; fi
    Loop:
      Items: '{{ ids }}'
      RateControl: {Mode: Concurrency, Concurrency: 3, MaxErrors: '100%'}
",
    );
    let list = format!("ids={}", json!(ids));
    let odd = format!("odd={}", ids[1]);
    let run = ["run", "bulk.yml", "-p", &list, "-p", &odd];
    assert_eq!(machine.home.oos(&run).code, 0);
    let document = report(&machine.home, &[]);
    let step = &document["Steps"][0];
    assert_eq!(step["Total"], 3, "{document:#}");
    assert_eq!(step["Groups"][0]["Count"], 2);
    assert_eq!(step["Groups"][0]["Stdout"], "same\n");
    assert_eq!(step["Groups"][1]["Targets"], ids[1]);
    assert_eq!(step["Groups"][1]["Stderr"], "broken\n");
    assert_eq!(step["Targets"][1]["ExitCode"], 7);
    assert_eq!(step["Targets"][1]["Class"], "ExitCode");
}

//! `oos host history`: every command that ran on a host.

use serde_json::{Value, json};

use super::{Fleet, Said, names};
use crate::support::oos::assert_ran;

/// Children that run two commands each.
const EACH: &str = "
FormatVersion: OOS-2019-06-01
Parameters: {hosts: {Type: List}}
Tasks:
  - Name: each
    Action: ACS::Loop
    Properties:
      LoopItems: '{{ hosts }}'
      LoopTasks:
        - Name: first
          Action: ACS::ECS::RunCommand
          Properties: {instanceId: '{{ ACS::TaskLoopItem }}', commandType: RunShellScript, commandContent: a}
        - Name: second
          Action: ACS::ECS::RunCommand
          Properties: {instanceId: '{{ ACS::TaskLoopItem }}', commandType: RunShellScript, commandContent: b}
";

fn history(fleet: &Fleet, arguments: &[&str]) -> Vec<Value> {
    let all = [&["-o", "json", "host", "history"], arguments].concat();
    serde_json::from_value(fleet.home.oos(&all).json(0)).unwrap()
}

#[test]
fn commands_of_every_execution_and_of_children_are_the_time_line_of_a_host() {
    let fleet = Fleet::new();
    let hosts = names("web", 3);
    let look = fleet.look(&hosts, |name| match name {
        "web2" => Said::failed("ExitCode.3", "the command ended with exit code 3"),
        _ => Said::ok("fine\n"),
    });
    let each = fleet.run(EACH, json!({ "hosts": hosts }), |_| Said::ok("fine\n"));
    let line = history(&fleet, &["web2"]);
    let seen: Vec<_> = line
        .iter()
        .map(|command| (command["TaskName"].as_str().unwrap(), &command["ExitCode"]))
        .collect();
    let [well, failed] = [json!(0), json!(3)];
    assert_eq!(
        seen,
        [("second", &well), ("first", &well), ("look", &failed)]
    );
    assert_eq!(line[2]["ExecutionId"], json!(look));
    assert_eq!(line[2]["LoopIndex"], 1);
    assert_eq!(line[2]["ExecutedBy"], "tester");
    assert_eq!(line[2]["Code"], "ExitCode.3");
    let child = line[0]["ExecutionId"].as_str().unwrap();
    assert!(child.starts_with(each.as_str()), "{child}");
    assert_eq!(history(&fleet, &["web2", "--limit", "1"]), line[..1]);
    assert_eq!(history(&fleet, &["web2", "--since", "1h"]), line);
    let later = ["web2", "--since", "2999-01-01T00:00:00Z"];
    assert!(history(&fleet, &later).is_empty());
    assert_ran!("host_history", fleet.home.oos(&["host", "history", "web2"]));
    // It follows from the journal.
    assert_eq!(fleet.home.oos(&["store", "check"]).code, 0);
    assert_eq!(fleet.home.oos(&["store", "rebuild"]).code, 0);
    assert_eq!(history(&fleet, &["web2"]), line);
    let nothing = fleet.home.oos(&["host", "history", "web"]);
    assert_eq!(nothing.stderr, "There are no such commands.\n");
}

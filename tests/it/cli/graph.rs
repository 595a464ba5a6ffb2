//! `oos graph`.

use crate::support::oos::{Home, assert_ran};

const JUMPING: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  fast: {Type: Boolean, Default: true}
Tasks:
  - Name: choose
    Action: ACS::Choice
    Properties:
      DefaultTask: slow
      Choices:
        - {When: {Fn::Equals: ['{{ fast }}', true]}, NextTask: finish}
  - Name: slow
    Action: ACS::Sleep
    OnError: clean
    OnSuccess: finish
    Properties: {Duration: PT1S}
  - Name: clean
    Action: ACS::Sleep
    When: {Fn::Not: {Fn::Equals: ['{{ fast }}', true]}}
    Properties: {Duration: PT1S}
  - Name: finish
    Action: ACS::Sleep
    Properties: {Duration: PT1S}
";

#[test]
fn the_flow_is_drawn_in_three_forms() {
    let home = Home::new();
    home.file("jumping.yml", JUMPING);
    for form in ["text", "mermaid", "svg"] {
        let ran = home.oos(&["graph", "jumping.yml", "--form", form]);
        assert_eq!(ran.code, 0, "{ran}");
        insta::with_settings!({
            omit_expression => true,
            prepend_module_to_snapshot => false,
            snapshot_path => "../snapshots/cli",
        }, {
            insta::assert_snapshot!(format!("graph_{form}"), ran.stdout);
        });
    }
}

#[test]
fn the_flow_of_an_execution_shows_its_statuses() {
    let home = Home::new();
    home.file("jumping.yml", JUMPING);
    assert_eq!(home.oos(&["run", "jumping.yml"]).code, 0);
    assert_ran!("graph_execution", home.oos(&["graph", "@last"]));
}

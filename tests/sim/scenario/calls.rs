//! Calls that differ in what may be done about them when nobody knows what came of them.

use oos::base::call::Recovery;

use crate::scenario::Scenario;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![manual(), resumable(), mixed(), request()]
}

/// Calls that must not be made twice.
fn manual() -> Scenario {
    Scenario {
        recoveries: vec![("Pay", Recovery::Manual), ("Ship", Recovery::Manual)],
        open: true,
        ..Scenario::new(
            "manual",
            "
Tasks:
  - {Name: pay, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Pay}}
  - {Name: ship, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Ship}}
",
        )
    }
}

/// Commands that go on without us.
fn resumable() -> Scenario {
    Scenario {
        native: vec!["ACS::ECS::RunCommand"],
        recoveries: vec![("ACS::ECS::RunCommand", Recovery::Resumable)],
        ..Scenario::new(
            "resumable",
            "
Tasks:
  - Name: first
    Action: ACS::ECS::RunCommand
    Properties: {instanceId: i-1, commandContent: sleep 5}
    Outputs: {text: {Type: String, ValueSelector: invocationOutput}}
  - Name: second
    Action: ACS::ECS::RunCommand
    Timeout: PT1H
    Properties: {instanceId: i-1, commandContent: 'echo {{ first.text }}'}
",
        )
    }
}

/// One of each kind, one after another and at once.
fn mixed() -> Scenario {
    Scenario {
        native: vec!["ACS::ECS::RunCommand"],
        recoveries: vec![
            ("ACS::ECS::RunCommand", Recovery::Resumable),
            ("Pay", Recovery::Manual),
        ],
        open: true,
        ..Scenario::new(
            "mixed",
            "
Tasks:
  - Name: run
    Action: ACS::ECS::RunCommand
    Properties: {instanceId: '{{ ACS::TaskLoopItem }}', commandContent: uptime}
    Loop: {Items: [i-1, i-2], RateControl: {Concurrency: 2}}
  - {Name: pay, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Pay}}
  - {Name: look, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: DescribeIt}}
",
        )
    }
}

/// A request to somebody else's service.
fn request() -> Scenario {
    Scenario::new(
        "request",
        "
Tasks:
  - Name: get
    Action: ACS::ExecuteHttpRequest
    Properties: {Method: GET, URL: 'https://example.com/status'}
    Outputs: {body: {Type: String, ValueSelector: .body}}
",
    )
}

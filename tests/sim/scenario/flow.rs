//! One task after another: jumps, conditions, polls, sleeps, error paths.

use oos::base::call::ApiError;
use serde_json::json;

use crate::scenario::{Answer, Asked, Scenario};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![steps(), choice(), error_path(), polls()]
}

/// Three calls that hand on what they learned.
fn steps() -> Scenario {
    Scenario::new(
        "steps",
        "
Tasks:
  - Name: first
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: CreateDisk, Parameters: {Size: 20}}
    Outputs: {disk: {Type: String, ValueSelector: DiskId}}
  - Name: second
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: AttachDisk, Parameters: {DiskId: '{{ first.disk }}'}}
    Outputs: {device: {Type: String, ValueSelector: .Device}}
  - Name: third
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: TagDisk, Parameters: {DiskId: '{{ first.disk }}'}}
Outputs:
  device: {Type: String, Value: '{{ second.device }}'}
",
    )
}

/// Goes where the answer sends it.
fn choice() -> Scenario {
    Scenario {
        answers: |asked: &Asked| -> Answer {
            (asked.call.api == "DescribeThing").then(|| Ok(json!({"Kind": "b"})))
        },
        ..Scenario::new(
            "choice",
            "
Tasks:
  - Name: look
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DescribeThing}
    Outputs: {kind: {Type: String, ValueSelector: Kind}}
  - Name: choose
    Action: ACS::Choice
    Properties:
      DefaultTask: onlyA
      Choices:
        - When: {'Fn::Equals': ['{{ look.kind }}', b]}
          NextTask: onlyB
  - Name: onlyA
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DoA}
  - Name: onlyB
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DoB}
    OnSuccess: ACS::END
  - Name: never
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DoC}
",
        )
    }
}

/// Fails in the middle and cleans up after itself.
fn error_path() -> Scenario {
    Scenario {
        answers: |asked: &Asked| -> Answer {
            (asked.call.api == "StartIt")
                .then(|| Err(ApiError::new("QuotaExceeded", "no room").into()))
        },
        ..Scenario::new(
            "error_path",
            "
Tasks:
  - Name: make
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: MakeIt}
    Outputs: {id: {Type: String, ValueSelector: Id}}
  - Name: start
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: StartIt, Parameters: {Id: '{{ make.id }}'}}
    OnError: undo
    OnSuccess: ACS::END
  - Name: between
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: NotReached}
  - Name: undo
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DropIt, Parameters: {Id: '{{ make.id }}'}}
",
        )
    }
}

/// Waits until a thing is ready, then checks it, with a nap in between.
fn polls() -> Scenario {
    Scenario {
        answers: |asked: &Asked| -> Answer {
            let ready = if asked.number < 3 { "Pending" } else { "Ready" };
            (asked.call.api == "DescribeThing").then(|| Ok(json!({"Status": ready})))
        },
        ..Scenario::new(
            "polls",
            "
Tasks:
  - Name: wait
    Action: ACS::WaitFor
    Properties:
      Service: ECS
      API: DescribeThing
      PropertySelector: Status
      DesiredValues: [Ready]
    Retries: 6
  - Name: nap
    Action: ACS::Sleep
    Properties: {Duration: PT45S}
  - Name: check
    Action: ACS::CheckFor
    Properties:
      Service: ECS
      API: DescribeOther
      PropertySelector: .Status
      DesiredValues: [Good]
",
        )
    }
}

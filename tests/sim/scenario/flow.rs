//! One task after another: jumps, conditions, polls, sleeps, error paths.

use oos::base::call::ApiError;
use serde_json::json;

use crate::scenario::{Answer, Asked, Scenario};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        steps(),
        choice(),
        error_path(),
        polls(),
        conditions(),
        uncritical(),
        check_fails(),
        gives_up(),
        stops_waiting(),
        time_limit(),
        wrong_output(),
    ]
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

/// Passes over what is not wanted, and jumps over what is not needed.
fn conditions() -> Scenario {
    Scenario::new(
        "conditions",
        "
Parameters:
  wanted: {Type: Boolean, Default: false}
Tasks:
  - Name: not
    Action: ACS::ExecuteAPI
    When: {'Fn::Equals': ['{{ wanted }}', true]}
    Properties: {Service: ECS, API: DoNot}
  - Name: do
    Action: ACS::ExecuteAPI
    When: {'Fn::Equals': ['{{ wanted }}', false]}
    Properties: {Service: ECS, API: DoIt}
    OnSuccess: last
  - Name: over
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: JumpedOver}
  - Name: last
    Action: ACS::Sleep
    Properties: {Duration: PT2M}
",
    )
}

/// Fails where it does not matter.
fn uncritical() -> Scenario {
    Scenario {
        answers: |asked: &Asked| -> Answer {
            (asked.call.api == "Warm").then(|| Err(ApiError::new("Cold", "too cold").into()))
        },
        ..Scenario::new(
            "uncritical",
            "
Tasks:
  - Name: warm
    Action: ACS::ExecuteAPI
    IsCritical: false
    OnError: ACS::NEXT
    Properties: {Service: ECS, API: Warm}
  - Name: work
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Work}
",
        )
    }
}

/// Checks something that is not so, with a path for that.
fn check_fails() -> Scenario {
    Scenario {
        answers: |asked: &Asked| -> Answer {
            (asked.call.api == "DescribeThing").then(|| Ok(json!({"Status": "Bad"})))
        },
        ..Scenario::new(
            "check_fails",
            "
Tasks:
  - Name: check
    Action: ACS::CheckFor
    OnError: repair
    OnSuccess: ACS::END
    Properties:
      Service: ECS
      API: DescribeThing
      PropertySelector: .Status
      DesiredValues: [Good]
    Outputs: {status: {Type: String, ValueSelector: Status}}
  - Name: repair
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Repair}
",
        )
    }
}

/// Waits for what never comes.
fn gives_up() -> Scenario {
    Scenario {
        answers: |asked: &Asked| -> Answer {
            (asked.call.api == "DescribeThing").then(|| Ok(json!({"Status": "Never"})))
        },
        ..Scenario::new(
            "gives_up",
            "
Tasks:
  - Name: wait
    Action: ACS::WaitFor
    Retries: 3
    DelayType: Linear
    Delay: 5
    BackOff: 10
    Properties:
      Service: ECS
      API: DescribeThing
      PropertySelector: .Status
      DesiredValues: [Ready]
  - Name: never
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: NotReached}
",
        )
    }
}

/// Stops waiting when the thing is broken; on the way an error is an answer like any other.
fn stops_waiting() -> Scenario {
    Scenario {
        answers: |asked: &Asked| -> Answer {
            (asked.call.api == "DescribeThing").then(|| match asked.number {
                0 => Err(ApiError::new("NotFound", "not there yet").into()),
                1 => Ok(json!({"Status": "Pending"})),
                _ => Ok(json!({"Status": "Broken"})),
            })
        },
        ..Scenario::new(
            "stops_waiting",
            "
Tasks:
  - Name: wait
    Action: ACS::WaitFor
    DelayType: Constant
    Delay: 7
    Properties:
      Service: ECS
      API: DescribeThing
      PropertySelector: .Status
      DesiredValues: [Ready]
      StopRetryValues: [Broken]
",
        )
    }
}

/// Has little time for a lot to do.
fn time_limit() -> Scenario {
    Scenario {
        open: true,
        ..Scenario::new(
            "time_limit",
            "
Tasks:
  - Name: first
    Action: ACS::ExecuteAPI
    Timeout: PT1S
    OnError: ACS::NEXT
    Properties: {Service: ECS, API: Hurry, Parameters: {Id: '{{ ACS::TaskLoopItem }}'}}
    Loop: {Items: [a, b, c], RateControl: {Concurrency: 2, MaxErrors: 1}}
  - Name: second
    Action: ACS::Sleep
    Timeout: PT10S
    OnError: ACS::NEXT
    Properties: {Duration: PT1M}
  - Name: third
    Action: ACS::Pause
    Timeout: PT2S
",
        )
    }
}

/// Gets an answer that it cannot use.
fn wrong_output() -> Scenario {
    Scenario {
        answers: |asked: &Asked| -> Answer {
            (asked.call.api == "DescribeThing").then(|| Ok(json!({"Count": "many"})))
        },
        ..Scenario::new(
            "wrong_output",
            "
Tasks:
  - Name: count
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DescribeThing}
    Outputs: {count: {Type: Number, ValueSelector: .Count.Deep}}
  - Name: never
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: NotReached, Parameters: {Count: '{{ count.count }}'}}
",
        )
    }
}

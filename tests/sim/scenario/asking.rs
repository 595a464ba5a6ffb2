//! People are asked, or speak up: approvals, pauses, confirmations, failures, single steps, cancels.

use oos::base::call::{ApiError, Recovery};
use oos::engine::event::Request;
use oos::engine::status::{Mode, SafetyCheck};

use crate::plan::Step;
use crate::scenario::{Answer, Asked, Scenario};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        quorum(),
        named(),
        announced(),
        rejected(),
        pause(),
        risky(),
        failure_pause(),
        debug(),
        cancelled(),
        cleaned_up(),
        task_cancelled(),
    ]
}

/// Two of anybody must say yes.
fn quorum() -> Scenario {
    Scenario::new(
        "quorum",
        "
Tasks:
  - Name: ask
    Action: ACS::Approve
    Properties: {MinRequiredApprovals: 2}
  - Name: work
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Work}
",
    )
}

/// Three of four by name must say yes.
fn named() -> Scenario {
    Scenario::new(
        "approvers",
        "
Tasks:
  - Name: ask
    Action: ACS::Approve
    Properties: {Approvers: [bob, cy, dee, eve], MinRequiredApprovals: 3}
",
    )
}

/// A message goes out first; nobody wants it twice.
fn announced() -> Scenario {
    Scenario {
        recoveries: vec![("POST", Recovery::Manual)],
        open: true,
        ..Scenario::new(
            "announced",
            "
Tasks:
  - Name: ask
    Action: ACS::Approve
    Properties:
      NotifyType: WebHook
      WebHook: {URI: 'https://example.com/hook', Content: {text: please}}
  - Name: tell
    Action: ACS::Notify
    Properties:
      NotifyType: WebHook
      WebHook: {URI: 'https://example.com/hook', Content: {text: thanks}}
",
        )
    }
}

fn says(at: u64, by: &str, request: Request) -> Step {
    let by = by.to_owned();
    Step::Says { at, by, request }
}

/// Somebody says no before somebody else says yes.
fn rejected() -> Scenario {
    Scenario {
        says: vec![says(1_500, "cy", Request::Reject { task: None })],
        open: true,
        ..Scenario::new(
            "rejected",
            "
Tasks:
  - Name: work
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Work}
  - Name: ask
    Action: ACS::Approve
    OnCancel: undo
    Properties: {Approvers: [bob, cy]}
  - Name: undo
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Undo}
",
        )
    }
}

fn pause() -> Scenario {
    Scenario::new(
        "pause",
        "
Tasks:
  - {Name: before, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Before}}
  - {Name: hold, Action: 'ACS::Pause'}
  - {Name: after, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: After}}
",
    )
}

/// Deletes, which somebody must confirm, in a loop as well.
fn risky() -> Scenario {
    Scenario {
        safety_check: SafetyCheck::ConfirmEveryHighRiskAction,
        ..Scenario::new(
            "risky",
            "
Tasks:
  - Name: look
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DescribeThings}
  - Name: delete
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DeleteThing}
  - Name: each
    Action: ACS::ExecuteAPI
    Properties:
      Service: ECS
      API: ReleaseThing
      Risk: High
      Parameters: {Id: '{{ ACS::TaskLoopItem }}'}
    Loop: {Items: [a, b, c], RateControl: {Concurrency: 2}}
",
        )
    }
}

fn second_fails(asked: &Asked) -> Answer {
    (asked.call.api == "Second").then(|| Err(ApiError::new("Broken", "does not work").into()))
}

const THREE: &str = "
Tasks:
  - {Name: first, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: First}}
  - {Name: second, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Second}}
  - {Name: third, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Third}}
";

/// A failure is shown to somebody before it counts.
fn failure_pause() -> Scenario {
    Scenario {
        mode: Mode::FailurePause,
        answers: second_fails,
        open: true,
        ..Scenario::new("failure_pause", THREE)
    }
}

/// Every task waits for a word.
fn debug() -> Scenario {
    Scenario {
        mode: Mode::Debug,
        answers: second_fails,
        open: true,
        ..Scenario::new("debug", THREE)
    }
}

/// Is cancelled while it works in many places.
fn cancelled() -> Scenario {
    Scenario {
        says: vec![says(400, "bob", Request::Cancel)],
        recoveries: vec![("Run", Recovery::Resumable), ("Touch", Recovery::Manual)],
        open: true,
        ..Scenario::new(
            "cancelled",
            "
Tasks:
  - Name: each
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Run, Parameters: {Id: '{{ ACS::TaskLoopItem }}'}}
    Loop: {Items: [a, b, c, d, e, f, g, h], RateControl: {Concurrency: 3}}
  - Name: more
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Touch, Parameters: {Id: '{{ ACS::TaskLoopItem }}'}}
    Loop: {Items: [a, b, c, d, e, f, g, h], RateControl: {Concurrency: 3}}
",
        )
    }
}

/// Is cancelled while it sleeps, and cleans up.
fn cleaned_up() -> Scenario {
    Scenario {
        says: vec![says(30_000, "bob", Request::Cancel)],
        open: true,
        ..Scenario::new(
            "cleaned_up",
            "
Tasks:
  - Name: make
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Make}
  - Name: nap
    Action: ACS::Sleep
    OnCancel: undo
    OnSuccess: ACS::END
    Properties: {Duration: PT10M}
  - Name: between
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: NotReached}
  - Name: undo
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Undo}
  - Name: settle
    Action: ACS::Sleep
    Properties: {Duration: PT10S}
",
        )
    }
}

/// One task is cancelled, and the path for that is taken.
fn task_cancelled() -> Scenario {
    let task = "slow".to_owned();
    Scenario {
        says: vec![says(20_000, "bob", Request::CancelTask { task })],
        open: true,
        ..Scenario::new(
            "task_cancelled",
            "
Tasks:
  - Name: slow
    Action: ACS::Sleep
    OnCancel: instead
    OnSuccess: ACS::END
    Properties: {Duration: PT5M}
  - Name: instead
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Instead}
",
        )
    }
}

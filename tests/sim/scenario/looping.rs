//! Loops: windows, batches, error budgets, and everything that may stand in one.

use oos::base::call::{ApiError, Recovery};
use oos::base::value::{Value, text};
use oos::engine::status::{LoopMode, Mode};
use serde_json::json;

use crate::scenario::{Answer, Asked, Scenario};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        window(),
        tolerated(),
        last_straw(),
        retried(),
        batches(),
        first_batch(),
        some_items(),
        polling_items(),
        loop_action(),
        lost_items(),
        empty(),
        budget(),
        passed_over(),
        deferred(),
        canary(),
        locked(),
        in_a_group(),
    ]
}

/// One target that no road leads to, and one that does what it should not.
fn b_is_away_and_d_fails(asked: &Asked) -> Answer {
    let item = asked.call.parameters.get("Id").map(text);
    let code = match item.as_deref() {
        Some("b") => "Host.Unreachable",
        Some("d") => "ExitCode.1",
        _ => return None,
    };
    Some(Err(ApiError::new(code, "no luck").into()))
}

/// A class over its budget. One after another, so that everybody agrees on who came first.
fn budget() -> Scenario {
    let body = calls(
        "[a, b, c, d, e]",
        "Concurrency: 1, MaxErrors: 5, ErrorBudget: {Unreachable: 1, ExitCode: 0}",
    );
    Scenario {
        answers: |asked| b_is_away_and_d_fails(asked).or_else(|| echo(asked)),
        ..Scenario::new("loop_budget", &body)
    }
}

/// What cannot be reached is passed over.
fn passed_over() -> Scenario {
    let body = calls(
        "[a, b, c, d, e]",
        "Concurrency: 2, Unreachable: Skip, ErrorBudget: {ExitCode: 1, Unreachable: 1}",
    );
    Scenario {
        answers: |asked| b_is_away_and_d_fails(asked).or_else(|| echo(asked)),
        ..Scenario::new("loop_passed_over", &body)
    }
}

/// What cannot be reached is tried again, in vain.
fn deferred() -> Scenario {
    let body = calls(
        "[a, b, c, d, e]",
        "Concurrency: 2, MaxErrors: 2, Unreachable: Defer, DeferRounds: 2, DeferPause: 20s",
    );
    Scenario {
        answers: |asked| b_is_away_and_d_fails(asked).or_else(|| echo(asked)),
        ..Scenario::new("loop_deferred", &body)
    }
}

/// All items want the same: one after the other.
fn locked() -> Scenario {
    let body = calls("[a, b, c, d]", "Concurrency: 3").replace(
        "    Outputs:\n      id",
        "    Lock: the-table\n    Outputs:\n      id",
    );
    Scenario {
        answers: echo,
        ..Scenario::new("loop_locked", &body)
    }
}

/// Two of four at once, and the steps of each run in what it has.
fn in_a_group() -> Scenario {
    let body = "
Tasks:
  - Name: each
    Action: ACS::Loop
    Lock: {Names: '{{ ACS::TaskLoopItem }}', Group: web, MaxInChange: 50%}
    Properties:
      LoopItems: [a, b, c, d]
      LoopRateControl: {Concurrency: 4}
      LoopTasks:
        - Name: step
          Action: ACS::ExecuteAPI
          Lock: '{{ ACS::TaskLoopItem }}'
          Properties: {Service: ECS, API: Touch, Parameters: {Id: '{{ ACS::TaskLoopItem }}'}}
";
    Scenario {
        answers: echo,
        ..Scenario::new("loop_in_a_group", body)
    }
}

/// One target first, then the others.
fn canary() -> Scenario {
    let body = calls(
        "[b, a, c, d, e]",
        "Mode: Batch, Batch: [1, 100%], MaxErrors: 2, MaxErrorsInBatches: [0, 100%]",
    );
    Scenario {
        answers: |asked| b_is_away_and_d_fails(asked).or_else(|| echo(asked)),
        ..Scenario::new("loop_canary", &body)
    }
}

/// Fails for two of the items.
fn b_and_d_fail(asked: &Asked) -> Answer {
    let item = asked.call.parameters.get("Id").map(text);
    let fails = matches!(item.as_deref(), Some("b" | "d"));
    fails.then(|| Err(ApiError::new("Conflict", "in use").into()))
}

/// Answers with what was asked for, so that the outputs tell the items apart.
fn echo(asked: &Asked) -> Answer {
    let id = asked.call.parameters.get("Id")?;
    Some(Ok(json!({"Id": id, "Count": 2, "Status": "Ready"})))
}

/// A task that makes one call for each item.
fn calls(items: &str, control: &str) -> String {
    format!(
        "
Tasks:
  - Name: each
    Action: ACS::ExecuteAPI
    Properties: {{Service: ECS, API: Touch, Parameters: {{Id: '{{{{ ACS::TaskLoopItem }}}}'}}}}
    Outputs:
      id: {{Type: String, ValueSelector: Id}}
      count: {{Type: Number, ValueSelector: Count}}
    Loop:
      Items: {items}
      RateControl: {{{control}}}
      Outputs:
        ids: {{AggregateType: 'Fn::ListJoin', AggregateField: id}}
        sum: {{AggregateType: 'Fn::Sum', AggregateField: count}}
  - Name: after
    Action: ACS::ExecuteAPI
    Properties: {{Service: ECS, API: Report, Parameters: {{Ids: '{{{{ each.ids }}}}'}}}}
Outputs:
  ids: {{Type: List, Value: '{{{{ each.ids }}}}'}}
  sum: {{Type: Number, Value: '{{{{ each.sum }}}}'}}
"
    )
}

fn window() -> Scenario {
    let body = calls("[a, b, c, d, e, f]", "Concurrency: 3");
    Scenario {
        answers: echo,
        ..Scenario::new("loop_window", &body)
    }
}

/// Two of five fail, two may.
fn tolerated() -> Scenario {
    let body = calls("[a, b, c, d, e]", "Concurrency: '50%', MaxErrors: 2");
    Scenario {
        answers: |asked| b_and_d_fail(asked).or_else(|| echo(asked)),
        ..Scenario::new("loop_tolerated", &body)
    }
}

/// Two of five fail, one may. One after another, so that everybody agrees on who came first.
fn last_straw() -> Scenario {
    let body = calls("[a, b, c, d, e]", "Concurrency: 1, MaxErrors: 1");
    Scenario {
        answers: |asked| b_and_d_fail(asked).or_else(|| echo(asked)),
        ..Scenario::new("loop_last_straw", &body)
    }
}

/// Fails, and people have only the failed items run again.
fn retried() -> Scenario {
    let body = calls("[a, b, c, d, e]", "Concurrency: 2, MaxErrors: 0");
    Scenario {
        mode: Mode::FailurePause,
        answers: |asked| b_and_d_fail(asked).or_else(|| echo(asked)),
        open: true,
        ..Scenario::new("loop_retried", &body)
    }
}

fn batches() -> Scenario {
    let body = calls(
        "[a, b, c, d, e, f]",
        "Mode: Batch, Batch: [1, 2], ConcurrencyInBatches: [1, 2], \
         BatchPauseOption: EveryBatchPause",
    );
    Scenario {
        answers: echo,
        ..Scenario::new("loop_batches", &body)
    }
}

/// The one who starts it wants to see the first batch.
fn first_batch() -> Scenario {
    let body = calls("[a, b, c, d, e]", "Mode: Batch, Batch: [2], MaxErrors: 1");
    Scenario {
        loop_mode: LoopMode::FirstBatchPause,
        answers: echo,
        ..Scenario::new("loop_first_batch", &body)
    }
}

/// Leaves some items out.
fn some_items() -> Scenario {
    Scenario::new(
        "loop_some_items",
        "
Tasks:
  - Name: each
    Action: ACS::ExecuteAPI
    When: {'Fn::Not': {'Fn::Equals': ['{{ ACS::TaskLoopItem }}', b]}}
    Properties: {Service: ECS, API: Touch, Parameters: {Id: '{{ ACS::TaskLoopItem }}'}}
    Loop: {Items: [a, b, c], RateControl: {Concurrency: 2}}
  - Name: naps
    Action: ACS::Sleep
    Properties: {Duration: PT20S}
",
    )
}

/// Each item waits until it is ready.
fn polling_items() -> Scenario {
    Scenario {
        answers: |asked| {
            let ready = asked.number >= 2;
            let status = if ready { "Ready" } else { "Pending" };
            (asked.call.api == "DescribeThing").then(|| Ok(json!({"Status": status})))
        },
        ..Scenario::new(
            "loop_polling_items",
            "
Tasks:
  - Name: each
    Action: ACS::WaitFor
    DelayType: Constant
    Delay: 4
    Properties:
      Service: ECS
      API: DescribeThing
      Parameters: {Id: '{{ ACS::TaskLoopItem }}'}
      PropertySelector: .Status
      DesiredValues: [Ready]
    Loop: {Items: [a, b, c, d], RateControl: {Concurrency: 3}}
",
        )
    }
}

/// Several tasks for each item.
fn loop_action() -> Scenario {
    Scenario {
        answers: echo,
        ..Scenario::new(
            "loop_action",
            "
Parameters:
  zone: {Type: String, Default: z1}
Tasks:
  - Name: each
    Action: ACS::Loop
    Properties:
      LoopItems: [a, b, c]
      LoopRateControl: {Mode: Concurrency, Concurrency: 2, MaxErrors: 1}
      LoopTasks:
        - Name: start
          Action: ACS::ExecuteAPI
          Properties:
            Service: ECS
            API: Start
            Parameters: {Id: '{{ ACS::TaskLoopItem }}', Zone: '{{ zone }}'}
          Outputs: {id: {Type: String, ValueSelector: Id}}
        - Name: nap
          Action: ACS::Sleep
          Properties: {Duration: PT5S}
        - Name: stop
          Action: ACS::ExecuteAPI
          Properties: {Service: ECS, API: Stop, Parameters: {Id: '{{ start.id }}'}}
    Outputs:
      ids: {Type: List, ValueSelector: '{{ start.id }}'}
Outputs:
  ids: {Type: List, Value: '{{ each.ids }}'}
",
        )
    }
}

/// Calls in a loop that must not be made twice.
fn lost_items() -> Scenario {
    let body = calls("[a, b, c, d]", "Concurrency: 2");
    Scenario {
        answers: echo,
        recoveries: vec![("Touch", Recovery::Manual)],
        open: true,
        ..Scenario::new("loop_lost_items", &body)
    }
}

/// Loops over what turns out to be nothing.
fn empty() -> Scenario {
    Scenario {
        answers: |asked| {
            (asked.call.api == "ListThings").then(|| Ok(json!({"Ids": Value::Array(vec![])})))
        },
        ..Scenario::new(
            "loop_empty",
            "
Tasks:
  - Name: list
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: ListThings}
    Outputs: {ids: {Type: List, ValueSelector: 'Ids[]'}}
  - Name: each
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Touch, Parameters: {Id: '{{ ACS::TaskLoopItem }}'}}
    Loop: {Items: '{{ list.ids }}', RateControl: {Mode: Batch, Batch: [2]}}
",
        )
    }
}

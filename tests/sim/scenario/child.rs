//! Executions inside executions.

use oos::base::call::{ApiError, Recovery};
use oos::engine::event::Request;
use serde_json::json;

use crate::plan::Step;
use crate::scenario::{Answer, Asked, Scenario};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        child(),
        asking_child(),
        failing_child(),
        product_action(),
        product_actions(),
        late_name(),
        inline(),
        secret(),
        cancelled_child(),
        asking_children(),
        started(),
    ]
}

fn text(body: &str) -> String {
    format!("FormatVersion: OOS-2019-06-01\n{body}")
}

/// A child with three tasks and an output.
fn worker() -> (String, String) {
    let body = "
Parameters:
  id: {Type: String}
Tasks:
  - Name: begin
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Begin, Parameters: {Id: '{{ id }}'}}
    Outputs: {token: {Type: String, ValueSelector: Token}}
  - Name: nap
    Action: ACS::Sleep
    Properties: {Duration: PT8S}
  - Name: end
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: End, Parameters: {Token: '{{ begin.token }}'}}
Outputs:
  token: {Type: String, Value: '{{ begin.token }}'}
";
    ("worker".to_owned(), text(body))
}

/// A child that asks somebody first.
fn asker() -> (String, String) {
    let body = "
Parameters:
  id: {Type: String, Default: none}
Tasks:
  - {Name: ask, Action: 'ACS::Approve', Properties: {MinRequiredApprovals: 2}}
  - Name: work
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Work, Parameters: {Id: '{{ id }}'}}
";
    ("asker".to_owned(), text(body))
}

/// A child with a child that asks.
fn middle() -> (String, String) {
    let body = "
Tasks:
  - {Name: before, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Before}}
  - {Name: inner, Action: 'ACS::Template', Properties: {TemplateName: asker}}
";
    ("middle".to_owned(), text(body))
}

const PARENT: &str = "
Tasks:
  - Name: call
    Action: ACS::Template
    Properties: {TemplateName: worker, Parameters: {id: x}}
    Outputs: {token: {Type: String, ValueSelector: token}}
  - Name: after
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: After, Parameters: {Token: '{{ call.token }}'}}
Outputs:
  token: {Type: String, Value: '{{ call.token }}'}
";

fn child() -> Scenario {
    Scenario {
        shelf: vec![worker()],
        ..Scenario::new("child", PARENT)
    }
}

fn asking_child() -> Scenario {
    Scenario {
        shelf: vec![middle(), asker()],
        ..Scenario::new(
            "asking_child",
            "
Tasks:
  - {Name: call, Action: 'ACS::Template', Properties: {TemplateName: middle}}
  - {Name: after, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: After}}
",
        )
    }
}

fn failing_child() -> Scenario {
    Scenario {
        shelf: vec![worker()],
        answers: |asked: &Asked| -> Answer {
            (asked.call.api == "End").then(|| Err(ApiError::new("Stuck", "does not end").into()))
        },
        ..Scenario::new(
            "failing_child",
            "
Tasks:
  - Name: call
    Action: ACS::Template
    OnError: undo
    OnSuccess: ACS::END
    Properties: {TemplateName: worker, Parameters: {id: x}}
  - Name: undo
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Undo}
",
        )
    }
}

/// Stops an instance with the action that comes with the program.
fn product_action() -> Scenario {
    Scenario {
        answers: |asked: &Asked| -> Answer {
            let status = if asked.number < 2 {
                "Running"
            } else {
                "Stopped"
            };
            let answer = json!({"Instances": {"Instance": [{"Status": status}]}});
            (asked.call.api == "DescribeInstances").then_some(Ok(answer))
        },
        ..Scenario::new(
            "product_action",
            "
Tasks:
  - Name: stop
    Action: ACS::ECS::StopInstance
    Properties: {instanceId: i-1}
",
        )
    }
}

/// A product action for each target; commands are attached to.
fn product_actions() -> Scenario {
    Scenario {
        native: vec!["ACS::ECS::RunCommand"],
        recoveries: vec![("ACS::ECS::RunCommand", Recovery::Resumable)],
        answers: |asked: &Asked| -> Answer {
            let one = |id: &str| json!({"InstanceId": id, "Status": "Stopped"});
            let list = json!({"Instances": {"Instance": [one("i-1"), one("i-2"), one("i-3")]}});
            match asked.call.api.as_str() {
                "DescribeInstances" => Some(Ok(list)),
                "ACS::ECS::RunCommand" => Some(Ok(json!({"invocationOutput": "done"}))),
                _ => None,
            }
        },
        ..Scenario::new(
            "product_actions",
            "
Tasks:
  - Name: select
    Action: ACS::SelectTargets
    Properties: {ResourceType: 'ALIYUN::ECS::Instance', Filters: [{Type: All}]}
    Outputs: {ids: {Type: List, ValueSelector: 'Instances.Instance[].InstanceId'}}
  - Name: run
    Action: ACS::ECS::RunCommand
    Properties: {instanceId: '{{ ACS::TaskLoopItem }}', commandContent: uptime}
    Outputs: {text: {Type: String, ValueSelector: invocationOutput}}
    Loop:
      Items: '{{ select.ids }}'
      RateControl: {Concurrency: 2}
      Outputs: {texts: {AggregateType: 'Fn::ListJoin', AggregateField: text}}
  - Name: stop
    Action: ACS::ECS::StopInstance
    Properties: {instanceId: '{{ ACS::TaskLoopItem }}'}
    Loop: {Items: '{{ select.ids }}', RateControl: {Concurrency: 2}}
",
        )
    }
}

/// Learns only on the way which template it runs.
fn late_name() -> Scenario {
    Scenario {
        shelf: vec![worker()],
        answers: |asked: &Asked| -> Answer {
            (asked.call.api == "DescribeName").then(|| Ok(json!({"Name": "worker"})))
        },
        ..Scenario::new(
            "late_name",
            "
Tasks:
  - Name: ask
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DescribeName}
    Outputs: {name: {Type: String, ValueSelector: Name}}
  - Name: call
    Action: ACS::Template
    Properties: {TemplateName: '{{ ask.name }}', Parameters: {id: y}}
  - Name: missing
    Action: ACS::Template
    OnError: ACS::NEXT
    IsCritical: false
    Properties: {TemplateName: '{{ ask.name }}-that-is-not-there'}
",
        )
    }
}

/// Carries the text of its child with it.
fn inline() -> Scenario {
    Scenario::new(
        "inline",
        "
Tasks:
  - Name: call
    Action: ACS::Template
    Properties:
      TemplateContent: |
        FormatVersion: OOS-2019-06-01
        Tasks:
          - {Name: hold, Action: 'ACS::Pause'}
          - {Name: work, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: Work}}
",
    )
}

/// Hands a secret on to its child.
fn secret() -> Scenario {
    let body = "
Parameters:
  word: {Type: String, NoEcho: true}
Tasks:
  - Name: log
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: LogIn, Parameters: {Password: '{{ word }}'}}
    Outputs: {session: {Type: String, ValueSelector: Session}}
Outputs:
  session: {Type: String, Value: '{{ log.session }}'}
";
    Scenario {
        shelf: vec![("login".to_owned(), text(body))],
        arguments: json!({"password": "s3cret-word"})
            .as_object()
            .unwrap()
            .clone(),
        ..Scenario::new(
            "secret",
            "
Parameters:
  password: {Type: String, NoEcho: true}
Tasks:
  - Name: call
    Action: ACS::Template
    Properties: {TemplateName: login, Parameters: {word: '{{ password }}'}}
    Outputs: {session: {Type: String, ValueSelector: session}}
Outputs:
  session: {Type: String, Value: '{{ call.session }}'}
",
        )
    }
}

/// Is cancelled while children sleep.
fn cancelled_child() -> Scenario {
    let cancel = Step::Says {
        at: 5_000,
        by: "bob".to_owned(),
        request: Request::Cancel,
    };
    Scenario {
        shelf: vec![worker()],
        says: vec![cancel],
        open: true,
        ..Scenario::new(
            "cancelled_child",
            "
Tasks:
  - Name: call
    Action: ACS::Template
    OnCancel: undo
    OnSuccess: ACS::END
    Properties: {TemplateName: worker, Parameters: {id: '{{ ACS::TaskLoopItem }}'}}
    Loop: {Items: [a, b, c], RateControl: {Concurrency: 2}}
  - Name: undo
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: Undo}
",
        )
    }
}

/// Several children ask at the same time.
fn asking_children() -> Scenario {
    Scenario {
        shelf: vec![asker()],
        ..Scenario::new(
            "asking_children",
            "
Tasks:
  - Name: call
    Action: ACS::Template
    Properties: {TemplateName: asker, Parameters: {id: '{{ ACS::TaskLoopItem }}'}}
    Loop: {Items: [a, b, c], RateControl: {Concurrency: 2}}
",
        )
    }
}

/// Starts an execution that nobody waits for.
fn started() -> Scenario {
    Scenario {
        shelf: vec![worker()],
        open: true,
        ..Scenario::new(
            "started",
            "
Tasks:
  - Name: start
    Action: ACS::ExecuteAPI
    Properties:
      Service: OOS
      API: StartExecution
      Parameters: {TemplateName: worker, Parameters: {id: z}}
    Outputs: {id: {Type: String, ValueSelector: Execution.ExecutionId}}
  - Name: nap
    Action: ACS::Sleep
    Properties: {Duration: PT2S}
",
        )
    }
}

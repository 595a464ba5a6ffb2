//! Calls of a template to the service `OOS`, which the runner answers itself.

use serde_json::json;

use oos::runner::{StartRequest, TemplateRef};
use oos::store::view::ExecutionFilter;

use crate::support::stage::Stage;

const STARTS_ANOTHER: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: start
    Action: ACS::ExecuteAPI
    Properties:
      Service: OOS
      API: StartExecution
      Parameters:
        TemplateContent: 'FormatVersion: OOS-2019-06-01

          Tasks: [{Name: nap, Action: ''ACS::Sleep'', Properties: {Duration: PT1S}}]'
    Outputs:
      id: {Type: String, ValueSelector: Execution.ExecutionId}
Outputs:
  id: {Type: String, Value: '{{ start.id }}'}
";

#[test]
fn what_a_run_starts_belongs_to_who_started_the_run_whoever_goes_on_with_it() {
    let stage = Stage::new();
    let ann = stage.runner_of("ann");
    let text = STARTS_ANOTHER.to_owned();
    let prepared = ann
        .prepare(StartRequest::new(TemplateRef::Text {
            name: "starter".to_owned(),
            text,
        }))
        .unwrap();
    let id = stage.wait(ann.start(&prepared)).unwrap();
    let view = stage.drive(&id);
    assert_eq!(view.executed_by, "ann");
    let all = stage.wait(stage.runner.store().executions(&ExecutionFilter::default()));
    let other = all
        .unwrap()
        .into_iter()
        .find(|found| json!(found.execution_id) == view.outputs["id"]);
    assert_eq!(other.unwrap().executed_by, "ann");
}

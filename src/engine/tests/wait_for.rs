//! Polling (language reference 4.2 and 4.3; cases 51 to 60).

use serde_json::{Value, json};

use crate::base::call::CallFault;
use crate::engine::status::ExecutionStatus as S;
use crate::engine::tests::world::World;

/// A `WaitFor` on `.Status` with more properties and more attributes.
fn wait(properties: &str, attributes: &str) -> String {
    format!(
        "
Tasks:
  - Name: wait
    Action: ACS::WaitFor
    {attributes}
    Properties:
      Service: ECS
      API: Describe
      PropertySelector: Status
      {properties}
    Outputs: {{status: {{Type: String, ValueSelector: Status}}}}
"
    )
}

fn status(status: &Value) -> Value {
    json!({"Status": status})
}

#[test]
fn case_51_success_at_the_first_poll_does_not_sleep() {
    let mut world = World::start(&wait("DesiredValues: [Running]", ""));
    world.answer(status(&json!("Running")));
    world.ended(S::Success);
    assert_eq!(world.outputs("wait"), json!({"status": "Running"}));
}

/// Polls in vain and returns the pauses.
fn pauses(attributes: &str) -> Vec<u64> {
    let mut world = World::start(&wait("DesiredValues: [Running]", attributes));
    let mut pauses = Vec::new();
    loop {
        world.answer(status(&json!("Starting")));
        if world.timer().is_none() {
            world.ended(S::Failed);
            return pauses;
        }
        pauses.push(world.fire());
    }
}

#[test]
fn case_52_pauses_double_up_to_the_cap() {
    assert_eq!(
        pauses(""),
        [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
        "ten retries by default"
    );
    assert_eq!(
        pauses("Retries: 5\n    MaxRetryInterval: 10"),
        [2, 4, 8, 10, 10]
    );
    assert_eq!(pauses("Retries: 2\n    Delay: 30"), [2, 4]);
}

#[test]
fn case_53_constant_and_linear_pauses() {
    assert_eq!(
        pauses("Retries: 3\n    DelayType: Constant\n    Delay: 15"),
        [15, 15, 15]
    );
    assert_eq!(
        pauses("Retries: 3\n    DelayType: Linear\n    Delay: 5\n    BackOff: 10"),
        [15, 25, 35]
    );
}

#[test]
fn case_54_an_api_error_is_data() {
    let text = wait("DesiredValues: [Gone]", "Retries: 1")
        .replace("Selector: Status\n", "Selector: .Code\n");
    let mut world = World::start(&text);
    world.answer(json!({}));
    world.fire();
    world.fail("Gone");
    world.ended(S::Success);
}

#[test]
fn case_55_desired_comes_before_stop() {
    let mut world = World::start(&wait(
        "DesiredValues: [Failed]\n      StopRetryValues: [Failed]",
        "",
    ));
    world.answer(status(&json!("Failed")));
    world.ended(S::Success);
}

#[test]
fn case_56_a_stop_value_fails_at_once_and_outputs_are_taken_all_the_same() {
    let mut world = World::start(&wait(
        "DesiredValues: [Running]\n      StopRetryValues: [Failed]",
        "",
    ));
    world.answer(status(&json!("Failed")));
    world.ended(S::Failed);
    assert_eq!(world.outputs("wait"), json!({"status": "Failed"}));
    assert!(world.live.message().starts_with("StopRetryValue: "));
}

#[test]
fn case_57_exhausted_retries_fail() {
    let mut world = World::start(&wait("DesiredValues: [Running]", "Retries: 1"));
    world.answer(status(&json!("Starting")));
    world.fire();
    world.answer(status(&json!("Starting")));
    world.ended(S::Failed);
    assert_eq!(
        world.live.message(),
        "RetriesExhausted: `Status` is \"Starting\" after 2 polls; one of [\"Running\"] is desired"
    );
    assert_eq!(world.outputs("wait"), json!({"status": "Starting"}));
}

#[test]
fn case_58_true_is_the_text_true() {
    let mut world = World::start(&wait("DesiredValues: [true]", ""));
    world.answer(status(&json!("true")));
    world.ended(S::Success);
}

#[test]
fn case_59_values_that_are_not_desired() {
    #[track_caller]
    fn case(properties: &str, value: &Value, expected: S) {
        let text = wait(properties, "Retries: 0");
        let mut world = World::start(&text);
        world.answer(status(value));
        world.ended(expected);
    }
    case("NotDesiredValues: [[]]", &json!([]), S::Failed);
    case("NotDesiredValues: [[]]", &json!([1]), S::Success);
    let none = "DesiredValues: [a]\n      NotDesiredValues: []\n      StopRetryValues: []";
    case(none, &json!("a"), S::Success);
    let both = "DesiredValues: [a, b]\n      NotDesiredValues: [b]";
    case(both, &json!("a"), S::Success);
    case(both, &json!("b"), S::Failed);
}

#[test]
fn case_60_check_for_has_one_shot() {
    let text = wait("DesiredValues: [Running]", "").replace("WaitFor", "CheckFor");
    let mut world = World::start(&text);
    world.answer(status(&json!("Starting")));
    world.ended(S::Failed);
    let message = world.live.message();
    assert!(
        message.starts_with("CheckFailed: `Status` is \"Starting\"; "),
        "{message}"
    );

    let text = wait("DesiredValues: [Running]", "Retries: 2").replace("WaitFor", "CheckFor");
    let mut world = World::start(&text);
    world.answer(status(&json!("Starting")));
    assert_eq!(world.fire(), 2, "retries make it poll");
}

#[test]
fn a_selector_that_fails_is_polled_again() {
    let text =
        wait("DesiredValues: [a]", "").replace("Selector: Status\n", "Selector: 'Items[].Id'\n");
    let mut world = World::start(&text);
    world.answer(json!({}));
    world.fire();
    world.answer(json!({"Items": [{"Id": "a"}, {"Id": "b"}]}));
    world.ended(S::Success);
}

#[test]
fn three_polls_in_a_row_without_an_answer_fail() {
    let lost = || CallFault::Unreachable {
        reason: "no route".into(),
    };
    let mut world = World::start(&wait("DesiredValues: [Running]", ""));
    world.answer_with(Err(lost()));
    world.fire();
    world.answer_with(Err(lost()));
    world.fire();
    world.answer(status(&json!("Starting")));
    world.fire();
    for _ in 0..2 {
        world.answer_with(Err(lost()));
        world.fire();
    }
    world.answer_with(Err(lost()));
    world.ended(S::Failed);
    assert_eq!(world.live.message(), "Unreachable: no route");
}

#[test]
fn every_poll_is_a_call_of_its_own() {
    let mut world = World::start(&wait("DesiredValues: [Running]", ""));
    let first = world.call().client_token;
    world.answer(status(&json!("Starting")));
    world.fire();
    assert_ne!(world.call().client_token, first);
}

#[test]
fn an_http_request_may_be_waited_for() {
    let mut world = World::start(
        "
Tasks:
  - Name: ready
    Action: ACS::ExecuteHttpRequest
    Properties:
      Method: get
      URL: http://127.0.0.1/health
      WaitFor: {Rules: [{PropertySelector: state, DesiredValues: [up]}]}
",
    );
    assert!(world.call().is("HTTP", "GET"));
    world.answer(json!({"state": "down"}));
    world.fire();
    world.answer(json!({"state": "up"}));
    world.ended(S::Success);
}

//! The conformance cases on references and functions, each named after what it says.

use serde_json::json;

use crate::base::value::Value;
use crate::template::expr::expression::node_of;
use crate::template::expr::{EvaluateError, Expression, MapScope, Pseudo, Reference};

fn parse(value: &Value) -> Expression {
    let mut report = Vec::new();
    let expression = Expression::parse(&node_of(value), &mut report);
    let errors: Vec<_> = report
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .collect();
    assert!(errors.is_empty(), "{value}: {errors:?}");
    expression
}

fn try_evaluate(value: &Value, scope: &MapScope) -> Result<Value, EvaluateError> {
    parse(value).evaluate(scope)
}

#[track_caller]
fn case_in(scope: &MapScope, value: &Value, expected: &Value) {
    assert_eq!(try_evaluate(value, scope).as_ref(), Ok(expected), "{value}");
}

#[track_caller]
fn case(value: Value, expected: Value) {
    case_in(&MapScope::new(), &value, &expected);
}

fn scope() -> MapScope {
    MapScope::new()
        .with_parameter("n", 3)
        .with_parameter("region-Id", "eu")
        .with_parameter("list", json!([1, "a"]))
        .with_parameter("yes", true)
        .with_parameter("nothing", Value::Null)
        .with_parameter("k", "key")
        .with_parameter("v", "value")
        .with_parameter("sneaky", "{{ n }}")
        .with_output("t", "out", Value::Null)
        .with_output("t", "doc", json!({"A": [{"B": 1}, {"B": 2}]}))
        .with_pseudo(Pseudo::AccountId, "42")
        .with_stored("aliyun/x", "stored")
}

#[test]
fn a_whole_placeholder_keeps_the_type() {
    case_in(&scope(), &json!("{{ n }}"), &json!(3));
}

#[test]
fn spelling_and_blanks_do_not_matter() {
    for text in ["{{n}}", "{{ N }}", " {{ n }} ", "{{n }}\n"] {
        case_in(&scope(), &json!(text), &json!(3));
    }
    case_in(&scope(), &json!("{{ REGION-id }}"), &json!("eu"));
    case_in(&scope(), &json!("{{ acs::accountID }}"), &json!("42"));
    case_in(&scope(), &json!("{{ oos:aliyun/x }}"), &json!("stored"));
}

#[test]
fn an_embedded_number_is_text() {
    case_in(&scope(), &json!("a{{ n }}b"), &json!("a3b"));
}

#[test]
fn an_embedded_list_is_compact_json() {
    case_in(&scope(), &json!("x{{ list }}"), &json!("x[1,\"a\"]"));
}

#[test]
fn an_embedded_boolean_is_lower_case() {
    case_in(
        &scope(),
        &json!("[ {{ yes }} == true ]"),
        &json!("[ true == true ]"),
    );
}

#[test]
fn an_embedded_null_is_empty() {
    case_in(&scope(), &json!("a{{ nothing }}b"), &json!("ab"));
}

#[test]
fn the_output_of_a_skipped_task_leaves_the_property_out() {
    let value = json!({"a": "{{ t.out }}", "b": {"c": "{{ T.OUT }}"}, "l": ["{{ t.out }}"]});
    case_in(&scope(), &value, &json!({"b": {}, "l": [null]}));
}

#[test]
fn an_unknown_name_is_listed_as_a_reference_and_has_no_value() {
    let expression = parse(&json!({"a": ["{{ unknown }}"]}));
    let references = expression.references();
    assert_eq!(references[0].value, Reference::Parameter("unknown".into()));
    let error = expression.evaluate(&scope()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no parameter `unknown` (at `a[0]`)"
    );
}

#[test]
fn braces_of_other_tools_stay() {
    for text in [
        "{{.State}}",
        "a {{ .State }} b",
        "{{oos-secret:x}}",
        "{{ missing | upper }}",
    ] {
        case_in(&scope(), &json!(text), &json!(text));
    }
}

#[test]
fn a_value_is_never_scanned_again() {
    case_in(&scope(), &json!("{{ sneaky }}"), &json!("{{ n }}"));
    case_in(&scope(), &json!("a{{ sneaky }}"), &json!("a{{ n }}"));
}

#[test]
fn placeholders_between_braces_are_replaced() {
    let text = r#"{"{{k}}":"{{v}}"}"#;
    case_in(&scope(), &json!(text), &json!(r#"{"key":"value"}"#));
}

#[test]
fn if_is_lazy() {
    let failing = json!({"Fn::Jq": ["First", "error(\"no\")", {}]});
    case(json!({"Fn::If": [true, "x", failing]}), json!("x"));
    case(json!({"Fn::If": ["false", failing, "y"]}), json!("y"));
}

#[test]
fn if_that_yields_null_drops_the_property() {
    case(
        json!({"a": {"Fn::If": [false, 1, null]}, "b": 2}),
        json!({"b": 2}),
    );
    case(json!({"a": {"Fn::If": [false, 1]}}), json!({}));
}

#[test]
fn not_takes_its_condition_with_or_without_a_list() {
    case(json!({"Fn::Not": {"Fn::Equals": ["a", "b"]}}), json!(true));
    case(
        json!({"Fn::Not": [{"Fn::Equals": ["a", "b"]}]}),
        json!(true),
    );
}

#[test]
fn equals_is_loose_on_scalars_and_null_is_not_empty() {
    case(json!({"Fn::Equals": [3, "3"]}), json!(true));
    case(json!({"Fn::Equals": ["true", true]}), json!(true));
    case(json!({"Fn::Equals": [null, ""]}), json!(false));
    case(json!({"Fn::Equals": [[null], [null]]}), json!(true));
}

#[test]
fn select_takes_an_index_as_text_or_a_key_of_a_map() {
    case(json!({"Fn::Select": ["1", ["a", "b"]]}), json!("b"));
    case(json!({"Fn::Select": [-1, ["a", "b"]]}), json!("b"));
    case(json!({"Fn::Select": [5, ["a", "b"]]}), json!(null));
    case(json!({"Fn::Select": ["k", {"k": 7}]}), json!(7));
    case(json!({"Fn::Select": [0, "[7]"]}), json!(7));
}

#[test]
fn jq_takes_first_or_all_and_parses_a_text() {
    case(json!({"Fn::Jq": ["First", ".a", {"a": 5}]}), json!(5));
    case(json!({"Fn::Jq": ["all", ".[]", "[1, 2]"]}), json!([1, 2]));
    case(json!({"Fn::Jq": ["First", ".[]", []]}), json!(null));
    case(json!({"Fn::Jq": ["First", ".", "text"]}), json!("text"));
}

#[test]
fn merge_list_takes_both_spellings_twice() {
    let scope = MapScope::new().with_parameter("l", json!([[[1], [2]], [[3], null]]));
    let expected = json!([1, 2, 3]);
    let once = json!({"Fn::MergeList": "{{ l }}"});
    case_in(&scope, &json!({"Fn::MergeList": once}), &expected);
    let once = json!({"Fn::MergeList": ["{{ l }}"]});
    case_in(&scope, &json!({"Fn::MergeList": [once]}), &expected);
    case(
        json!({"Fn::MergeList": [[1], [2, 3], null]}),
        json!([1, 2, 3]),
    );
    let scope = MapScope::new().with_parameter("l", json!([[[1], [2]]]));
    case_in(
        &scope,
        &json!({"Fn::MergeList": "{{ l }}"}),
        &json!([[1], [2]]),
    );
}

#[test]
fn range_select_counts_from_the_end() {
    case(
        json!({"Fn::RangeSelect": [0, -1, ["a", "b", "c"]]}),
        json!(["a", "b"]),
    );
    case(
        json!({"Fn::RangeSelect": ["-2", 9, ["a", "b", "c"]]}),
        json!(["b", "c"]),
    );
    case(
        json!({"Fn::RangeSelect": [2, 1, ["a", "b", "c"]]}),
        json!([]),
    );
    case(
        json!({"Fn::RangeSelect": [0, -9, ["a", "b", "c"]]}),
        json!([]),
    );
}

#[test]
fn merge_map_to_list_repeats_the_last_value() {
    let lists = json!({"Fn::MergeMapToList": [{"I": [1, 2]}, {"W": [0]}]});
    case(lists, json!([{"I": 1, "W": 0}, {"I": 2, "W": 0}]));
}

#[test]
fn duration_between_goes_past_midnight() {
    case(
        json!({"Fn::DurationBetween": ["22:00:00Z", "06:00:00Z"]}),
        json!("PT8H"),
    );
    case(
        json!({"Fn::DurationBetween": ["06:00:00Z", "06:30:05Z"]}),
        json!("PT30M5S"),
    );
    case(
        json!({"Fn::DurationBetween": ["06:00", "06:00"]}),
        json!("PT0S"),
    );
}

#[test]
fn calculate_batch_sums_up_to_the_items() {
    case(
        json!({"Fn::CalculateBatch": [2, ["a", "b", "c"]]}),
        json!([2, 1]),
    );
    case(
        json!({"Fn::CalculateBatch": ["3", [1, 2, 3, 4, 5, 6, 7]]}),
        json!([3, 2, 2]),
    );
    case(json!({"Fn::CalculateBatch": [5, [1, 2]]}), json!([1, 1]));
    case(json!({"Fn::CalculateBatch": [5, []]}), json!([]));
}

#[test]
fn sub_leaves_unlisted_names_alone() {
    let text = "hi ${n}, ${HOME} ${x:-${n}} ${!n} $n ${";
    case(
        json!({"Fn::Sub": [text, {"n": "bo"}]}),
        json!("hi bo, ${HOME} ${x:-bo} ${n} $n ${"),
    );
}

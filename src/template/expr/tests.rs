//! The conformance cases on references and functions, each named after what it says.

use serde_json::json;

use crate::base::value::Value;
use crate::template::expr::expression::node_of;
use crate::template::expr::{EvaluateError, Expression, MapScope, Pseudo, Reference, condition};

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
fn case(value: impl Into<Value>, expected: impl Into<Value>) {
    case_in(&MapScope::new(), &value.into(), &expected.into());
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
        .with_secret("db/x", "hidden")
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
    case_in(&scope(), &json!("{{ oos-secret:db/x }}"), &json!("hidden"));
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
    for text in ["{{.State}}", "a {{ .State }} b", "{{ missing | upper }}"] {
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

#[test]
fn texts_are_joined_split_replaced_and_encoded() {
    case(json!({"Fn::Join": ["-", ["a", 1, null, [2]]]}), "a-1-[2]");
    case(json!({"Fn::Split": [":", "08:30"]}), json!(["08", "30"]));
    case(json!({"Fn::Split": ["/", "abc"]}), json!(["abc"]));
    case(json!({"Fn::Replace": [{".": "_", "b": "."}, "a.b"]}), "a_.");
    case(json!({"Fn::Base64Encode": "hi"}), "aGk=");
    case(json!({"Fn::Base64Decode": ["aGk="]}), "hi");
    case(json!({"Fn::Base64Decode": "/w=="}), "\u{fffd}");
    case(json!({"Fn::Base64Encode": null}), "");
    case(json!({"Fn::ContainsSubString": ["a/b", "/"]}), true);
    case(
        json!({"Fn::Escape": ["a\"b$c`", "powershell"]}),
        "a`\"b`$c``",
    );
}

#[test]
fn lists_are_united_intersected_and_merged() {
    case(json!({"Fn::Union": [[1, 2], [2, 3]]}), json!([1, 2, 3]));
    case(json!({"Fn::Intersection": [[1, 2, 2], [2, 3]]}), json!([2]));
    case(json!({"Fn::Difference": [[1, 2], [2, 3]]}), json!([1, 3]));
    case(json!({"Fn::ListJoin": ["x", ["y"]]}), json!(["x", ["y"]]));
    case(json!({"Fn::First": [1, 2]}), 1);
    case(json!({"Fn::Last": {"Fn::Split": ["/", "a/b"]}}), "b");
    case(json!({"Fn::Last": []}), Value::Null);
    case(
        json!({"Fn::MergeMap": [{"a": 1}, {"b": 2}, {"a": 3}]}),
        json!({"a": 3, "b": 2}),
    );
    case(
        json!({"Fn::ConvertMapToList": [{"a": 1}]}),
        json!([{"Key": "a", "Value": 1}]),
    );
    case(
        json!({"Fn::MapJoin": [["a", "b"], [1, 2]]}),
        json!({"a": 1, "b": 2}),
    );
}

#[test]
fn numbers_are_calculated() {
    case(json!({"Fn::Eval": ["-2*24"]}), -48);
    case(json!({"Fn::Eval": "7 / 2"}), 3.5);
    case(json!({"Fn::Min": [3, "1"]}), 1);
    case(json!({"Fn::Max": [[3, 1.5]]}), 3);
    case(json!({"Fn::Sum": [1, null, "2.5"]}), 3.5);
}

#[test]
fn times_are_shifted_and_formatted() {
    case(
        json!({"Fn::AddHour": ["2030-01-01T00:00:00Z", 2]}),
        "2030-01-01T02:00:00Z",
    );
    case(
        json!({"Fn::AddHour": ["2030-01-01T00:00Z", "-0.5"]}),
        "2029-12-31T23:30:00Z",
    );
    let format = json!(["2030-01-02T03:04:05Z", "%Y-%m-%dT00:00Z"]);
    case(json!({"Fn::FormatUTCTime": format}), "2030-01-02T00:00Z");
}

#[test]
fn addresses_are_looked_up_in_networks() {
    case(json!({"Fn::IsIpInCIDR": ["10.0.0.9", "10.0.0.0/24"]}), true);
    case(
        json!({"Fn::IsIpInCIDR": ["10.0.1.9", "10.0.0.0/24"]}),
        false,
    );
    case(json!({"Fn::IsIpInCIDR": ["10.0.1.9", "0.0.0.0/0"]}), true);
    case(json!({"Fn::IsIpInCIDR": ["fe80::1", "fe80::/10"]}), true);
}

#[test]
fn other_placeholders_are_minijinja_expressions() {
    let cases = [
        ("{{ n + 1 }}", json!(4)),
        ("{{ region-Id | upper }}", json!("EU")),
        ("x{{ list | length }}", json!("x2")),
        ("{{ 'a' if yes else 'b' }}", json!("a")),
        ("{{ t.doc.A[0].B }}", json!([{"B": 1}])),
        ("{{ (t.doc).A[1].B - 1 }}", json!(1)),
        ("{{ ACS::AccountId ~ '}}' }}", json!("42}}")),
        ("{{ n * 2 }}", json!(6)),
    ];
    for (text, expected) in cases {
        if text.contains("A[0]") {
            // That is a jq path of the language, not an expression.
            case_in(&scope(), &json!(text), &json!(1));
        } else {
            case_in(&scope(), &json!(text), &expected);
        }
    }
}

#[test]
fn hostile_expressions_fail_and_do_not_grow() {
    let scope = scope();
    let long = format!("{{{{ {} 1 }}}}", "1 +".repeat(2000));
    case_in(&scope, &json!(long.clone()), &json!(long));
    for text in ["{{ k * 100000000 }}", "{{ (list * n) }}"] {
        assert!(try_evaluate(&json!(text), &scope).is_err(), "{text}");
    }
    for text in ["{{ 'x' * 100000000 }}", "{{ [1] * 100000000 }}"] {
        case_in(&scope, &json!(text), &json!(text));
    }
    let replace = "{{ k | replace('', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx')";
    let text = format!(
        "{replace}{} }}}}",
        " | replace('', 'xxxxxxxxxxxxxxxxxxxxxxxx')".repeat(20)
    );
    assert!(try_evaluate(&json!(text), &scope).is_err());
}

#[test]
fn jinja_renders_a_template_with_its_values() {
    let template =
        "{% for h in hosts %}{{ h.name }}={{ h.up }};{% endfor %}{{ none }}{{ hosts | length }}";
    let values = json!({"hosts": [{"name": "a", "up": true}, {"name": "b", "up": [1]}]});
    case(json!({"Fn::Jinja": [template, values]}), "a=true;b=[1];2");
}

#[test]
fn hostile_templates_fail() {
    let doubling = "{% set x = x ~ x %}".repeat(60);
    let loops = "{% for a in range(10000) %}".repeat(4) + &"{% endfor %}".repeat(4);
    let output = "{% for a in range(10000) %}{% for a in range(10000) %}0123456789".to_owned()
        + "{% endfor %}{% endfor %}";
    for template in [
        doubling.as_str(),
        loops.as_str(),
        output.as_str(),
        "{% set ns = namespace(x='x') %}",
        "{{ missing }}",
        "{{ 'x'.missing.more }}",
        "{% include 'file' %}",
    ] {
        let call = json!({"Fn::Jinja": [template, {"x": "xxxxxxxxxxxxxxxx"}]});
        let mut report = Vec::new();
        let expression = Expression::parse(&node_of(&call), &mut report);
        assert!(expression.evaluate(&MapScope::new()).is_err(), "{template}");
    }
}

#[test]
fn conditions_have_a_truth_or_a_name() {
    let named = parse(&json!({"Fn::Equals": ["{{ n }}", 3]}));
    let scope = scope()
        .with_condition("isThree", named)
        .with_condition("notThree", parse(&json!({"Fn::Not": "isThree"})))
        .with_condition("loop", parse(&json!({"Fn::And": [true, "pool"]})))
        .with_condition("pool", parse(&json!({"Fn::Or": [false, "loop"]})));
    let truth = |value: Value| condition(&parse(&value), &scope).map_err(|error| error.to_string());
    assert_eq!(truth(json!("isthree")), Ok(true));
    assert_eq!(truth(json!("notThree")), Ok(false));
    assert_eq!(truth(json!("{{ yes }}")), Ok(true));
    assert_eq!(truth(json!("TRUE")), Ok(true));
    assert_eq!(truth(json!(null)), Ok(false));
    assert_eq!(
        truth(json!({"Fn::If": ["isThree", "false", "true"]})),
        Ok(false)
    );
    assert!(
        truth(json!("nowhere"))
            .unwrap_err()
            .contains("name of a condition")
    );
    assert!(
        truth(json!("loop"))
            .unwrap_err()
            .contains("depends on itself")
    );
    assert!(truth(json!("{{ k }}")).is_err());
    assert!(truth(json!([true])).is_err());
}

#[test]
fn and_and_or_stop_early() {
    let failing = json!({"Fn::Jq": ["First", "error", {}]});
    case(json!({"Fn::And": [false, failing]}), false);
    case(json!({"Fn::Or": ["true", failing]}), true);
    case(json!({"Fn::And": [true, "true"]}), true);
}

#[test]
fn what_is_wrong_with_a_call_is_reported_with_a_hint() {
    #[track_caller]
    fn case(value: &Value, code: &str, hint: &str) {
        let mut report = Vec::new();
        let expression = Expression::parse(&node_of(value), &mut report);
        let found = report.iter().find(|diagnostic| diagnostic.code == code);
        let found = found.unwrap_or_else(|| panic!("{value}: {report:?}"));
        let given = found.hint.clone().unwrap_or_default();
        assert!(given.contains(hint), "{value}: {given}");
        assert!(expression.evaluate(&MapScope::new()).is_err(), "{value}");
    }
    case(
        &json!({"Fn::Equal": [1, 2]}),
        "unknown-function",
        "Fn::Equals",
    );
    case(
        &json!({"Fn::Equals": [1]}),
        "function-arguments",
        "whether two values",
    );
    case(
        &json!({"Fn::Join": "x"}),
        "function-arguments",
        "2 arguments",
    );
    case(&json!({"Fn::Not": [1, 2]}), "function-arguments", "");
    case(&json!({"Fn::Jq": ["First", ".a |", {}]}), "invalid-jq", "");
    case(
        &json!("{{ ACS::RegionIdd }}"),
        "unknown-pseudo-parameter",
        "ACS::RegionId",
    );
    case(
        &json!({"Fn::FindMatchedPackage": ["a", "b"]}),
        "unsupported-function",
        "",
    );
}

#[test]
fn a_literal_map_can_be_looked_into() {
    let expression = parse(&json!({"Service": "ECS", "Parameters": {"a": "{{ n }}"}}));
    let keys: Vec<_> = expression
        .entries()
        .unwrap()
        .iter()
        .map(|entry| &entry.key)
        .collect();
    assert_eq!(keys, ["Service", "Parameters"]);
    assert_eq!(
        expression.get("service").unwrap().as_literal(),
        Some(json!("ECS"))
    );
    assert_eq!(expression.as_literal(), None);
    let literal = Expression::literal(json!({"a": [1]}));
    assert_eq!(literal.evaluate(&MapScope::new()), Ok(json!({"a": [1]})));
    assert!(literal.get("a").unwrap().elements().is_some());
}

#[test]
fn a_loop_item_is_pasted_into_a_selector_before_it_is_compiled() {
    let scope = MapScope::new().with_pseudo(Pseudo::TaskLoopItem, "i-1");
    let selector = parse(&json!(".|(.imageId),\"{{ ACS::TaskLoopItem }}\""));
    let program = selector.evaluate(&scope).unwrap();
    let selector = crate::template::expr::Selector::compile(program.as_str().unwrap()).unwrap();
    let found = selector.all(&json!({"imageId": "m-1"}));
    assert_eq!(found, Ok(vec![json!("m-1"), json!("i-1")]));
}

proptest::proptest! {
    #[test]
    fn random_texts_never_panic(text in "([{}a-c.|+*(),'\" :\\[\\]-]|\\{\\{|\\}\\}|ACS::|oos:|region-Id|list| if | else |值){0,24}") {
        let scope = scope();
        let mut report = Vec::new();
        for value in [json!(text), json!({"Fn::Jinja": [text, {"a": [1, "b"]}]}), json!({"Fn::Eval": text})] {
            let expression = Expression::parse(&node_of(&value), &mut report);
            drop(expression.references());
            drop(expression.evaluate(&scope));
        }
    }
}

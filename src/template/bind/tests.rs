//! Binding as callers see it.

use serde_json::json;

use crate::base::source::Source;
use crate::base::value::{Map, Value};
use crate::template::bind::{BindError, Strictness, bind};
use crate::template::expr::{MapScope, Pseudo};
use crate::template::model::Template;
use crate::template::parse::parse;

/// A template with these parameters, written as a YAML flow map.
fn template(parameters: &str) -> Template {
    let text = format!(
        "FormatVersion: OOS-2019-06-01\nParameters: {parameters}\n\
         Tasks: [{{Name: t, Action: ACS::Pause}}]\n"
    );
    let parsed = parse(&Source::new("t.yml", text));
    let error = parsed.diagnostics.iter().find(|problem| problem.is_error());
    assert_eq!(error, None);
    parsed.template.unwrap()
}

fn bound(parameters: &str, arguments: &Value) -> Result<Value, Vec<BindError>> {
    bound_as(Strictness::TopLevel, parameters, arguments)
}

fn bound_as(
    strictness: Strictness,
    parameters: &str,
    arguments: &Value,
) -> Result<Value, Vec<BindError>> {
    let arguments: Map = arguments.as_object().unwrap().clone();
    let scope = MapScope::new()
        .with_pseudo(Pseudo::RegionId, "home")
        .with_parameter("callersOwn", "secret of the caller");
    bind(&template(parameters), &arguments, strictness, &scope).map(Value::Object)
}

#[track_caller]
fn accepts(parameters: &str, arguments: &Value, expected: &Value) {
    assert_eq!(bound(parameters, arguments).as_ref(), Ok(expected));
}

#[track_caller]
fn refuses(parameters: &str, arguments: &Value, expected: &[&str]) {
    let problems = bound(parameters, arguments).unwrap_err();
    let messages: Vec<&str> = problems
        .iter()
        .map(|problem| problem.message.as_str())
        .collect();
    assert_eq!(messages, expected);
}

#[test]
fn a_required_parameter_that_is_missing_is_named() {
    refuses("{a: {}}", &json!({}), &["parameter `a` is required"]);
    refuses(
        "{a: {}}",
        &json!({"a": null}),
        &["parameter `a` is required"],
    );
}

#[test]
fn a_text_counts_as_a_boolean() {
    accepts(
        "{b: {Type: Boolean}}",
        &json!({"b": "true"}),
        &json!({"b": true}),
    );
}

#[test]
fn json_text_counts_for_json_and_list() {
    accepts(
        "{j: {Type: Json}, l: {Type: List}}",
        &json!({"j": "{\"x\": [1]}", "l": "[1, \"a\"]"}),
        &json!({"j": {"x": [1]}, "l": [1, "a"]}),
    );
}

#[test]
fn a_scalar_for_a_list_is_wrapped() {
    accepts(
        "{l: {Type: List}}",
        &json!({"l": "x"}),
        &json!({"l": ["x"]}),
    );
    accepts(
        "{l: {Type: List, Default: x}}",
        &json!({}),
        &json!({"l": ["x"]}),
    );
}

#[test]
fn a_default_refers_to_a_parameter_given_by_the_user() {
    accepts(
        "{name: {Default: '{{ IMAGE }}-in-{{ ACS::RegionId }}'}, image: {}}",
        &json!({"image": "i"}),
        &json!({"name": "i-in-home", "image": "i"}),
    );
}

#[test]
fn defaults_are_worked_out_after_what_they_refer_to() {
    accepts(
        "{a: {Type: Json, Default: {x: '{{ b }}'}}, b: {Type: Number, Default: '{{ c }}'}, \
         c: {Default: '7'}}",
        &json!({}),
        &json!({"a": {"x": 7}, "b": 7, "c": "7"}),
    );
}

#[test]
fn a_circle_of_defaults_is_an_error_and_hides_no_other() {
    refuses(
        "{a: {Default: '{{ b }}'}, b: {Default: '{{ c }}'}, c: {Default: '{{ B }}'}, \
         d: {Type: Number}}",
        &json!({"d": "x"}),
        &[
            "the default of parameter `b` needs itself: `b` -> `c` -> `b`",
            "parameter `d` takes a number, not `x`",
        ],
    );
    accepts(
        "{b: {Default: '{{ c }}'}, c: {Default: '{{ b }}'}}",
        &json!({"c": "given"}),
        &json!({"b": "given", "c": "given"}),
    );
}

#[test]
fn a_default_does_not_see_the_parameters_of_the_caller() {
    let problems = bound("{a: {Default: '{{ callersOwn }}'}}", &json!({})).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(!problems[0].message.contains("secret of"), "{problems:?}");
}

#[test]
fn a_missing_parameter_is_reported_once_not_again_by_defaults_that_need_it() {
    refuses(
        "{a: {}, b: {Default: '{{ a }}'}}",
        &json!({}),
        &["parameter `a` is required"],
    );
}

#[test]
fn allowed_values_hold_for_each_element_of_a_list() {
    let parameters = "{l: {Type: List, AllowedValues: [1, two]}}";
    accepts(
        parameters,
        &json!({"l": ["1", "two"]}),
        &json!({"l": ["1", "two"]}),
    );
    refuses(
        parameters,
        &json!({"l": [1, "three"]}),
        &["parameter `l` is `three`, which is none of `1`, `two`"],
    );
}

#[test]
fn patterns_may_look_ahead() {
    let parameters = "{p: {AllowedPattern: '^(?!acs)[a-z]+$'}}";
    accepts(parameters, &json!({"p": "mine"}), &json!({"p": "mine"}));
    refuses(
        parameters,
        &json!({"p": "acsx"}),
        &["parameter `p` is `acsx`, which does not match `^(?!acs)[a-z]+$`"],
    );
}

#[test]
fn patterns_see_the_value_as_it_was_given() {
    let parameters = r"{p: {AllowedPattern: '^\{\{oos-secret:.*$'}}";
    let secret = json!({"p": "{{oos-secret:x}}"});
    accepts(parameters, &secret, &secret);
}

#[test]
fn a_pattern_that_is_broken_or_explodes_is_an_error() {
    let parameters = "{p: {AllowedPattern: '('}}";
    let problems = bound(parameters, &json!({"p": "x"})).unwrap_err();
    assert!(
        problems[0].message.contains("cannot be used"),
        "{problems:?}"
    );
    let parameters = r"{p: {AllowedPattern: '^(?=(a|aa)+$)(a|aa)+\1b$'}}";
    let problems = bound(parameters, &json!({"p": "a".repeat(60)})).unwrap_err();
    assert!(problems[0].message.contains("held against"), "{problems:?}");
}

#[test]
fn lengths_count_characters_and_bounds_include_their_ends() {
    let parameters =
        "{s: {MinLength: 2, MaxLength: 3}, n: {Type: Number, MinValue: 1, MaxValue: 5}}";
    accepts(
        parameters,
        &json!({"s": "äöü", "n": 5}),
        &json!({"s": "äöü", "n": 5}),
    );
    refuses(
        parameters,
        &json!({"s": "ä", "n": 0}),
        &[
            "parameter `s` has 1 characters, fewer than 2",
            "parameter `n` is `0`, less than 1",
        ],
    );
    refuses(
        parameters,
        &json!({"s": "long", "n": "5.5"}),
        &[
            "parameter `s` has 4 characters, more than 3",
            "parameter `n` is `5.5`, more than 5",
        ],
    );
}

#[test]
fn an_empty_default_keeps_no_constraint_but_an_empty_argument_must() {
    let parameters = "{s: {Default: '', MinLength: 2, AllowedPattern: ^a}}";
    accepts(parameters, &json!({}), &json!({"s": ""}));
    assert_eq!(bound(parameters, &json!({"s": ""})).unwrap_err().len(), 2);
}

#[test]
fn a_default_must_keep_the_constraints() {
    refuses(
        "{n: {Type: Number, Default: 9, MaxValue: 5, ConstraintDescription: {en: at most five.}}}",
        &json!({}),
        &["parameter `n` is `9`, more than 5: at most five"],
    );
}

#[test]
fn names_match_exactly_before_they_match_without_case() {
    accepts(
        "{regionid: {Default: low}, RegionId: {Default: high}}",
        &json!({"RegionId": "given"}),
        &json!({"regionid": "low", "RegionId": "given"}),
    );
    accepts(
        "{regionId: {}}",
        &json!({"RegionID": "r"}),
        &json!({"regionId": "r"}),
    );
    refuses(
        "{regionId: {}}",
        &json!({"RegionID": "r", "regionid": "s"}),
        &["parameter `regionId` is given twice, in different spellings"],
    );
}

#[test]
fn an_unknown_name_comes_with_the_name_that_was_meant() {
    let problems = bound("{imageId: {Default: x}}", &json!({"imageld": "y"})).unwrap_err();
    assert_eq!(problems[0].message, "there is no parameter `imageld`");
    assert_eq!(problems[0].hint.as_deref(), Some("did you mean `imageId`?"));
}

#[test]
fn a_null_argument_takes_the_default_and_a_null_default_makes_the_parameter_optional() {
    accepts("{a: {Default: d}}", &json!({"a": null}), &json!({"a": "d"}));
    accepts(
        "{a: {Default: null, MinLength: 1}}",
        &json!({}),
        &json!({"a": null}),
    );
}

#[test]
fn a_map_stands_for_a_string_in_nested_calls_only() {
    let map = json!({"s": {"x": 1}});
    refuses(
        "{s: {}}",
        &map,
        &["parameter `s` takes a string, not a map"],
    );
    assert_eq!(bound_as(Strictness::Nested, "{s: {}}", &map), Ok(map));
}

#[test]
fn values_are_never_looked_through_for_placeholders() {
    let literal = json!({"a": "{{ b }}", "b": "x"});
    accepts("{a: {}, b: {}}", &literal, &literal);
}

#[test]
fn a_secret_value_is_in_no_message() {
    let problems = bound(
        "{p: {NoEcho: true, MinLength: 20, AllowedPattern: ^x, AllowedValues: [one]}, \
         n: {NoEcho: true, Type: Number}, s: {NoEcho: true}, \
         d: {Default: '{{ s }}', AllowedValues: [one]}}",
        &json!({"p": "hunter22", "n": "swordfish", "s": "correct-horse"}),
    )
    .unwrap_err();
    assert_eq!(problems.len(), 5, "{problems:?}");
    let text = format!("{problems:?}");
    for secret in ["hunter22", "swordfish", "correct-horse"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn long_chains_and_circles_of_defaults_end() {
    let chain: Vec<String> = (0..20_000)
        .map(|at| format!("p{at}: {{Default: '{{{{ p{} }}}}'}}", at + 1))
        .chain(["p20000: {Default: end}".to_owned()])
        .collect();
    let chain = format!("\n  {}", chain.join("\n  "));
    let values = bound(&chain, &json!({})).unwrap();
    assert_eq!(values["p0"], "end");
    let all: Vec<String> = (0..2_000).map(|at| format!("{{{{ p{at} }}}}")).collect();
    let all = all.join(" ");
    let knot = (0..2_000).fold(String::new(), |knot, at| {
        let next = (at + 1) % 2_000;
        let default = if at == 1_999 {
            &all
        } else {
            &format!("{{{{ p{next} }}}}")
        };
        knot + &format!("\n  p{at}: {{Default: '{default}'}}")
    });
    let problems = bound(&knot, &json!({})).unwrap_err();
    assert_eq!(problems.len(), 10);
}

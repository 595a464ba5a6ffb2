//! Reading as callers see it.

use serde_json::json;

use crate::base::diagnostic::Diagnostic;
use crate::base::source::Source;
use crate::base::value::Value;
use crate::template::yaml::limit::{DEPTH_LIMIT, SERVICE_SIZE, SIZE_LIMIT};
use crate::template::yaml::{Node, NodeKind, read, read_source};

fn node(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
    let mut report = Vec::new();
    let node = read(&Source::new("t.yml", text), &mut report);
    (node, report)
}

#[track_caller]
fn reads(text: &str, expected: &Value) {
    let (node, report) = node(text);
    assert_eq!(report, [], "{text}");
    assert_eq!(node.unwrap().to_value(), *expected, "{text}");
}

/// The text is refused with this code, at the place of the first `marker`.
#[track_caller]
fn refused(text: &str, code: &str, marker: &str) {
    let (_, report) = node(text);
    let problem = report.iter().find(|problem| problem.is_error());
    let problem = problem.unwrap_or_else(|| panic!("{text} is accepted"));
    assert_eq!(problem.code, code, "{text}");
    assert_eq!(Some(problem.span.start), text.find(marker), "{text}");
}

#[test]
fn yaml_and_json_are_told_apart_by_content() {
    reads("a: [1, 'x']\n", &json!({"a": [1, "x"]}));
    reads("\n  {\"a\":\t1}\n", &json!({"a": 1}));
    reads("{a: 1, \"b\": [yes,],}", &json!({"a": 1, "b": [true]}));
    reads("{\"a\": 1}\n# a comment\n", &json!({"a": 1}));
    reads("# a comment\n{\"a\": 1}\n", &json!({"a": 1}));
    reads("", &json!(null));
}

#[test]
fn json_is_never_read_by_the_rules_of_yaml() {
    reads(
        r#"{"a": "No", "b": "<<", "c": "a\/b"}"#,
        &json!({"a": "No", "b": "<<", "c": "a/b"}),
    );
    reads(r#"{"<<": {"a": 1}}"#, &json!({"<<": {"a": 1}}));
}

#[test]
fn keys_are_texts_as_they_are_written() {
    reads("on: 1\n1: 2\n'': 3\n", &json!({"on": 1, "1": 2, "": 3}));
    refused("a: {{ b }}\n", "key-not-text", "{ b");
    refused("? [x]\n: 1\n", "key-not-text", "[x]");
    refused("a: 1\n: 2\n", "key-not-text", ": 2");
}

#[test]
fn a_repeated_key_is_reported_with_both_places() {
    let text = "a: 1\nb: {c: 1, d: 2, c: 3}\na: 4\n";
    let (tree, report) = node(text);
    assert_eq!(
        tree.unwrap().to_value(),
        json!({"a": 1, "b": {"c": 1, "d": 2}})
    );
    let places: Vec<(&str, usize, usize)> = report
        .iter()
        .map(|problem| (problem.code, problem.span.start, problem.related[0].0.start))
        .collect();
    assert_eq!(
        places,
        [
            (
                "duplicate-key",
                text.find("c: 3").unwrap(),
                text.find("c: 1").unwrap()
            ),
            ("duplicate-key", text.find("a: 4").unwrap(), 0),
        ]
    );
}

#[test]
fn aliases_and_merge_keys_are_replaced_by_what_they_stand_for() {
    reads(
        "a: &x [1, &y z]\nb: *x\nc: *y\n",
        &json!({"a": [1, "z"], "b": [1, "z"], "c": "z"}),
    );
    reads("&k key: 1\nb: *k\n", &json!({"key": 1, "b": "key"}));
    reads("a: &k key\n*k : 1\n", &json!({"a": "key", "key": 1}));
    reads(
        "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {<<: [*a, *b], x: 0}\nd: {<<: *b}\n",
        &json!({
            "a": {"x": 1, "y": 2}, "b": {"y": 3, "z": 4},
            "c": {"x": 0, "y": 2, "z": 4}, "d": {"y": 3, "z": 4}
        }),
    );
    reads("'<<': {a: 1}\n", &json!({"<<": {"a": 1}}));
    refused("a: {<<: 1}\n", "merge-key", "1}");
    refused("a: &x [*x]\n", "recursive-alias", "*x");
    refused("a: *nobody\n", "yaml-syntax", "*nobody");
    refused("a: &x [1]\n*x : 1\n", "key-not-text", "*x");
}

#[test]
fn tags_of_the_standard_choose_the_type_and_others_are_refused() {
    reads(
        "a: !!str 12\nb: !!int '3'\nc: ! no\n",
        &json!({"a": "12", "b": 3, "c": "no"}),
    );
    reads(
        "a: !!map {b: !!seq [!!bool 'true', !!null '', !!float 1]}\n",
        &json!({"a": {"b": [true, null, 1]}}),
    );
    refused("a: !!int x\n", "custom-tag", "x");
    refused("a: !Ref x\n", "custom-tag", "x");
    refused("a: !Ref [x]\n", "custom-tag", "[x]");
    refused("a: !!binary aGk=\n", "custom-tag", "aGk=");
}

#[test]
fn one_file_holds_one_document() {
    reads("---\na: 1\n...\n", &json!({"a": 1}));
    refused("a: 1\n---\nb: 2\n", "several-documents", "---");
}

#[test]
fn line_ends_and_byte_order_marks_change_no_value() {
    reads(
        "a: |\r\n  x\r\n  y\r\nb: 1\r\n",
        &json!({"a": "x\ny\n", "b": 1}),
    );
    reads("\u{feff}a: 1\n", &json!({"a": 1}));
    reads("\u{feff}{\"a\": 1}\n", &json!({"a": 1}));
    let source = read_source("t", b"\xef\xbb\xbfa: 1\n").unwrap();
    assert_eq!(source.text(), "a: 1\n");
}

#[test]
fn bytes_that_are_no_text_are_refused_where_they_stand() {
    let problem = read_source("t", b"a: \xffx\n").unwrap_err();
    assert_eq!(problem.diagnostic.code, "invalid-utf8");
    assert_eq!(problem.diagnostic.place(&problem.text), "t:1:4");
    let problem = read_source("t", b"\xff\xfea\0").unwrap_err();
    assert!(problem.diagnostic.hint.unwrap().contains("UTF-16"));
    refused("a: x\0y\n", "control-character", "\0");
    refused("{\"a\": \"\u{1}\"}", "control-character", "\u{1}");
}

#[test]
fn an_under_indented_line_of_a_quoted_text_is_a_warning() {
    let text = "a:\n  - b: 'one\n two'\n    c: \"x\ny\n  z\"\nd: 1\n";
    let (tree, report) = node(text);
    let tree = tree.unwrap();
    assert_eq!(
        tree.to_value(),
        json!({"a": [{"b": "one two", "c": "x y z"}], "d": 1})
    );
    let d = match &tree.kind {
        NodeKind::Map(entries) => entries[1].key_span.start,
        _ => panic!("the text is a map"),
    };
    assert_eq!(d, text.find("d: 1").unwrap());
    let places: Vec<(&str, Option<usize>)> = report
        .iter()
        .map(|problem| (problem.code, Some(problem.span.start)))
        .collect();
    assert_eq!(
        places,
        [
            ("under-indented", text.find(" two'")),
            ("under-indented", text.find("y\n")),
            ("under-indented", text.find("  z\"")),
        ]
    );
}

#[test]
fn spans_cover_what_was_written() {
    let text = "a:\n  b: [1,\n    'x']\n  c: ü\n# end\n";
    let (tree, _) = node(text);
    let tree = tree.unwrap();
    let a = tree.get("a").unwrap();
    assert_eq!(&text[a.span.start..a.span.end], "b: [1,\n    'x']\n  c: ü");
    let b = a.get("b").unwrap();
    assert_eq!(&text[b.span.start..b.span.end], "[1,\n    'x']");
    let c = a.get("c").unwrap();
    assert_eq!(&text[c.span.start..c.span.end], "ü");
}

#[test]
fn broken_texts_are_refused_where_the_reader_stops() {
    refused("a: [1,\n", "yaml-syntax", "[1");
    refused("a: 'x\n", "yaml-syntax", "'x");
    refused("a: 1\n\tb: 2\n", "yaml-syntax", "1\n");
    refused("{\"a\": 1 \"b\": 2}", "json-syntax", "\"b\"");
}

#[test]
fn size_and_depth_have_limits() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(node(&nested(DEPTH_LIMIT)).0.is_some());
    for text in [
        nested(DEPTH_LIMIT + 2),
        format!("a: {}", nested(DEPTH_LIMIT + 2)),
        "- ".repeat(DEPTH_LIMIT + 2),
        format!(
            "a: &x {}\nb: {}*x{}",
            nested(60),
            "[".repeat(60),
            "]".repeat(60)
        ),
    ] {
        let (_, report) = node(&text);
        assert_eq!(report[0].code, "too-deep", "{text}");
    }
    let (tree, report) = node(&format!("a: {}", "x".repeat(SERVICE_SIZE)));
    assert!(tree.is_some());
    assert_eq!(report[0].code, "over-service-size");
    let (tree, report) = node(&"x".repeat(SIZE_LIMIT + 1));
    assert!(tree.is_none());
    assert_eq!(report[0].code, "file-too-large");
    let (_, report) = node(&format!("[{}]", "1,".repeat(300_000)));
    assert_eq!(report.last().unwrap().code, "too-many-values");
}

#[test]
fn aliases_cannot_make_a_small_text_large() {
    let bomb = (1..=9).fold(
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(),
        |text, at| {
            let alias = format!("*a{}", at - 1);
            text + &format!("a{at}: &a{at} [{}]\n", [alias.as_str(); 9].join(", "))
        },
    );
    let huge = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(200_000),
        "*a, ".repeat(1000)
    );
    let keys = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(1000),
        "{*a : 1}, ".repeat(9000)
    );
    for text in [bomb, huge, keys] {
        let (tree, report) = node(&text);
        assert!(tree.is_none());
        assert_eq!(report.last().unwrap().code, "alias-expansion");
    }
}

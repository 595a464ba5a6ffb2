//! Parsing as callers see it: what is read, and what is said about broken templates.

use serde_json::json;

use crate::base::source::Source;
use crate::template::model::{AggregateType, Format, Jump, Template, ValueType};
use crate::template::parse::{parse, parse_tasks_value};

fn template(text: &str) -> Template {
    let parsed = parse(&Source::new("t.yml", text));
    assert_eq!(parsed.diagnostics, [], "{text}");
    parsed.template.unwrap()
}

/// The problems of a template: line and column, code, message and hint.
fn problems(text: &str) -> Vec<String> {
    let source = Source::new("t.yml", text);
    let parsed = parse(&source);
    parsed
        .diagnostics
        .iter()
        .map(|problem| {
            let place = source.position(problem.span.start);
            let hint = problem.hint.as_deref().unwrap_or("-");
            format!(
                "{place} {} {}: {} ({hint})",
                problem.severity, problem.code, problem.message
            )
        })
        .collect()
}

/// The problems of a template whose first two lines are as they should be.
#[track_caller]
fn case(rest: &str, expected: &[&str]) {
    let head = "FormatVersion: OOS-2019-06-01\n";
    let tasks = "Tasks: [{Name: t, Action: ACS::Pause}]\n";
    let tasks = if rest.starts_with("Tasks") { "" } else { tasks };
    assert_eq!(problems(&format!("{head}{tasks}{rest}")), expected);
}

#[test]
fn every_section_is_read() {
    let template = template(include_str!(
        "../../../tests/data/template/valid/every-section.yml"
    ));
    assert_eq!(template.format, Format::Automation);
    let description = template.description.as_ref().unwrap();
    assert_eq!(description.text("en"), Some("Uses every section once."));
    assert_eq!(
        template.ram_role.as_ref().unwrap().node().to_value(),
        json!("{{ role }}")
    );
    let types: Vec<ValueType> = template
        .parameters
        .iter()
        .map(|parameter| parameter.value_type)
        .collect();
    assert_eq!(
        types,
        [
            ValueType::String,
            ValueType::Number,
            ValueType::List,
            ValueType::String
        ]
    );
    let (count, role) = (&template.parameters[1], template.parameter("ROLE").unwrap());
    assert_eq!(
        count.min_value.as_ref().unwrap().value.to_bits(),
        1.0_f64.to_bits()
    );
    assert_eq!(
        count.constraint_description.as_ref().unwrap().text("zh-cn"),
        Some("between one and nine")
    );
    assert!(role.no_echo);
    assert_eq!(role.max_length.as_ref().unwrap().value, 64);
    assert_eq!(template.conditions[0].name.value.as_str(), "isLarge");
    let (at, repeat) = template.task("REPEAT").unwrap();
    assert_eq!(at, 1);
    assert_eq!(
        repeat.on_error.as_ref().unwrap().value,
        Jump::Task("clean".into())
    );
    assert_eq!(repeat.on_success.as_ref().unwrap().value, Jump::Next);
    assert_eq!(repeat.on_cancel.as_ref().unwrap().value, Jump::End);
    assert!(!repeat.is_critical);
    assert!(repeat.timeout.is_some() && repeat.undo.is_some());
    let looping = repeat.looping.as_ref().unwrap();
    assert_eq!(looping.outputs[1].aggregate_type.value, AggregateType::Sum);
    assert_eq!(looping.outputs[0].field.value.as_str(), "id");
    assert_eq!(repeat.outputs[0].value_type.value, ValueType::Json);
    assert_eq!(
        template.tasks[0]
            .retry
            .delay_type
            .as_ref()
            .unwrap()
            .node()
            .to_value(),
        json!("Linear")
    );
    let types: Vec<ValueType> = template
        .outputs
        .iter()
        .map(|output| output.value_type)
        .collect();
    assert_eq!(types, [ValueType::String, ValueType::List]);
}

#[test]
fn a_state_template_is_recognized() {
    let template = template(
        "FormatVersion: OOS-2019-06-01-State\nStates:\n- {ResourceType: 'ACS:Inventory', Properties: {}}\n",
    );
    assert_eq!(template.format, Format::State);
    assert_eq!(
        problems("FormatVersion: OOS-2019-06-01-State\nStates:\n- {Properties: {}}\nTasks: []\n"),
        [
            "3:4 error missing-key: state 1 needs the key `ResourceType` (add `ResourceType: ...`)",
            "4:1 error unknown-key: the template has no key `Tasks` (known keys are `FormatVersion`, \
             `Description`, `Parameters`, `RamRole`, `States`, `Metadata`)",
        ]
    );
}

#[test]
fn a_text_that_is_no_template_says_how_one_begins() {
    let hint = "(a template begins with `FormatVersion: OOS-2019-06-01`)";
    assert_eq!(
        problems(""),
        [format!(
            "1:1 error not-a-template: the text is empty {hint}"
        )]
    );
    assert_eq!(
        problems("- a\n"),
        [format!(
            "1:1 error not-a-template: the text is a list, not a map {hint}"
        )]
    );
}

#[test]
fn keys_of_the_template_are_strict() {
    assert_eq!(
        problems("{}"),
        [
            "1:1 error missing-key: the template needs the key `FormatVersion` (add `FormatVersion: ...`)",
            "1:1 error missing-key: the template needs the key `Tasks` (add `Tasks: ...`)",
        ]
    );
    case(
        "Paramaters: {}\nSteps: {}\n",
        &[
            "3:1 error unknown-key: the template has no key `Paramaters` (did you mean `Parameters`?)",
            "4:1 error unknown-key: the template has no key `Steps` (known keys are `FormatVersion`, \
             `Description`, `Parameters`, `RamRole`, `Conditions`, `Tasks`, `Outputs`, `Metadata`)",
        ],
    );
    assert_eq!(
        problems("FormatVersion: '2019'\nTasks: []\n"),
        [
            "1:16 error format-version: the format of the template is not known (write `FormatVersion: OOS-2019-06-01`)",
            "2:8 error no-tasks: `Tasks` is empty (a template has at least one task)",
        ]
    );
    case(
        "Metadata: x\n",
        &["3:11 error wrong-kind: `Metadata` is a string, not a map (-)"],
    );
}

#[test]
fn everything_wrong_with_parameters_is_said_at_once() {
    case(
        "Parameters:\n  a b: {}\n  c: {Type: string, AllowedValues: x, MinLength: -1}\n  \
         d: {Defualt: 1, Group: x, NoEcho: maybe, MaxValue: many}\n  e: 1\n  f: {Type: Map}\n",
        &[
            "4:3 error invalid-name: a parameter cannot be called `a b` (use 1 to 200 letters, digits, `_` and `-`)",
            "5:13 error unknown-type: `string` is not a type (did you mean `String`?)",
            "5:36 error wrong-kind: `AllowedValues` of parameter `c` is a string, not a list (-)",
            "5:50 error wrong-kind: `MinLength` of parameter `c` is a number, not a number of characters (-)",
            "6:7 error unknown-key: parameter `d` has no key `Defualt` (did you mean `Default`?)",
            "6:19 warning unknown-key: parameter `d` has no key `Group` (the key is ignored)",
            "6:37 error wrong-kind: `NoEcho` of parameter `d` is a string, not `true` or `false` (-)",
            "6:54 error wrong-kind: `MaxValue` of parameter `d` is a string, not a number (-)",
            "7:6 error wrong-kind: parameter `e` is a number, not a map (-)",
            "8:13 error unknown-type: `Map` is not a type (types are `String`, `Number`, `Boolean`, `List` and `Json`)",
        ],
    );
}

#[test]
fn everything_wrong_with_tasks_is_said_at_once() {
    case(
        "Tasks:\n- {Name: a, Actoin: b}\n- {Action: b}\n- x\n- {Name: 1, Action: b, Properties: [1]}\n\
         - {Name: c, Action: d, OnError: [x], IsCritical: never, DependsOn: a}\n",
        &[
            "3:13 error unknown-key: task `a` has no key `Actoin` (did you mean `Action`?)",
            "4:4 error missing-key: task 2 needs the key `Name` (add `Name: ...`)",
            "5:3 error wrong-kind: task 3 is a string, not a map (-)",
            "6:10 error wrong-kind: `Name` of task 4 is a number, not a string (put it in quotes)",
            "6:36 error wrong-kind: `Properties` of task 4 is a list, not a map (-)",
            "7:33 error wrong-kind: `OnError` of task `c` is a list, not a string (-)",
            "7:50 error wrong-kind: `IsCritical` of task `c` is a string, not `true` or `false` (-)",
            "7:57 error unknown-key: task `c` has no key `DependsOn` (known keys are `Name`, `Action`, \
             `Description`, `Properties`, `Outputs`, `When`, `OnSuccess`, `OnError`, `OnCancel`, \
             `IsCritical`, `Loop`, `Retries`, `Delay`, `DelayType`, `BackOff`, `MaxRetryInterval`, \
             `Timeout`, `Lock`, `Undo`)",
        ],
    );
    case(
        "Tasks: {a: b}\n",
        &["2:8 error wrong-kind: `Tasks` is a map, not a list of tasks (-)"],
    );
}

#[test]
fn loops_and_outputs_need_their_keys() {
    case(
        "Tasks:\n- Name: a\n  Action: b\n  Loop: {Item: [], Outputs: {x: {AggregateType: Fn::Join, AggregateField: y}}}\n  \
         Outputs: {o: {ValueSelector: .x}, p: {Type: String}}\nOutputs: {q: {Type: String}, r: 1}\n",
        &[
            "5:10 error unknown-key: `Loop` of task `a` has no key `Item` (did you mean `Items`?)",
            "5:49 error unknown-aggregate: `Fn::Join` is no way to join outputs (use `Fn::ListJoin` or `Fn::Sum`)",
            "6:17 error missing-key: output `o` needs the key `Type` (add `Type: ...`)",
            "6:41 error missing-key: output `p` needs the key `ValueSelector` (add `ValueSelector: ...`)",
            "7:15 error missing-key: output `q` needs the key `Value` (add `Value: ...`)",
            "7:33 error wrong-kind: output `r` is a number, not a map (-)",
        ],
    );
}

#[test]
fn absent_and_null_sections_are_the_same() {
    case(
        "Description:\nParameters:\nOutputs:\nMetadata:\nConditions:\nRamRole:\n",
        &[],
    );
    case(
        "Tasks:\n- {Name: a, Action: b, Description: null, Properties: null, Outputs: {}, Loop: null}\n",
        &[],
    );
}

#[test]
fn tasks_inside_of_a_property_are_a_template_with_the_places_of_the_one_around() {
    let text = "FormatVersion: OOS-2019-06-01\nTasks:\n- Name: many\n  Action: ACS::Loop\n  Properties:\n    \
                LoopTasks:\n    - {Name: stop, Action: ACS::ECS::StopInstance}\n    - {Name: start}\n";
    let outer = template(text);
    let tasks = outer.tasks[0]
        .properties
        .as_ref()
        .unwrap()
        .node()
        .get("LoopTasks")
        .unwrap()
        .clone();
    let parsed = parse_tasks_value(&outer.source, &tasks);
    let inner = parsed.template.unwrap();
    assert_eq!(inner.tasks.len(), 1);
    assert_eq!(
        outer.source.position(inner.tasks[0].name.span.start).line,
        7
    );
    assert_eq!(parsed.diagnostics[0].place(&outer.source), "t.yml:8:8");
}

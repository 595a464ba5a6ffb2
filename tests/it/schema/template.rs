//! The JSON Schema of templates agrees with what it describes.

use std::path::Path;

use jsonschema::Validator;
use oos::base::source::Source;
use oos::base::value::Value;
use oos::template::parse::parse;
use oos::template::schema::template_schema;

use super::{is_kept, objections, root};
use crate::support::corpus::{folder, paths, sources};

fn validator() -> Validator {
    jsonschema::draft202012::new(&template_schema()).unwrap()
}

fn value(source: &Source) -> Value {
    parse(source).template.unwrap().root.to_value()
}

#[track_caller]
fn accepts_all(validator: &Validator, sources: &[Source]) {
    for source in sources {
        let objections = objections(validator, &value(source));
        assert!(objections.is_empty(), "{}: {objections:#?}", source.name());
    }
}

fn templates_below(folder: &Path) -> Vec<Source> {
    paths(folder)
        .iter()
        .map(|path| {
            Source::new(
                path.display().to_string(),
                std::fs::read_to_string(path).unwrap(),
            )
        })
        .collect()
}

#[test]
fn the_schema_file_is_the_generated_one() {
    is_kept(&template_schema(), "template.schema.json");
}

#[test]
fn the_schema_accepts_every_valid_template() {
    let validator = validator();
    for name in ["tests/data/template/valid", "runbooks"] {
        let folder = root().join(name);
        accepts_all(&validator, &templates_below(&folder));
    }
}

#[test]
fn the_schema_accepts_the_corpus() {
    let Some(folder) = folder() else { return };
    accepts_all(&validator(), &sources(&folder));
}

#[test]
fn the_schema_refuses_what_parsing_refuses() {
    #[track_caller]
    fn case(validator: &Validator, body: &str) {
        let source = Source::new("t.yml", format!("FormatVersion: OOS-2019-06-01\n{body}"));
        let parsed = parse(&source);
        assert!(
            parsed
                .diagnostics
                .iter()
                .any(oos::base::diagnostic::Diagnostic::is_error),
            "{body} parses"
        );
        let value = parsed.template.unwrap().root.to_value();
        assert!(!validator.is_valid(&value), "{body}");
    }
    let validator = validator();
    let tasks = "Tasks: [{Name: a, Action: ACS::Pause}]\n";
    for broken in [
        "Paramaters: {}\n",
        "Parameters: []\n",
        "Parameters: {a: {Type: string}}\n",
        "Parameters: {a: {Defualt: 1}}\n",
        "Parameters: {a b: {}}\n",
        "Parameters: {a: {MinLength: -1}}\n",
        "Parameters: {a: {NoEcho: maybe}}\n",
        "Outputs: {a: {Type: String}}\n",
        "Outputs: {a: {Value: {'Fn::Nothing': x}}}\n",
        "Outputs: {a: {Value: {'Fn::If': [x]}}}\n",
        "Outputs: {a: {Value: {'Fn::If': [x, y, z], b: 1}}}\n",
        "States: []\n",
    ] {
        case(&validator, &format!("{tasks}{broken}"));
    }
    for broken in [
        "",
        "Tasks: []\n",
        "Tasks: {a: b}\n",
        "Tasks: [{Name: a}]\n",
        "Tasks: [{Action: b}]\n",
        "Tasks: [{Name: a, Action: ACS::Pause, Propertys: {}}]\n",
        "Tasks: [{Name: a b, Action: ACS::Pause}]\n",
        "Tasks: [{Name: a, Action: x, Loop: {}}]\n",
        "Tasks: [{Name: a, Action: x, Loop: {Items: [], Outputs: {o: {AggregateType: x, AggregateField: y}}}}]\n",
        "Tasks: [{Name: a, Action: x, Outputs: {o: {Type: Map, ValueSelector: x}}}]\n",
        "Tasks: [{Name: a, Action: x, OnError: [b]}]\n",
    ] {
        case(&validator, broken);
    }
}

#[test]
fn the_schema_knows_the_properties_of_embedded_actions() {
    #[track_caller]
    fn case(validator: &Validator, task: &str, expected: bool) {
        let text = format!("FormatVersion: OOS-2019-06-01\nTasks: [{{Name: a, {task}}}]\n");
        let value = value(&Source::new("t.yml", text));
        assert_eq!(validator.is_valid(&value), expected, "{task}");
    }
    let validator = validator();
    case(
        &validator,
        "Action: ACS::Sleep, Properties: {Duration: PT5M}",
        true,
    );
    case(
        &validator,
        "Action: acs::sleep, Properties: {Duration: '{{ time }}'}",
        true,
    );
    case(
        &validator,
        "Action: ACS::Sleep, Properties: {Duration: {'Fn::If': [a, b, c]}}",
        true,
    );
    case(
        &validator,
        "Action: ACS::Sleep, Properties: {Duration: [PT5M]}",
        false,
    );
    case(
        &validator,
        "Action: ACS::Sleep, Properties: {Durations: PT5M}",
        false,
    );
    case(&validator, "Action: acs::sleep", false);
    case(
        &validator,
        "Action: ACS::Slep, Properties: {Duration: PT5M}",
        false,
    );
    case(
        &validator,
        "Action: ACS::ECS::Whatever, Properties: {a: 1}",
        true,
    );
    case(&validator, "Action: my-template", true);
}

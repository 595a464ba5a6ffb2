//! Published templates as scenarios, if this machine has them: whatever they call answers as they
//! hope.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use oos::base::source::Source;
use oos::base::value::{Map, Value};
use oos::runner::Library;
use oos::template::model::{Parameter, ValueType};
use oos::template::parse::parse;
use oos::template::source::TemplateSource;
use serde_json::json;

use crate::scenario::Scenario;

/// What the names of these scenarios begin with.
pub(super) const PREFIX: &str = "corpus/";

static FOLDER: LazyLock<Option<PathBuf>> =
    LazyLock::new(|| std::env::var_os("OOS_CORPUS").map(PathBuf::from));

static LIBRARY: LazyLock<Arc<Library>> = LazyLock::new(|| {
    let folders = FOLDER.iter().cloned().collect();
    Arc::new(Library::new(folders, None))
});

/// Returns the names of all templates that are meant to be run by people.
pub(crate) fn templates() -> Vec<String> {
    let Some(folder) = FOLDER.as_ref() else {
        println!("skipped: OOS_CORPUS is not set");
        return Vec::new();
    };
    let mut names: Vec<String> = std::fs::read_dir(folder.join("PublicTemplates/YAML"))
        .unwrap()
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem()?.to_str()?;
            Some(format!("{PREFIX}{name}"))
        })
        .collect();
    names.sort();
    names
}

/// Makes the scenario of a published template.
pub(super) fn scenario(name: &str) -> Scenario {
    let file = name.strip_prefix(PREFIX).expect("it is one of these");
    let folder = FOLDER.as_ref().expect("OOS_CORPUS is set");
    let path = Path::new("PublicTemplates/YAML").join(format!("{file}.yml"));
    let text = std::fs::read_to_string(folder.join(path)).unwrap();
    let parsed = parse(&Source::new(name, &text)).template;
    let parameters = parsed.map(|template| template.parameters);
    Scenario {
        template: text,
        arguments: arguments(&parameters.unwrap_or_default()),
        is_published: true,
        ..Scenario::new(name, "")
    }
}

/// Returns where published templates find each other.
pub(super) fn library() -> Arc<dyn TemplateSource> {
    Arc::clone(&LIBRARY) as Arc<dyn TemplateSource>
}

/// Makes up an argument for every parameter that needs one.
fn arguments(parameters: &[Parameter]) -> Map {
    parameters
        .iter()
        .filter(|parameter| parameter.default.is_none())
        .map(|parameter| {
            let name = parameter.name.value.as_str().to_owned();
            (name, argument(parameter))
        })
        .collect()
}

fn argument(parameter: &Parameter) -> Value {
    let allowed = parameter.allowed_values.as_ref();
    if let Some(value) = allowed.and_then(|values| values.value.first()) {
        return match parameter.value_type {
            ValueType::List => json!([value]),
            _ => value.clone(),
        };
    }
    match parameter.value_type {
        ValueType::String => json!("example-1"),
        ValueType::Number => json!(
            parameter
                .min_value
                .as_ref()
                .map_or(1.0, |least| least.value)
        ),
        ValueType::Boolean => json!(true),
        ValueType::List => json!(["i-1", "i-2"]),
        ValueType::Json => json!({"Type": "All"}),
    }
}

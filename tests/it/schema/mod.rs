//! The JSON Schemas agree with what they describe.

mod inventory;
mod template;

use std::path::{Path, PathBuf};

use jsonschema::Validator;
use oos::base::value::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Compares a schema with the file that is kept of it, and that it is one.
#[track_caller]
fn is_kept(schema: &Value, file: &str) {
    assert!(jsonschema::meta::is_valid(schema));
    let path = root().join("schemas").join(Path::new(file));
    let generated = format!("{}\n", serde_json::to_string_pretty(schema).unwrap());
    if std::env::var_os("OOS_UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(
        kept == generated,
        "run this test with OOS_UPDATE_SCHEMAS=1 and commit the file"
    );
}

/// Returns what the schema has against a value, with the places.
fn objections(validator: &Validator, value: &Value) -> Vec<String> {
    validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

//! `Jinja`: our extension, a whole minijinja template.

use crate::base::value::{Map, Value};
use crate::template::expr::environment;
use crate::template::expr::function::argument::{map, scalar_text, take};

pub(super) fn jinja(arguments: Vec<Value>) -> Result<Value, String> {
    let [template, values] = take(arguments);
    let template = scalar_text(&template, "template")?;
    let values = match values {
        Value::Null => Map::new(),
        values => map(values, "values")?,
    };
    environment::render(&template, values).map(Value::String)
}

//! Parameters of a template as people give them: one by one, or in a file.

use std::path::Path;
use std::str::FromStr;

use anyhow::Context as _;

use crate::base::value::{Map, Value};
use crate::cli::output::Output;
use crate::cli::report::Failure;
use crate::template::bind::read_arguments;
use crate::template::model::Template;

/// A parameter `NAME=VALUE`. Texts become what the parameter's type wants when they are bound.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Parameter {
    /// Its name.
    pub(super) name: String,
    /// Its value.
    pub(super) value: String,
}

impl FromStr for Parameter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("expected NAME=VALUE".to_owned()),
        }
    }
}

/// Puts a value under a name, in place of one whose name differs only in case.
pub(super) fn replace(map: &mut Map, name: &str, value: Value) {
    let key = map.keys().find(|key| key.eq_ignore_ascii_case(name));
    let key = key.cloned().unwrap_or_else(|| name.to_owned());
    map.insert(key, value);
}

/// Reads a map of parameters from a YAML or JSON file; `-` is standard input.
pub(super) fn read_parameters(path: &Path) -> Result<Map, Failure> {
    let read = || -> anyhow::Result<Map> {
        let text = if path == Path::new("-") {
            std::io::read_to_string(std::io::stdin())?
        } else {
            std::fs::read_to_string(path)?
        };
        Ok(read_arguments(&text)?)
    };
    read()
        .with_context(|| format!("cannot read parameters from `{}`", path.display()))
        .map_err(Failure::usage)
}

/// Other users of the machine see the arguments of a process.
pub(super) fn warn_about_secrets(template: &Template, given: &[Parameter], output: &mut Output) {
    for Parameter { name, .. } in given {
        if template
            .parameter(name)
            .is_some_and(|parameter| parameter.no_echo)
        {
            output.note(format_args!(
                "warning: `{name}` is secret, and arguments are visible to other users; give it \
                 with `--parameters -` or `--parameters /dev/fd/3`, or type it when asked."
            ));
        }
    }
}

//! Asks for parameters that have no value, in the user's language.

use inquire::{InquireError, Password, PasswordDisplayMode, Select, Text};

use crate::base::name::Name;
use crate::base::value::{Map, Value, text};
use crate::cli::exit::Exit;
use crate::cli::report::Failure;
use crate::config::Language;
use crate::template::model::{Parameter, Template, ValueType};

/// Adds a value for every parameter that needs one and has none.
pub(super) fn complete(
    template: &Template,
    arguments: &mut Map,
    language: Language,
) -> Result<(), Failure> {
    for parameter in &template.parameters {
        let name = &parameter.name.value;
        let is_given = arguments.keys().any(|given| name.is(given));
        if parameter.default.is_some() || is_given {
            continue;
        }
        let value = ask(name, parameter, language).map_err(|error| given_up(error, name))?;
        arguments.insert(name.as_str().to_owned(), value);
    }
    Ok(())
}

fn ask(name: &Name, parameter: &Parameter, language: Language) -> Result<Value, InquireError> {
    let label = parameter
        .label
        .as_ref()
        .and_then(|label| label.text(language.tag()));
    let question = match label {
        Some(label) if !name.is(label) => format!("{label} ({name}):"),
        _ => format!("{name}:"),
    };
    let help = help(parameter, language);
    if parameter.no_echo {
        return Password::new(&question)
            .with_display_mode(PasswordDisplayMode::Hidden)
            .with_help_message(&help)
            .without_confirmation()
            .prompt()
            .map(Value::String);
    }
    match &parameter.allowed_values {
        // Of a list, each element must be allowed: a picker of one would not do.
        Some(allowed) if parameter.value_type != ValueType::List && !allowed.value.is_empty() => {
            let words = allowed.value.iter().map(text).collect();
            let chosen = Select::new(&question, words)
                .with_help_message(&help)
                .raw_prompt()?;
            Ok(allowed.value[chosen.index].clone())
        }
        _ => Text::new(&question)
            .with_help_message(&help)
            .prompt()
            .map(Value::String),
    }
}

/// Returns the type and what the template says about the parameter, on one line.
fn help(parameter: &Parameter, language: Language) -> String {
    let kind = match parameter.value_type {
        ValueType::String => "text",
        ValueType::Number => "a number",
        ValueType::Boolean => "true or false",
        ValueType::List => "a JSON list",
        ValueType::Json => "a JSON map or list",
    };
    let texts = [&parameter.description, &parameter.constraint_description];
    let words = texts
        .into_iter()
        .flatten()
        .filter_map(|words| words.text(language.tag()));
    std::iter::once(kind)
        .chain(words)
        .map(|words| words.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join("; ")
}

fn given_up(error: InquireError, name: &Name) -> Failure {
    match error {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => {
            Failure::Reported(Exit::Usage)
        }
        error => {
            let context = format!("cannot ask for parameter `{name}`");
            Failure::usage(anyhow::Error::new(error).context(context))
                .hinted(format!("Give it with `-p {name}=VALUE`."))
        }
    }
}

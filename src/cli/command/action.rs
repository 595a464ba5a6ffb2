//! `oos action`: what templates may use.

use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::action::{ActionSpec, Catalog};
use crate::base::name::nearest;
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::output::{Role, Table, TableCell};
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::config::Language;
use crate::provider::local::{native_actions, served};
use crate::runner::Library;
use crate::template::model::ValueType;
use crate::template::parse::parse;
use crate::template::source::TemplateSource as _;

/// Arguments of `oos action`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(subcommand)]
    command: ActionCommand,
}

#[derive(Debug, Subcommand)]
enum ActionCommand {
    /// List the actions, or the APIs that `ACS::ExecuteAPI` may call
    List {
        /// List the APIs of the profile's provider
        #[arg(long)]
        apis: bool,
    },
    /// Show the properties and outputs of an action
    Show {
        /// The action
        name: String,
    },
}

impl Arguments {
    /// Does it.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        match self.command {
            ActionCommand::List { apis: true } => list_apis(session)?,
            ActionCommand::List { apis: false } => list(session)?,
            ActionCommand::Show { name } => show(&name, session)?,
        }
        Ok(Exit::Success)
    }
}

/// Returns the signatures of all actions: embedded, native, and product actions of the library.
fn specs(session: &Session) -> Result<Vec<ActionSpec>, Failure> {
    let catalog = Catalog::new(native_actions());
    let mut specs: Vec<ActionSpec> = catalog.specs().cloned().collect();
    let library = Library::new(session.settings.libraries.clone(), None);
    for name in library.names().map_err(Failure::internal)? {
        if !name.contains("::") || catalog.find(&name).is_some() {
            continue;
        }
        let found = library.find(&name, None).map_err(Failure::internal)?;
        if let Some(template) = found.and_then(|found| parse(&found.source).template) {
            specs.push(ActionSpec::of_template(&name, &template));
        }
    }
    Ok(specs)
}

fn description(spec: &ActionSpec, language: Language) -> &str {
    match language {
        Language::English => &spec.description.0,
        Language::Chinese => &spec.description.1,
    }
}

fn list(session: &mut Session) -> Result<(), Failure> {
    let specs = specs(session)?;
    let language = session.settings.language;
    let output = &mut session.output;
    if output.format() != Format::Text {
        let list: Vec<Value> = specs.iter().map(|spec| document(spec, language)).collect();
        return Ok(output.document(&list)?);
    }
    let mut table = Table::new(output, &["ACTION", "DESCRIPTION"]);
    for spec in &specs {
        table.row(vec![
            TableCell::of(Role::Strong, &spec.name),
            TableCell::from(description(spec, language)),
        ]);
    }
    Ok(table.print(output)?)
}

fn list_apis(session: &mut Session) -> Result<(), Failure> {
    let output = &mut session.output;
    if output.format() != Format::Text {
        let list: Vec<Value> = served()
            .map(|api| {
                json!({
                    "Service": api.service,
                    "API": api.name,
                    "Description": api.summary,
                    "Parameters": api.parameters,
                })
            })
            .collect();
        return Ok(output.document(&list)?);
    }
    let mut table = Table::new(output, &["SERVICE", "API", "DESCRIPTION"]);
    for api in served() {
        table.row(vec![
            TableCell::from(api.service),
            TableCell::of(Role::Strong, api.name),
            TableCell::from(api.summary),
        ]);
    }
    Ok(table.print(output)?)
}

fn show(name: &str, session: &mut Session) -> Result<(), Failure> {
    let specs = specs(session)?;
    let Some(spec) = specs
        .iter()
        .find(|spec| spec.name.eq_ignore_ascii_case(name))
    else {
        let nearest = nearest(name, specs.iter().map(|spec| spec.name.as_str()));
        let hint = match nearest {
            Some(nearest) => format!("Did you mean `{nearest}`?"),
            None => "`oos action list` shows which there are.".to_owned(),
        };
        return Err(Failure::usage(anyhow!("there is no action `{name}`")).hinted(hint));
    };
    let language = session.settings.language;
    let output = &mut session.output;
    if output.format() != Format::Text {
        return Ok(output.document(&document(spec, language))?);
    }
    let name = output.paint(Role::Strong, &spec.name);
    output.line(format_args!("{name}\n  {}\n", description(spec, language)))?;
    let mut table = Table::new(output, &["PROPERTY", "TYPE", "REQUIRED", "DESCRIPTION"]);
    for property in &spec.properties {
        table.row(vec![
            TableCell::of(Role::Strong, &property.name),
            TableCell::from(type_word(property.value_type)),
            TableCell::from(if property.required { "yes" } else { "no" }),
            TableCell::from(&property.description),
        ]);
    }
    table.print(output)?;
    if spec.outputs.is_empty() {
        return Ok(());
    }
    output.line("")?;
    let mut table = Table::new(output, &["OUTPUT", "TYPE"]);
    for found in &spec.outputs {
        table.row(vec![
            TableCell::of(Role::Strong, &found.name),
            TableCell::from(type_word(Some(found.value_type))),
        ]);
    }
    Ok(table.print(output)?)
}

/// Returns the type as templates write it.
fn type_word(value_type: Option<ValueType>) -> &'static str {
    match value_type {
        None => "any",
        Some(ValueType::String) => "String",
        Some(ValueType::Number) => "Number",
        Some(ValueType::Boolean) => "Boolean",
        Some(ValueType::List) => "List",
        Some(ValueType::Json) => "Json",
    }
}

fn document(spec: &ActionSpec, language: Language) -> Value {
    let properties: Vec<Value> = spec
        .properties
        .iter()
        .map(|property| {
            json!({
                "Name": property.name,
                "Type": property.value_type,
                "Required": property.required,
                "Description": property.description,
            })
        })
        .collect();
    let outputs: Vec<Value> = spec
        .outputs
        .iter()
        .map(|found| json!({"Name": found.name, "Type": found.value_type}))
        .collect();
    json!({
        "Action": spec.name,
        "Description": description(spec, language),
        "Properties": properties,
        "Outputs": outputs,
    })
}

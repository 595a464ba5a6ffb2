//! `oos template`: templates that are kept with their versions, and all others that can be run.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cli::client::Client;
use crate::cli::environment::user_name;
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::output::{Role, Table, TableCell, local};
use crate::cli::refusal::not_found;
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::cli::template_file::{parsed, read_file};
use crate::cli::workshop::library;
use crate::runner::library::template_name;
use crate::template::parse::parse;
use crate::template::source::{Found, TemplateSource as _};

/// Arguments of `oos template`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(subcommand)]
    command: TemplateCommand,
}

#[derive(Debug, Subcommand)]
enum TemplateCommand {
    /// List the templates that can be run by name
    List,
    /// Print a template
    Show {
        /// The template's name
        name: String,
        /// This version of a kept template; the newest when not given
        #[arg(long, value_name = "VERSION")]
        version: Option<String>,
        /// List the versions of a kept template
        #[arg(long, conflicts_with = "version")]
        versions: bool,
    },
    /// Keep a template; one that is kept already gets a new version
    Create {
        /// The file
        file: PathBuf,
        /// The template's name; the file's name when not given
        #[arg(long)]
        name: Option<String>,
    },
    /// Remove a kept template with all its versions
    Delete {
        /// The template's name
        name: String,
    },
}

/// A row of the list.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    template_name: String,
    template_version: Option<String>,
    place: String,
    description: Option<String>,
}

impl Arguments {
    /// Does it.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let client = Client::open(&session.settings)?;
        match self.command {
            TemplateCommand::List => list(&client, session)?,
            TemplateCommand::Show {
                name,
                versions: true,
                ..
            } => {
                list_versions(&client, &name, session)?;
            }
            TemplateCommand::Show { name, version, .. } => {
                let found = find(&client, &name, version.as_deref(), session)?;
                session.output.text(found.source.text())?;
            }
            TemplateCommand::Create { file, name } => create(&client, &file, name, session)?,
            TemplateCommand::Delete { name } => delete(&client, &name, session)?,
        }
        Ok(Exit::Success)
    }
}

fn list(client: &Client, session: &mut Session) -> Result<(), Failure> {
    let library = library(&session.settings, client.sqlite(), client.handle());
    let mut rows = Vec::new();
    for name in library.names().map_err(Failure::internal)? {
        let Some(found) = library.find(&name, None).map_err(Failure::internal)? else {
            continue;
        };
        let template = parse(&found.source).template;
        let language = session.settings.language.tag();
        let description = template
            .and_then(|template| template.description)
            .and_then(|texts| texts.text(language).map(str::to_owned));
        let place = match &found.version {
            Some(_) => "kept".to_owned(),
            None => found.source.name().to_owned(),
        };
        rows.push(Row {
            template_name: found.name,
            template_version: found.version,
            place,
            description,
        });
    }
    let output = &mut session.output;
    if output.format() != Format::Text {
        return Ok(output.document(&rows)?);
    }
    let mut table = Table::new(output, &["TEMPLATE", "VERSION", "DESCRIPTION", "PLACE"]);
    for row in rows {
        table.row(vec![
            TableCell::of(Role::Strong, row.template_name),
            TableCell::from(row.template_version.unwrap_or_else(|| "-".to_owned())),
            TableCell::from(row.description.unwrap_or_default()),
            TableCell::of(Role::Faint, row.place),
        ]);
    }
    Ok(table.print(output)?)
}

fn list_versions(client: &Client, name: &str, session: &mut Session) -> Result<(), Failure> {
    let versions = client.wait(client.store().template_versions(name))?;
    if versions.is_empty() {
        return Err(not_kept(name));
    }
    let output = &mut session.output;
    if output.format() != Format::Text {
        return Ok(output.document(&versions)?);
    }
    let mut table = Table::new(output, &["VERSION", "CREATED", "HASH"]);
    for entry in versions {
        table.row(vec![
            TableCell::of(Role::Strong, entry.template_version),
            TableCell::from(local(entry.created_date)),
            TableCell::from(entry.hash),
        ]);
    }
    Ok(table.print(output)?)
}

fn find(
    client: &Client,
    name: &str,
    version: Option<&str>,
    session: &Session,
) -> Result<Found, Failure> {
    let library = library(&session.settings, client.sqlite(), client.handle());
    match library.find(name, version).map_err(Failure::usage)? {
        Some(found) => Ok(found),
        None => Err(not_found(name, &library)?),
    }
}

fn create(
    client: &Client,
    file: &Path,
    name: Option<String>,
    session: &mut Session,
) -> Result<(), Failure> {
    let source = read_file(file, &mut session.output)?;
    parsed(source.clone(), &mut session.output)?;
    let name = name.or_else(|| template_name(file)).ok_or_else(|| {
        Failure::usage(anyhow!("`{}` gives no name", file.display()))
            .hinted("Name the template with `--name`.")
    })?;
    let entry = client.wait(
        client
            .store()
            .put_template(&name, source.text(), &user_name()),
    )?;
    let output = &mut session.output;
    if output.format() != Format::Text {
        return Ok(output.document(&entry)?);
    }
    Ok(output.line(format_args!(
        "{} {}",
        entry.template_name, entry.template_version
    ))?)
}

fn delete(client: &Client, name: &str, session: &mut Session) -> Result<(), Failure> {
    if !client.wait(client.store().delete_template(name, &user_name()))? {
        return Err(not_kept(name));
    }
    session.output.note(format_args!("`{name}` is removed."));
    Ok(())
}

fn not_kept(name: &str) -> Failure {
    Failure::usage(anyhow!("no template `{name}` is kept"))
        .hinted("`oos template list` shows which are.")
}

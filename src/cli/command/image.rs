//! `oos image`: the images of the embedded cloud.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use crate::base::value::Map;
use crate::cli::client;
use crate::cli::cloud::{call, field, records, refused};
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::output::{Role, Table, TableCell};
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::cli::workshop::Workshop;

/// Arguments of `oos image`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(subcommand)]
    command: ImageCommand,
}

#[derive(Debug, Subcommand)]
enum ImageCommand {
    /// List images
    List,
    /// Make an image of an archive that holds a root file system: tar, tar.gz or tar.zst
    Import {
        /// The archive
        archive: PathBuf,
        /// The image's name; the archive's name when not given
        #[arg(long)]
        name: Option<String>,
    },
    /// Remove an image that no instance stands on
    Delete {
        /// The image's id
        image: String,
    },
}

impl Arguments {
    /// Does it.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let workshop = Workshop::open(&session.settings)?;
        match self.command {
            ImageCommand::List => list(&workshop, session)?,
            ImageCommand::Import { archive, name } => {
                let name = name.unwrap_or_else(|| stem(&archive));
                let imported = workshop.wait(workshop.cloud().import_image(
                    &archive,
                    &name,
                    client::now(),
                ));
                let id = imported.map_err(refused)?;
                match session.output.format() {
                    Format::Text => session.output.line(id)?,
                    Format::Json | Format::Yaml => {
                        session.output.document(&json!({ "ImageId": id }))?;
                    }
                }
            }
            ImageCommand::Delete { image } => {
                let mut parameters = Map::new();
                parameters.insert("ImageId".to_owned(), image.clone().into());
                call(&workshop, "DeleteImage", parameters)?;
                session.output.note(format_args!("`{image}` is removed."));
            }
        }
        Ok(Exit::Success)
    }
}

/// Returns the name of a file up to its first dot.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}

fn list(workshop: &Workshop, session: &mut Session) -> Result<(), Failure> {
    let answer = call(workshop, "DescribeImages", Map::new())?;
    let images = records(&answer, ["Images", "Image"]);
    let output = &mut session.output;
    if output.format() != Format::Text {
        return Ok(output.document(&images)?);
    }
    let mut table = Table::new(output, &["ID", "NAME", "FAMILY", "CREATED", "DESCRIPTION"]);
    for image in images {
        table.row(vec![
            TableCell::of(Role::Strong, field(image, "ImageId")),
            TableCell::from(field(image, "ImageName")),
            TableCell::from(field(image, "ImageFamily")),
            TableCell::from(field(image, "CreationTime")),
            TableCell::from(field(image, "Description")),
        ]);
    }
    Ok(table.print(output)?)
}

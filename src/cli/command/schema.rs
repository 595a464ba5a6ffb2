//! `oos schema`: the JSON Schemas of what people write.

use clap::{Args, ValueEnum};

use crate::cli::exit::Exit;
use crate::cli::session::{Outcome, Session};
use crate::provider::inventory::inventory_schema;
use crate::template::schema::template_schema;

/// Arguments of `oos schema`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// Of what
    #[arg(value_name = "KIND", value_enum, default_value_t = Kind::Template)]
    kind: Kind,
}

/// What has a schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Kind {
    /// Runbooks
    Template,
    /// Inventories of our own
    Inventory,
}

impl Arguments {
    /// Prints the schema.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let schema = match self.kind {
            Kind::Template => template_schema(),
            Kind::Inventory => inventory_schema(),
        };
        session.output.document(&schema)?;
        Ok(Exit::Success)
    }
}

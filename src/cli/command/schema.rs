//! `oos schema`: the JSON Schema of templates.

use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::session::{Outcome, Session};
use crate::template::schema::template_schema;

/// Arguments of `oos schema`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {}

impl Arguments {
    /// Prints the schema.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let Self {} = self;
        session.output.document(&template_schema())?;
        Ok(Exit::Success)
    }
}

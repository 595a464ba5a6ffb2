//! The subcommands of `oos store`.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Args, Subcommand};

use crate::cli::command::store::prune;
use crate::cli::environment::user_name;
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::output::{Role, Table, TableCell, counted};
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::cli::workshop::open_store;
use crate::store::sqlite::SqliteStore;

/// Arguments of `oos store`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    /// Write a copy of the database; executions may go on meanwhile
    Backup {
        /// The new file
        file: PathBuf,
    },
    /// Make all listings anew from the journal
    Rebuild,
    /// Look at everything that is recorded for damage
    Check,
    /// Remove executions that have ended, or only what their commands printed; without limits, what is
    /// not to be kept as configured
    Prune(prune::Arguments),
}

impl Arguments {
    /// Does it.
    pub(in crate::cli::command) fn run(self, session: &mut Session) -> Outcome {
        let store = open_store(&session.settings)?;
        match self.command {
            StoreCommand::Backup { file } => backup(&store, &file, session),
            StoreCommand::Rebuild => {
                let executions =
                    usize::try_from(store.rebuild(&user_name())?).unwrap_or(usize::MAX);
                let words = counted(executions, "execution");
                session.output.note(format_args!("{words} rebuilt."));
                Ok(Exit::Success)
            }
            StoreCommand::Check => check(&store, session),
            StoreCommand::Prune(arguments) => arguments.run(session),
        }
    }
}

fn backup(store: &SqliteStore, file: &Path, session: &mut Session) -> Outcome {
    if file.exists() {
        let error = anyhow!("`{}` exists already", file.display());
        return Err(Failure::usage(error).hinted("Name a file that does not exist yet."));
    }
    store.backup(file)?;
    session.output.note(format_args!(
        "`{}` is written. Secrets in it can only be read with the key files (`*.key`) in `{}`: keep \
         them apart.",
        file.display(),
        session.settings.data_dir.display()
    ));
    Ok(Exit::Success)
}

fn check(store: &SqliteStore, session: &mut Session) -> Outcome {
    let findings = store.check()?;
    let output = &mut session.output;
    if output.format() != Format::Text {
        output.document(&findings)?;
    } else if !findings.is_empty() {
        let mut table = Table::new(output, &["WHAT", "PROBLEM"]);
        for finding in &findings {
            table.row(vec![
                TableCell::of(Role::Strong, &finding.what),
                TableCell::from(&finding.problem),
            ]);
        }
        table.print(output)?;
    }
    if findings.is_empty() {
        output.note("Everything is as it should be.");
        return Ok(Exit::Success);
    }
    output.note(format_args!(
        "{} found.",
        counted(findings.len(), "problem")
    ));
    Ok(Exit::Failed)
}

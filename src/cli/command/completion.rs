//! `oos completion`: the completion script of a shell.

use clap::Args;
use clap_complete::Shell;

use crate::cli::exit::Exit;
use crate::cli::session::{Outcome, Session};

/// Arguments of `oos completion`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Arguments {
    /// Prints the script.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let mut script = Vec::new();
        let mut command = (session.grammar)();
        clap_complete::generate(self.shell, &mut command, "oos", &mut script);
        session.output.text(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Success)
    }
}

//! `oos doctor`: tries everything that runs need, and says what would help where it fails.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use clap::Args;
use serde_json::Value;

use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::output::{Role, Table, TableCell, counted};
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::cli::workshop::{executable, open_store, sandbox_folder};
use crate::provider::local::driver::Finding;
use crate::provider::local::driver::sandbox::probe;

/// The file that is written to see whether the data directory takes data.
const TRIAL_FILE: &str = ".doctor";

/// Arguments of `oos doctor`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {}

impl Arguments {
    /// Tries everything and prints what was found.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let Self {} = self;
        let findings = examine(session)?;
        let broken = findings.iter().filter(|finding| !finding.works).count();
        let output = &mut session.output;
        if output.format() == Format::Text {
            let mut table = Table::new(output, &["STEP", "RESULT", "DETAIL"]);
            for finding in &findings {
                let (role, word) = if finding.works {
                    (Role::Good, "✓ works")
                } else {
                    (Role::Bad, "✗ fails")
                };
                table.row(vec![
                    TableCell::of(Role::Strong, &finding.step),
                    TableCell::of(role, word),
                    TableCell::from(&finding.detail),
                ]);
            }
            table.print(output)?;
            for finding in &findings {
                if let Some(remedy) = finding.remedy.as_ref().filter(|_| !finding.works) {
                    output.line(format_args!("\n{}: {remedy}", finding.step))?;
                }
            }
        } else {
            output.document(&findings)?;
        }
        if broken == 0 {
            output.note("Everything works.");
            return Ok(Exit::Success);
        }
        output.note(format_args!(
            "{} of {} failed.",
            broken,
            counted(findings.len(), "step")
        ));
        Ok(Exit::Failed)
    }
}

fn examine(session: &Session) -> Result<Vec<Finding>, Failure> {
    let settings = &session.settings;
    let mut findings = vec![data_directory(&settings.data_dir)];
    if findings[0].works {
        findings.push(store(session));
    }
    findings.extend(settings.libraries.iter().map(|folder| library(folder)));
    // Instances need the data directory; without it their failure would only repeat its own.
    if findings[0].works {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let folder = sandbox_folder(&settings.data_dir);
        findings.extend(runtime.block_on(probe(&folder, &executable()?)));
    }
    Ok(findings)
}

fn data_directory(folder: &Path) -> Finding {
    let try_it = || {
        fs::create_dir_all(folder)?;
        let path = folder.join(TRIAL_FILE);
        let mut file = fs::File::create(&path)?;
        file.write_all(b"oos")?;
        file.sync_all()?;
        fs::remove_file(&path)
    };
    finding(
        "data directory",
        try_it().map(|()| format!("{} keeps what is written", folder.display())),
        &format!(
            "Make `{}` writable for you, or name another folder with `--data-dir`.",
            folder.display()
        ),
    )
}

fn store(session: &Session) -> Finding {
    let opened = open_store(&session.settings).map(|_| "opens".to_owned());
    let opened = opened.map_err(|failure| failure.to_string());
    finding("store", opened, "`oos store check` says what is damaged.")
}

fn library(folder: &Path) -> Finding {
    let listed = fs::read_dir(folder).map(|_| format!("{} can be read", folder.display()));
    let remedy = format!(
        "Correct the path `{}`, or make the folder readable.",
        folder.display()
    );
    finding("library", listed, &remedy)
}

fn finding(step: &str, tried: Result<String, impl ToString>, remedy: &str) -> Finding {
    let (works, detail) = match tried {
        Ok(detail) => (true, detail),
        Err(error) => (false, error.to_string()),
    };
    Finding {
        step: step.to_owned(),
        works,
        detail,
        remedy: (!works).then(|| remedy.to_owned()),
        data: Value::Null,
    }
}

//! `oos validate`: everything that is wrong with templates, all at once.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::action::Catalog;
use crate::base::diagnostic::{Diagnostic, Severity};
use crate::base::source::Source;
use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::output::{DiagnosticReport, Problem, counted};
use crate::cli::report::Failure;
use crate::cli::session::{Outcome, Session};
use crate::cli::template_file::read_template;
use crate::provider::local::native_actions;
use crate::runner::library::{Library, template_name};
use crate::template::check::check;
use crate::template::parse::{Parsed, parse};
use crate::template::source::TemplateSource;

/// Arguments of `oos validate`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// Templates, and folders that hold templates in any depth
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

impl Arguments {
    /// Checks everything and prints what was found.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        let mut files = Vec::new();
        for path in &self.paths {
            collect(path, &mut files)?;
        }
        let library = Library::new(session.settings.libraries.clone(), None);
        let catalog = Catalog::new(native_actions());
        let checked = check_all(&files, &catalog, &library)?;
        match session.output.format() {
            Format::Text => print_frames(&checked, session)?,
            Format::Json | Format::Yaml => {
                let problems: Vec<Problem> = checked
                    .iter()
                    .flat_map(|file| {
                        file.diagnostics
                            .iter()
                            .map(|found| Problem::new(&file.source, found))
                    })
                    .collect();
                session.output.document(&problems)?;
            }
        }
        let count = |severity: Severity| {
            let all = checked.iter().flat_map(|file| &file.diagnostics);
            all.filter(|found| found.severity == severity).count()
        };
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        session.output.note(format_args!(
            "{} checked: {}, {}.",
            counted(checked.len(), "file"),
            counted(errors, "error"),
            counted(warnings, "warning"),
        ));
        Ok(if errors == 0 {
            Exit::Success
        } else {
            Exit::Usage
        })
    }
}

/// A file and what is wrong with it.
struct Checked {
    source: Source,
    diagnostics: Vec<Diagnostic>,
}

/// Adds a file, or the template files below a folder in order of name.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::usage(
            anyhow::Error::new(error).context(format!("cannot read `{}`", path.display())),
        )
    };
    if !std::fs::metadata(path).map_err(failed)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // A link to a folder may lead back to where it is; its target has a path of its own.
        let is_folder = entry.file_type().map_err(failed)?.is_dir();
        entries.push((entry.path(), is_folder));
    }
    entries.sort();
    for (path, is_folder) in entries {
        if is_folder {
            collect(&path, files)?;
        } else if template_name(&path).is_some() {
            files.push(path);
        }
    }
    Ok(())
}

/// Checks all files on all processors; the results are in the order of the files.
fn check_all(
    files: &[PathBuf],
    catalog: &Catalog,
    templates: &dyn TemplateSource,
) -> Result<Vec<Checked>, Failure> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let share = files.len().div_ceil(workers).max(1);
    let results = std::thread::scope(|scope| {
        let workers: Vec<_> = files
            .chunks(share)
            .map(|files| {
                scope.spawn(|| {
                    files
                        .iter()
                        .map(|path| check_file(path, catalog, templates))
                        .collect()
                })
            })
            .collect();
        let join = |worker: std::thread::ScopedJoinHandle<'_, Vec<_>>| {
            worker.join().expect("parsing and checking never panic")
        };
        workers.into_iter().flat_map(join).collect::<Vec<_>>()
    });
    results
        .into_iter()
        .collect::<Result<_, anyhow::Error>>()
        .map_err(Failure::usage)
}

fn check_file(
    path: &Path,
    catalog: &Catalog,
    templates: &dyn TemplateSource,
) -> Result<Checked, anyhow::Error> {
    let source = match read_template(path)? {
        Ok(source) => source,
        Err(unreadable) => {
            return Ok(Checked {
                source: *unreadable.text,
                diagnostics: vec![*unreadable.diagnostic],
            });
        }
    };
    let Parsed {
        template,
        mut diagnostics,
    } = parse(&source);
    if let Some(template) = template {
        diagnostics.extend(check(&template, catalog, templates));
    }
    diagnostics.sort_by_key(|found| found.span);
    Ok(Checked {
        source,
        diagnostics,
    })
}

fn print_frames(checked: &[Checked], session: &mut Session) -> Result<(), Failure> {
    let output = &mut session.output;
    let width = output.data_width().unwrap_or_else(|| output.error_width());
    let report = DiagnosticReport::new(output.has_color(), width);
    for file in checked {
        for found in &file.diagnostics {
            output.line(format_args!("{}\n", report.frame(&file.source, found)))?;
        }
    }
    Ok(())
}

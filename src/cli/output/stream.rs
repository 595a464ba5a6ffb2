//! Standard output for data, standard error for everything else.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, BufWriter, IsTerminal as _, Stderr, Stdout, Write as _};

use serde::Serialize;

use crate::cli::environment;
use crate::cli::global::{ColorChoice, Format, GlobalArguments};
use crate::cli::guard;
use crate::cli::output::harmless::{HarmlessJson, harmless, painted};
use crate::cli::output::style::Role;

/// The width of lines where no terminal says how wide it is.
const USUAL_WIDTH: usize = 100;

/// The way to the user.
#[derive(Debug)]
pub(in crate::cli) struct Output {
    stdout: BufWriter<Stdout>,
    stderr: Stderr,
    format: Format,
    quiet: bool,
    color: Streams,
    terminal: Streams,
    stdin_is_terminal: bool,
}

/// Something about standard output and standard error.
#[derive(Clone, Copy, Debug)]
struct Streams {
    stdout: bool,
    stderr: bool,
}

impl Output {
    /// Makes the output of this process.
    pub(in crate::cli) fn for_process(arguments: &GlobalArguments) -> Self {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let color = |is_terminal: bool| match arguments.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => is_terminal && environment::variable("NO_COLOR").is_none(),
        };
        let terminal = Streams {
            stdout: stdout.is_terminal(),
            stderr: stderr.is_terminal(),
        };
        Self {
            color: Streams {
                stdout: color(terminal.stdout),
                stderr: color(terminal.stderr),
            },
            terminal,
            stdin_is_terminal: io::stdin().is_terminal(),
            stdout: BufWriter::new(stdout),
            stderr,
            format: arguments.output,
            quiet: arguments.quiet,
        }
    }

    /// Returns the form in which data is wanted.
    pub(in crate::cli) fn format(&self) -> Format {
        self.format
    }

    /// Tells whether a person sits in front of it who can be asked.
    pub(in crate::cli) fn can_ask(&self) -> bool {
        self.stdin_is_terminal && self.terminal.stderr && !self.quiet
    }

    /// Tells whether progress may be drawn over itself.
    pub(in crate::cli) fn can_redraw(&self) -> bool {
        self.terminal.stderr && !self.quiet
    }

    /// Tells whether data goes to a terminal, as text.
    pub(in crate::cli) fn is_read_by_person(&self) -> bool {
        self.terminal.stdout && self.format == Format::Text
    }

    /// Returns the width of the terminal that shows data, or `None` where lines need no cutting.
    pub(in crate::cli) fn data_width(&self) -> Option<usize> {
        self.terminal.stdout.then(|| terminal_width(&io::stdout()))
    }

    /// Returns the width for frames and progress on standard error.
    pub(in crate::cli) fn error_width(&self) -> usize {
        if self.terminal.stderr {
            terminal_width(&self.stderr)
        } else {
            USUAL_WIDTH
        }
    }

    /// Tells whether data is in color.
    pub(in crate::cli) fn has_color(&self) -> bool {
        self.color.stdout
    }

    /// Tells whether messages are in color.
    pub(in crate::cli) fn has_error_color(&self) -> bool {
        self.color.stderr
    }

    /// Returns `text` as it looks among data.
    pub(in crate::cli) fn paint(&self, role: Role, text: &str) -> String {
        role.paint(text, self.color.stdout)
    }

    /// Returns `text` as it looks in messages.
    pub(in crate::cli) fn paint_error(&self, role: Role, text: &str) -> String {
        role.paint(text, self.color.stderr)
    }

    /// Prints a line of data.
    pub(in crate::cli) fn line(&mut self, line: impl fmt::Display) -> io::Result<()> {
        if self.terminal.stdout {
            writeln!(self.stdout, "{}", painted(&line.to_string()))
        } else {
            writeln!(self.stdout, "{line}")
        }
    }

    /// Prints text of data, exactly where no terminal would obey it.
    pub(in crate::cli) fn text(&mut self, text: &str) -> io::Result<()> {
        let text = if self.terminal.stdout {
            painted(text)
        } else {
            Cow::Borrowed(text)
        };
        self.stdout.write_all(text.as_bytes())
    }

    /// Tells whether a terminal shows data, in whatever form.
    pub(in crate::cli) fn is_terminal(&self) -> bool {
        self.terminal.stdout
    }

    /// Returns text from elsewhere as it may stand among data: on a terminal without colors even.
    pub(in crate::cli) fn foreign<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.terminal.stdout {
            harmless(text)
        } else {
            Cow::Borrowed(text)
        }
    }

    /// Returns the way for data that is made piece by piece and is harmless for where it goes.
    pub(in crate::cli) fn data(&mut self) -> &mut impl io::Write {
        &mut self.stdout
    }

    /// Prints one document in the form that was asked for; `Text` counts as JSON.
    pub(in crate::cli) fn document(&mut self, value: &impl Serialize) -> io::Result<()> {
        match self.format {
            Format::Text | Format::Json => {
                serde_json::to_writer_pretty(HarmlessJson(&mut self.stdout), value)?;
                self.stdout.write_all(b"\n")
            }
            Format::Yaml => {
                let text = serde_yaml::to_string(value).map_err(io::Error::other)?;
                self.text(&text)
            }
        }
    }

    /// Prints one JSON document on one line; `Yaml` prints it as one document of a stream.
    pub(in crate::cli) fn record(&mut self, value: &impl Serialize) -> io::Result<()> {
        match self.format {
            Format::Text | Format::Json => {
                serde_json::to_writer(HarmlessJson(&mut self.stdout), value)?;
                self.stdout.write_all(b"\n")
            }
            Format::Yaml => {
                let text = serde_yaml::to_string(value).map_err(io::Error::other)?;
                self.text(&format!("---\n{text}"))
            }
        }
    }

    /// Sends everything on its way.
    pub(in crate::cli) fn flush(&mut self) -> io::Result<()> {
        self.stdout.flush()
    }

    /// Says something that is no data; nothing with `--quiet`.
    pub(in crate::cli) fn note(&mut self, line: impl fmt::Display) {
        if !self.quiet {
            self.error(line);
        }
    }

    /// Says something that is no data.
    pub(in crate::cli) fn error(&mut self, line: impl fmt::Display) {
        // What was printed before comes before. A message that nobody can read, or data that
        // nobody reads any more, is no reason to stop the work it is about.
        if let Err(error) = self.stdout.flush() {
            tracing::debug!(%error, "standard output is closed");
        }
        let mut text = guard::masked(&line.to_string());
        if self.terminal.stderr {
            text = painted(&text).into_owned();
        }
        if let Err(error) = writeln!(self.stderr, "{text}") {
            tracing::debug!(%error, "standard error is closed");
        }
    }

    /// Writes to standard error as it is: frames of progress.
    pub(in crate::cli) fn draw(&mut self, text: &str) {
        let written = self
            .stderr
            .write_all(text.as_bytes())
            .and_then(|()| self.stderr.flush());
        if let Err(error) = written {
            tracing::debug!(%error, "standard error is closed");
        }
    }
}

fn terminal_width(terminal: &impl rustix::fd::AsFd) -> usize {
    rustix::termios::tcgetwinsize(terminal)
        .map(|size| usize::from(size.ws_col))
        .ok()
        .filter(|width| *width > 0)
        .unwrap_or(USUAL_WIDTH)
}

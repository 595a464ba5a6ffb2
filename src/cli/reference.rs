//! The reference of the command line as Markdown, made from the definitions that parse it.

use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory as _};

use crate::cli::argument::Arguments;

/// Returns the text of `docs/reference/cli.md`.
pub fn reference() -> String {
    let mut command = Arguments::command();
    command.build();
    let mut page = String::from(
        "# Command line\n\n\
         This page is made from the program itself: `oos --help` and `oos COMMAND --help` say the \
         same.\n",
    );
    section(&command, 2, true, &mut page);
    page
}

fn section(command: &Command, level: usize, with_global: bool, page: &mut String) {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let about = command.get_long_about().or(command.get_about());
    let usage = command.clone().render_usage().to_string();
    write!(page, "\n{} {name}\n\n{}\n", "#".repeat(level), text(about)).expect("strings grow");
    write!(
        page,
        "\n```\n{}\n```\n",
        usage.trim_start_matches("Usage: ")
    )
    .expect("strings grow");
    let shown = |argument: &&Arg| {
        !argument.is_hide_set() && argument.get_id() != "help" && argument.get_id() != "version"
    };
    let arguments: Vec<&Arg> = command
        .get_arguments()
        .filter(shown)
        .filter(|argument| with_global || !argument.is_global_set())
        .collect();
    if !arguments.is_empty() {
        page.push('\n');
    }
    for argument in arguments {
        writeln!(page, "- `{}`: {}", form(argument), explanation(argument)).expect("strings grow");
    }
    for child in command
        .get_subcommands()
        .filter(|child| child.get_name() != "help")
    {
        section(child, (level + 1).min(4), false, page);
    }
}

/// Returns how an argument is written: `-o, --output <FORMAT>`.
fn form(argument: &Arg) -> String {
    let values = argument.get_value_names().unwrap_or_default();
    let value = values
        .iter()
        .map(|name| format!("<{name}>"))
        .collect::<Vec<_>>()
        .join(" ");
    if argument.is_positional() {
        return value;
    }
    let short = argument.get_short().map(|letter| format!("-{letter}"));
    let long = argument.get_long().map(|word| format!("--{word}"));
    let mut form = [short, long]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ");
    if argument.get_action().takes_values() {
        form = format!("{form} {value}");
    }
    form
}

fn explanation(argument: &Arg) -> String {
    let mut words = text(argument.get_long_help().or(argument.get_help()));
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|_| argument.get_action().takes_values())
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    if !values.is_empty() {
        write!(words, " One of {}.", values.join(", ")).expect("strings grow");
    }
    let default = argument
        .get_default_values()
        .first()
        .filter(|_| argument.get_action().takes_values() && !argument.is_hide_default_value_set());
    if let Some(default) = default {
        write!(words, " Default: `{}`.", default.to_string_lossy()).expect("strings grow");
    }
    if let Some(variable) = argument.get_env() {
        write!(words, " Environment: `{}`.", variable.to_string_lossy()).expect("strings grow");
    }
    words
}

/// Returns help as one paragraph that ends with a period.
fn text(help: Option<&clap::builder::StyledStr>) -> String {
    let text = help.map(ToString::to_string).unwrap_or_default();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() || text.ends_with('.') {
        text
    } else {
        format!("{text}.")
    }
}

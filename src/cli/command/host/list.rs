//! `oos host list`: which hosts words choose.

use std::collections::BTreeMap;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use crate::cli::exit::Exit;
use crate::cli::global::Format;
use crate::cli::hosts::{Hosts, needs_inventory};
use crate::cli::output::{Output, Role, Table, TableCell, counted};
use crate::cli::session::{Outcome, Session};
use crate::cli::targets::{WORDS_HELP, choose};
use crate::provider::inventory::{Host, fold};
use crate::provider::local::RunTags;

/// Arguments of `oos host list`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[arg(value_name = "WORDS", help = WORDS_HELP, default_value = "all")]
    words: Vec<String>,
    /// Print the names only, folded into ranges
    #[arg(long)]
    fold: bool,
}

/// A host as data.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row<'a> {
    name: &'a str,
    address: &'a str,
    port: u16,
    user: Option<&'a str>,
    groups: &'a [Arc<str>],
    tags: &'a BTreeMap<String, String>,
    /// Which of them runs gave, and not an inventory.
    #[serde(skip_serializing_if = "Option::is_none")]
    run_tags: Option<&'a BTreeMap<String, String>>,
}

impl<'a> Row<'a> {
    fn of(host: &'a Host, run_tags: &'a RunTags) -> Self {
        let endpoint = &host.endpoint;
        Self {
            name: &host.name,
            address: &endpoint.address,
            port: endpoint.port,
            user: endpoint.user.as_deref(),
            groups: host.groups(),
            tags: &host.tags,
            run_tags: run_tags.of(&host.name),
        }
    }
}

impl Arguments {
    /// Prints the hosts.
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        needs_inventory(&session.settings)?;
        let hosts = Hosts::load_tagged(&session.settings)?;
        hosts.tell(&mut session.output);
        let chosen = choose(&self.words.join(" "), &hosts.inventory)?;
        let output = &mut session.output;
        if self.fold {
            let names = chosen.iter().map(|host| host.name.as_str());
            output.line(fold(names))?;
        } else if output.format() == Format::Text {
            print(&chosen, &hosts.run_tags, output)?;
        } else {
            let rows: Vec<Row<'_>> = chosen
                .iter()
                .map(|host| Row::of(host, &hosts.run_tags))
                .collect();
            output.document(&rows)?;
        }
        Ok(Exit::Success)
    }
}

fn print(hosts: &[Arc<Host>], run_tags: &RunTags, output: &mut Output) -> std::io::Result<()> {
    let mut table = Table::new(output, &["NAME", "ADDRESS", "USER", "GROUPS", "TAGS"]);
    for host in hosts {
        let endpoint = &host.endpoint;
        let address = match endpoint.port {
            22 => endpoint.address.clone(),
            port => format!("{}:{port}", endpoint.address),
        };
        let given = run_tags.of(&host.name);
        let tags = host.tags.iter().map(|(key, value)| {
            let is_given = given.is_some_and(|given| given.contains_key(key));
            let by = if is_given { " (by a run)" } else { "" };
            format!("{key}={value}{by}")
        });
        table.row(vec![
            TableCell::of(Role::Strong, &host.name),
            TableCell::from(address),
            TableCell::from(endpoint.user.as_deref().unwrap_or_default()),
            TableCell::from(host.groups().join(", ")),
            TableCell::from(tags.collect::<Vec<_>>().join(", ")),
        ]);
    }
    table.print(output)?;
    output.note(format_args!("{}.", counted(hosts.len(), "host")));
    Ok(())
}

//! YAML inventories of Ansible, and the JSON that executables print: groups at the top, in each
//! `hosts`, `vars` and `children`.

use std::sync::Arc;

use crate::base::source::Source;
use crate::base::value::{Map, Value};
use crate::provider::inventory::ansible::ini::{add_host, hosts, set_group_variable};
use crate::provider::inventory::draft::{Draft, GroupPlace};
use crate::provider::inventory::problem::{Findings, Origin, Problem};
use crate::provider::inventory::tree::{entries, expected, origin};
use crate::template::yaml::{Entry, Node, NodeKind};

/// Where an executable puts the variables of hosts.
const META: &str = "_meta";

/// What reads a tree into the draft.
pub(in crate::provider::inventory) struct Reader<'a> {
    /// The name of the source.
    pub(in crate::provider::inventory) name: &'a Arc<str>,
    /// The text.
    pub(in crate::provider::inventory) source: &'a Source,
    /// What was read so far.
    pub(in crate::provider::inventory) draft: &'a mut Draft,
    /// What is wrong.
    pub(in crate::provider::inventory) findings: &'a mut Findings,
}

/// Tells whether a tree is what an executable prints: hosts in lists, or their variables apart.
pub(in crate::provider::inventory) fn is_listing(root: &Node) -> bool {
    let NodeKind::Map(groups) = &root.kind else {
        return false;
    };
    groups.iter().any(|group| {
        let is_list = |node: &Node| matches!(node.kind, NodeKind::List(_));
        group.key == META
            || is_list(&group.value)
            || ["hosts", "children"]
                .iter()
                .any(|key| group.value.get(key).is_some_and(is_list))
    })
}

impl Reader<'_> {
    /// Reads an inventory as it is written in files.
    pub(in crate::provider::inventory) fn read(&mut self, root: &Node) {
        match entries(root, "an inventory", self.source) {
            Ok(groups) => {
                if let Some(plugin) = groups.iter().find(|entry| entry.key == "plugin") {
                    let why = "this configures an inventory plug-in of Ansible, which is not run";
                    let problem = Problem::at(self.source, plugin.key_span, why);
                    self.findings.error(problem.hint(
                        "save what `ansible-inventory --list -i FILE` prints, or give a script that \
                         prints it",
                    ));
                    return;
                }
                for group in groups {
                    self.tell(|own| own.group(group).map(|_| ()));
                }
            }
            Err(problem) => self.findings.error(problem),
        }
    }

    /// Reads what an executable prints.
    pub(in crate::provider::inventory) fn read_listing(&mut self, root: &Node) {
        match entries(root, "an inventory", self.source) {
            Ok(groups) => {
                for group in groups.iter().filter(|group| group.key != META) {
                    self.tell(|own| own.listed_group(group));
                }
            }
            Err(problem) => return self.findings.error(problem),
        }
        self.tell(|own| own.host_variables(root));
    }

    fn tell(&mut self, work: impl FnOnce(&mut Self) -> Result<(), Problem>) {
        if self.findings.is_full() {
            return;
        }
        if let Err(problem) = work(self) {
            self.findings.error(problem);
        }
    }

    fn origin(&self, entry: &Entry) -> Origin {
        origin(self.name, self.source, entry.key_span)
    }

    fn warn(&mut self, entry: &Entry, why: String) {
        let problem = Problem::at(self.source, entry.key_span, why);
        self.findings.warn(problem);
    }

    /// Reads a group with everything in it. The depth of groups is bounded by that of the text.
    fn group(&mut self, entry: &Entry) -> Result<Option<GroupPlace>, Problem> {
        if !matches!(entry.value.kind, NodeKind::Map(_) | NodeKind::Null) {
            self.warn(
                entry,
                format!("`{}` is passed over: it is no group", entry.key),
            );
            return Ok(None);
        }
        let origin = self.origin(entry);
        let place = self.draft.define(&entry.key, &origin)?;
        for field in entries(&entry.value, "a group", self.source)? {
            let named = named(field, self.source)?;
            match field.key.as_str() {
                "vars" => {
                    for variable in named {
                        self.variable(place, &variable)?;
                    }
                }
                "children" => {
                    for child in named {
                        if let Some(child) = self.group(&child)? {
                            self.draft.nest(place, child);
                        }
                    }
                }
                "hosts" => {
                    for host in named {
                        self.host(place, &host)?;
                    }
                }
                other => {
                    let why = format!(
                        "`{other}` in the group `{}` is passed over; expected `hosts`, `vars` or \
                         `children`",
                        entry.key
                    );
                    self.warn(field, why);
                }
            }
        }
        Ok(Some(place))
    }

    fn variable(&mut self, group: GroupPlace, variable: &Entry) -> Result<(), Problem> {
        let value = variable.value.to_value();
        set_group_variable(self.draft, group, &variable.key, value)
            .map_err(|why| Problem::at(self.source, variable.key_span, why))
    }

    fn host(&mut self, group: GroupPlace, host: &Entry) -> Result<(), Problem> {
        let what = format!("the host `{}`", host.key);
        entries(&host.value, &what, self.source)?;
        let (names, port) =
            hosts(&host.key).map_err(|why| Problem::at(self.source, host.key_span, why))?;
        let variables = map_of(&host.value);
        let origin = self.origin(host);
        for name in names {
            add_host(self.draft, &name, port, group, &origin)?.extend(variables.clone());
        }
        Ok(())
    }

    fn listed_group(&mut self, entry: &Entry) -> Result<(), Problem> {
        let origin = self.origin(entry);
        let place = self.draft.define(&entry.key, &origin)?;
        let node = &entry.value;
        let is_group = ["hosts", "vars", "children"]
            .iter()
            .any(|key| node.get(key).is_some());
        match &node.kind {
            NodeKind::List(_) => return self.listed_hosts(place, node),
            // A map without any of the three is a host of the group's name with variables.
            NodeKind::Map(fields) if !is_group && !fields.is_empty() => {
                let host = self.draft.host(&entry.key, &origin)?;
                host.join(place);
                self.draft.groups[place].variables.extend(map_of(node));
                return Ok(());
            }
            NodeKind::Map(_) | NodeKind::Null => {}
            _ => return Err(expected(node, "a group", "a map or a list", self.source)),
        }
        if let Some(hosts) = node.get("hosts") {
            self.listed_hosts(place, hosts)?;
        }
        if let Some(variables) = node.get("vars") {
            for variable in entries(variables, "`vars`", self.source)? {
                self.variable(place, variable)?;
            }
        }
        match node
            .get("children")
            .map(|children| (&children.kind, children))
        {
            None | Some((NodeKind::Null, _)) => {}
            Some((NodeKind::List(children), _)) => {
                for child in children {
                    let NodeKind::Text(name) = &child.kind else {
                        return Err(expected(
                            child,
                            "a child",
                            "the name of a group",
                            self.source,
                        ));
                    };
                    let child = self.draft.define(name, &origin)?;
                    self.draft.nest(place, child);
                }
            }
            Some((_, children)) => {
                return Err(expected(children, "`children`", "a list", self.source));
            }
        }
        Ok(())
    }

    fn listed_hosts(&mut self, group: GroupPlace, node: &Node) -> Result<(), Problem> {
        let NodeKind::List(hosts) = &node.kind else {
            return Err(expected(node, "`hosts`", "a list", self.source));
        };
        for host in hosts {
            let NodeKind::Text(name) = &host.kind else {
                return Err(expected(host, "a host", "a name", self.source));
            };
            let origin = origin(self.name, self.source, host.span);
            self.draft.host(name, &origin)?.join(group);
        }
        Ok(())
    }

    /// Variables of hosts that no group names are of no use.
    fn host_variables(&mut self, root: &Node) -> Result<(), Problem> {
        let Some(hosts) = root.get(META).and_then(|meta| meta.get("hostvars")) else {
            return Ok(());
        };
        for host in entries(hosts, "`hostvars`", self.source)? {
            let what = format!("the variables of `{}`", host.key);
            entries(&host.value, &what, self.source)?;
            if let Some(known) = self.draft.hosts.get_mut(&host.key) {
                known.variables.extend(map_of(&host.value));
            }
        }
        Ok(())
    }
}

/// Returns what a section names; a text names itself.
fn named(field: &Entry, source: &Source) -> Result<Vec<Entry>, Problem> {
    if !["vars", "children", "hosts"].contains(&field.key.as_str()) {
        return Ok(Vec::new());
    }
    match &field.value.kind {
        NodeKind::Text(name) => Ok(vec![Entry {
            key: name.clone(),
            key_span: field.value.span,
            value: Node {
                span: field.value.span,
                kind: NodeKind::Null,
            },
        }]),
        _ => Ok(entries(&field.value, &format!("`{}`", field.key), source)?.to_vec()),
    }
}

fn map_of(node: &Node) -> Map {
    match node.to_value() {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

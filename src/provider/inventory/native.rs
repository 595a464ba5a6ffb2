//! Inventories of our own: YAML with `hosts`, `groups` and `defaults`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use crate::base::source::{Source, Span};
use crate::base::value::{Map, Value, text};
use crate::provider::inventory::draft::{ALL_PLACE, Draft, GroupPlace};
use crate::provider::inventory::jump::Jump;
use crate::provider::inventory::problem::{Findings, Problem};
use crate::provider::inventory::range::expand;
use crate::provider::inventory::reach::{Reach, file};
use crate::provider::inventory::tree::{boolean, entries, origin, scalar, texts, unknown_key};
use crate::provider::inventory::words::split;
use crate::provider::ssh::HostKeyPolicy;
use crate::template::yaml::{Entry, Node, NodeKind};

/// The keys at the top; one of them tells that a file is an inventory of ours.
pub(super) const TOP: [&str; 3] = ["defaults", "groups", "hosts"];

/// The keys of how a host is reached.
const REACH: [&str; 11] = [
    "agent",
    "certificates",
    "host-keys",
    "identities",
    "jump",
    "limits",
    "passphrase",
    "password",
    "port",
    "sudo",
    "user",
];

/// What a reader needs to know of where the text is from.
pub(super) struct Surroundings<'a> {
    /// The name of the source.
    pub(super) name: &'a Arc<str>,
    /// The text.
    pub(super) source: &'a Source,
    /// The folder that relative paths begin in, if it is a file.
    pub(super) folder: Option<&'a Path>,
    /// The user's home.
    pub(super) home: Option<&'a Path>,
}

/// Reads a tree into the draft.
pub(super) fn read(
    root: &Node,
    surroundings: &Surroundings<'_>,
    draft: &mut Draft,
    findings: &mut Findings,
) {
    let mut reader = Reader {
        around: surroundings,
        draft,
        findings,
    };
    let source = surroundings.source;
    match entries(root, "an inventory", source) {
        Ok(entries) => entries.iter().for_each(|entry| reader.top(entry)),
        Err(problem) => reader.findings.error(problem),
    }
}

struct Reader<'a> {
    around: &'a Surroundings<'a>,
    draft: &'a mut Draft,
    findings: &'a mut Findings,
}

/// What hosts, groups and defaults have in common.
#[derive(Default)]
struct Common {
    reach: Reach,
    variables: Map,
    tags: Vec<(String, String)>,
}

impl Reader<'_> {
    fn top(&mut self, entry: &Entry) {
        let source = self.around.source;
        let known = TOP.contains(&entry.key.as_str());
        let inner = entries(&entry.value, &format!("`{}`", entry.key), source);
        match (entry.key.as_str(), inner) {
            ("hosts", Ok(hosts)) => hosts
                .iter()
                .for_each(|host| self.tell(|own| own.host(host))),
            ("groups", Ok(groups)) => groups
                .iter()
                .for_each(|group| self.tell(|own| own.group(group))),
            ("defaults", Ok(entries)) => self.tell(|own| own.defaults(entries)),
            (_, Err(problem)) if known => self.findings.error(problem),
            _ => {
                let problem = unknown_key(entry, &TOP, source);
                self.findings.error(problem);
            }
        }
    }

    /// Does something and notes what is wrong.
    fn tell(&mut self, work: impl FnOnce(&mut Self) -> Result<(), Problem>) {
        if self.findings.is_full() {
            return;
        }
        if let Err(problem) = work(self) {
            self.findings.error(problem);
        }
    }

    fn defaults(&mut self, entries: &[Entry]) -> Result<(), Problem> {
        let mut common = Common::default();
        for entry in entries {
            if !self.common(entry, &mut common)? {
                let known = known(&[]);
                return Err(unknown_key(entry, &known, self.around.source));
            }
        }
        self.put_in_group(ALL_PLACE, common);
        Ok(())
    }

    fn host(&mut self, entry: &Entry) -> Result<(), Problem> {
        let source = self.around.source;
        let mut common = Common::default();
        let mut groups = Vec::new();
        let what = format!("the host `{}`", entry.key);
        for field in entries(&entry.value, &what, source)? {
            match field.key.as_str() {
                "address" => {
                    common.reach.address = Some(scalar(&field.value, "`address`", source)?);
                }
                "groups" => groups = self.group_places(&field.value)?,
                _ if self.common(field, &mut common)? => {}
                _ => return Err(unknown_key(field, &known(&["address", "groups"]), source)),
            }
        }
        for name in self.names(&entry.key, entry.key_span)? {
            let origin = origin(self.around.name, source, entry.key_span);
            let host = self.draft.host(&name, &origin)?;
            for group in &groups {
                host.join(*group);
            }
            host.reach.overlay(&common.reach);
            host.variables.extend(common.variables.clone());
            host.tags.extend(common.tags.iter().cloned());
        }
        Ok(())
    }

    fn group(&mut self, entry: &Entry) -> Result<(), Problem> {
        let source = self.around.source;
        let place = self.draft.define(
            &entry.key,
            &origin(self.around.name, source, entry.key_span),
        )?;
        let mut common = Common::default();
        let what = format!("the group `{}`", entry.key);
        for field in entries(&entry.value, &what, source)? {
            match field.key.as_str() {
                "hosts" => {
                    for (words, span) in texts(&field.value, "`hosts`", source)? {
                        self.members(&words, span, place)?;
                    }
                }
                "groups" => {
                    for child in self.group_places(&field.value)? {
                        self.draft.nest(place, child);
                    }
                }
                _ if self.common(field, &mut common)? => {}
                _ => return Err(unknown_key(field, &known(&["groups", "hosts"]), source)),
            }
        }
        self.put_in_group(place, common);
        Ok(())
    }

    fn members(&mut self, words: &str, span: Span, group: GroupPlace) -> Result<(), Problem> {
        let origin = origin(self.around.name, self.around.source, span);
        for word in split(words) {
            for name in self.names(word, span)? {
                self.draft.host(&name, &origin)?.join(group);
            }
        }
        Ok(())
    }

    fn put_in_group(&mut self, place: GroupPlace, common: Common) {
        let group = &mut self.draft.groups[place];
        group.reach.overlay(&common.reach);
        group.variables.extend(common.variables);
        group.tags.extend(common.tags);
    }

    fn group_places(&mut self, node: &Node) -> Result<Vec<GroupPlace>, Problem> {
        let source = self.around.source;
        let mut places = Vec::new();
        for (words, span) in texts(node, "`groups`", source)? {
            let origin = origin(self.around.name, source, span);
            for name in split(&words) {
                places.push(self.draft.group(name, &origin)?);
            }
        }
        Ok(places)
    }

    fn names(&self, text: &str, span: Span) -> Result<Vec<String>, Problem> {
        expand(text).map_err(|error| Problem::at(self.around.source, span, error.to_string()))
    }

    /// Reads a key that hosts, groups and defaults share; false if it is none.
    fn common(&self, entry: &Entry, common: &mut Common) -> Result<bool, Problem> {
        let source = self.around.source;
        match entry.key.as_str() {
            "variables" => {
                entries(&entry.value, "`variables`", source)?;
                if let Value::Object(map) = entry.value.to_value() {
                    common.variables.extend(map);
                }
            }
            "tags" => {
                for tag in entries(&entry.value, "`tags`", source)? {
                    let what = format!("the tag `{}`", tag.key);
                    let value = scalar(&tag.value, &what, source)?;
                    common.tags.push((tag.key.clone(), value));
                }
            }
            _ => return self.reach(entry, &mut common.reach),
        }
        Ok(true)
    }

    fn reach(&self, entry: &Entry, reach: &mut Reach) -> Result<bool, Problem> {
        let source = self.around.source;
        let (key, node) = (entry.key.as_str(), &entry.value);
        let what = format!("`{key}`");
        match key {
            "port" => {
                let port = match &node.kind {
                    NodeKind::Number(number) => {
                        number.as_u64().and_then(|port| u16::try_from(port).ok())
                    }
                    _ => None,
                };
                let port = port.filter(|port| *port > 0);
                reach.port = Some(port.ok_or_else(|| {
                    let given = text(&node.to_value());
                    let why = format!("`port` is `{given}`; expected a number from 1 to 65535");
                    Problem::at(source, node.span, why)
                })?);
            }
            "user" => reach.user = Some(scalar(node, &what, source)?),
            "agent" => reach.agent = Some(boolean(node, &what, source)?),
            "identities" => reach.identities = Some(self.files(node, &what)?),
            "certificates" => reach.certificates = Some(self.files(node, &what)?),
            "passphrase" => reach.passphrase = Some(self.secret(node, &what)?),
            "password" => reach.password = Some(self.secret(node, &what)?),
            "jump" => {
                let mut jumps = Vec::new();
                for (words, span) in texts(node, &what, source)? {
                    jumps.extend(
                        Jump::parse_list(&words).map_err(|why| Problem::at(source, span, why))?,
                    );
                }
                reach.jumps = Some(jumps);
            }
            "host-keys" => self.host_keys(node, reach)?,
            "sudo" => self.sudo(node, reach)?,
            "limits" => self.limits(node, reach)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn files(&self, node: &Node, what: &str) -> Result<Vec<std::path::PathBuf>, Problem> {
        let texts = texts(node, what, self.around.source)?.into_iter();
        Ok(texts
            .map(|(text, _)| file(&text, self.around.folder, self.around.home))
            .collect())
    }

    /// Reads `{secret: NAME}`. A text would be the password itself.
    fn secret(&self, node: &Node, what: &str) -> Result<String, Problem> {
        let source = self.around.source;
        let refused = || {
            Problem::at(source, node.span, format!("{what} must name a secret")).hint(
                "keep the password with `oos secret set NAME` and write `{secret: NAME}`; it does \
                 not belong into an inventory",
            )
        };
        let NodeKind::Map(fields) = &node.kind else {
            return Err(refused());
        };
        match fields.as_slice() {
            [field] if field.key == "secret" => scalar(&field.value, "`secret`", source),
            [field] => Err(unknown_key(field, &["secret"], source)),
            _ => Err(refused()),
        }
    }

    fn host_keys(&self, node: &Node, reach: &mut Reach) -> Result<(), Problem> {
        let source = self.around.source;
        for field in entries(node, "`host-keys`", source)? {
            match field.key.as_str() {
                "files" => reach.known_hosts = Some(self.files(&field.value, "`files`")?),
                "alias" => reach.key_alias = Some(scalar(&field.value, "`alias`", source)?),
                "unknown" => {
                    reach.unknown_keys =
                        Some(match scalar(&field.value, "`unknown`", source)?.as_str() {
                            "refuse" => HostKeyPolicy::Refuse,
                            "accept-new" => HostKeyPolicy::AcceptNew,
                            other => {
                                let why = format!(
                                    "`unknown` is `{other}`; expected `refuse` or `accept-new`"
                                );
                                return Err(Problem::at(source, field.value.span, why)
                                    .hint("a key that has changed is refused always"));
                            }
                        });
                }
                _ => return Err(unknown_key(field, &["alias", "files", "unknown"], source)),
            }
        }
        Ok(())
    }

    /// Reads `true`, `false`, a user, or `{user: …, password: {secret: …}}`.
    fn sudo(&self, node: &Node, reach: &mut Reach) -> Result<(), Problem> {
        let source = self.around.source;
        match &node.kind {
            NodeKind::Bool(truth) => reach.sudo = Some(*truth),
            NodeKind::Map(fields) => {
                reach.sudo = Some(true);
                for field in fields {
                    let what = format!("`{}`", field.key);
                    match field.key.as_str() {
                        "user" => reach.sudo_user = Some(scalar(&field.value, &what, source)?),
                        "password" => {
                            reach.sudo_password = Some(self.secret(&field.value, &what)?);
                        }
                        _ => return Err(unknown_key(field, &["password", "user"], source)),
                    }
                }
            }
            _ => {
                reach.sudo = Some(true);
                reach.sudo_user = Some(scalar(node, "`sudo`", source)?);
            }
        }
        Ok(())
    }

    fn limits(&self, node: &Node, reach: &mut Reach) -> Result<(), Problem> {
        let source = self.around.source;
        for field in entries(node, "`limits`", source)? {
            let place = match field.key.as_str() {
                "connect" => &mut reach.connect,
                "first-byte" => &mut reach.first_byte,
                "idle" => &mut reach.idle,
                "keep-alive" => &mut reach.keep_alive,
                _ => {
                    let known = ["connect", "first-byte", "idle", "keep-alive"];
                    return Err(unknown_key(field, &known, source));
                }
            };
            let given = text(&field.value.to_value());
            let duration = read_duration(&given).ok_or_else(|| {
                let why = format!("`{}` is `{given}`, which is no time", field.key);
                Problem::at(source, field.value.span, why).hint("write `15s` or `2m`")
            })?;
            *place = Some(duration);
        }
        Ok(())
    }
}

/// Reads a time such as `15s`; longer than nothing.
fn read_duration(text: &str) -> Option<Duration> {
    let duration: SignedDuration = text.parse().ok()?;
    let duration = Duration::try_from(duration).ok()?;
    (!duration.is_zero()).then_some(duration)
}

fn known<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut known: Vec<&str> = REACH.to_vec();
    known.extend(["tags", "variables"]);
    known.extend(more);
    known.sort_unstable();
    known
}

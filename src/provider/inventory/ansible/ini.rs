//! INI inventories: `[group]`, `[group:children]`, `[group:vars]`, hosts with ranges and variables.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::base::value::{Map, Value};
use crate::provider::inventory::ansible::literal;
use crate::provider::inventory::ansible::shell;
use crate::provider::inventory::draft::{Draft, GroupPlace, UNGROUPED_PLACE};
use crate::provider::inventory::jump::port_number;
use crate::provider::inventory::problem::{Findings, Origin, Problem};
use crate::provider::inventory::range::{Notation, expand_as};

/// The variable that says which group goes before which.
const PRIORITY: &str = "ansible_group_priority";

/// What the lines of a section are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Hosts,
    Children,
    Variables,
}

/// Reads a text into the draft.
pub(in crate::provider::inventory) fn read(
    name: &Arc<str>,
    text: &str,
    draft: &mut Draft,
    findings: &mut Findings,
) {
    let mut reader = Reader {
        draft,
        group: UNGROUPED_PLACE,
        section: Section::Hosts,
        declared: IndexMap::new(),
        origin: Origin {
            source: Arc::clone(name),
            line: 0,
        },
    };
    for line in text.lines() {
        reader.origin.line += 1;
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Err(problem) = reader.line(line) {
            findings.error(problem);
        }
        if findings.is_full() {
            return;
        }
    }
    reader.check_declared(findings);
}

struct Reader<'a> {
    draft: &'a mut Draft,
    group: GroupPlace,
    section: Section,
    /// Groups that were only mentioned, with how and where.
    declared: IndexMap<String, (Section, Origin)>,
    origin: Origin,
}

impl Reader<'_> {
    fn line(&mut self, line: &str) -> Result<(), Problem> {
        if line.starts_with('[')
            && let Some((name, kind)) = heading(line)
        {
            return self.heading(name, kind);
        }
        if line.starts_with('[') && line.ends_with(']') {
            return Err(self
                .wrong("the line is no heading")
                .hint("write `[group]`, `[group:children]` or `[group:vars]`, without blanks"));
        }
        match self.section {
            Section::Hosts => self.host(line),
            Section::Variables => self.variable(line),
            Section::Children => self.child(line),
        }
    }

    fn wrong(&self, why: impl Into<String>) -> Problem {
        Problem::new(&self.origin, why)
    }

    fn unclosed(&self, line: &str) -> Problem {
        let word = shell::unclosed(line, true).unwrap_or_default();
        self.wrong(match word.split_once('=') {
            Some((key, _)) => format!("the value of `{key}` has a quote that is not closed"),
            None => "the line has a quote that is not closed".to_owned(),
        })
    }

    fn heading(&mut self, name: &str, kind: Option<&str>) -> Result<(), Problem> {
        self.section = match kind {
            None | Some("hosts") => Section::Hosts,
            Some("children") => Section::Children,
            Some("vars") => Section::Variables,
            Some(other) => {
                return Err(self
                    .wrong(format!("`[{name}:{other}]` is no section"))
                    .hint("expected `hosts`, `children` or `vars` behind the colon"));
            }
        };
        let is_known = self.draft.groups.contains_key(name);
        self.group = self.draft.define(name, &self.origin)?;
        if self.section == Section::Variables {
            if !is_known {
                let mention = (Section::Variables, self.origin.clone());
                self.declared.entry(name.to_owned()).or_insert(mention);
            }
        } else {
            self.declared.shift_remove(name);
        }
        Ok(())
    }

    fn host(&mut self, line: &str) -> Result<(), Problem> {
        // Values may be passwords: no message repeats one.
        let words = shell::split(line, true).ok_or_else(|| self.unclosed(line))?;
        let Some((pattern, assignments)) = words.split_first() else {
            return Ok(());
        };
        if let Some((key, _)) = pattern.split_once('=') {
            return Err(self.wrong(format!("expected a host, found a value of `{key}`")));
        }
        let mut variables = Map::new();
        let mut before = pattern.as_str();
        for assignment in assignments {
            let (key, value) = assignment.split_once('=').ok_or_else(|| {
                self.wrong(format!("expected `key=value` behind `{before}`"))
                    .hint("put quotes around a value with blanks")
            })?;
            before = key;
            variables.insert(key.to_owned(), literal::value(value));
        }
        let (names, port) = hosts(pattern).map_err(|why| self.wrong(why))?;
        for name in names {
            add_host(self.draft, &name, port, self.group, &self.origin)?.extend(variables.clone());
        }
        Ok(())
    }

    fn variable(&mut self, line: &str) -> Result<(), Problem> {
        let (key, value) = line
            .split_once('=')
            .ok_or_else(|| self.wrong("expected `key=value`"))?;
        let value = literal::value(value.trim());
        set_group_variable(self.draft, self.group, key.trim(), value).map_err(|why| self.wrong(why))
    }

    fn child(&mut self, line: &str) -> Result<(), Problem> {
        let name = line.split('#').next().unwrap_or_default().trim();
        if name.is_empty() || name.contains([':', ']', '=']) || name.contains(char::is_whitespace) {
            return Err(self.wrong("expected the name of a group and nothing else"));
        }
        if !self.draft.groups.contains_key(name) {
            let mention = (Section::Children, self.origin.clone());
            self.declared.entry(name.to_owned()).or_insert(mention);
        }
        let child = self.draft.group(name, &self.origin)?;
        self.draft.nest(self.group, child);
        Ok(())
    }

    /// A group that is only mentioned is misspelt.
    fn check_declared(&mut self, findings: &mut Findings) {
        for (name, (section, origin)) in &self.declared {
            // What is reported here is not to be reported once more at the end.
            if let Some(group) = self.draft.groups.get_mut(name) {
                group.is_defined = true;
            }
            let why = match section {
                Section::Variables => format!("`[{name}:vars]` has no group `[{name}]`"),
                _ => format!("the group `{name}` is not defined"),
            };
            let known = self.draft.groups.keys().map(String::as_str);
            let known = known.filter(|have| !self.declared.contains_key(*have));
            let near = crate::base::name::nearest(name, known);
            findings.error(Problem::new(origin, why).suggest(near));
        }
    }
}

/// Reads `[name]` or `[name:kind]`, maybe with a remark behind it.
fn heading(line: &str) -> Option<(&str, Option<&str>)> {
    let (inner, behind) = line.strip_prefix('[')?.split_once(']')?;
    let behind = behind.trim_start();
    if !(behind.is_empty() || behind.starts_with('#')) {
        return None;
    }
    let (name, kind) = match inner.split_once(':') {
        Some((name, kind)) => (name, Some(kind)),
        None => (inner, None),
    };
    let is_word =
        |kind: &str| !kind.is_empty() && kind.chars().all(|c| c.is_alphanumeric() || c == '_');
    let is_sound = !name.is_empty() && !name.contains(char::is_whitespace);
    (is_sound && kind.is_none_or(is_word)).then_some((name, kind))
}

/// Returns the hosts that a pattern stands for, and the port behind it.
pub(in crate::provider::inventory) fn hosts(
    pattern: &str,
) -> Result<(Vec<String>, Option<u16>), String> {
    if pattern == "---" {
        return Err("`---` begins a YAML file, but this one is read as INI".to_owned());
    }
    let (pattern, port) = split_port(pattern)?;
    let names = if pattern.contains('[') {
        expand_as(pattern, Notation::Ansible).map_err(|error| error.to_string())?
    } else {
        vec![pattern.to_owned()]
    };
    Ok((names, port))
}

/// Splits `host:port`. Colons in brackets belong to ranges, more than one to an IPv6 address.
fn split_port(pattern: &str) -> Result<(&str, Option<u16>), String> {
    let read = |text: &str| {
        port_number(text).ok_or_else(|| format!("`{pattern}` has no port behind the colon"))
    };
    if let Some((inner, behind)) = pattern.strip_prefix('[').and_then(|p| p.split_once("]:"))
        && behind.bytes().all(|byte| byte.is_ascii_digit())
        && inner.contains("::") | (inner.matches(':').count() > 2)
    {
        return Ok((inner, Some(read(behind)?)));
    }
    let mut depth = 0_usize;
    let mut colons = pattern.char_indices().filter(|(_, letter)| {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        *letter == ':' && depth == 0
    });
    match (colons.next(), colons.next()) {
        (Some((at, _)), None) => Ok((&pattern[..at], Some(read(&pattern[at + 1..])?))),
        _ => Ok((pattern, None)),
    }
}

/// Adds a host to a group and returns its variables. The port behind its name counts where the host
/// is new.
pub(super) fn add_host<'d>(
    draft: &'d mut Draft,
    name: &str,
    port: Option<u16>,
    group: GroupPlace,
    origin: &Origin,
) -> Result<&'d mut Map, Problem> {
    let is_new = !draft.hosts.contains_key(name);
    let host = draft.host(name, origin)?;
    host.join(group);
    if let Some(port) = port.filter(|_| is_new) {
        host.variables
            .insert("ansible_port".to_owned(), port.into());
    }
    Ok(&mut host.variables)
}

/// Gives a group a variable, or its priority.
pub(super) fn set_group_variable(
    draft: &mut Draft,
    group: GroupPlace,
    key: &str,
    value: Value,
) -> Result<(), String> {
    let group = &mut draft.groups[group];
    if key != PRIORITY {
        group.variables.insert(key.to_owned(), value);
        return Ok(());
    }
    let text = crate::base::value::text(&value);
    group.priority = text
        .trim()
        .parse()
        .map_err(|_| format!("`{PRIORITY}` is `{text}`; expected a whole number"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_stands_behind_the_only_colon_outside_of_brackets() {
        #[track_caller]
        fn case(pattern: &str, expected: &[&str], port: Option<u16>) {
            let (names, found) = hosts(pattern).unwrap();
            assert_eq!(
                (
                    names
                        .iter()
                        .map(String::as_str)
                        .collect::<Vec<_>>()
                        .as_slice(),
                    found
                ),
                (expected, port)
            );
        }
        case("web", &["web"], None);
        case("web:2222", &["web"], Some(2222));
        case("w[1:2]", &["w1", "w2"], None);
        case("w[1:2]:22", &["w1", "w2"], Some(22));
        case("2001:db8::1", &["2001:db8::1"], None);
        case("[2001:db8::1]:22", &["2001:db8::1"], Some(22));
        for pattern in ["web:", "web:x", "web:70000", "---", "w[1:"] {
            hosts(pattern).unwrap_err();
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let text = "web1 a\n[web:kids]\n[x:vars]\na=1\n[web]\n[web:children]\ndbb\n[db]\n[a b]\n\
                    [web:vars]\nnothing\n";
        let mut findings = Findings::default();
        read(&"hosts".into(), text, &mut Draft::default(), &mut findings);
        let lines: Vec<String> = findings.errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "hosts:1: expected `key=value` behind `web1` (put quotes around a value with blanks)",
                "hosts:2: `[web:kids]` is no section (expected `hosts`, `children` or `vars` behind the colon)",
                "hosts:9: the line is no heading (write `[group]`, `[group:children]` or `[group:vars]`, without blanks)",
                "hosts:11: expected `key=value`",
                "hosts:3: `[x:vars]` has no group `[x]`",
                "hosts:7: the group `dbb` is not defined (did you mean `db`?)",
            ]
        );
    }
}

//! An inventory while it is read: hosts and groups with what each source says of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::base::value::Map;
use crate::provider::inventory::host::{ALL, UNGROUPED};
use crate::provider::inventory::problem::{Origin, Problem};
use crate::provider::inventory::reach::Reach;

/// The most hosts of an inventory.
const MOST_HOSTS: usize = 1_000_000;

/// How often hosts are named at most, the same ones included: a range in a few letters names a million, and
/// a line can be repeated.
const MOST_NAMED: usize = 10 * MOST_HOSTS;

/// The most groups of an inventory.
const MOST_GROUPS: usize = 100_000;

/// The longest name of a host or a group, in bytes: that of a name in the DNS.
const LONGEST_NAME: usize = 255;

/// The place of a group in the draft.
pub(super) type GroupPlace = usize;

/// The group of all hosts.
pub(super) const ALL_PLACE: GroupPlace = 0;

/// The group of hosts that are in no other.
pub(super) const UNGROUPED_PLACE: GroupPlace = 1;

/// What was read so far.
#[derive(Debug)]
pub(super) struct Draft {
    /// Hosts by name, in the order in which they are named first.
    pub(super) hosts: IndexMap<String, DraftHost>,
    /// Groups by name; `all` and `ungrouped` are always there.
    pub(super) groups: IndexMap<String, DraftGroup>,
    /// Folders that may hold `group_vars` and `host_vars`, in the order of the sources.
    pub(super) folders: Vec<PathBuf>,
    /// How often hosts were named.
    named: usize,
}

/// A host.
#[derive(Debug)]
pub(super) struct DraftHost {
    /// Where it was named first.
    pub(super) origin: Origin,
    /// The groups that name it.
    pub(super) groups: Vec<GroupPlace>,
    /// Its variables.
    pub(super) variables: Map,
    /// Its tags.
    pub(super) tags: BTreeMap<String, String>,
    /// How it is reached.
    pub(super) reach: Reach,
}

/// A group.
#[derive(Debug)]
pub(super) struct DraftGroup {
    /// Where it was named first.
    pub(super) origin: Origin,
    /// Whether some source says what it is, and not only that it is in another group.
    pub(super) is_defined: bool,
    /// The groups in it.
    pub(super) children: Vec<GroupPlace>,
    /// Which group goes before which at the same depth; Ansible's `ansible_group_priority`.
    pub(super) priority: i64,
    /// Its variables.
    pub(super) variables: Map,
    /// Its tags.
    pub(super) tags: BTreeMap<String, String>,
    /// How its hosts are reached.
    pub(super) reach: Reach,
}

impl DraftGroup {
    fn new(origin: Origin) -> Self {
        Self {
            origin,
            is_defined: false,
            children: Vec::new(),
            priority: 1,
            variables: Map::new(),
            tags: BTreeMap::new(),
            reach: Reach::default(),
        }
    }
}

impl Default for Draft {
    fn default() -> Self {
        let nowhere = Origin {
            source: Arc::from("the inventory"),
            line: 0,
        };
        let builtin = [ALL, UNGROUPED].map(|name| {
            let mut group = DraftGroup::new(nowhere.clone());
            group.is_defined = true;
            (name.to_owned(), group)
        });
        Self {
            hosts: IndexMap::new(),
            groups: IndexMap::from(builtin),
            folders: Vec::new(),
            named: 0,
        }
    }
}

impl Draft {
    /// Returns the host `name`, made if it is new.
    pub(super) fn host(&mut self, name: &str, origin: &Origin) -> Result<&mut DraftHost, Problem> {
        self.named += 1;
        if self.named > MOST_NAMED {
            let why = format!("hosts are named more than {MOST_NAMED} times altogether");
            return Err(Problem::new(origin, why));
        }
        if !self.hosts.contains_key(name) {
            check_name("host", name).map_err(|why| Problem::new(origin, why))?;
            if name == ALL {
                let why = "a host cannot be called `all`, which is the word for every host";
                return Err(Problem::new(origin, why));
            }
            if self.hosts.len() == MOST_HOSTS {
                let why = format!("the inventory has more than {MOST_HOSTS} hosts");
                return Err(Problem::new(origin, why));
            }
        }
        Ok(self
            .hosts
            .entry(name.to_owned())
            .or_insert_with(|| DraftHost {
                origin: origin.clone(),
                groups: Vec::new(),
                variables: Map::new(),
                tags: BTreeMap::new(),
                reach: Reach::default(),
            }))
    }

    /// Returns the place of the group `name`, made if it is new.
    pub(super) fn group(&mut self, name: &str, origin: &Origin) -> Result<GroupPlace, Problem> {
        if let Some(place) = self.groups.get_index_of(name) {
            return Ok(place);
        }
        check_name("group", name).map_err(|why| Problem::new(origin, why))?;
        if self.groups.len() == MOST_GROUPS {
            let why = format!("the inventory has more than {MOST_GROUPS} groups");
            return Err(Problem::new(origin, why));
        }
        let (place, _) = self
            .groups
            .insert_full(name.to_owned(), DraftGroup::new(origin.clone()));
        Ok(place)
    }

    /// Returns the place of the group `name`, which the source defines.
    pub(super) fn define(&mut self, name: &str, origin: &Origin) -> Result<GroupPlace, Problem> {
        let place = self.group(name, origin)?;
        self.groups[place].is_defined = true;
        Ok(place)
    }

    /// Puts a group into another.
    pub(super) fn nest(&mut self, parent: GroupPlace, child: GroupPlace) {
        let children = &mut self.groups[parent].children;
        if !children.contains(&child) {
            children.push(child);
        }
    }
}

impl DraftHost {
    /// Puts the host into a group.
    pub(super) fn join(&mut self, group: GroupPlace) {
        if !self.groups.contains(&group) {
            self.groups.push(group);
        }
    }
}

/// Says why `name` cannot be the name of a host or group. Names become ids, words and file names, so
/// what has a meaning there is kept out.
fn check_name(kind: &str, name: &str) -> Result<(), String> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ':' | '%' | '+');
    let problem = if name.is_empty() {
        "it is empty".to_owned()
    } else if name.len() > LONGEST_NAME {
        format!("it has more than {LONGEST_NAME} bytes")
    } else if let Some(odd) = name.chars().find(|c| !is_plain(*c)) {
        format!("it holds {odd:?}; letters, digits and `.`, `_`, `-`, `:`, `%`, `+` are fine")
    } else if name.starts_with(['-', '.']) {
        "it begins with a dash or a dot".to_owned()
    } else if name.starts_with("tag:") || name.starts_with("file:") {
        "it begins like a target word".to_owned()
    } else {
        return Ok(());
    };
    let shown: String = name.chars().take(64).collect();
    Err(format!(
        "`{}` cannot be the name of a {kind}: {problem}",
        shown.escape_debug()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_named_so_many_times_and_no_more() {
        let origin = Origin {
            source: Arc::from("hosts.ini"),
            line: 3,
        };
        let mut draft = Draft {
            named: MOST_NAMED - 2,
            ..Draft::default()
        };
        for _ in 0..2 {
            draft.host("web", &origin).unwrap();
        }
        let problem = draft.host("web", &origin).unwrap_err();
        assert!(problem.to_string().contains("10000000 times"), "{problem}");
        assert_eq!(draft.hosts.len(), 1);
    }
}

//! Hosts and the whole of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::base::value::{Map, Value};
use crate::provider::inventory::lineage::Lineage;
use crate::provider::ssh::Endpoint;

/// The group that every host is in.
pub(super) const ALL: &str = "all";

/// The group of hosts that are in no other.
pub(super) const UNGROUPED: &str = "ungrouped";

/// One host.
#[derive(Clone, PartialEq, Debug)]
pub struct Host {
    /// Its name in the inventory; the id of the managed instance that it is.
    pub name: String,
    /// Where it was named first: a source, and a line where it has lines. Empty if it is in none.
    pub named: String,
    /// What it has from its groups; shared by all hosts of the same groups.
    pub lineage: Arc<Lineage>,
    /// Its tags, those of its groups merged in.
    pub tags: Arc<BTreeMap<String, String>>,
    /// The variables that were given to itself.
    pub own: Map,
    /// How it is reached.
    pub endpoint: Endpoint,
}

impl Host {
    /// Makes a host without groups, tags and variables.
    pub fn new(name: impl Into<String>, endpoint: Endpoint) -> Self {
        Self {
            name: name.into(),
            named: String::new(),
            lineage: Arc::default(),
            tags: Arc::default(),
            own: Map::new(),
            endpoint,
        }
    }

    /// Returns the groups that it is in, directly or through other groups, without `all`: the
    /// outermost first.
    pub fn groups(&self) -> &[Arc<str>] {
        &self.lineage.groups
    }

    /// Tells whether it is in a group.
    pub fn is_in(&self, group: &str) -> bool {
        group == ALL || self.groups().iter().any(|have| **have == *group)
    }

    /// Returns a variable: its own, or one of its groups.
    pub fn variable(&self, name: &str) -> Option<&Value> {
        self.own
            .get(name)
            .or_else(|| self.lineage.variables.get(name))
    }

    /// Returns all of its variables, those of its groups merged in, sorted by name.
    pub fn variables(&self) -> Map {
        let mut merged: BTreeMap<&String, &Value> = self.lineage.variables.iter().collect();
        merged.extend(&self.own);
        merged
            .into_iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

/// All hosts, in the order in which the sources name them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Inventory {
    hosts: IndexMap<String, Arc<Host>>,
    /// Places in `hosts`, ascending, by group.
    groups: BTreeMap<Arc<str>, Vec<u32>>,
}

impl Inventory {
    /// Makes an inventory; a later host of the same name replaces an earlier one.
    pub fn new(hosts: impl IntoIterator<Item = Host>) -> Self {
        Self::with_groups(hosts, std::iter::empty())
    }

    /// Makes an inventory that knows `groups` even if no host is in them.
    pub fn with_groups(
        hosts: impl IntoIterator<Item = Host>,
        groups: impl IntoIterator<Item = Arc<str>>,
    ) -> Self {
        let named = hosts
            .into_iter()
            .map(|host| (host.name.clone(), Arc::new(host)));
        let hosts: IndexMap<String, Arc<Host>> = named.collect();
        let mut members: BTreeMap<Arc<str>, Vec<u32>> =
            groups.into_iter().map(|name| (name, Vec::new())).collect();
        for (place, host) in (0_u32..).zip(hosts.values()) {
            for group in host.groups() {
                match members.get_mut(group) {
                    Some(places) => places.push(place),
                    None => drop(members.insert(Arc::clone(group), vec![place])),
                }
            }
        }
        Self {
            hosts,
            groups: members,
        }
    }

    /// Returns the same inventory with other states of some of its hosts, whose groups stay as they are.
    #[must_use]
    pub fn with(&self, hosts: impl IntoIterator<Item = Arc<Host>>) -> Self {
        let mut changed = self.clone();
        for host in hosts {
            if let Some(known) = changed.hosts.get_mut(&host.name) {
                *known = host;
            }
        }
        changed
    }

    /// Returns a host by its name.
    pub fn host(&self, name: &str) -> Option<&Arc<Host>> {
        self.hosts.get(name)
    }

    /// Returns all hosts.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &Arc<Host>> {
        self.hosts.values()
    }

    /// Tells whether there is no host.
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    /// Returns the names of all groups but `all`, sorted.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(AsRef::as_ref)
    }

    /// Returns the places of the hosts of a group, ascending; `None` if there is no such group.
    pub(super) fn members(&self, group: &str) -> Option<&[u32]> {
        self.groups.get(group).map(Vec::as_slice)
    }

    /// Returns the place of a host.
    pub(super) fn place(&self, name: &str) -> Option<u32> {
        let place = self.hosts.get_index_of(name)?;
        u32::try_from(place).ok()
    }

    /// Returns the host at a place that this inventory gave.
    pub(super) fn at(&self, place: u32) -> &Arc<Host> {
        &self.hosts[place as usize]
    }
}

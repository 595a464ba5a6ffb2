//! Hosts and the whole of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::base::value::Map;
use crate::provider::ssh::Endpoint;

/// One host.
#[derive(Clone, PartialEq, Debug)]
pub struct Host {
    /// Its name in the inventory; the id of the managed instance that it is.
    pub name: String,
    /// The groups that it is in, directly or through other groups, sorted.
    pub groups: Vec<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its variables, those of its groups merged in.
    pub variables: Map,
    /// How it is reached.
    pub endpoint: Endpoint,
}

/// All hosts, in the order in which the sources name them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Inventory {
    hosts: IndexMap<String, Arc<Host>>,
}

impl Inventory {
    /// Makes an inventory; a later host of the same name replaces an earlier one.
    pub fn new(hosts: impl IntoIterator<Item = Host>) -> Self {
        let hosts = hosts.into_iter();
        let named = hosts.map(|host| (host.name.clone(), Arc::new(host)));
        Self {
            hosts: named.collect(),
        }
    }

    /// Returns a host by its name.
    pub fn host(&self, name: &str) -> Option<&Arc<Host>> {
        self.hosts.get(name)
    }

    /// Returns all hosts.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &Arc<Host>> {
        self.hosts.values()
    }
}

//! Tags that runs give to hosts. An inventory is never written from here, so they are kept beside it and put
//! over its tags wherever hosts are looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::call::{ApiError, CallFault};
use crate::base::records::{RecordChange, RecordQuery, Records};
use crate::provider::inventory::{Host, Inventory};
use crate::provider::local::fault;
use crate::provider::local::state::{Entity, State, Stored};
use crate::provider::local::tag::{TagChange, Tags};

/// The tags that runs gave to one host.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct HostTags {
    host: String,
    tags: Tags,
}

impl Entity for HostTags {
    const KIND: &'static str = "host-tags";

    fn id(&self) -> &str {
        &self.host
    }

    fn tags(&self) -> Option<&Tags> {
        Some(&self.tags)
    }
}

/// The tags that runs gave to hosts, by host. They go before those of the inventory.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RunTags(BTreeMap<String, BTreeMap<String, String>>);

impl RunTags {
    /// Reads all of them.
    pub fn read(records: Arc<dyn Records>) -> Result<Self, CallFault> {
        Self::select(&State::new(records), &RecordQuery::default())
    }

    /// Reads those of some hosts.
    pub(super) fn of_hosts(state: &State, ids: &[String]) -> Result<Self, CallFault> {
        let query = RecordQuery {
            ids: Some(ids.to_vec()),
            tags: Vec::new(),
        };
        Self::select(state, &query)
    }

    pub(super) fn all(state: &State) -> Result<Self, CallFault> {
        Self::select(state, &RecordQuery::default())
    }

    fn select(state: &State, query: &RecordQuery) -> Result<Self, CallFault> {
        let stored = state.list::<HostTags>(query).into_inner()?.into_iter();
        let named = stored.map(|stored| (stored.value.host, stored.value.tags.into_map()));
        Ok(Self(named.collect()))
    }

    /// Returns those of a host.
    pub fn of(&self, host: &str) -> Option<&BTreeMap<String, String>> {
        self.0.get(host)
    }

    /// Puts them over those of a host.
    pub(super) fn put_on(&self, host: &Arc<Host>) -> Arc<Host> {
        let Some(given) = self.of(&host.name) else {
            return Arc::clone(host);
        };
        let mut tags = (*host.tags).clone();
        tags.extend(given.clone());
        Arc::new(Host {
            tags: Arc::new(tags),
            ..(**host).clone()
        })
    }

    /// Puts them over those of an inventory. Of hosts that are no longer in it there is nothing.
    #[must_use]
    pub fn over(&self, inventory: &Arc<Inventory>) -> Arc<Inventory> {
        if self.0.is_empty() {
            return Arc::clone(inventory);
        }
        let hosts = self.0.keys().filter_map(|name| inventory.host(name));
        let tagged: Vec<Arc<Host>> = hosts.map(|host| self.put_on(host)).collect();
        Arc::new(inventory.with(tagged))
    }
}

/// Returns the change that gives a host other tags. What the inventory gives can be given another value,
/// but not be taken away.
pub(super) fn change(
    state: &State,
    host: &Host,
    change: &TagChange,
) -> Result<RecordChange, CallFault> {
    let stored = state.get::<HostTags>(&host.name).into_inner()?;
    let mut stored = stored.unwrap_or_else(|| {
        Stored::new(HostTags {
            host: host.name.clone(),
            tags: Tags::default(),
        })
    });
    if let TagChange::Remove(keys) = change {
        let is_meant = |key: &&String| keys.as_ref().is_none_or(|keys| keys.contains(key));
        if let Some(key) = host.tags.keys().find(is_meant) {
            return Err(of_inventory(host, key).into());
        }
    }
    let own = &mut stored.value.tags;
    change.apply(own)?;
    own.drop_those_in(&host.tags);
    Ok(if own.is_empty() {
        stored.delete()
    } else {
        stored.put()
    })
}

fn of_inventory(host: &Host, key: &str) -> ApiError {
    ApiError::new(
        fault::OF_HOST,
        format!(
            "the tag `{key}` of the host `{}` is given by the inventory, which is not written from here; \
             take it out there (`oos host show {}` says where)",
            host.name, host.name
        ),
    )
}

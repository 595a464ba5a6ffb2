//! The cloud as the API families see it: what is remembered, what is real, and finding both.

use std::sync::Arc;

use crate::base::call::{ApiError, CallFault};
use crate::base::records::{RecordChange, Records};
use crate::base::value::Map;
use crate::provider::inventory::{Host, Inventory};
use crate::provider::local::driver::{Driver, DriverError};
use crate::provider::local::fault;
use crate::provider::local::host_tag::RunTags;
use crate::provider::local::image::{HOST_IMAGE, Image};
use crate::provider::local::instance::{Instance, Power};
use crate::provider::local::machine::Machine;
use crate::provider::local::release::Releases;
use crate::provider::local::request::Request;
use crate::provider::local::state::{Entity, State, Stored};

/// An ECS-shaped cloud on this machine, and the hosts of an inventory.
#[derive(Clone, Debug)]
pub struct LocalCloud {
    pub(super) state: State,
    pub(super) driver: Arc<dyn Driver>,
    pub(super) inventory: Arc<Inventory>,
    pub(super) releases: Arc<Releases>,
    pub(super) account: String,
    pub(super) region: String,
}

/// What an API answers, and what is to be written before it does.
#[derive(Debug, Default)]
pub(super) struct Reply {
    /// The answer without its `RequestId`.
    pub(super) answer: Map,
    /// The changes, all or none.
    pub(super) changes: Vec<RecordChange>,
}

impl From<Map> for Reply {
    fn from(answer: Map) -> Self {
        Self {
            answer,
            changes: Vec::new(),
        }
    }
}

impl LocalCloud {
    /// Makes a cloud over stored `records` and a `driver`; `account` and `region` are what its
    /// answers show.
    pub fn new(
        records: Arc<dyn Records>,
        driver: Arc<dyn Driver>,
        account: impl Into<String>,
        region: impl Into<String>,
    ) -> Self {
        Self {
            state: State::new(records),
            driver,
            inventory: Arc::default(),
            releases: Arc::default(),
            account: account.into(),
            region: region.into(),
        }
    }

    /// Shows the hosts of an inventory as instances, under their names.
    #[must_use]
    pub fn with_inventory(mut self, inventory: Arc<Inventory>) -> Self {
        self.inventory = inventory;
        self
    }

    /// Returns the hosts that it shows.
    pub fn inventory(&self) -> &Arc<Inventory> {
        &self.inventory
    }

    /// Waits until what has ended and is recorded is let go of: before the process ends.
    pub async fn settle(&self) {
        self.releases.settle().await;
    }

    /// Returns the host that an instance is, if it is one.
    pub(super) fn host(&self, id: &str) -> Option<&Arc<Host>> {
        self.inventory.host(id)
    }

    /// Returns the inventory with the tags that runs gave to its hosts.
    pub(super) fn tagged_inventory(&self) -> Result<Arc<Inventory>, CallFault> {
        if self.inventory.is_empty() {
            return Ok(Arc::clone(&self.inventory));
        }
        Ok(RunTags::all(&self.state)?.over(&self.inventory))
    }

    /// Returns a machine that must exist: a host of the inventory, or an instance.
    pub(super) async fn machine(&self, id: &str) -> Result<Machine, CallFault> {
        if let Some(host) = self.inventory.host(id) {
            return Ok(Machine::Host(Arc::clone(host)));
        }
        let instance = self
            .state
            .get::<Instance>(id)
            .await?
            .ok_or_else(|| fault::no_instance(id))?
            .value;
        let power = self.power(&instance).await?;
        Ok(Machine::Instance(Box::new(instance), power))
    }

    /// Returns machines by id in the order of `ids`, or all of them: instances, oldest first, then
    /// hosts. Ids that nothing has are passed over.
    pub(super) async fn machines(
        &self,
        ids: Option<Vec<String>>,
        accepts: impl Fn(&Instance) -> bool,
        accepts_host: impl Fn(&Host) -> bool,
    ) -> Result<Vec<Machine>, CallFault> {
        let Some(ids) = ids else {
            let mut found = Vec::new();
            for stored in self.state.all::<Instance>().await? {
                if accepts(&stored.value) {
                    let power = self.power(&stored.value).await?;
                    found.push(Machine::Instance(Box::new(stored.value), power));
                }
            }
            let inventory = self.tagged_inventory()?;
            let hosts = inventory.hosts().filter(|host| accepts_host(host));
            found.extend(hosts.cloned().map(Machine::Host));
            return Ok(found);
        };
        self.machines_by_id(ids, accepts, accepts_host).await
    }

    async fn machines_by_id(
        &self,
        ids: Vec<String>,
        accepts: impl Fn(&Instance) -> bool,
        accepts_host: impl Fn(&Host) -> bool,
    ) -> Result<Vec<Machine>, CallFault> {
        let mut found = Vec::with_capacity(ids.len());
        let tags = if self.inventory.is_empty() {
            RunTags::default()
        } else {
            RunTags::of_hosts(&self.state, &ids)?
        };
        for id in ids {
            if let Some(host) = self.inventory.host(&id) {
                let host = tags.put_on(host);
                found.extend(accepts_host(&host).then_some(Machine::Host(host)));
                continue;
            }
            let Some(stored) = self.state.get::<Instance>(&id).await? else {
                continue;
            };
            if accepts(&stored.value) {
                let power = self.power(&stored.value).await?;
                found.push(Machine::Instance(Box::new(stored.value), power));
            }
        }
        Ok(found)
    }

    /// Returns an instance that must exist, for a call that is for instances only.
    pub(super) async fn instance(
        &self,
        request: &Request<'_>,
        id: &str,
    ) -> Result<Stored<Instance>, CallFault> {
        if self.inventory.host(id).is_some() {
            return Err(fault::is_host(&request.call.api, id).into());
        }
        self.state
            .get(id)
            .await?
            .ok_or_else(|| fault::no_instance(id).into())
    }

    /// Returns an image that must exist.
    pub(super) async fn image(&self, id: &str) -> Result<Stored<Image>, CallFault> {
        if id == HOST_IMAGE {
            return Ok(Stored::new(Image::host()));
        }
        self.state
            .get(id)
            .await?
            .ok_or_else(|| fault::no_image(id).into())
    }

    /// Returns whether an instance runs, by looking where it is meant to.
    pub(super) async fn power(&self, instance: &Instance) -> Result<Power, CallFault> {
        match instance.power {
            Power::Stopped => Ok(Power::Stopped),
            Power::Running => {
                let runs = match self.driver.is_running(&instance.id).await {
                    Ok(runs) => runs,
                    // Its files are gone; it can still be listed and deleted.
                    Err(DriverError::NotFound { .. }) => false,
                    Err(error) => return Err(fault::driver(error)),
                };
                Ok(if runs { Power::Running } else { Power::Stopped })
            }
        }
    }

    /// Returns the region that a call names, or the cloud's own.
    pub(super) fn region_of(&self, request: &Request<'_>) -> Result<String, ApiError> {
        Ok(request.text("RegionId")?.unwrap_or_else(|| {
            if request.call.region.is_empty() {
                self.region.clone()
            } else {
                request.call.region.clone()
            }
        }))
    }

    /// Returns documents by id in the order of `ids`, or all of them, oldest first.
    pub(super) async fn select<T: Entity>(
        &self,
        ids: Option<Vec<String>>,
    ) -> Result<Vec<Stored<T>>, CallFault> {
        match ids {
            None => self.state.all().await,
            Some(ids) => {
                let mut found = Vec::with_capacity(ids.len());
                for id in ids {
                    found.extend(self.state.get(&id).await?);
                }
                Ok(found)
            }
        }
    }
}

//! The hosts that a command works with.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use tokio::runtime::Builder;

use crate::cli::environment::variable;
use crate::cli::output::Output;
use crate::cli::report::Failure;
use crate::cli::workshop::open_store;
use crate::config::Settings;
use crate::engine::event::{InventorySources, Started};
use crate::provider::inventory::{
    Cache, Inventory, LoadOptions, Loaded, Problem, load, recall, recorded,
};
use crate::provider::local::RunTags;
use crate::runner::{Clock as _, SystemClock};
use crate::store::sqlite::{DATABASE_FILE, SqliteStore};

/// The folder in the data directory for what executables and servers said of hosts.
const CACHE_FOLDER: &str = "inventory";

/// The inventory of the settings, read.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    /// The hosts.
    pub(super) inventory: Arc<Inventory>,
    /// The tags that runs gave to them, which are over those of the sources.
    pub(super) run_tags: RunTags,
    warnings: Vec<Problem>,
}

impl Hosts {
    /// Reads the inventory; without one there are no hosts.
    pub(super) fn load(settings: &Settings) -> Result<Self, Failure> {
        if settings.inventories.is_empty() {
            return Ok(Self::default());
        }
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(Self::read(settings))
    }

    /// Reads the inventory, from inside of a runtime.
    pub(super) async fn read(settings: &Settings) -> Result<Self, Failure> {
        if settings.inventories.is_empty() {
            return Ok(Self::default());
        }
        let options = LoadOptions {
            home: variable("HOME").map(Into::into),
            cache: Some(Cache {
                folder: settings.data_dir.join(CACHE_FOLDER),
                max_age: settings.inventory_max_age,
                stale: settings.inventory_stale,
                now: SystemClock.now(),
            }),
        };
        let Loaded {
            inventory,
            warnings,
        } = load(&settings.inventories, &options)
            .await
            .map_err(Failure::usage)?;
        Ok(Self {
            inventory: Arc::new(inventory),
            run_tags: RunTags::default(),
            warnings,
        })
    }

    /// Reads the inventory, and the tags that runs gave to its hosts if there is a data directory.
    pub(super) fn load_tagged(settings: &Settings) -> Result<Self, Failure> {
        let hosts = Self::load(settings)?;
        if !settings.data_dir.join(DATABASE_FILE).exists() {
            return Ok(hosts);
        }
        hosts.tagged(open_store(settings)?)
    }

    /// Puts the tags that runs gave over those of the sources.
    pub(super) fn tagged(self, store: Arc<SqliteStore>) -> Result<Self, Failure> {
        if self.inventory.is_empty() {
            return Ok(self);
        }
        let run_tags = RunTags::read(store).map_err(Failure::internal)?;
        Ok(Self {
            inventory: run_tags.over(&self.inventory),
            run_tags,
            ..self
        })
    }

    /// Says what was passed over.
    pub(super) fn tell(&self, output: &mut Output) {
        for warning in &self.warnings {
            output.note(format_args!("warning: {warning}"));
        }
    }
}

/// Returns where the hosts of the settings are written down, as it is recorded with executions.
pub(super) fn record(settings: &Settings) -> Option<InventorySources> {
    let sources = &settings.inventories;
    (!sources.is_empty()).then(|| InventorySources {
        sources: sources.iter().map(|source| recorded(source)).collect(),
        max_age: settings.inventory_max_age.as_secs(),
        stale: settings.inventory_stale,
    })
}

/// Returns the settings for going on with an execution: with the inventory that it was started with,
/// unless the command line names one. `None` if nothing is to be changed.
pub(super) fn with_recorded(settings: &Settings, started: &Started) -> Option<Settings> {
    let inventory = started.inventory.as_ref()?;
    if settings.inventory_named {
        return None;
    }
    let sources = inventory.sources.iter();
    let max_age = settings.inventory_max_age;
    Some(Settings {
        inventories: sources
            .map(|source| recall(source, &settings.inventories))
            .collect(),
        inventory_max_age: max_age.max(Duration::from_secs(inventory.max_age)),
        inventory_stale: settings.inventory_stale || inventory.stale,
        ..settings.clone()
    })
}

/// Refuses to go on where no inventory is named.
pub(super) fn needs_inventory(settings: &Settings) -> Result<(), Failure> {
    if settings.inventories.is_empty() {
        return Err(Failure::usage(anyhow!("no inventory is named")).hinted(
            "Name one with `--inventory PATH`, `OOS_INVENTORY`, or `inventory` in the configuration \
             file.",
        ));
    }
    Ok(())
}

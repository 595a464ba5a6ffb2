//! Layers that may have lost their last user: noted in the write that let go of them and removed
//! afterwards, so that a crash in between leaves a note and not a forgotten file.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::base::call::CallFault;
use crate::base::records::RecordChange;
use crate::base::secret::Redactor;
use crate::provider::local::cloud::LocalCloud;
use crate::provider::local::driver::Layer;
use crate::provider::local::fault;
use crate::provider::local::image::Image;
use crate::provider::local::instance::Instance;
use crate::provider::local::snapshot::Snapshot;
use crate::provider::local::state::{Entity, Stored, WriteFault};

/// Layers to look at.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Garbage {
    id: String,
    layers: Vec<Layer>,
}

impl Entity for Garbage {
    const KIND: &'static str = "garbage";

    fn id(&self) -> &str {
        &self.id
    }
}

/// Returns the change that notes the `layers` which `owner` let go of.
pub(super) fn note(owner: &str, layers: Vec<Layer>) -> Option<RecordChange> {
    let id = owner.to_owned();
    (!layers.is_empty()).then(|| Stored::new(Garbage { id, layers }).put())
}

/// Removes every noted layer that nothing uses any more.
pub(super) async fn sweep(cloud: &LocalCloud) -> Result<(), CallFault> {
    let notes = cloud.state.all::<Garbage>().await?;
    if notes.is_empty() {
        return Ok(());
    }
    // What let go of the layers must not come back without them.
    cloud.state.make_durable()?;
    let used = used_layers(cloud).await?;
    for note in notes {
        for layer in &note.value.layers {
            if !used.contains(&layer.digest.to_string()) {
                cloud
                    .driver
                    .remove_layer(&layer.digest)
                    .await
                    .map_err(fault::driver)?;
            }
        }
        match cloud
            .state
            .write(vec![note.delete()], &Redactor::default())
            .await
        {
            // Another process swept the same note.
            Ok(()) | Err(WriteFault::Conflict) => {}
            Err(WriteFault::Fault(fault)) => return Err(fault),
        }
    }
    Ok(())
}

async fn used_layers(cloud: &LocalCloud) -> Result<BTreeSet<String>, CallFault> {
    let mut used = BTreeSet::new();
    let mut keep = |layers: &[Layer]| used.extend(layers.iter().map(|l| l.digest.to_string()));
    for image in cloud.state.all::<Image>().await? {
        keep(&image.value.layers);
    }
    for snapshot in cloud.state.all::<Snapshot>().await? {
        keep(&snapshot.value.stack());
    }
    for instance in cloud.state.all::<Instance>().await? {
        keep(&instance.value.layers);
    }
    Ok(used)
}

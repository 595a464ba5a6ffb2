//! Snapshots: what an instance had written over its image at one moment.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::time::{Timestamp, utc_text};
use crate::base::value::Value;
use crate::provider::local::driver::{Base, Layer};
use crate::provider::local::state::Entity;
use crate::provider::local::tag::Tags;

/// A snapshot of a system disk.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Snapshot {
    /// Its id.
    pub(super) id: String,
    /// Its name.
    pub(super) name: String,
    /// What it is for.
    pub(super) description: String,
    /// The disk.
    pub(super) disk: String,
    /// Size of the disk in GiB.
    pub(super) disk_size: u64,
    /// The instance of the disk.
    pub(super) instance: String,
    /// What the lowest layer of the instance's image stands on.
    pub(super) base: Base,
    /// The layers of the instance's image, lowest first.
    pub(super) image_layers: Vec<Layer>,
    /// What was written over the image.
    pub(super) layer: Layer,
    /// For how many days it is meant to be kept; shown, not enforced.
    pub(super) retention_days: Option<u64>,
    /// Since when it is there.
    pub(super) created: Timestamp,
    /// Its tags.
    pub(super) tags: Tags,
}

impl Entity for Snapshot {
    const KIND: &'static str = "snapshot";

    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> Option<&Tags> {
        Some(&self.tags)
    }
}

impl Snapshot {
    /// Returns the layers of an image made from it, lowest first.
    pub(super) fn stack(&self) -> Vec<Layer> {
        let mut layers = self.image_layers.clone();
        layers.push(self.layer.clone());
        layers
    }

    /// Returns the record that `DescribeSnapshots` shows.
    pub(super) fn describe(&self, is_used: bool) -> Value {
        json!({
            "SnapshotId": self.id,
            "SnapshotName": self.name,
            "Description": self.description,
            "SourceDiskId": self.disk,
            "SourceDiskSize": self.disk_size.to_string(),
            "SourceDiskType": "system",
            "InstanceId": self.instance,
            "Status": "accomplished",
            "Progress": "100%",
            "Available": true,
            "Encrypted": false,
            "Usage": if is_used { "image" } else { "none" },
            "SnapshotType": "user",
            "Category": "standard",
            "RetentionDays": self.retention_days,
            "RemainTime": 0,
            "SizeInBytes": self.layer.size,
            "CreationTime": utc_text(self.created),
            "LastModifiedTime": utc_text(self.created),
            "Tags": self.tags.answer(),
        })
    }
}

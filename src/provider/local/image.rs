//! Images: stacks of layers under a name. `host` is built in.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::time::Timestamp;
use crate::base::value::Value;
use crate::provider::local::answer::minute;
use crate::provider::local::driver::{Base, Layer};
use crate::provider::local::state::Entity;
use crate::provider::local::tag::Tags;

/// The built-in image: the host's programs, nothing else of the host.
pub const HOST_IMAGE: &str = "host";

/// An image.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Image {
    /// Its id.
    pub(super) id: String,
    /// Its name, unique.
    pub(super) name: String,
    /// Its family: launches may name it in place of an id.
    pub(super) family: String,
    /// What it is for.
    pub(super) description: String,
    /// What its lowest layer stands on.
    pub(super) base: Base,
    /// Its layers, lowest first.
    pub(super) layers: Vec<Layer>,
    /// The instance it was made from.
    pub(super) source_instance: Option<String>,
    /// The snapshot it was made from.
    pub(super) source_snapshot: Option<String>,
    /// The resource group that the call named.
    pub(super) resource_group: String,
    /// Since when it is there.
    pub(super) created: Timestamp,
    /// Its tags.
    pub(super) tags: Tags,
}

impl Entity for Image {
    const KIND: &'static str = "image";

    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> Option<&Tags> {
        Some(&self.tags)
    }
}

impl Image {
    /// Returns the built-in image.
    pub(super) fn host() -> Self {
        Self {
            id: HOST_IMAGE.to_owned(),
            name: HOST_IMAGE.to_owned(),
            family: String::new(),
            description: "The programs of this machine, read-only, without its files.".to_owned(),
            base: Base::Host,
            layers: Vec::new(),
            source_instance: None,
            source_snapshot: None,
            resource_group: String::new(),
            created: Timestamp::UNIX_EPOCH,
            tags: Tags::default(),
        }
    }

    /// Tells whether this is the built-in image.
    pub(super) fn is_host(&self) -> bool {
        self.id == HOST_IMAGE
    }

    /// Returns `system` for the built-in image and `self` for all others.
    pub(super) fn owner(&self) -> &'static str {
        if self.is_host() { "system" } else { "self" }
    }

    /// Returns the record that `DescribeImages` shows.
    pub(super) fn describe(&self, is_used: bool) -> Value {
        let bytes: u64 = self.layers.iter().map(|layer| layer.size).sum();
        let snapshots = self.source_snapshot.as_ref().map(
            |id| json!({"SnapshotId": id, "Device": "/dev/xvda", "Type": "system", "Size": "0"}),
        );
        json!({
            "ImageId": self.id,
            "ImageName": self.name,
            "ImageFamily": self.family,
            "ImageVersion": "",
            "Description": self.description,
            "ImageOwnerAlias": self.owner(),
            "Status": "Available",
            "Progress": "100%",
            "Usage": if is_used { "instance" } else { "none" },
            "OSType": "linux",
            "OSName": "Linux",
            "OSNameEn": "Linux",
            "Platform": "Others Linux",
            "Architecture": std::env::consts::ARCH,
            "Size": bytes.div_ceil(1 << 30),
            "SizeInBytes": bytes,
            "LayerDigests": self.layers.iter().map(|l| l.digest.to_string()).collect::<Vec<_>>(),
            "SourceInstanceId": self.source_instance,
            "DiskDeviceMappings": {"DiskDeviceMapping": snapshots.into_iter().collect::<Vec<_>>()},
            "ResourceGroupId": self.resource_group,
            "IsPublic": false,
            "IsSelfShared": "",
            "IsSubscribed": false,
            "IsCopied": false,
            "CreationTime": crate::base::time::utc_text(self.created),
            "LastModified": minute(self.created),
            "Tags": self.tags.answer(),
        })
    }
}

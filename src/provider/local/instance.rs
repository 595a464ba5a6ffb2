//! Instances: what is remembered of one, and how describe records show it.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::time::Timestamp;
use crate::base::value::{Map, Value};
use crate::provider::local::answer::{minute, object};
use crate::provider::local::driver::{Base, InstanceSpec, Layer};
use crate::provider::local::state::Entity;
use crate::provider::local::tag::Tags;

/// Attributes that a launch may set and describe records show, without any effect here.
pub(super) const ATTRIBUTES: &[&str] = &[
    "InstanceChargeType",
    "InternetChargeType",
    "InternetMaxBandwidthIn",
    "InternetMaxBandwidthOut",
    "VpcId",
    "VSwitchId",
    "ResourceGroupId",
    "KeyPairName",
    "RamRoleName",
    "DeploymentSetId",
    "SpotStrategy",
    "CreditSpecification",
    "ZoneId",
];

/// Whether an instance is meant to run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Power {
    /// It was started.
    Running,
    /// It was stopped, or never started.
    Stopped,
}

impl Power {
    /// Returns the status that the API shows.
    pub(super) fn status(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Stopped => "Stopped",
        }
    }
}

/// The system disk: what the instance writes over its image.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Disk {
    /// Its id.
    pub(super) id: String,
    /// Its name.
    pub(super) name: String,
    /// What it is for.
    pub(super) description: String,
    /// Size in GiB as the launch named it; not enforced.
    pub(super) size: u64,
    /// Category as the launch named it.
    pub(super) category: String,
    /// Since when it is there.
    pub(super) created: Timestamp,
    /// Its tags.
    pub(super) tags: Tags,
}

/// An instance.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Instance {
    /// Its id.
    pub(super) id: String,
    /// Its display name.
    pub(super) name: String,
    /// Its host name.
    pub(super) hostname: String,
    /// What it is for.
    pub(super) description: String,
    /// The region that the launch named.
    pub(super) region: String,
    /// The image it was made from.
    pub(super) image: String,
    /// What the image's lowest layer stands on.
    pub(super) base: Base,
    /// The image's layers, lowest first.
    pub(super) layers: Vec<Layer>,
    /// The instance type as the launch named it.
    pub(super) flavor: String,
    /// Whether it is meant to run.
    pub(super) power: Power,
    /// Since when it is there.
    pub(super) created: Timestamp,
    /// When it was started last.
    pub(super) started: Option<Timestamp>,
    /// Whether deleting it is refused.
    pub(super) deletion_protection: bool,
    /// Security groups that the launch named.
    pub(super) security_groups: Vec<String>,
    /// Other attributes that the launch named ([`ATTRIBUTES`]).
    pub(super) attributes: Map,
    /// Its system disk.
    pub(super) disk: Disk,
    /// Its tags.
    pub(super) tags: Tags,
}

impl Entity for Instance {
    const KIND: &'static str = "instance";

    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> Option<&Tags> {
        Some(&self.tags)
    }
}

impl Instance {
    /// Returns what the driver makes it from.
    pub(super) fn spec(&self) -> InstanceSpec {
        InstanceSpec {
            id: self.id.clone(),
            hostname: self.hostname.clone(),
            base: self.base,
            layers: self.layers.clone(),
        }
    }

    /// Returns the value of an attribute, or `""`.
    pub(super) fn attribute(&self, name: &str) -> Value {
        self.attributes
            .get(name)
            .cloned()
            .unwrap_or_else(|| json!(""))
    }

    /// Returns the zone.
    pub(super) fn zone(&self) -> Value {
        self.attributes
            .get("ZoneId")
            .cloned()
            .unwrap_or_else(|| json!(zone_of(&self.region)))
    }

    /// Returns the record that `DescribeInstances` shows.
    pub(super) fn describe(&self, power: Power) -> Value {
        let mut record = self.describe_itself(power);
        record.extend(self.describe_network());
        record.insert("Tags".to_owned(), self.tags.answer());
        Value::Object(record)
    }

    fn describe_itself(&self, power: Power) -> Map {
        let charge = self.attributes.get("InstanceChargeType").cloned();
        object(json!({
            "InstanceId": self.id,
            "InstanceName": self.name,
            "HostName": self.hostname,
            "Description": self.description,
            "Status": power.status(),
            "RegionId": self.region,
            "ZoneId": self.zone(),
            "ImageId": self.image,
            "InstanceType": self.flavor,
            "InstanceTypeFamily": "local",
            "Cpu": cores(),
            "OSType": "linux",
            "OSName": "Linux",
            "OSNameEn": "Linux",
            "InstanceChargeType": charge.unwrap_or_else(|| json!("PostPaid")),
            "SpotStrategy": self.attribute("SpotStrategy"),
            "CreditSpecification": self.attribute("CreditSpecification"),
            "ResourceGroupId": self.attribute("ResourceGroupId"),
            "KeyPairName": self.attribute("KeyPairName"),
            "DeploymentSetId": self.attribute("DeploymentSetId"),
            "CreationTime": minute(self.created),
            "StartTime": self.started.map(minute).unwrap_or_default(),
            "ExpiredTime": "",
            "AutoReleaseTime": "",
            "DeletionProtection": self.deletion_protection,
            "SerialNumber": self.id.trim_start_matches("i-"),
            "IoOptimized": true,
            "Recyclable": false,
            "OperationLocks": {"LockReason": []},
        }))
    }

    /// Instances of the local cloud have no network of their own to show; the fields are there
    /// because selectors walk through them.
    fn describe_network(&self) -> Map {
        object(json!({
            "InstanceNetworkType": "vpc",
            "InternetChargeType": self.attribute("InternetChargeType"),
            "SecurityGroupIds": {"SecurityGroupId": self.security_groups},
            "PublicIpAddress": {"IpAddress": []},
            "InnerIpAddress": {"IpAddress": []},
            "EipAddress": {"AllocationId": "", "IpAddress": "", "InternetChargeType": ""},
            "VpcAttributes": {
                "VpcId": self.attribute("VpcId"),
                "VSwitchId": self.attribute("VSwitchId"),
                "NatIpAddress": "",
                "PrivateIpAddress": {"IpAddress": []},
            },
            "NetworkInterfaces": {"NetworkInterface": []},
        }))
    }

    /// Returns the record that `DescribeDisks` shows of its system disk.
    pub(super) fn describe_disk(&self) -> Value {
        let disk = &self.disk;
        json!({
            "DiskId": disk.id,
            "DiskName": disk.name,
            "Description": disk.description,
            "Type": "system",
            "Category": disk.category,
            "Size": disk.size,
            "Status": "In_use",
            "Portable": false,
            "Encrypted": false,
            "DeleteWithInstance": true,
            "DeleteAutoSnapshot": true,
            "EnableAutoSnapshot": false,
            "EnableAutomatedSnapshotPolicy": false,
            "AutoSnapshotPolicyId": "",
            "Device": "/dev/xvda",
            "InstanceId": self.id,
            "ImageId": self.image,
            "SourceSnapshotId": "",
            "PerformanceLevel": "",
            "DiskChargeType": "PostPaid",
            "RegionId": self.region,
            "ZoneId": self.zone(),
            "ResourceGroupId": self.attribute("ResourceGroupId"),
            "CreationTime": minute(disk.created),
            "AttachedTime": minute(disk.created),
            "ExpiredTime": "",
            "OperationLocks": {"OperationLock": []},
            "Tags": disk.tags.answer(),
        })
    }
}

/// Returns the one zone of a region.
pub(super) fn zone_of(region: &str) -> String {
    format!("{region}-a")
}

/// Returns how many processors this machine gives to its instances.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

//! Every product action that comes with the program, run for real.

use serde_json::{Value, json};

use crate::support::stage::Stage;

/// What the actions themselves do not give back, read by a template.
fn read(stage: &Stage, api: &str, selector: &str) -> Value {
    let template = format!(
        "FormatVersion: OOS-2019-06-01\nTasks:\n- Name: read\n  Action: ACS::ExecuteAPI\n  \
         Properties: {{Service: ECS, API: {api}}}\n  \
         Outputs: {{found: {{Type: List, ValueSelector: '{selector}'}}}}\n\
         Outputs:\n  found: {{Type: List, Value: '{{{{ read.found }}}}'}}\n"
    );
    stage.succeed(&template, json!({})).outputs["found"].clone()
}

#[test]
fn an_instance_stops_starts_and_restarts() {
    let stage = Stage::new();
    let ids = stage.instances(1, json!([]));
    let instance = json!({"instanceId": ids[0]});
    let statuses = |stage: &Stage| read(stage, "DescribeInstances", "Instances.Instance[].Status");
    stage.succeed("ACS::ECS::StopInstance", instance.clone());
    assert_eq!(statuses(&stage), json!(["Stopped"]));
    stage.succeed("ACS::ECS::StopInstance", instance.clone());
    stage.succeed("ACS::ECS::StartInstance", instance.clone());
    assert_eq!(statuses(&stage), json!(["Running"]));
    stage.succeed("ACS::ECS::RebootInstance", instance.clone());
    stage.succeed("ACS::ECS::InstallCloudAssistant", instance);
    assert_eq!(statuses(&stage), json!(["Running"]));
    stage.succeed(
        "ACS::ECS::DeleteInstance",
        json!({"instanceId": ids[0], "force": true}),
    );
    assert_eq!(statuses(&stage), json!([]));
}

#[test]
fn a_disk_is_copied_into_a_snapshot_and_replaced_from_an_image() {
    let stage = Stage::new();
    let ids = stage.instances(1, json!([]));
    let disks = read(&stage, "DescribeDisks", "Disks.Disk[].DiskId");
    let snapshot = stage.succeed("ACS::ECS::CreateSnapshot", json!({"diskId": disks[0]}));
    let stored = read(
        &stage,
        "DescribeSnapshots",
        "Snapshots.Snapshot[].SnapshotId",
    );
    assert_eq!(stored, json!([snapshot.outputs["snapshotId"]]));
    let none = stage.succeed("ACS::ECS::CreateSnapshot", json!({"diskId": "d-none"}));
    assert_eq!(none.outputs["snapshotId"], json!(null));
    let image = stage.succeed(
        "ACS::ECS::CreateImage",
        json!({"instanceId": ids[0], "imageName": "plain"}),
    );
    let command = |content: &str| {
        let arguments = json!({
            "instanceId": ids[0], "commandType": "RunShellScript", "commandContent": content,
        });
        let view = stage.succeed("ACS::ECS::RunCommandForApplyPatchBaseline", arguments);
        view.outputs["invocationOutput"].clone()
    };
    command("echo here > /opt/mark");
    stage.succeed(
        "ACS::ECS::ReplaceSystemDisk",
        json!({"instanceId": ids[0], "imageId": image.outputs["imageId"]}),
    );
    assert_eq!(command("cat /opt/mark 2>/dev/null || echo gone"), "gone\n");
}

#[test]
fn an_image_is_copied_and_deleted() {
    let stage = Stage::new();
    let ids = stage.instances(1, json!([]));
    let image = stage.succeed(
        "ACS::ECS::CreateImage",
        json!({"instanceId": ids[0], "imageName": "first"}),
    );
    let image = &image.outputs["imageId"];
    let copy = stage.succeed(
        "ACS::ECS::CopyImage",
        json!({
            "imageId": image, "regionId": "local", "targetRegionId": "local",
            "targetImageName": "second",
        }),
    );
    stage.succeed("ACS::ECS::DeleteImage", json!({"imageId": image}));
    let left = read(&stage, "DescribeImages", "Images.Image[].ImageId");
    assert_eq!(left, json!(["host", copy.outputs["imageId"]]));
}

//! Images, snapshots and disks: layers are kept as long as something stands on them.

use oos::base::value::Value;
use serde_json::json;

use crate::cloud::{World, text};

fn run(world: &World, instance: &str, script: &str) -> String {
    use oos::provider::conformance::call;
    let parameters = json!({
        "instanceId": instance, "commandType": "RunShellScript", "commandContent": script,
    });
    let action = call(
        "ACS",
        "ACS::ECS::RunCommand",
        &format!("{instance} {script}"),
        &parameters,
    );
    let task = format!("{instance}-{script}");
    text(&world.call(&action, &world.context(&task)).unwrap()["invocationOutput"])
}

fn disk(world: &World, instance: &str) -> String {
    let disks = world.ok("DescribeDisks", json!({ "InstanceId": instance }));
    text(&disks["Disks"]["Disk"][0]["DiskId"])
}

fn image(world: &World, parameters: Value) -> String {
    text(&world.ok("CreateImage", parameters)["ImageId"])
}

#[test]
fn the_built_in_image_cannot_be_deleted_changed_or_tagged() {
    let world = World::new();
    let mut images = world.ok("DescribeImages", json!({"ImageOwnerAlias": "system"}));
    images["Images"]["Image"][0]["Architecture"] = json!("[architecture]");
    insta::assert_json_snapshot!(images);
    for (api, parameters) in [
        ("DeleteImage", json!({"ImageId": "host", "Force": true})),
        (
            "ModifyImageAttribute",
            json!({"ImageId": "host", "Description": "x"}),
        ),
        (
            "TagResources",
            json!({"ResourceType": "image", "ResourceIds": ["host"], "Tags": {"a": "b"}}),
        ),
    ] {
        assert_eq!(world.code(api, parameters), "InvalidImageId.NotSupported");
    }
}

#[test]
fn an_image_name_is_given_once() {
    let world = World::new();
    let id = world.instance("a");
    image(&world, json!({"InstanceId": id, "ImageName": "golden"}));
    let second = json!({"InstanceId": id, "ImageName": "golden", "Description": "second"});
    assert_eq!(
        world.code("CreateImage", second),
        "InvalidImageName.Duplicated"
    );
    let host = json!({"InstanceId": id, "ImageName": "host"});
    assert_eq!(
        world.code("CreateImage", host),
        "InvalidImageName.Duplicated"
    );
}

#[test]
fn layers_go_when_the_last_image_and_instance_on_them_go() {
    let world = World::new();
    let source = world.instance("a");
    run(&world, &source, "echo v1 > /data");
    let first = image(&world, json!({"InstanceId": source, "ImageName": "first"}));
    let copy = world.ok(
        "CopyImage",
        json!({"ImageId": first, "DestinationImageName": "copy"}),
    );
    let made = world.ok("RunInstances", json!({ "ImageId": first }));
    let user = text(&made["InstanceIdSets"]["InstanceIdSet"][0]);
    assert_eq!(run(&world, &user, "cat /data"), "v1\n");

    assert_eq!(
        world.code("DeleteImage", json!({ "ImageId": first })),
        "ImageInUse"
    );
    world.ok("DeleteImage", json!({"ImageId": first, "Force": true}));
    assert_eq!(world.driver.layers().len(), 1);
    world.ok("DeleteImage", json!({ "ImageId": copy["ImageId"] }));
    assert_eq!(
        world.driver.layers().len(),
        1,
        "the instance still stands on it"
    );
    world.ok("DeleteInstance", json!({"InstanceId": user, "Force": true}));
    assert!(world.driver.layers().is_empty());
}

#[test]
fn a_disk_goes_back_to_its_snapshot_and_to_its_image() {
    let world = World::new();
    let id = world.instance("a");
    let disk = disk(&world, &id);
    run(&world, &id, "echo old > /data");
    let snapshot = world.ok(
        "CreateSnapshot",
        json!({"DiskId": disk, "SnapshotName": "s"}),
    );
    run(&world, &id, "echo new > /data");
    let reset = json!({"DiskId": disk, "SnapshotId": snapshot["SnapshotId"]});
    assert_eq!(
        world.code("ResetDisk", reset.clone()),
        "IncorrectInstanceStatus"
    );
    world.ok("StopInstance", json!({ "InstanceId": id }));
    world.ok("ResetDisk", reset);
    world.ok("StartInstance", json!({ "InstanceId": id }));
    assert_eq!(run(&world, &id, "cat /data"), "old\n");
    world.ok("StopInstance", json!({"InstanceId": id, "ForceStop": true}));
    world.ok("ReInitDisk", json!({ "DiskId": disk }));
    assert_eq!(world.status(&id), "Running");
    assert_eq!(run(&world, &id, "echo > /new\ncat /new"), "\n");
    insta::assert_json_snapshot!(world.ok("DescribeSnapshots", json!({ "DiskId": disk })));
}

#[test]
fn an_image_of_a_snapshot_keeps_it_from_being_deleted() {
    let world = World::new();
    let id = world.instance("a");
    run(&world, &id, "echo kept > /data");
    let snapshot = world.ok("CreateSnapshot", json!({ "DiskId": disk(&world, &id) }));
    let snapshot = text(&snapshot["SnapshotId"]);
    let made = image(
        &world,
        json!({"SnapshotId": snapshot, "ImageName": "of-snapshot"}),
    );
    let delete = json!({ "SnapshotId": snapshot });
    assert_eq!(
        world.code("DeleteSnapshot", delete.clone()),
        "SnapshotCreatedImage"
    );
    let instance = world.ok("RunInstances", json!({ "ImageId": made }));
    let instance = text(&instance["InstanceIdSets"]["InstanceIdSet"][0]);
    assert_eq!(run(&world, &instance, "cat /data"), "kept\n");
    world.ok(
        "DeleteSnapshot",
        json!({"SnapshotId": snapshot, "Force": true}),
    );
    assert_eq!(
        run(&world, &instance, "echo still\ncat /data"),
        "still\nkept\n"
    );
}

#[test]
fn a_replaced_disk_is_that_of_the_new_image() {
    let world = World::new();
    let source = world.instance("a");
    run(&world, &source, "echo golden > /data");
    let golden = image(&world, json!({"InstanceId": source, "ImageName": "golden"}));
    let id = world.instance("b");
    let before = disk(&world, &id);
    let replace = json!({"InstanceId": id, "ImageId": golden});
    assert_eq!(
        world.code("ReplaceSystemDisk", replace.clone()),
        "IncorrectInstanceStatus"
    );
    world.ok("StopInstance", json!({ "InstanceId": id }));
    let answer = world.ok("ReplaceSystemDisk", replace);
    assert_eq!(answer["DiskId"], *disk(&world, &id));
    assert_ne!(before, disk(&world, &id));
    world.ok("StartInstance", json!({ "InstanceId": id }));
    assert_eq!(run(&world, &id, "cat /data"), "golden\n");
}

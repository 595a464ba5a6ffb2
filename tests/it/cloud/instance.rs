//! Instances: made once, listed, moved, protected, deleted.

use oos::base::call::ApiCall;
use oos::provider::conformance::call;
use serde_json::json;

use crate::cloud::{World, each, text};

#[test]
fn a_repeated_launch_makes_nothing_new() {
    let world = World::new();
    let launch = call("ECS", "RunInstances", "t", &json!({"Amount": 2}));
    let first = world.call(&launch, &world.context("x")).unwrap();
    let again = world.call(&launch, &world.context("x")).unwrap();
    assert_eq!(first["InstanceIdSets"], again["InstanceIdSets"]);
    assert_eq!(world.ok("DescribeInstances", json!({}))["TotalCount"], 2);
    let other = ApiCall {
        client_token: "u".to_owned(),
        ..launch
    };
    world.call(&other, &world.context("x")).unwrap();
    assert_eq!(world.ok("DescribeInstances", json!({}))["TotalCount"], 4);
}

#[test]
fn a_call_without_token_is_refused_before_anything_is_made() {
    let world = World::new();
    let launch = call("ECS", "RunInstances", "", &json!({}));
    assert!(world.call(&launch, &world.context("x")).is_err());
    assert_eq!(world.ok("DescribeInstances", json!({}))["TotalCount"], 0);
}

#[test]
fn an_instance_is_described_in_the_shape_of_the_vendor() {
    let world = World::new();
    world.ok(
        "RunInstances",
        json!({
            "InstanceName": "web", "HostName": "web-1", "InstanceType": "ecs.g6.large",
            "Tags": [{"Key": "role", "Value": "web"}], "VSwitchId": "vsw-1",
            "SecurityGroupId": "sg-1", "SystemDiskSize": "20", "ZoneId": "local-a",
        }),
    );
    let mut answer = world.ok("DescribeInstances", json!({}));
    answer["Instances"]["Instance"][0]["Cpu"] = json!("[cpu]");
    insta::assert_json_snapshot!(answer);
    insta::assert_json_snapshot!(world.ok("DescribeDisks", json!({})));
}

#[test]
fn parameters_are_read_in_every_spelling_of_templates() {
    let world = World::new();
    let (a, b) = (world.instance("a"), world.instance("b"));
    let case = |parameters| {
        let answer = world.ok("DescribeInstances", parameters);
        each(&answer["Instances"]["Instance"], "InstanceId")
    };
    let both = [a.clone(), b.clone()];
    assert_eq!(case(json!({"InstanceIds": [a, b]})), both);
    assert_eq!(case(json!({"InstanceId": [a, b]})), both);
    assert_eq!(
        case(json!({"instanceIds": json!([a, b]).to_string()})),
        both
    );
    assert_eq!(case(json!({"InstanceIds": format!("{a},{b}")})), both);
    assert_eq!(case(json!({"InstanceId.1": a, "InstanceId.2": b})), both);
    assert_eq!(case(json!({"InstanceId2": b, "InstanceId1": a})), both);
    assert_eq!(case(json!({"InstanceIds": ""})), both);
    assert_eq!(case(json!({"InstanceIds": []})), [""; 0]);
}

#[test]
fn filters_narrow_a_listing() {
    let world = World::new();
    let web = text(
        &world.ok(
            "RunInstances",
            json!({"InstanceName": "web-1", "Tags": {"role": "web"}, "InstanceType": "big"}),
        )["InstanceIdSets"]["InstanceIdSet"][0],
    );
    let database = world.instance("db-1");
    world.ok("StopInstance", json!({ "InstanceId": database }));
    let case = |parameters| {
        let answer = world.ok("DescribeInstances", parameters);
        each(&answer["Instances"]["Instance"], "InstanceId")
    };
    assert_eq!(
        case(json!({"InstanceName": "web*"})),
        std::slice::from_ref(&web)
    );
    assert_eq!(
        case(json!({"Status": "Stopped"})),
        std::slice::from_ref(&database)
    );
    assert_eq!(
        case(json!({"Tags": [{"Key": "role"}]})),
        std::slice::from_ref(&web)
    );
    assert_eq!(
        case(json!({"Tags": [{"Key": "role", "Value": "db"}]})),
        [""; 0]
    );
    assert_eq!(case(json!({"InstanceType": "big"})), [web]);
    assert_eq!(
        case(json!({"ImageId": "host", "InstanceName": "db-1"})),
        [database]
    );
}

#[test]
fn pages_hold_what_they_are_asked_to() {
    let world = World::new();
    world.ok("RunInstances", json!({"Amount": 12}));
    let page = |parameters| {
        let all = call("ECS", "DescribeInstances", "t", &parameters);
        let one = ApiCall {
            auto_paging: false,
            ..all
        };
        let answer = world.call(&one, &world.context("x")).unwrap();
        let count = answer["Instances"]["Instance"].as_array().unwrap().len();
        (
            count,
            answer["TotalCount"].clone(),
            text(&answer["NextToken"]),
        )
    };
    assert_eq!(page(json!({})), (10, json!(12), String::new()));
    assert_eq!(
        page(json!({"PageNumber": 2})),
        (2, json!(12), String::new())
    );
    assert_eq!(
        page(json!({"PageNumber": 9})),
        (0, json!(12), String::new())
    );
    let (count, _, next) = page(json!({"MaxResults": 7}));
    assert_eq!(count, 7);
    assert_eq!(
        page(json!({"MaxResults": 7, "NextToken": next})),
        (5, json!(12), String::new())
    );
    assert_eq!(
        world.code("DescribeInstances", json!({"PageSize": 101})),
        "InvalidParameter"
    );
    assert_eq!(
        world.code("DescribeInstances", json!({"NextToken": "foreign"})),
        "InvalidParameter"
    );
}

#[test]
fn errors_carry_the_codes_of_the_vendor() {
    let world = World::new();
    let id = world.instance("a");
    let case = |api: &str, parameters, code: &str| {
        assert_eq!(world.code(api, parameters), code, "{api}");
    };
    case("StartInstance", json!({}), "MissingParameter");
    case(
        "StartInstance",
        json!({"InstanceId": "i-no"}),
        "InvalidInstanceId.NotFound",
    );
    case(
        "StartInstance",
        json!({ "InstanceId": id }),
        "IncorrectInstanceStatus",
    );
    case(
        "DeleteInstance",
        json!({ "InstanceId": id }),
        "IncorrectInstanceStatus",
    );
    case(
        "RunInstances",
        json!({"ImageId": "m-no"}),
        "InvalidImageId.NotFound",
    );
    case(
        "RunInstances",
        json!({"ImageFamily": "no"}),
        "InvalidImageFamily.NotFound",
    );
    case("RunInstances", json!({"Amount": 101}), "InvalidParameter");
    case(
        "RunInstances",
        json!({"HostName": "-x"}),
        "InvalidHostName.Malformed",
    );
    case("RunInstances", json!({"Tags": "x"}), "InvalidParameter");
    case(
        "StopInstance",
        json!({"InstanceId": [id, id]}),
        "InvalidParameter",
    );
    case(
        "CreateSnapshot",
        json!({"DiskId": "d-no"}),
        "InvalidDiskId.NotFound",
    );
    case(
        "DeleteSnapshot",
        json!({"SnapshotId": "s-no"}),
        "InvalidSnapshotId.NotFound",
    );
    case(
        "DeleteCommand",
        json!({"CommandId": "c-no"}),
        "InvalidCmdId.NotFound",
    );
    case(
        "StopInvocation",
        json!({"InvokeId": "t-no"}),
        "InvalidInvokeId.NotFound",
    );
    case("DescribeVpcs", json!({}), "UnsupportedOperation");
}

#[test]
fn a_crashed_instance_is_shown_as_stopped_and_can_be_started() {
    let world = World::new();
    let id = world.instance("a");
    world.driver.crash(&id);
    assert_eq!(world.status(&id), "Stopped");
    world.ok("StartInstance", json!({ "InstanceId": id }));
    assert_eq!(world.status(&id), "Running");
}

#[test]
fn one_bad_instance_stops_a_call_on_several_before_any_is_touched() {
    let world = World::new();
    let id = world.instance("a");
    let code = world.code("StopInstances", json!({"InstanceIds": [id, "i-no"]}));
    assert_eq!(code, "InvalidInstanceId.NotFound");
    assert_eq!(world.status(&id), "Running");
}

#[test]
fn a_protected_instance_is_not_deleted_even_by_force() {
    let world = World::new();
    let id = world.instance("a");
    let protect = |on: bool| json!({"InstanceId": id, "DeletionProtection": on});
    world.ok("ModifyInstanceAttribute", protect(true));
    let force = json!({"InstanceId": id, "Force": true});
    assert_eq!(
        world.code("DeleteInstance", force.clone()),
        "InvalidOperation.DeletionProtection"
    );
    world.ok("ModifyInstanceAttribute", protect(false));
    world.ok("DeleteInstance", force);
    assert_eq!(world.status(&id), "");
}

#[test]
fn attributes_change_in_the_record() {
    let world = World::new();
    let id = world.instance("a");
    world.ok(
        "ModifyInstanceAttribute",
        json!({"InstanceId": id, "InstanceName": "b", "HostName": "b", "Description": "d"}),
    );
    let answer = world.ok("DescribeInstanceAttribute", json!({ "InstanceId": id }));
    assert_eq!(
        [
            &answer["InstanceName"],
            &answer["HostName"],
            &answer["Description"]
        ],
        ["b", "b", "d"]
    );
}

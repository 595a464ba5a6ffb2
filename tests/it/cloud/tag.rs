//! Tags, by id and by ARN.

use oos::base::value::Value;
use oos::provider::conformance::call;
use serde_json::json;

use crate::cloud::{World, each};

fn tag_service(world: &World, api: &str, parameters: &Value) -> Value {
    let call = call("TAG", api, &format!("{api} {parameters}"), parameters);
    world.call(&call, &world.context("x")).unwrap()
}

#[test]
fn both_services_see_the_same_tags() {
    let world = World::new();
    let id = world.instance("a");
    world.ok(
        "TagResources",
        json!({"ResourceType": "Instance", "ResourceIds": [id], "Tags": [{"Key": "a", "Value": "1"}]}),
    );
    let arn = format!("arn:acs:ecs:local:1234:instance/{id}");
    let tags = json!({"ResourceARN": [arn], "Tags": [{"b": "2"}]});
    insta::assert_json_snapshot!(tag_service(&world, "TagResources", &tags));

    let every = json!({"ResourceARN": ["arn:acs:ecs:local:1234:instance/*"]});
    insta::assert_json_snapshot!(tag_service(&world, "ListTagResources", &every));
    let listed = world.ok("ListTagResources", json!({"ResourceType": "instance"}));
    assert_eq!(
        each(&listed["TagResources"]["TagResource"], "TagKey"),
        ["a", "b"]
    );

    tag_service(
        &world,
        "UnTagResources",
        &json!({"ResourceARN": [arn], "TagKey": ["a"]}),
    );
    let values = tag_service(&world, "ListTagValues", &json!({"Key": "b"}));
    assert_eq!(values["Values"]["Value"], json!(["2"]));
    world.ok(
        "UntagResources",
        json!({"ResourceType": "instance", "ResourceIds": [id], "All": true}),
    );
    assert_eq!(
        tag_service(&world, "ListTagResources", &json!({}))["TagResources"],
        json!([])
    );
}

#[test]
fn resources_of_other_products_are_refused_by_name() {
    let world = World::new();
    let tags = json!({"ResourceARN": ["arn:acs:rds:local:1:instance/rm-1"], "Tags": {"a": "1"}});
    let call = call("TAG", "TagResources", "t", &tags);
    let error = world.call(&call, &world.context("x")).unwrap_err();
    assert!(error.to_string().contains("arn:acs:rds"), "{error}");
}

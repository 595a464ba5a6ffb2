//! Hosts of an inventory as instances of the local cloud.

use std::sync::Arc;

use oos::base::records::{RecordQuery, Records as _};
use oos::base::source::Source;
use oos::base::value::Value;
use oos::provider::inventory::{Host, Inventory, LoadOptions, load};
use oos::provider::local::LocalCloud;
use oos::provider::local::fake::{FakeDriver, FakeRecords};
use oos::provider::ssh::Endpoint;
use oos::provider::{CallContext, Provider, Registry};
use oos::template::output::Reads;
use oos::template::parse::parse;
use serde_json::json;

use crate::cloud::{World, call};

const INVENTORY: &str = "
hosts:
  web[01-03]: {groups: web, tags: {Env: prod}}
  db1: {groups: db, tags: {Env: test, Role: store}}
groups:
  web: {}
  db: {}
  site: {groups: [web, db], tags: {Site: one}}
";

fn world() -> World {
    let mut world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hosts.yml");
    std::fs::write(&path, INVENTORY).unwrap();
    let sources = [path.display().to_string()];
    let loaded = world
        .runtime
        .block_on(load(&sources, &LoadOptions::default()))
        .unwrap();
    world.cloud = world
        .cloud
        .clone()
        .with_inventory(Arc::new(loaded.inventory));
    world
}

fn ids(answer: &Value) -> Vec<&str> {
    let list = answer["Instances"]["Instance"].as_array().unwrap();
    list.iter()
        .map(|record| record["InstanceId"].as_str().unwrap())
        .collect()
}

#[test]
fn what_no_output_reads_is_left_out_of_the_records_of_hosts() {
    /// Describes `db1` for a task with these outputs.
    fn described(outputs: &str) -> Value {
        let world = world();
        let text = format!(
            "FormatVersion: OOS-2019-06-01\nTasks: [{{Name: a, Action: 'ACS::ExecuteAPI', \
             Properties: {{Service: ECS, API: DescribeInstances}}, Outputs: {{{outputs}}}}}]"
        );
        let template = parse(&Source::new("t.yml", text)).template.unwrap();
        let context = CallContext {
            reads: Reads::of(&template.tasks[0]),
            ..world.context("read")
        };
        let parameters = json!({"InstanceIds": ["db1"]});
        let call = call("ECS", "DescribeInstances", "token", &parameters);
        let answer = world.call(&call, &context).unwrap();
        assert_eq!(answer["TotalCount"], 1);
        answer["Instances"]["Instance"][0].clone()
    }
    let id = "a: {ValueSelector: 'Instances.Instance[].InstanceId'}";
    assert_eq!(described(id), json!({"InstanceId": "db1"}));
    let tags = "b: {ValueSelector: '.Instances.Instance[].Tags.Tag[].TagKey'}";
    let record = described(&format!("{id}, {tags}"));
    let names: Vec<&String> = record.as_object().unwrap().keys().collect();
    assert_eq!(names, ["InstanceId", "Tags"]);
    for all in [
        "c: {ValueSelector: 'Instances.Instance[]'}",
        "c: {ValueSelector: 'Instances.Instance[] | .InstanceId'}",
        "c: {ValueSelector: 'TotalCount'}",
        "c: {ValueSelector: '{{ parameter }}'}",
    ] {
        let record = described(&format!("{id}, {all}"));
        assert!(record.as_object().unwrap().len() > 8, "{record}");
    }
}

#[test]
fn hosts_are_described_as_running_instances() {
    let world = world();
    let sandboxed = world.instance("own");
    let all = world.ok("DescribeInstances", json!({}));
    assert_eq!(
        ids(&all),
        [sandboxed.as_str(), "web01", "web02", "web03", "db1"]
    );
    let record =
        &world.ok("DescribeInstances", json!({"InstanceIds": ["db1"]}))["Instances"]["Instance"][0];
    assert_eq!(record["Status"], "Running");
    assert_eq!(record["ResourceGroupId"], "db");
    assert!(record.as_object().unwrap().len() <= 12, "{record}");
    assert_eq!(
        record["Tags"]["Tag"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tag| tag["TagKey"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["Env", "Role", "Site"]
    );
}

#[test]
fn hosts_are_filtered_as_instances_are() {
    let world = world();
    #[track_caller]
    fn case(world: &World, parameters: Value, expected: &[&str]) {
        let shown = parameters.to_string();
        let answer = world.ok("DescribeInstances", parameters);
        assert_eq!(ids(&answer), expected, "{shown}");
    }
    case(
        &world,
        json!({"InstanceIds": ["db1", "nobody", "web01"]}),
        &["db1", "web01"],
    );
    case(
        &world,
        json!({"InstanceName": "web*"}),
        &["web01", "web02", "web03"],
    );
    case(
        &world,
        json!({"Tag": [{"Key": "Env", "Value": "test"}]}),
        &["db1"],
    );
    case(
        &world,
        json!({"Tags": [{"Key": "Site"}, {"Key": "Role"}]}),
        &["db1"],
    );
    case(
        &world,
        json!({"ResourceGroupId": "web"}),
        &["web01", "web02", "web03"],
    );
    case(
        &world,
        json!({"ResourceGroupId": "site", "InstanceName": "d*"}),
        &["db1"],
    );
    case(&world, json!({"Status": "Stopped"}), &[]);
    case(
        &world,
        json!({"Status": "Running", "InstanceName": "db1"}),
        &["db1"],
    );
    case(&world, json!({"ImageId": "host"}), &[]);
    case(
        &world,
        json!({"TargetWords": "@web,!web02"}),
        &["web01", "web03"],
    );
    let code = world.code("DescribeInstances", json!({"TargetWords": "@wbe"}));
    assert_eq!(code, "InvalidParameter.TargetWords");
}

#[test]
fn targets_are_selected_in_every_form() {
    let world = world();
    let registry = Registry::new(Arc::new(world.cloud.clone()), Arc::new(world.cloud.clone()));
    let select = |filter: Value| {
        let parameters = json!({"ResourceType": "ALIYUN::ECS::Instance", "Filters": [filter]});
        let call = call("ACS", "ACS::SelectTargets", "token", &parameters);
        world
            .runtime
            .block_on(registry.call(&call, &world.context("select")))
    };
    #[track_caller]
    fn case(answer: Result<Value, oos::base::call::CallFault>, expected: &[&str]) {
        assert_eq!(ids(&answer.unwrap()), expected);
    }
    case(
        select(json!({"Type": "All"})),
        &["web01", "web02", "web03", "db1"],
    );
    case(
        select(json!({"Type": "ResourceIds", "ResourceIds": ["web03", "db1"]})),
        &["web03", "db1"],
    );
    case(
        select(json!({"Type": "Tags", "Tags": [{"Key": "Env", "Value": "prod"}]})),
        &["web01", "web02", "web03"],
    );
    case(
        select(json!({"Type": "ResourceGroup", "ResourceGroupId": "db"})),
        &["db1"],
    );
    case(
        select(json!({"Type": "Words", "Words": "db1 web[02-03]"})),
        &["db1", "web02", "web03"],
    );
    case(select(json!("{\"Words\": \"@site,&@db\"}")), &["db1"]);
    let fault = select(json!({"Type": "Words", "Words": "web9"})).unwrap_err();
    assert!(
        fault
            .to_string()
            .contains("no inventory has the host `web9`"),
        "{fault}"
    );
    select(json!({"Type": "Words"})).unwrap_err();
}

#[test]
fn tags_of_the_inventory_are_listed_as_those_of_instances() {
    let world = world();
    let answer = world.ok(
        "ListTagResources",
        json!({"ResourceType": "instance", "ResourceIds": ["db1"]}),
    );
    assert_eq!(
        answer["TagResources"]["TagResource"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let answer = world.ok("DescribeTags", json!({"ResourceType": "instance"}));
    assert_eq!(answer["Tags"]["Tag"].as_array().unwrap().len(), 4);
}

#[test]
fn calls_that_cannot_apply_to_a_host_refuse_it_by_name() {
    let world = world();
    let id = json!({"InstanceId": "db1"});
    for api in [
        "StartInstance",
        "StopInstance",
        "RebootInstance",
        "DeleteInstance",
        "CreateImage",
        "ModifyInstanceAttribute",
    ] {
        let fault = world.ecs(api, id.clone()).unwrap_err().to_string();
        assert!(fault.contains("OperationDenied.Host"), "{fault}");
        assert!(fault.contains(api) && fault.contains("`db1`"), "{fault}");
    }
    for (api, parameters) in [
        ("StopInstances", json!({"InstanceIds": ["db1"]})),
        (
            "UntagResources",
            json!({"ResourceType": "instance", "ResourceIds": ["db1"], "All": true}),
        ),
    ] {
        assert_eq!(world.code(api, parameters), "OperationDenied.Host");
    }
}

/// Returns the tags of a host, in the words `KEY=VALUE`.
fn tags_of(world: &World, host: &str) -> Vec<String> {
    let answer = world.ok("DescribeInstances", json!({"InstanceIds": [host]}));
    let list = answer["Instances"]["Instance"][0]["Tags"]["Tag"]
        .as_array()
        .unwrap();
    let word = |tag: &Value| {
        let part = |name: &str| tag[name].as_str().unwrap().to_owned();
        format!("{}={}", part("TagKey"), part("TagValue"))
    };
    list.iter().map(word).collect()
}

fn tag(key: &str, value: &str) -> Value {
    json!({"ResourceType": "instance", "ResourceIds": ["web01", "web02"],
           "Tags": [{"Key": key, "Value": value}]})
}

#[test]
fn tags_that_runs_give_to_hosts_go_before_those_of_the_inventory() {
    let world = world();
    world.ok("TagResources", tag("Team", "blue"));
    world.ok("TagResources", tag("Env", "test"));
    assert_eq!(
        tags_of(&world, "web01"),
        ["Env=test", "Site=one", "Team=blue"]
    );
    assert_eq!(tags_of(&world, "web03"), ["Env=prod", "Site=one"]);
    for filter in [
        json!({"Tags": [{"Key": "Env", "Value": "test"}, {"Key": "Team"}]}),
        json!({"TargetWords": "tag:Team=bl*"}),
        json!({"InstanceIds": ["web01", "web02", "web03"], "Tags": [{"Key": "Team"}]}),
    ] {
        let found = world.ok("DescribeInstances", filter.clone());
        assert_eq!(ids(&found), ["web01", "web02"], "{filter}");
    }
    let attribute = world.ok("DescribeInstanceAttribute", json!({"InstanceId": "web02"}));
    assert_eq!(attribute["Tags"]["Tag"][0]["TagValue"], "test");
    let listed = world.ok(
        "ListTagResources",
        json!({"ResourceType": "instance", "Tags": [{"Key": "Team"}]}),
    );
    assert_eq!(listed["TotalCount"], 6, "{listed:#}");
}

#[test]
fn only_what_runs_gave_is_taken_away_from_hosts() {
    let world = world();
    world.ok("TagResources", tag("Team", "blue"));
    world.ok("TagResources", tag("Env", "test"));
    let untag = |keys: &[&str]| {
        let parameters =
            json!({"ResourceType": "instance", "ResourceIds": ["web01"], "TagKeys": keys});
        world.ecs("UntagResources", parameters)
    };
    for keys in [&["Site"][..], &["Team", "Env"]] {
        let fault = untag(keys).unwrap_err().to_string();
        assert!(fault.contains("OperationDenied.Host"), "{fault}");
        assert!(fault.contains("`web01`") && fault.contains("oos host show web01"));
    }
    assert_eq!(tags_of(&world, "web01").len(), 3, "all or nothing");
    untag(&["Team", "Nothing"]).unwrap();
    assert_eq!(tags_of(&world, "web01"), ["Env=test", "Site=one"]);
    // With the value of the inventory nothing is left of what the run gave.
    world.ok("TagResources", tag("Env", "prod"));
    assert_eq!(tags_of(&world, "web01"), ["Env=prod", "Site=one"]);
    let kept = world.records.list("host-tags", &RecordQuery::default());
    let kept: Vec<String> = kept.unwrap().into_iter().map(|record| record.id).collect();
    assert_eq!(kept, ["web02"], "of web02 there is still `Team`");
}

#[test]
fn commands_reach_hosts_as_instances() {
    let world = world();
    let answer = world.ok(
        "RunCommand",
        json!({"Type": "RunShellScript", "CommandContent": "true", "ContentEncoding": "PlainText",
               "InstanceIds": ["web01", "db1"]}),
    );
    assert!(answer["InvokeId"].as_str().unwrap().starts_with("t-"));
    let status = world.ok(
        "DescribeCloudAssistantStatus",
        json!({"InstanceIds": ["db1"]}),
    );
    let set = &status["InstanceCloudAssistantStatusSet"]["InstanceCloudAssistantStatus"];
    assert_eq!(set[0]["CloudAssistantStatus"], "true");
}

#[test]
fn a_hundred_thousand_hosts_are_selected_at_once() {
    let hosts = (0..100_000).map(|number| {
        let name = format!("web{number:06}");
        Host::new(name.clone(), Endpoint::of(name))
    });
    let cloud = LocalCloud::new(
        Arc::<FakeRecords>::default(),
        Arc::<FakeDriver>::default(),
        "1234",
        "local",
    )
    .with_inventory(Arc::new(Inventory::new(hosts)));
    let world = World::new();
    let registry = Registry::new(Arc::new(cloud.clone()), Arc::new(cloud));
    let parameters = json!({"ResourceType": "ALIYUN::ECS::Instance", "Filters": [{"Type": "Words", "Words": "all,!web09999*"}]});
    let call = call("ACS", "ACS::SelectTargets", "token", &parameters);
    let answer = world
        .runtime
        .block_on(registry.call(&call, &world.context("select")))
        .unwrap();
    assert_eq!(ids(&answer).len(), 99_990);
}

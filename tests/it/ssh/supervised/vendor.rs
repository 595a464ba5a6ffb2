//! Calls in the vendor's shape, for one host or several.

use std::sync::Arc;

use oos::provider::Provider as _;
use oos::provider::conformance::call;
use oos::provider::inventory::Host;
use oos::provider::local::fake::FakeRecords;
use oos::provider::output::MemorySink;
use serde_json::json;

use super::refused;
use crate::support::hosts::{HOST, Operator, host, wait};
use crate::support::sshd::Sshd;

#[test]
fn a_call_of_the_vendor_keeps_why_a_host_did_not_start_its_command() {
    let Some(mut sshd) = Sshd::start() else {
        return;
    };
    sshd.stop();
    wait(async {
        let operator = Operator::of(sshd.endpoint(0));
        let ask = async |api: &str, parameters: serde_json::Value| {
            let call = call("ECS", api, api, &parameters);
            operator.cloud.call(&call, &operator.context("t")).await
        };
        let start = json!({
            "Type": "RunShellScript", "CommandContent": "true", "InstanceIds": [HOST],
        });
        let started = ask("RunCommand", start).await.unwrap();
        let id = json!({"InvokeId": started["InvokeId"]});
        let seen = ask("DescribeInvocationResults", id).await.unwrap();
        let seen = &seen["Invocation"]["InvocationResults"]["InvocationResult"][0];
        assert_eq!(seen["ErrorCode"], "Host.Unreachable");
    });
}

#[test]
fn of_several_hosts_one_of_which_nobody_knows_the_others_can_be_read() {
    let Some(sshd) = Sshd::start() else { return };
    wait(async {
        let (records, sink) = (Arc::<FakeRecords>::default(), Arc::<MemorySink>::default());
        let operator = |second: Host| {
            let hosts = [
                host(sshd.endpoint(0)),
                second,
                Host::new("web3", sshd.endpoint(2)),
            ];
            Operator::over(hosts, records.clone(), sink.clone())
        };
        let start = async |operator: &Operator, token: &str, resumed: bool| {
            let parameters = json!({
                "Type": "RunShellScript", "CommandContent": "echo said",
                "InstanceIds": [HOST, "web2", "web3"],
            });
            let mut context = operator.context(token);
            context.resumed = resumed;
            let token = format!("{token}-{}", std::process::id());
            let call = call("ECS", "RunCommand", &token, &parameters);
            operator.cloud.call(&call, &context).await
        };
        // The login is refused when the results are asked for, or already when it is started again.
        let earlier = operator(Host::new("web2", sshd.endpoint(1)));
        let first = start(&earlier, "first", false).await.unwrap();
        let later = operator(refused(&sshd));
        let second = start(&later, "second", true).await.unwrap();
        for (token, started) in [("first", first), ("second", second)] {
            let ask = json!({"InvokeId": started["InvokeId"], "ContentEncoding": "PlainText"});
            let call = call("ECS", "DescribeInvocationResults", token, &ask);
            let rows = async || {
                let seen = later
                    .cloud
                    .call(&call, &later.context(token))
                    .await
                    .unwrap();
                let rows = &seen["Invocation"]["InvocationResults"]["InvocationResult"];
                rows.as_array().unwrap().clone()
            };
            let rows = loop {
                let rows = rows().await;
                if rows.iter().all(|row| row["InvocationStatus"] != "Running") {
                    break rows;
                }
            };
            let said: Vec<_> = rows
                .iter()
                .map(|row| {
                    (
                        row["Output"].as_str().unwrap(),
                        row["ErrorCode"].as_str().unwrap(),
                    )
                })
                .collect();
            assert_eq!(
                said,
                [("said\n", ""), ("", "Unknown"), ("said\n", "")],
                "{token}"
            );
        }
    });
}

//! Which provider serves what, target selection, HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use oos::base::call::{ApiCall, ApiError, CallFault, Recovery};
use oos::base::value::Value;
use oos::provider::conformance::{call, context};
use oos::provider::fake::FakeProvider;
use oos::provider::http::{HttpLimits, HttpProvider};
use oos::provider::{Provider, Registry};
use serde_json::json;

use crate::cloud::{World, each};

/// Calls through a registry over `profile`, with time that passes at once.
fn route(profile: &Arc<FakeProvider>, call: &ApiCall) -> Result<Value, CallFault> {
    let registry = Registry::new(profile.clone(), Arc::new(FakeProvider::default()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(registry.call(call, &context(&Arc::default(), "t")))
}

#[test]
fn throttling_and_lost_connections_are_tried_again_and_errors_are_not() {
    let unreachable = CallFault::Unreachable {
        reason: "gone".to_owned(),
    };
    let profile = Arc::new(
        FakeProvider::default()
            .fault(
                "ECS.StartInstance",
                ApiError::new("Throttling.User", "slow down"),
            )
            .fault("ECS.StartInstance", unreachable.clone())
            .answer("ECS.StartInstance", json!({"ok": true}))
            .fault(
                "ECS.StartInstance",
                ApiError::new("InvalidInstanceId.NotFound", "no"),
            ),
    );
    let start = call("ECS", "StartInstance", "t", &json!({}));
    assert_eq!(route(&profile, &start).unwrap(), json!({"ok": true}));
    assert_eq!(profile.calls().len(), 3);
    assert!(route(&profile, &start).is_err());
    assert_eq!(profile.calls().len(), 4);

    let down = FakeProvider::default();
    let down = (0..9).fold(down, |down, _| {
        down.fault("ECS.StartInstance", unreachable.clone())
    });
    let down = Arc::new(down);
    assert_eq!(route(&down, &start).unwrap_err(), unreachable);
    assert_eq!(
        down.calls().len(),
        4,
        "a fault that stays is told after four attempts"
    );
}

#[test]
fn a_call_whose_outcome_is_unknown_is_never_repeated() {
    let unknown = CallFault::Unknown {
        reason: "lost".to_owned(),
    };
    let profile = Arc::new(FakeProvider::default().fault("ECS.RunInstances", unknown.clone()));
    let run = call("ECS", "RunInstances", "t", &json!({}));
    assert_eq!(route(&profile, &run).unwrap_err(), unknown);
    assert_eq!(profile.calls().len(), 1);
}

#[test]
fn what_nobody_serves_is_refused_with_the_nearest_name() {
    let profile = Arc::new(FakeProvider::default().always("ECS.DescribeInstances", json!({})));
    let misspelt = call("ECS", "DescribeInstance", "t", &json!({}));
    let error = route(&profile, &misspelt).unwrap_err().to_string();
    assert!(
        error.contains("did you mean `ECS.DescribeInstances`"),
        "{error}"
    );
    assert!(error.contains("oos action list --apis"), "{error}");
    assert!(profile.calls().is_empty());
}

#[test]
fn mounted_services_are_served_by_their_own_provider() {
    let profile = Arc::new(FakeProvider::default().always("OOS.GetTemplate", json!("profile")));
    let own = Arc::new(FakeProvider::default().always("OOS.GetTemplate", json!("own")));
    let registry = Registry::new(profile, Arc::new(FakeProvider::default())).mount("OOS", own);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let get = call("oos", "gettemplate", "t", &json!({}));
    let answer = runtime.block_on(registry.call(&get, &context(&Arc::default(), "t")));
    assert_eq!(answer.unwrap(), "own");
    assert_eq!(registry.apis().len(), 1);
    assert_eq!(
        registry.api("ACS", "acs::selecttargets").unwrap().recovery,
        Recovery::Idempotent
    );
}

/// Selects targets of a world's cloud; returns ids or the error.
fn select(world: &World, parameters: &Value) -> Result<Vec<String>, String> {
    let http = Arc::new(FakeProvider::default());
    let registry = Registry::new(Arc::new(world.cloud.clone()), http);
    let action = call("ACS", "ACS::SelectTargets", "t", parameters);
    let context = world.context("t");
    let answer = world.runtime.block_on(registry.call(&action, &context));
    answer
        .map(|answer| each(&answer["Instances"]["Instance"], "InstanceId"))
        .map_err(|fault| fault.to_string())
}

#[test]
fn targets_are_selected_by_every_form_of_filter() {
    let world = World::new();
    let (a, b) = (world.instance("a"), world.instance("b"));
    world.ok("TagResources", json!({
        "ResourceType": "instance", "ResourceIds": [b], "Tags": [{"Key": "role", "Value": "web"}],
    }));
    world.ok("StopInstance", json!({ "InstanceId": b }));
    #[track_caller]
    fn case(world: &World, filters: Value, expected: &[&String]) {
        let parameters = json!({"ResourceType": "aliyun::ecs::instance", "Filters": filters});
        let found = select(world, &parameters).unwrap();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filters}");
    }
    case(
        &world,
        json!([{"Type": "ResourceIds", "ResourceIds": [b, a, b, "i-no"]}]),
        &[&b, &a],
    );
    case(&world, json!([{"ResourceIds": [a]}]), &[&a]);
    case(
        &world,
        json!([{"Type": "ResourceIds", "ResourceIds": []}]),
        &[],
    );
    case(&world, json!([{"Type": "ResourceIds"}]), &[]);
    case(
        &world,
        json!([{"Tags": [{"Key": "role", "Value": "web"}]}]),
        &[&b],
    );
    case(
        &world,
        json!([{"Type": "All", "RegionId": "cn-anywhere"}]),
        &[&a, &b],
    );
    case(
        &world,
        json!([{"Parameters": {"Status": "Running"}}]),
        &[&a],
    );
    case(
        &world,
        json!([{"Type": "ResourceGroup", "ResourceGroupId": "rg-no"}]),
        &[],
    );
    case(&world, json!(["{\"ResourceIds\": []}"]), &[]);
    case(&world, json!("{\"Type\": \"All\"}"), &[&a, &b]);
    case(
        &world,
        json!([{"Type": "All"}, {"Tags": [{"Key": "role"}]}]),
        &[&b],
    );
    case(
        &world,
        json!([{"ResourceIds": [b, a]}, {"Type": "All"}]),
        &[&b, &a],
    );
}

#[test]
fn filters_that_are_not_understood_select_nothing_by_mistake() {
    let world = World::new();
    world.instance("a");
    #[track_caller]
    fn case(world: &World, parameters: Value, expected: &str) {
        let error = select(world, &parameters).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let filters =
        |filters: Value| json!({"ResourceType": "ALIYUN::ECS::Instance", "Filters": filters});
    case(&world, filters(json!([{}])), "say `Type: All`");
    case(&world, filters(json!([])), "`Filters` must be given");
    case(
        &world,
        filters(json!([{"Type": "All", "Color": "red"}])),
        "no field `Color`",
    );
    case(
        &world,
        filters(json!([{"Type": "Inventory"}])),
        "`Type` is `Inventory`",
    );
    case(
        &world,
        filters(json!([{"Type": "Tags", "Tags": []}])),
        "needs `Tags`",
    );
    case(&world, filters(json!([7])), "expected a map");
    case(&world, filters(json!(["nonsense"])), "nor JSON");
    let desktops = json!({"ResourceType": "ALIYUN::ECD::Desktop", "Filters": [{"Type": "All"}]});
    case(&world, desktops, "`ECD.DescribeDesktops`");
    let cars = json!({"ResourceType": "ALIYUN::Car", "Filters": [{"Type": "All"}]});
    case(&world, cars, "`ALIYUN::Car`");
}

#[test]
fn many_ids_are_asked_for_in_chunks_and_other_types_are_renamed() {
    let ids: Vec<String> = (0..150).map(|number| format!("d-{number}")).collect();
    let desktops = |ids: &[String]| {
        let list: Vec<Value> = ids
            .iter()
            .rev()
            .map(|id| json!({ "DesktopId": id }))
            .collect();
        json!({ "Desktops": list })
    };
    let profile = Arc::new(
        FakeProvider::default()
            .answer("ECD.DescribeDesktops", desktops(&ids[..100]))
            .answer("ECD.DescribeDesktops", desktops(&ids[100..])),
    );
    let filters = json!([{"Type": "ResourceIds", "ResourceIds": ids}]);
    let parameters = json!({"ResourceType": "ALIYUN::ECD::Desktop", "Filters": filters});
    let answer = route(
        &profile,
        &call("ACS", "ACS::SelectTargets", "t", &parameters),
    )
    .unwrap();
    assert_eq!(each(&answer["Instances"]["Instance"], "InstanceId"), ids);
    assert_eq!(
        profile.calls()[1].parameters["DesktopIds"]
            .as_array()
            .unwrap()
            .len(),
        50
    );
}

/// Answers one request on a free port; returns the address and what was sent.
fn serve_once(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 4096];
        let mut request = String::new();
        while !request.contains("\r\n\r\n") || request.contains("expects-body") {
            let count = stream.read(&mut buffer).unwrap();
            request.push_str(&String::from_utf8_lossy(&buffer[..count]));
            if count == 0 || request.ends_with('}') {
                break;
            }
        }
        stream.write_all(answer.as_bytes()).unwrap();
        request
    });
    (address, server)
}

fn http(method: &str, parameters: &Value, limits: HttpLimits) -> Result<Value, CallFault> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let provider = HttpProvider::new(limits).unwrap();
    let call = call("HTTP", method, "t", parameters);
    runtime.block_on(provider.call(&call, &context(&Arc::default(), "t")))
}

#[test]
fn a_request_is_answered_with_status_headers_and_body() {
    let (address, server) = serve_once(
        "HTTP/1.1 201 Created\r\nContent-Length: 8\r\nX-Kind: test\r\nConnection: close\r\n\r\n{\"a\": 1}",
    );
    let parameters = json!({
        "URL": format!("{address}/hook"), "Headers": {"X-Mark": "expects-body"},
        "Query": {"q": "a b"}, "Body": {"text": "hi"},
    });
    let answer = http("post", &parameters, HttpLimits::default()).unwrap();
    assert_eq!(answer["StatusCode"], 201);
    assert_eq!(answer["Headers"]["x-kind"], "test");
    assert_eq!(answer["Body"], json!({"a": 1}));
    let request = server.join().unwrap();
    assert!(
        request.starts_with("POST /hook?q=a+b HTTP/1.1"),
        "{request}"
    );
    assert!(
        request.contains("content-type: application/json"),
        "{request}"
    );
    assert!(request.ends_with(r#"{"text":"hi"}"#), "{request}");
}

#[test]
fn a_refusal_is_an_error_with_its_status() {
    let (address, server) =
        serve_once("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nConnection: close\r\n\r\ngone");
    let fault = http("GET", &json!({ "URL": address }), HttpLimits::default()).unwrap_err();
    server.join().unwrap();
    let CallFault::Api(error) = fault else {
        panic!("{fault}")
    };
    assert_eq!(error.code, "HttpStatus.404");
    assert!(error.message.contains("gone"), "{}", error.message);
}

#[test]
fn an_answer_that_is_too_long_is_refused() {
    let (address, server) =
        serve_once("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n123456789");
    let limits = HttpLimits {
        body: 8,
        ..HttpLimits::default()
    };
    let fault = http("GET", &json!({ "URL": address }), limits).unwrap_err();
    server.join().unwrap();
    assert!(matches!(fault, CallFault::Api(error) if error.code == "ResponseTooLarge"));
}

#[test]
fn a_request_that_was_sent_and_not_answered_is_unknown_unless_it_may_be_repeated() {
    #[track_caller]
    fn case(method: &str, is_unknown: bool) {
        let (address, server) = serve_once("");
        let fault = http(method, &json!({ "URL": address }), HttpLimits::default()).unwrap_err();
        server.join().unwrap();
        assert_eq!(
            matches!(fault, CallFault::Unknown { .. }),
            is_unknown,
            "{fault}"
        );
        assert_eq!(
            matches!(fault, CallFault::Unreachable { .. }),
            !is_unknown,
            "{fault}"
        );
    }
    case("POST", true);
    case("GET", false);
}

#[test]
fn nobody_listening_is_unreachable_whatever_the_method() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/?token=hunter22", listener.local_addr().unwrap())
    };
    let fault = http("POST", &json!({ "URL": address }), HttpLimits::default()).unwrap_err();
    assert!(matches!(fault, CallFault::Unreachable { .. }), "{fault}");
    assert!(!fault.to_string().contains("hunter22"), "{fault}");
}

#[test]
fn addresses_of_credentials_are_refused_also_behind_a_redirect() {
    #[track_caller]
    fn case(address: &str) {
        let fault = http("GET", &json!({ "URL": address }), HttpLimits::default()).unwrap_err();
        assert!(
            fault.to_string().contains("credentials"),
            "{address}: {fault}"
        );
    }
    case("http://169.254.169.254/latest/meta-data");
    case("http://100.100.100.200/");
    case("http://[fe80::1]/");
    case("http://[::ffff:169.254.169.254]/");
    case("http://2852039166/");
    let (address, server) = serve_once(
        "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n",
    );
    case(&address);
    server.join().unwrap();
    let fault = http(
        "GET",
        &json!({"URL": "file:///etc/passwd"}),
        HttpLimits::default(),
    );
    assert!(
        fault
            .unwrap_err()
            .to_string()
            .contains("expected `http` or `https`")
    );
}

//! Published templates, unmodified, over local instances.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::corpus::{folder, sources};
use crate::support::daemon::Daemon;
use crate::support::listener::one_request;
use crate::support::machine::{Machine, until};
use crate::support::oos::Ran;

/// What the instances of a test are found by.
const TARGETS: &str = r#"targets={"Type":"Tags","Tags":[{"Key":"role","Value":"web"}]}"#;

/// A machine with two tagged instances, and the published templates as its library.
struct Vendor {
    machine: Machine,
    library: PathBuf,
    ids: Vec<String>,
}

impl Vendor {
    /// Returns none if this machine has no published templates.
    fn new() -> Option<Self> {
        let library = folder()?;
        let machine = Machine::new();
        let ids = machine.instances(2, r#"[{"Key":"role","Value":"web"}]"#);
        Some(Self {
            machine,
            library,
            ids,
        })
    }

    fn arguments<'a>(&'a self, command: &[&'a str], parameters: &[&'a str]) -> Vec<&'a str> {
        let library = self.library.to_str().unwrap();
        let mut arguments = vec!["--library", library];
        arguments.extend(command);
        for parameter in parameters {
            arguments.extend(["-p", parameter]);
        }
        arguments
    }

    fn run(&self, template: &str, parameters: &[&str]) -> Ran {
        let arguments = self.arguments(&["-o", "json", "run", template], parameters);
        self.machine.home.oos(&arguments)
    }

    /// Runs a template that is to succeed; returns its outputs.
    #[track_caller]
    fn outputs(&self, template: &str, parameters: &[&str]) -> Value {
        let view = self.run(template, parameters).json(0);
        assert_eq!(view["Status"], "Success", "{template}: {view:#}");
        view["Outputs"].clone()
    }

    /// Runs a template that works on both instances.
    #[track_caller]
    fn bulk(&self, template: &str, parameters: &[&str]) -> Value {
        self.outputs(template, &[&[TARGETS], parameters].concat())
    }

    /// Runs a command in both instances; returns what it printed.
    #[track_caller]
    fn shell(&self, command: &str) -> Value {
        let content = format!("commandContent={command}");
        self.bulk("ACS-ECS-BulkyRunCommand", &[&content])["commandOutputs"].clone()
    }

    /// Returns the list of what a selector finds in the answer of an API of the local cloud.
    #[track_caller]
    fn ask(&self, api: &str, selector: &str) -> Value {
        let text = format!(
            "FormatVersion: OOS-2019-06-01\nTasks:\n  - Name: ask\n    Action: ACS::ExecuteAPI\n    \
             Properties: {{Service: ECS, API: {api}}}\n    \
             Outputs: {{it: {{Type: List, ValueSelector: '{selector}'}}}}\n\
             Outputs: {{it: {{Type: List, Value: '{{{{ ask.it }}}}'}}}}\n"
        );
        self.machine.home.file("ask.yml", &text);
        self.outputs("ask.yml", &[])["it"].clone()
    }
}

#[test]
fn every_published_template_validates() {
    let Some(folder) = folder() else { return };
    let folder = folder.to_str().unwrap();
    let ran = Machine::new()
        .home
        .oos(&["--library", folder, "validate", folder]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stderr.contains(": 0 errors") || ran.stdout.contains(": 0 errors"));
}

#[test]
fn commands_run_in_the_instances_with_a_tag() {
    let Some(vendor) = Vendor::new() else { return };
    let other = vendor
        .machine
        .instances(1, r#"[{"Key":"role","Value":"db"}]"#);
    let expected: Vec<String> = vendor.ids.iter().map(|id| format!("{id}\n")).collect();
    assert_eq!(vendor.shell("hostname | tee /root/seen"), json!(expected));
    let read = |id: &str| {
        let instance = format!("instanceId={id}");
        let command = "commandContent=cat seen 2>/dev/null || echo none";
        let outputs = vendor.outputs(
            "ACS-ECS-RunShellScript",
            &[&instance, command, "workingDir=/root"],
        );
        outputs["commandOutput"].as_str().unwrap().trim().to_owned()
    };
    assert_eq!(read(&vendor.ids[0]), vendor.ids[0]);
    assert_eq!(read(&other[0]), "none");
}

#[test]
fn a_product_action_is_a_template_of_its_own() {
    let Some(vendor) = Vendor::new() else { return };
    let instance = format!("instanceId={}", vendor.ids[1]);
    let parameters = [
        "commandType=RunShellScript",
        "commandContent=echo it; exit 0",
    ];
    let outputs = vendor.outputs(
        "ACS::ECS::RunCommand",
        &[&[instance.as_str()], &parameters[..]].concat(),
    );
    assert_eq!(outputs["invocationOutput"], "it\n", "{outputs:#}");
}

#[test]
fn an_approver_is_told_once_and_another_process_approves() {
    let Some(vendor) = Vendor::new() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let hook = format!("webHookUrl=http://{}/hook", listener.local_addr().unwrap());
    let user = Command::new("id").arg("-un").output().unwrap().stdout;
    let user = String::from_utf8(user).unwrap();
    let approvers = format!("approvers=[\"{}\"]", user.trim());
    let template = [
        "run",
        "--allow-self-approval",
        "ACS-ECS-ApproveBulkyRunCommand",
    ];
    let arguments = vendor.arguments(
        &template,
        &[
            TARGETS,
            "commandContent=echo approved",
            &hook,
            "atMobiles=[]",
            &approvers,
        ],
    );
    let mut run = vendor.machine.spawn(&arguments);
    assert!(run.wait_for("Running     approveBulkyRuncommand"));
    let (first, body) = one_request(&listener);
    assert_eq!(first, "POST /hook HTTP/1.1\r\n");
    assert!(body.contains(&run.execution()), "{body}");
    assert!(run.wait_for("Waiting"));
    let approved = vendor.machine.home.oos(&["approve", &run.execution()]);
    assert_eq!(approved.code, 0, "{approved}");
    let id = run.execution();
    let (code, said) = run.end();
    assert_eq!(code, Some(0), "{said}");
    let outputs = &vendor.machine.show(&id)["Outputs"];
    assert_eq!(
        outputs["commandOutputs"],
        json!([["approved\n", "approved\n"]])
    );
    assert!(listener.accept().is_err(), "told twice");
}

#[test]
fn instances_are_stopped_started_rebooted_and_deleted() {
    let Some(vendor) = Vendor::new() else { return };
    let status = || vendor.ask("DescribeInstances", "Instances.Instance[].Status");
    let born = "cut -d\" \" -f22 /proc/1/stat";
    let before = vendor.shell(born);
    vendor.bulk("ACS-ECS-BulkyRebootInstances", &[]);
    assert_ne!(vendor.shell(born), before, "they are not the same boots");
    vendor.bulk("ACS-ECS-BulkyStopInstances", &[]);
    assert_eq!(status(), json!(["Stopped", "Stopped"]));
    for id in &vendor.ids {
        vendor.outputs("ACS::ECS::StartInstance", &[&format!("instanceId={id}")]);
    }
    assert_eq!(status(), json!(["Running", "Running"]));
    let refused = vendor.run("ACS-ECS-BulkyDeleteInstances", &[TARGETS]);
    assert_eq!(refused.code, 1, "running instances stay: {refused}");
    vendor.bulk("ACS-ECS-BulkyDeleteInstances", &["force=true"]);
    assert_eq!(vendor.ask("DescribeInstances", "TotalCount"), json!([0]));
}

#[test]
fn instances_are_tagged_by_what_is_known_of_them() {
    let Some(vendor) = Vendor::new() else { return };
    vendor.bulk(
        "ACS-ECS-BulkyTagInstances",
        &[r#"tags=[{"Key":"team","Value":"blue"}]"#],
    );
    vendor.bulk("ACS-ECS-BulkyTagInstanceByOSType", &[]);
    vendor.bulk("ACS-ECS-BulkyTagInstanceByLinuxKernelVersion", &[]);
    let command = ["tagKey=said", "commandContent=echo word"];
    vendor.bulk("ACS-ECS-BulkyTagInstanceByRunCommandResult", &command);
    vendor.outputs(
        "ACS-TAG-AddTagsToResources",
        &[r#"newTags=[{"Key":"late","Value":"yes"}]"#],
    );
    let tags = vendor.ask("DescribeInstances", "Instances.Instance[].Tags.Tag[]");
    let tags = tags.as_array().unwrap();
    let values = || tags.iter().map(|tag| tag["TagValue"].as_str().unwrap());
    // What a command printed ends its line.
    let with = |value: &str| values().filter(|it| it.trim_end() == value).count();
    for value in ["web", "blue", "linux", "word", "yes"] {
        assert_eq!(with(value), 2, "{value}: {tags:#?}");
    }
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let of_kernel =
        values().filter(|value| value.len() > 2 && release.starts_with(value.trim_end()));
    assert_eq!(of_kernel.count(), 2, "{tags:#?}");
}

#[test]
fn disks_are_kept_as_snapshots_and_images_and_made_anew() {
    let Some(vendor) = Vendor::new() else { return };
    vendor.shell("echo kept > /opt/kept");
    let instance = format!("instanceId={}", vendor.ids[0]);
    let image = vendor.outputs("ACS-ECS-CreateImage", &[&instance, "imageName=kept-1"]);
    let images = vendor.ask("DescribeImages", "Images.Image[].ImageId");
    assert!(
        images.as_array().unwrap().contains(&image["imageId"]),
        "{images}"
    );
    let disks = vendor.ask("DescribeDisks", "Disks.Disk[].DiskId");
    let parameter = format!("diskIds={disks}");
    let snapshots = vendor.outputs("ACS-ECS-BulkyCreateSnapshot", &[&parameter]);
    assert_eq!(
        snapshots["createdSnapshotIds"].as_array().unwrap().len(),
        disks.as_array().unwrap().len()
    );
    vendor.bulk("ACS-ECS-BulkyReInitSystemDisk", &[]);
    let command = "cat /opt/kept 2>/dev/null || echo gone";
    assert_eq!(vendor.shell(command), json!(["gone\n", "gone\n"]));
}

/// A template of the shape that service users know, over the published product actions.
const UPDATE: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  sourceImageId: {Type: String}
  targetImageName: {Type: String}
  commandContent: {Type: String}
  instanceType: {Type: String, Default: ecs.g5.large}
  securityGroupId: {Type: String}
  vSwitchId: {Type: String}
  tags: {Type: Json, Default: []}
Tasks:
  - Name: checkNewImageName
    Action: ACS::CheckFor
    Properties:
      Service: ECS
      API: DescribeImages
      Parameters: {ImageName: '{{ targetImageName }}'}
      PropertySelector: TotalCount
      DesiredValues: [0]
  - Name: runInstances
    Action: ACS::ECS::RunInstances
    Properties:
      imageId: '{{ sourceImageId }}'
      instanceType: '{{ instanceType }}'
      securityGroupId: '{{ securityGroupId }}'
      vSwitchId: '{{ vSwitchId }}'
    Outputs:
      instanceId: {Type: String, ValueSelector: 'instanceIds[]'}
  - Name: installAssistant
    Action: ACS::ECS::InstallCloudAssistant
    OnError: deleteInstance
    Properties: {instanceId: '{{ runInstances.instanceId }}'}
  - Name: runCommand
    Action: ACS::ECS::RunCommand
    OnError: deleteInstance
    Properties:
      instanceId: '{{ runInstances.instanceId }}'
      commandType: RunShellScript
      commandContent: '{{ commandContent }}'
  - Name: stopInstance
    Action: ACS::ECS::StopInstance
    OnError: deleteInstance
    Properties: {instanceId: '{{ runInstances.instanceId }}'}
  - Name: createImage
    Action: ACS::ECS::CreateImage
    OnError: deleteInstance
    Properties:
      instanceId: '{{ runInstances.instanceId }}'
      imageName: '{{ targetImageName }}'
      tags: '{{ tags }}'
    Outputs:
      imageId: {Type: String, ValueSelector: imageId}
  - Name: deleteInstance
    Action: ACS::ExecuteAPI
    Properties:
      Service: ECS
      API: DeleteInstance
      Risk: Normal
      Parameters: {InstanceId: '{{ runInstances.instanceId }}', Force: true}
Outputs:
  imageId: {Type: String, Value: '{{ createImage.imageId }}'}
";

#[test]
fn an_image_is_updated_with_the_published_product_actions() {
    let Some(vendor) = Vendor::new() else { return };
    vendor.machine.home.file("update.yml", UPDATE);
    let update = |name: &str, command: &str| {
        vendor.run(
            "update.yml",
            &[
                "sourceImageId=host",
                &format!("targetImageName={name}"),
                &format!("commandContent={command}"),
                "securityGroupId=sg-1",
                "vSwitchId=vsw-1",
                r#"tags=[{"Key":"made","Value":"here"}]"#,
            ],
        )
    };
    let made = update("updated-1", "echo two > /opt/version").json(0);
    let image = made["Outputs"]["imageId"].as_str().unwrap().to_owned();
    let tags = vendor.ask("DescribeImages", "Images.Image[].Tags.Tag[]");
    assert_eq!(tags[0]["TagValue"], "here", "{tags}");
    let taken = update("updated-1", "true");
    assert_eq!(taken.code, 1, "the name is taken: {taken}");
    let failed = update("updated-2", "exit 7");
    assert_eq!(failed.code, 1, "{failed}");
    let left = vendor.ask("DescribeInstances", "Instances.Instance[].InstanceId");
    assert_eq!(left.as_array().unwrap().len(), 2, "only the others: {left}");
    let again = format!("imageId={image}");
    let parameters = [
        "instanceType=ecs.g5.large",
        "vSwitchId=v",
        "securityGroupId=s",
    ];
    let started = vendor.outputs(
        "ACS::ECS::RunInstances",
        &[&[again.as_str()], &parameters[..]].concat(),
    );
    let instance = format!("instanceId={}", started["instanceIds"][0].as_str().unwrap());
    let read = vendor.outputs(
        "ACS::ECS::RunCommand",
        &[
            &instance,
            "commandType=RunShellScript",
            "commandContent=cat /opt/version",
        ],
    );
    assert_eq!(read["invocationOutput"], "two\n");
}

/// Every second, so that a test sees two times of it.
const SCHEDULE: [&str; 3] = [
    "cron=* * * * * ?",
    "endDate=2099-01-01T00:00:00Z",
    "timeZone=Asia/Shanghai",
];

#[test]
fn a_published_schedule_is_fired_twice() {
    let Some(vendor) = Vendor::new() else {
        return;
    };
    let home = &vendor.machine.home;
    let parameters: Vec<&str> = SCHEDULE.into_iter().chain([TARGETS]).collect();
    let run = vendor.run("ACS-ECS-ScheduleToRebootInstances", &parameters);
    let trigger = run.json(0)["ExecutionId"].as_str().unwrap().to_owned();
    let next = home.oos(&["trigger", "next", &trigger, "--count", "3", "-o", "json"]);
    assert_eq!(next.json(0)["Times"].as_array().unwrap().len(), 3);
    let daemon = Daemon::start(home, &[]);
    let succeeded = || {
        let history = home.oos(&["trigger", "history", &trigger, "-o", "json"]);
        let history: Value = serde_json::from_str(history.data(0)).unwrap();
        let fired = history.as_array().unwrap().iter();
        fired.filter(|fired| fired["Status"] == "Success").count()
    };
    until("two times have come to their end", || succeeded() >= 2);
    home.oos(&["trigger", "delete", &trigger]).data(0);
    daemon.stop();
}

#[test]
fn a_published_alarm_reboots_the_instance() {
    let Some(vendor) = Vendor::new() else {
        return;
    };
    let home = &vendor.machine.home;
    let instance = format!("instanceId={}", vendor.ids[0]);
    let run = vendor.run(
        "ACS-ECS-RebootSpecifiedInstanceAtHighCpu",
        &[&instance, "threshold=90"],
    );
    let trigger = run.json(0)["ExecutionId"].as_str().unwrap().to_owned();
    let alarm = json!({ "namespace": "acs_ecs_dashboard", "metricName": "cpu_total" });
    let fire = |content: &Value| {
        let content = content.to_string();
        home.oos(&[
            "trigger",
            "fire",
            &trigger,
            "--type",
            "alarm",
            "--content",
            &content,
            "-o",
            "json",
        ])
    };
    for _ in 0..2 {
        assert_eq!(fire(&alarm).json(0)["Status"], "Success");
    }
    assert_eq!(fire(&json!({ "metricName": "memory_total" })).code, 1);
}

#[test]
fn every_published_timer_can_be_read() {
    let Some(folder) = folder() else {
        return;
    };
    let mut read = 0;
    for source in sources(&folder) {
        let parsed = oos::template::parse::parse(&source);
        let Some(template) = parsed.template else {
            continue;
        };
        let Some(first) = template.tasks.first() else {
            continue;
        };
        if !first
            .action
            .value
            .as_str()
            .eq_ignore_ascii_case("ACS::TimerTrigger")
        {
            continue;
        }
        let text: Value = serde_yaml::from_str(source.text()).unwrap();
        let Value::Object(mut settings) = text["Tasks"][0]["Properties"].clone() else {
            panic!("{}: no properties", source.name());
        };
        // What a person fills in is not the template's.
        if settings
            .values()
            .any(|value| value.to_string().contains("Fn::"))
        {
            continue;
        }
        for (name, value) in &mut settings {
            let is_open = value.as_str().is_some_and(|text| text.contains("{{"));
            if is_open {
                *value = match name.as_str() {
                    "Type" => json!("cron"),
                    "Expression" => json!("0 0 12 ? * *"),
                    "TimeZone" => json!("Asia/Shanghai"),
                    _ => json!("2099-01-01T00:00:00Z"),
                };
            }
        }
        let began = "2026-01-01T00:00:00Z".parse().unwrap();
        let timer = oos::engine::timer::Timer::read(&settings, began);
        let timer = timer.unwrap_or_else(|error| panic!("{}: {error}", source.name()));
        let first = timer.schedule.next_after(began).unwrap();
        assert!(
            timer.schedule.next_after(first.nominal).is_some(),
            "{}",
            source.name()
        );
        read += 1;
    }
    assert!(read >= 5, "{read} timers were read");
}

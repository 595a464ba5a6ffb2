//! Every runbook that comes with the program, run for real.

use serde_json::{Value, json};

use oos::engine::event::Request;
use oos::engine::status::ExecutionStatus;

use crate::support::stage::Stage;

#[test]
fn update_image_makes_an_image_that_holds_what_the_command_wrote() {
    let stage = Stage::new();
    let view = stage.succeed(
        "update-image",
        json!({"targetImageName": "web-2", "commandContent": "echo two > /opt/version; echo done"}),
    );
    assert_eq!(view.outputs["commandOutput"], "done\n");
    let image = view.outputs["imageId"].as_str().unwrap().to_owned();
    let again = stage.succeed(
        "update-image",
        json!({"sourceImageId": image, "targetImageName": "web-3", "commandContent": "cat /opt/version"}),
    );
    assert_eq!(again.outputs["commandOutput"], "two\n");
    let left = stage.succeed("bulk-run-command", json!({"commandContent": "true"}));
    assert_eq!(
        left.outputs["instances"],
        json!([]),
        "the instances are deleted"
    );
}

#[test]
fn update_image_deletes_the_instance_when_the_command_fails() {
    let stage = Stage::new();
    let id = stage
        .start(
            "update-image",
            json!({"targetImageName": "bad", "commandContent": "exit 7"}),
        )
        .unwrap();
    let view = stage.drive(&id);
    assert_eq!(view.status, ExecutionStatus::Failed);
    assert!(view.status_message.contains('7'), "{}", view.status_message);
    let left = stage.succeed("bulk-run-command", json!({"commandContent": "true"}));
    assert_eq!(left.outputs["instances"], json!([]));
}

#[test]
fn bulk_run_command_reaches_the_instances_with_a_tag_in_order() {
    let stage = Stage::new();
    let web = stage.instances(3, json!([{"Key": "role", "Value": "web"}]));
    stage.instances(1, json!([{"Key": "role", "Value": "db"}]));
    let targets = json!({"Type": "Tags", "Tags": [{"Key": "role", "Value": "web"}]});
    let view = stage.succeed(
        "bulk-run-command",
        json!({"targets": targets, "commandContent": "hostname"}),
    );
    assert_eq!(view.outputs["instances"], json!(web));
    assert_eq!(view.outputs["outputs"].as_array().unwrap().len(), 3);
}

#[test]
fn patrol_reports_every_instance_and_what_exceeds_its_limits() {
    let stage = Stage::new();
    let ids = stage.instances(2, json!([]));
    let calm = stage.succeed(
        "patrol",
        json!({"maxLoadPerCore": 1000, "maxMemoryPercent": 100, "maxDiskPercent": 100}),
    );
    let report = &calm.outputs["report"];
    assert_eq!(report["instances"], 2, "{report}");
    assert_eq!(report["ok"], 2, "{report}");
    let strict = stage.succeed(
        "patrol",
        json!({"maxLoadPerCore": 1000, "maxMemoryPercent": 0}),
    );
    let warnings = strict.outputs["report"]["warnings"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(warnings.len(), 2);
    let seen: Vec<&Value> = warnings.iter().map(|row| &row["instanceId"]).collect();
    assert_eq!(
        seen,
        ids.iter()
            .map(|id| json!(id))
            .collect::<Vec<_>>()
            .iter()
            .collect::<Vec<_>>()
    );
    let finding = warnings[0]["findings"][0].as_str().unwrap();
    assert!(finding.starts_with("memory "), "{finding}");
}

#[test]
fn approve_then_run_waits_for_two_people_and_then_runs() {
    let stage = Stage::new();
    stage.instances(1, json!([]));
    let arguments = json!({"minRequiredApprovals": 2, "commandContent": "echo approved"});
    let id = stage.start("approve-then-run", arguments).unwrap();
    assert_eq!(
        stage.drive_until_waiting(&id).status,
        ExecutionStatus::Waiting
    );
    stage.post(&id, "ann", Request::Approve { task: None });
    assert_eq!(
        stage.drive_until_waiting(&id).status,
        ExecutionStatus::Waiting
    );
    stage.post(&id, "bob", Request::Approve { task: None });
    let view = stage.drive(&id);
    assert_eq!(
        view.status,
        ExecutionStatus::Success,
        "{}",
        view.status_message
    );
    assert_eq!(view.outputs["outputs"], json!(["approved\n"]));
}

#[test]
fn approve_then_run_runs_nothing_when_it_is_rejected() {
    let stage = Stage::new();
    stage.instances(1, json!([]));
    let id = stage
        .start("approve-then-run", json!({"commandContent": "true"}))
        .unwrap();
    stage.drive_until_waiting(&id);
    stage.post(&id, "ann", Request::Reject { task: None });
    assert_eq!(stage.drive(&id).status, ExecutionStatus::Cancelled);
    assert!(
        stage
            .tasks(&id)
            .iter()
            .all(|task| task.task_name != "run" || task.start_date.is_none())
    );
}

#[test]
fn rolling_restart_waits_after_the_first_batch() {
    let stage = Stage::new();
    stage.instances(3, json!([]));
    let id = stage
        .start("rolling-restart", json!({"healthCheck": "test -d /usr"}))
        .unwrap();
    stage.drive_until_waiting(&id);
    let items = |stage: &Stage| {
        let tasks = stage.tasks(&id);
        let ended = tasks
            .iter()
            .filter(|task| task.loop_index.is_some() && task.end_date.is_some());
        ended.count()
    };
    assert_eq!(items(&stage), 1, "the first batch is one instance");
    stage.post(&id, "ann", Request::Approve { task: None });
    let view = stage.drive(&id);
    assert_eq!(
        view.status,
        ExecutionStatus::Success,
        "{}",
        view.status_message
    );
    assert_eq!(items(&stage), 3);
}

#[test]
fn clean_up_images_keeps_the_newest() {
    let stage = Stage::new();
    for name in ["app-1", "app-2", "app-3", "other-1"] {
        stage.succeed(
            "update-image",
            json!({"targetImageName": name, "commandContent": "true"}),
        );
    }
    stage.succeed("clean-up-images", json!({"namePrefix": "app-", "keep": 1}));
    let left = stage.succeed("clean-up-images", json!({"namePrefix": "app-", "keep": 9}));
    let mut names: Vec<String> = left.outputs["found"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| image["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["app-3", "other-1"]);
}

#[test]
fn every_runbook_validates_without_a_finding_and_speaks_two_languages() {
    let stage = Stage::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder)
        .unwrap()
        .chain(std::fs::read_dir(folder.join("action")).unwrap())
    {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yml") {
            continue;
        }
        seen += 1;
        let reference = oos::runner::TemplateRef::File(path.clone());
        let (template, warnings) = stage
            .runner
            .load(&reference)
            .unwrap_or_else(|error| panic!("{}: {error:?}", path.display()));
        assert_eq!(warnings, [], "{}", path.display());
        let description = template.description.expect("a runbook says what it is for");
        for language in ["en", "zh-cn"] {
            assert!(
                description
                    .texts
                    .iter()
                    .any(|(tag, text)| tag == language && !text.is_empty()),
                "{} has no description in {language}",
                path.display()
            );
        }
    }
    assert!(seen >= 18, "{seen}");
}

//! Plans, what is bound to them, and whose approval counts, through the real program.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::oos::{Home, Ran};

const LOOPING: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  hosts: {Type: List, Default: [a, b]}
  size: {Type: Number, Default: 1}
  mark: {Type: String, Default: 'run-{{ ACS::ExecutionId }}'}
  began: {Type: String, Default: '{{ ACS::CurrentUTCTime }} {{ mark }} {{ ACS::ExecuteUser }}'}
Tasks:
  - Name: each
    Action: ACS::Test::Called
    Properties: {size: '{{ size }}', mark: '{{ began }}'}
    Loop: {Items: '{{ hosts }}'}
";

const CALLED: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  size: {Type: Number}
  mark: {Type: String}
Tasks:
  - {Name: regions, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: DescribeRegions}}
";

const ASKING: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  size: {Type: Number, Default: 1}
Tasks:
  - {Name: ask, Action: 'ACS::Approve'}
  - {Name: regions, Action: 'ACS::ExecuteAPI', Properties: {Service: ECS, API: DescribeRegions}}
";

fn home() -> Home {
    let home = Home::new();
    home.file("looping.yml", LOOPING);
    home.file("asking.yml", ASKING);
    home.file("library/ACS::Test::Called.yml", CALLED);
    home
}

fn oos(home: &Home, arguments: &[&str]) -> Ran {
    home.oos(&[&["--library", "library"], arguments].concat())
}

fn plan(home: &Home, template: &str, options: &[&str]) -> String {
    let ran = oos(home, &[&["-o", "json", "plan", template], options].concat());
    ran.json(0)["Digest"].as_str().unwrap().to_owned()
}

/// Runs for a plan; nothing may have been started if it is refused.
fn run(home: &Home, plan: &str, template: &str, options: &[&str]) -> Ran {
    oos(
        home,
        &[&["run", template, "--plan", plan], options].concat(),
    )
}

fn show(home: &Home) -> Value {
    oos(home, &["-o", "json", "show", "@last"]).json(0)
}

fn waiting(home: &Home, options: &[&str]) {
    let ran = oos(
        home,
        &[&["run", "asking.yml", "--no-wait"], options].concat(),
    );
    assert_eq!(ran.code, 4, "{ran}");
}

#[test]
fn what_differs_by_run_alone_makes_no_other_plan() {
    let home = home();
    let digest = plan(&home, "looping.yml", &[]);
    assert_eq!(digest, plan(&home, "looping.yml", &[]));
    assert_eq!(digest, plan(&home, "looping.yml", &["-p", "size=1"]));
    let ran = run(&home, &digest, "looping.yml", &[]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(show(&home)["Plan"], json!(digest));
}

#[test]
fn whatever_differs_makes_another_plan_and_is_named() {
    #[track_caller]
    fn case(change: impl Fn(&Home), options: &[&str], named: &[&str]) {
        let home = home();
        let before = plan(&home, "looping.yml", &[]);
        change(&home);
        let after = plan(&home, "looping.yml", options);
        assert_ne!(before, after, "{named:?}");
        let ran = run(&home, &before, "looping.yml", options);
        assert_eq!(ran.code, 2, "{ran}");
        for words in named
            .iter()
            .copied()
            .chain([before.as_str(), after.as_str()])
        {
            assert!(ran.stderr.contains(words), "{words}: {ran}");
        }
        let started = oos(&home, &["-o", "json", "list"]).json(0);
        assert_eq!(started, json!([]), "nothing was started");
        // Another change than this one would have been named, too.
        assert_eq!(ran.stderr.matches("\n  ").count(), named.len(), "{ran}");
    }
    let same = |_: &Home| {};
    let changed = |name: &'static str, text: &'static str, from: &'static str, to: &'static str| {
        move |home: &Home| {
            home.file(name, &text.replace(from, to));
        }
    };
    case(
        changed("looping.yml", LOOPING, "Tasks:", "# A word\nTasks:"),
        &[],
        &["the template is another text"],
    );
    case(
        changed(
            "library/ACS::Test::Called.yml",
            CALLED,
            "Tasks:",
            "# A word\nTasks:",
        ),
        &[],
        &["the called template `ACS::Test::Called` is another text"],
    );
    case(
        same,
        &["-p", "size=2"],
        &["parameter `size` was `1` and is `2`"],
    );
    case(
        same,
        &["-p", "mark=x"],
        &["parameter `mark` has another value"],
    );
    let hosts = |value: &str| format!("hosts={value}");
    case(
        same,
        &["-p", &hosts(r#"["a","b","c"]"#)],
        &["parameter `hosts`", "the targets of `each` differ: new: c"],
    );
    case(
        same,
        &["-p", &hosts(r#"["b"]"#)],
        &["parameter `hosts`", "the targets of `each` differ: gone: a"],
    );
    case(
        same,
        &["-p", &hosts(r#"["b","a"]"#)],
        &[
            "parameter `hosts`",
            "the targets of `each` differ: the order",
        ],
    );
}

#[test]
fn a_plan_of_another_data_directory_is_refused_without_guessing_what_differs() {
    let home = home();
    let unknown = format!("sha256:{}", "0".repeat(64));
    let ran = run(&home, &unknown, "looping.yml", &[]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(
        ran.stderr.contains("was not made in this data directory"),
        "{ran}"
    );
    let ran = run(&home, "sha256:12", "looping.yml", &[]);
    assert_eq!(ran.code, 2, "{ran}");
}

#[test]
fn the_digest_of_a_plan_does_not_tell_a_secret() {
    let text = "FormatVersion: OOS-2019-06-01
Parameters:
  pin: {Type: String, NoEcho: true}
Tasks:
  - Name: each
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DescribeRegions}
    Loop: {Items: ['{{ pin }}']}
";
    let (one, other) = (home(), home());
    let with = |home: &Home, pin: &str| {
        home.file("secret.yml", text);
        home.file("pin.yml", &format!("pin: '{pin}'"));
        plan(home, "secret.yml", &["--parameters", "pin.yml"])
    };
    let digest = with(&one, "1234");
    assert_eq!(digest, with(&one, "1234"));
    assert_ne!(digest, with(&one, "1235"));
    // Who has the digest and not the key cannot try all pins.
    assert_ne!(digest, with(&other, "1234"));
    let ran = run(&one, &digest, "secret.yml", &["--parameters", "pin.yml"]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(
        ran.stderr.contains("parameter `pin` has another value"),
        "{ran}"
    );
    assert!(!ran.stderr.contains("123"), "{ran}");
    one.file("pin.yml", "pin: '1234'");
    let ran = run(&one, &digest, "secret.yml", &["--parameters", "pin.yml"]);
    assert_eq!(ran.code, 0, "{ran}");
}

#[test]
fn who_started_it_cannot_approve_and_is_told_both_ways_out() {
    let home = home();
    waiting(&home, &[]);
    let ran = oos(&home, &["approve", "@last"]);
    assert_eq!(ran.code, 1, "{ran}");
    for words in ["another person must approve", "`--allow-self-approval`"] {
        assert!(ran.stderr.contains(words), "{ran}");
    }
    assert_eq!(show(&home)["Status"], "Waiting");
    assert_eq!(oos(&home, &["reject", "@last", "--resume"]).code, 3);
}

#[test]
fn self_approval_that_was_allowed_is_on_record() {
    let home = home();
    waiting(&home, &["--allow-self-approval"]);
    let digest = show(&home)["Plan"].as_str().unwrap().to_owned();
    let ran = oos(
        &home,
        &["approve", "@last", "--resume", "--note", "checked twice"],
    );
    assert_eq!(ran.code, 0, "{ran}");
    let shown = show(&home);
    assert_eq!(shown["SelfApproval"], json!(true));
    let approval = &shown["Tasks"][0]["Properties"]["Approvals"][0];
    assert_eq!(approval["Note"], "checked twice");
    assert_eq!(approval["Plan"], json!(digest));
    assert_eq!(approval["By"], shown["ExecutedBy"]);
    let text = oos(&home, &["show", "@last"]);
    for words in ["may approve, too", "checked twice", &digest] {
        assert!(text.stdout.contains(words), "{words}: {text}");
    }
    let events = oos(&home, &["-o", "json", "events", "@last"]);
    assert!(events.stdout.contains("self_approval"), "{events}");
    let audit = oos(&home, &["-o", "json", "audit", "list"]);
    assert!(
        audit.stdout.contains("elf_approval") || audit.stdout.contains("SelfApproval"),
        "{audit}"
    );
}

#[test]
fn an_approval_for_another_plan_is_refused_with_both_named() {
    let home = home();
    let reviewed = plan(&home, "asking.yml", &["-p", "size=2"]);
    waiting(&home, &["--allow-self-approval"]);
    let now = show(&home)["Plan"].as_str().unwrap().to_owned();
    let ran = oos(&home, &["approve", "@last", "--plan", &reviewed]);
    assert_eq!(ran.code, 1, "{ran}");
    assert!(
        ran.stderr.contains(&reviewed) && ran.stderr.contains(&now),
        "{ran}"
    );
    let ran = oos(&home, &["approve", "@last", "--plan", &now, "--resume"]);
    assert_eq!(ran.code, 0, "{ran}");
}

#[test]
fn what_can_never_be_approved_is_refused_before_the_start() {
    let home = home();
    let user = environment_user();
    let text = ASKING.replace(
        "'ACS::Approve'",
        &format!("'ACS::Approve', Properties: {{Approvers: ['{user}']}}"),
    );
    home.file("asking.yml", &text);
    let ran = oos(&home, &["run", "asking.yml", "--no-wait"]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stderr.contains("--allow-self-approval"), "{ran}");
    let planned = oos(&home, &["plan", "asking.yml"]);
    assert!(
        planned.stderr.contains("can never be approved"),
        "{planned}"
    );
    waiting(&home, &["--allow-self-approval"]);
}

#[test]
fn a_plan_shows_who_approves_and_what_comes_of_it_without_anybody() {
    let home = home();
    home.file(
        "timed.yml",
        "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: ask
    Action: ACS::Approve
    Timeout: PT1H
    Properties: {Approvers: [bob, cat, dan], MinRequiredApprovals: 2, TimeoutOutcome: Approve}
",
    );
    let ran = oos(&home, &["plan", "timed.yml"]);
    let words = "ask: 2 of bob, cat, dan; approved by nobody after PT1H";
    assert!(ran.data(0).contains(words), "{ran}");
}

/// Asks, then looks for saved commands and does something for each of them.
const COMMANDS: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - {Name: ask, Action: 'ACS::Approve'}
  - Name: find
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DescribeCommands, Parameters: {Provider: User}}
    Outputs: {names: {Type: List, ValueSelector: '.Commands.Command[].Name'}}
  - Name: each
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DescribeRegions}
    Loop: {Items: '{{ find.names }}'}
";

const SAVE: &str = "FormatVersion: OOS-2019-06-01
Parameters: {name: {Type: String}}
Tasks:
  - Name: save
    Action: ACS::ExecuteAPI
    Properties:
      Service: ECS
      API: CreateCommand
      Parameters: {Name: '{{ name }}', Type: RunShellScript, CommandContent: dHJ1ZQ==}
";

#[test]
fn items_that_are_new_since_the_plan_do_not_run() {
    let home = home();
    home.file("commands.yml", COMMANDS);
    home.file("save.yml", SAVE);
    let save = |name: &str| {
        let name = format!("name={name}");
        assert_eq!(oos(&home, &["run", "save.yml", "-p", &name]).code, 0);
    };
    let start = || {
        let options = ["--no-wait", "--allow-self-approval"];
        let ran = oos(&home, &[&["run", "commands.yml"], &options[..]].concat());
        assert_eq!(ran.code, 4, "{ran}");
        show(&home)["ExecutionId"].as_str().unwrap().to_owned()
    };
    save("one");
    let as_planned = start();
    let ran = oos(&home, &["approve", &as_planned, "--resume"]);
    assert_eq!(ran.code, 0, "{ran}");

    let outdated = start();
    save("two");
    let ran = oos(&home, &["approve", &outdated, "--resume"]);
    assert_eq!(ran.code, 1, "{ran}");
    assert!(ran.stdout.contains("new: `two`"), "{ran}");
}

fn environment_user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Needs root, who can become somebody else.
#[test]
fn a_second_person_approves_what_the_first_started() {
    if environment_user() != "root" {
        return;
    }
    let home = home();
    let program = home.path().join("oos");
    std::fs::copy(env!("CARGO_BIN_EXE_oos"), &program).unwrap();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let data = home.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::os::unix::fs::chown(&data, Some(65534), Some(65534)).unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700)).unwrap();
    home.file("config.yml", "");
    let as_nobody = |arguments: &[&str]| {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(&program)
            .args(arguments)
            .env_clear()
            .env("HOME", home.path())
            .env("OOS_DATA_DIR", &data)
            .env("OOS_CONFIG", home.path().join("config.yml"))
            .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
            .current_dir(home.path());
        home.finish(&mut command)
    };
    let ran = as_nobody(&["run", "asking.yml", "--no-wait"]);
    assert_eq!(ran.code, 4, "{ran}");
    let ran = as_nobody(&["approve", "@last"]);
    assert_eq!(ran.code, 1, "{ran}");
    let ran = oos(&home, &["approve", "@last", "--note", "as root"]);
    assert_eq!(ran.code, 0, "{ran}");
    let ran = as_nobody(&["resume", "@last"]);
    assert_eq!(ran.code, 0, "{ran}");
    let ran = as_nobody(&["-o", "json", "show", "@last"]);
    let shown = ran.json(0);
    assert_eq!(
        shown["Tasks"][0]["Properties"]["Approvals"][0]["By"],
        "root"
    );
    assert_ne!(shown["ExecutedBy"], "root");
}

#[test]
fn an_approval_in_the_steps_of_a_loop_is_in_the_plan_and_cannot_be_skipped() {
    #[track_caller]
    fn case(steps: &str, action: &str) {
        let home = home();
        let text = format!(
            "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: each
    Action: ACS::Loop
    Properties:
      LoopItems: [1]
      {steps}:
        - {{Name: ask, Action: {action}}}
  - {{Name: regions, Action: 'ACS::ExecuteAPI', Properties: {{Service: ECS, API: DescribeRegions}}}}
"
        );
        home.file("steps.yml", &text);
        let planned = oos(&home, &["-o", "json", "plan", "steps.yml"]).json(0);
        assert_eq!(planned["Approvals"][0]["Path"], json!(["each", "ask"]));

        let started = ["run", "steps.yml", "--mode", "failure-pause", "--no-wait"];
        assert_eq!(oos(&home, &started).code, 4);
        let bound = &show(&home)["Plan"];
        assert_eq!(*bound, planned["Digest"], "{steps}");
        assert_eq!(oos(&home, &["cancel", "@last", "--task", "each"]).code, 0);
        assert_eq!(oos(&home, &["resume", "@last", "--no-wait"]).code, 4);
        let skipped = oos(&home, &["skip", "@last"]);
        assert_eq!(skipped.code, 1, "{skipped}");
        assert!(
            skipped.stderr.contains("`each` is an approval"),
            "{skipped}"
        );
    }
    // However it is written, it is what it is.
    case("LoopTasks", "\"ACS::Appro\\x76e\"");
    case("loopTasks", "acs::approve");
}

#[test]
fn a_plan_finds_properties_in_any_case_as_a_run_does() {
    #[track_caller]
    fn case(task: &str, part: &str, expected: &Value) {
        let home = home();
        assert_eq!(home.oos(&["template", "create", "asking.yml"]).code, 0);
        assert_eq!(home.oos(&["template", "create", "looping.yml"]).code, 0);
        let text = format!(
            "FormatVersion: OOS-2019-06-01
Tasks:
  - {task}
  - {{Name: ask, Action: 'ACS::Approve'}}
  - {{Name: last, Action: 'ACS::Sleep', Properties: {{Duration: PT1S}}}}
"
        );
        home.file("case.yml", &text);
        let planned = oos(&home, &["-o", "json", "plan", "case.yml"]).json(0);
        assert_eq!(planned.pointer(part), Some(expected), "{task}");
    }
    case(
        "{Name: t, Action: 'ACS::Template', Properties: {templateName: asking}}",
        "/Approvals/0/Path",
        &json!(["t", "ask"]),
    );
    case(
        "{Name: t, Action: 'ACS::Template', \
         Properties: {TemplateName: looping, parameters: {hosts: [x]}}}",
        "/Steps/1/Repeats",
        &json!({"Items": ["x"]}),
    );
    case(
        "{Name: t, Action: 'ACS::ExecuteAPI', Properties: {service: ECS, api: DescribeRegions}}",
        "/Steps/0/Api",
        &json!("ECS.DescribeRegions"),
    );
    case(
        "{Name: t, Action: 'ACS::Choice', \
         Properties: {choices: [{when: true, nextTask: last}], defaultTask: ask}}",
        "/Approvals/0/Conditional",
        &json!(true),
    );
    case(
        "{Name: t, Action: 'ACS::Approve', Properties: {approvers: [ann], Approvers: [bob]}}",
        "/Approvals/0/Approvers",
        &json!(["bob"]),
    );
}

#[test]
fn a_run_is_bound_to_its_plan_however_its_decisions_are_written() {
    #[track_caller]
    fn case(task: &str) {
        let home = home();
        let text = format!("FormatVersion: OOS-2019-06-01\nTasks:\n  - {task}\n");
        home.file("decisions.yml", &text);
        let ran = oos(&home, &["run", "decisions.yml", "--no-wait"]);
        assert_eq!(ran.code, 4, "{ran}");
        assert!(show(&home)["Plan"].is_string(), "{task}");
    }
    let looping = |control: &str| {
        format!(
            "{{Name: each, Action: 'ACS::ExecuteAPI', \
             Properties: {{Service: ECS, API: DescribeRegions}}, \
             Loop: {{Items: [1, 2], RateControl: {control}}}}}"
        )
    };
    let control = "Mode: Batch, Batch: [1, 1]";
    case(&looping(&format!(
        "{{{control}, BatchPauseOption: EveryBatchPause}}"
    )));
    case(&looping(&format!(
        "{{{control}, \"Batch\\u0050auseOption\": EveryBatchPause}}"
    )));
    case(&looping(
        "'{\"Mode\": \"Batch\", \"Batch\": [1, 1], \"BatchPauseOption\": \"EveryBatchPause\"}'",
    ));
    let asking = "{\"Tasks\": [{\"Name\": \"ask\", \"Action\": \"ACS::Approve\"}], \
                  \"FormatVersion\": \"OOS-2019-06-01\"}";
    case(&format!(
        "{{Name: t, Action: 'ACS::Template', Properties: {{\"Template\\u0043ontent\": '{asking}'}}}}"
    ));
}

/// A loop in two batches, which asks between them if its settings say so.
fn batches(head: &str, control: &str) -> String {
    format!(
        "FormatVersion: OOS-2019-06-01
{head}
  - Name: each
    Action: ACS::ExecuteAPI
    Properties: {{Service: ECS, API: DescribeRegions}}
    Loop: {{Items: [1, 2], RateControl: {control}}}
"
    )
}

#[test]
fn a_run_is_bound_to_its_plan_wherever_its_decisions_come_from() {
    #[track_caller]
    fn case(text: &str, options: &[&str]) {
        let home = home();
        assert_eq!(home.oos(&["template", "create", "asking.yml"]).code, 0);
        let called = batches("Parameters: {speed: {Type: Json}}\nTasks:", "'{{ speed }}'");
        home.file("library/Called.yml", &called);
        home.file("decisions.yml", text);
        let ran = oos(
            &home,
            &[&["run", "decisions.yml", "--no-wait"], options].concat(),
        );
        assert_eq!(ran.code, 4, "{ran}");
        assert!(show(&home)["Plan"].is_string(), "{text} {options:?}");
    }
    let given = batches("Parameters: {speed: {Type: Json}}\nTasks:", "'{{ speed }}'");
    let fixed = batches("Tasks:", "{Mode: Batch, Batch: [1, 1]}");
    for mode in ["first-batch-pause", "every-batch-pause"] {
        case(&fixed, &["--loop-mode", mode]);
    }
    let plain = r#"speed={"Mode":"Batch","Batch":[1],"batchPauseOption":"EveryBatchPause"}"#;
    case(&given, &["-p", plain]);
    let text = batches(
        "Parameters: {speed: {Type: String}}\nTasks:",
        "'{{ speed }}'",
    );
    let escaped = r#"speed={"Mode":"Batch","Batch":[1],"BatchP\u0061useOption":"EveryBatchPause"}"#;
    case(&text, &["-p", escaped]);
    // What an earlier task found out, here and through a parameter of what is called.
    let find = r#"Tasks:
  - Name: find
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DescribeRegions}
    Outputs:
      speed:
        Type: Json
        ValueSelector: '{Mode: "Batch", Batch: [1], ("Batch" + "PauseOption"): "EveryBatchPause"}'"#;
    case(&batches(find, "'{{ find.speed }}'"), &[]);
    let call = "  - {Name: call, Action: Called, Properties: {speed: '{{ find.speed }}'}}";
    let calling = format!("FormatVersion: OOS-2019-06-01\n{find}\n{call}\n");
    case(&calling, &[]);
    // A call that is an argument as a whole.
    let whole = "FormatVersion: OOS-2019-06-01
Parameters: {call: {Type: Json}}
Tasks:
  - {Name: t, Action: 'ACS::Template', Properties: '{{ call }}'}
";
    case(whole, &["-p", r#"call={"TemplateName":"asking"}"#]);
}

#[test]
fn a_run_in_which_nobody_decides_is_bound_to_no_plan() {
    let home = home();
    let given = batches("Parameters: {speed: {Type: Json}}\nTasks:", "'{{ speed }}'");
    home.file("batches.yml", &given);
    let speed = r#"speed={"Mode":"Batch","Batch":[1]}"#;
    let ran = oos(&home, &["run", "batches.yml", "-p", speed]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(show(&home)["Plan"].is_null());
}

#[test]
fn an_approval_in_an_older_version_of_a_template_is_in_the_plan() {
    let home = home();
    assert_eq!(home.oos(&["template", "create", "asking.yml"]).code, 0);
    home.file(
        "embedding.yml",
        "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: embed
    Action: ACS::Template
    Properties: {TemplateName: asking, TemplateVersion: v1}
",
    );
    let planned = oos(&home, &["-o", "json", "plan", "embedding.yml"]).json(0);
    assert_eq!(planned["Approvals"][0]["Path"], json!(["embed", "ask"]));
}

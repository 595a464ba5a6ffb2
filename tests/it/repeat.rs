//! What failed is done again, what succeeded is not: counted by what commands really did.

use crate::support::machine::{COMMAND, Machine};

/// Each item leaves a line and fails if the file names it.
const EACH: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  instance: {Type: String}
  control: {Type: Json}
Tasks:
  - Name: note
    Action: ACS::ECS::RunCommand
    Properties:
      instanceId: '{{ instance }}'
      commandType: RunShellScript
      commandContent: 'echo begin >> /var/lib/effects'
  - Name: each
    Action: ACS::ECS::RunCommand
    Properties:
      instanceId: '{{ instance }}'
      commandType: RunShellScript
      commandContent: 'echo item {{ ACS::TaskLoopItem }} >> /var/lib/effects; sleep 0.1;
        echo gave {{ ACS::TaskLoopItem }}; ! grep -qx {{ ACS::TaskLoopItem }} /var/lib/broken'
    Outputs:
      text: {Type: String, ValueSelector: invocationOutput}
    Loop:
      Items: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
      RateControl: '{{ control }}'
      Outputs:
        texts: {AggregateType: 'Fn::ListJoin', AggregateField: text}
Outputs:
  texts: {Type: List, Value: '{{ each.texts }}'}
";

struct Scene {
    machine: Machine,
    instance: String,
}

impl Scene {
    fn new(broken: &str) -> Self {
        let machine = Machine::new();
        machine.home.file("each.yml", EACH);
        machine.home.file("command.yml", COMMAND);
        let id = machine.instances(1, "[]").remove(0);
        let instance = format!("instance={id}");
        let scene = Self { machine, instance };
        scene.command(&format!(
            "printf '{broken}' > /var/lib/broken; touch /var/lib/effects"
        ));
        scene
    }

    /// Runs a command and returns what it printed.
    fn command(&self, command: &str) -> String {
        let command = format!("command={command}");
        let run = [
            "-o",
            "json",
            "run",
            "command.yml",
            "-p",
            &self.instance,
            "-p",
            &command,
        ];
        let view = self.machine.home.oos(&run).json(0);
        view["Outputs"]["text"].as_str().unwrap().to_owned()
    }

    /// Starts the loop; returns the id of the execution.
    fn run(&self, code: i32, control: &str, options: &[&str]) -> String {
        let control = format!("control={{{control}}}");
        let run = [
            "-o",
            "json",
            "run",
            "each.yml",
            "-p",
            &self.instance,
            "-p",
            &control,
        ];
        let view = self.machine.home.oos(&[&run, options].concat()).json(code);
        view["ExecutionId"].as_str().unwrap().to_owned()
    }

    /// Returns how often each item ran since the last look, and forgets it.
    fn effects(&self) -> Vec<usize> {
        let text = self.command("cat /var/lib/effects; : > /var/lib/effects");
        (0..10)
            .map(|item| {
                text.lines()
                    .filter(|line| *line == format!("item {item}"))
                    .count()
            })
            .collect()
    }

    fn mend(&self) {
        self.command(": > /var/lib/broken");
    }
}

#[test]
fn only_the_items_that_failed_run_again_and_the_outputs_are_those_of_all() {
    let scene = Scene::new("3\\n6\\n9\\n");
    let id = scene.run(1, "\"Concurrency\": 2, \"MaxErrors\": 2", &[]);
    assert_eq!(scene.effects(), [1; 10]);
    scene.mend();
    let retry = ["-o", "json", "retry", &id, "--failed", "--note", "mended"];
    let view = scene.machine.home.oos(&retry).json(0);
    assert_eq!(scene.effects(), [0, 0, 0, 1, 0, 0, 1, 0, 0, 1]);
    let texts: Vec<String> = (0..10).map(|item| format!("gave {item}\n")).collect();
    assert_eq!(view["Outputs"]["texts"], serde_json::json!(texts));
    let tasks = &view["Tasks"];
    assert_eq!(tasks[1]["Loop"]["Success"], 10, "{tasks:#}");
    assert_eq!(scene.machine.home.oos(&["store", "check"]).code, 0);
}

#[test]
fn what_never_began_runs_too_and_a_kill_in_the_midst_of_it_changes_nothing() {
    let scene = Scene::new("4\\n");
    let id = scene.run(1, "\"Concurrency\": 1", &[]);
    assert_eq!(scene.effects(), [1, 1, 1, 1, 1, 0, 0, 0, 0, 0]);
    scene.mend();
    let mut retry = scene.machine.spawn(&["retry", &id, "--failed"]);
    assert!(retry.wait_for("Running     each"));
    retry.signal("KILL");
    retry.end();
    assert_eq!(scene.machine.home.oos(&["resume", "@last"]).code, 0);
    assert_eq!(scene.effects(), [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
}

#[test]
fn after_a_pause_on_failure_only_what_failed_runs_again() {
    let scene = Scene::new("0\\n5\\n");
    let pause = ["--mode", "failure-pause", "--no-wait"];
    let id = scene.run(4, "\"Concurrency\": 3, \"MaxErrors\": 1", &pause);
    let before = scene.effects();
    assert_eq!(before[..6], [1; 6]);
    scene.mend();
    let retry = ["retry", &id, "--failed", "--note", "mended", "--resume"];
    assert_eq!(scene.machine.home.oos(&retry).code, 0);
    let expected: Vec<usize> = (0..10)
        .map(|item| usize::from(item == 0 || item == 5 || before[item] == 0))
        .collect();
    assert_eq!(scene.effects(), expected);
}

//! Planted secrets go through runs of every kind and are looked for wherever they must not be.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::hunt::{Hunt, files};
use crate::support::machine::{Machine, until};
use crate::support::oos::Ran;

const PASSWORD: &str = "Kanarie/1+ö \"q\" & 9x?";
const TOKEN: &str = "tok-5f3A/=+Kanarienvogel";
const KEY: &str = "-----BEGIN CANARY KEY-----\nS2FuYXJpZW52b2dlbC1pbS1TY2hhY2h0LTEyMzQ1Njc4OTA=\n\
                   8h3kPq0ZbW7xVn2cTy5uLr9sMd4fGj6aEi1oHwXv\n-----END CANARY KEY-----\n";

const RUNBOOK: &str = "FormatVersion: OOS-2019-06-01
RamRole: 'role-{{ password }}'
Parameters:
  instance: {Type: String}
  url: {Type: String}
  password: {Type: String, NoEcho: true}
Tasks:
  - Name: say
    Action: ACS::ECS::RunCommand
    Properties:
      instanceId: '{{ instance }}'
      commandType: RunShellScript
      commandContent: |
        secret='{{ password }}'
        printf '%s\\n' \"$secret\"
        printf '%s\\n' \"$secret\" >&2
        printf 'xy%s' \"$secret\" | base64 -w0
        echo
        half=${secret%????????}
        printf '%s' \"$half\"
        sleep 0.4
        printf '%s\\n' \"${secret#\"$half\"}\"
        cat <<'END'
        {{ oos-secret:canary/key }}
        END
    Outputs:
      said: {Type: String, ValueSelector: invocationOutput}
  - Name: ask
    Action: ACS::ExecuteHttpRequest
    Properties:
      Method: POST
      URL: '{{ url }}'
      Headers: {X-Token: '{{ oos-secret:canary/token }}'}
      Query: {q: '{{ password }}'}
      Body: {p: '{{ password }}', s: '{{ say.said }}'}
    Outputs:
      echo: {Type: String, ValueSelector: '. | tostring'}
  - Name: refused
    Action: ACS::ExecuteHttpRequest
    OnError: ACS::NEXT
    IsCritical: false
    Properties: {Method: GET, URL: 'http://127.0.0.1:9/x', Query: {q: '{{ password }}'}}
  - Name: child
    Action: ACS::Template
    Properties: {TemplateName: canary-child, Parameters: {inner: '<{{ password }}>'}}
    Outputs:
      back: {Type: String, ValueSelector: .back}
  - Name: each
    Action: ACS::ECS::RunCommand
    OnError: ACS::NEXT
    IsCritical: false
    Loop: {Items: ['{{ password }}', '{{ oos-secret:canary/token }}']}
    Properties:
      instanceId: '{{ instance }}'
      commandType: RunShellScript
      commandContent: |
        printf 'no %s\\n' '{{ ACS::TaskLoopItem }}' >&2
        exit 3
  - Name: keep
    Action: ACS::ExecuteAPI
    Properties:
      Service: ECS
      API: CreateCommand
      Parameters: {Name: 'named {{ password }}', Type: RunShellScript, CommandContent: ZWNobw==}
  - Name: start
    Action: ACS::ExecuteAPI
    Properties:
      Service: OOS
      API: StartExecution
      Parameters:
        TemplateName: canary-told
        Description: 'for {{ password }}'
        Parameters: {text: 'told {{ password }}'}
  - Name: inline
    Action: ACS::Template
    OnError: ACS::NEXT
    IsCritical: false
    Properties:
      TemplateContent: |
        FormatVersion: OOS-2019-06-01
        Tasks: [{Name: nap, Action: ACS::Sleep, Properties: {Duration: PT0S}}]
        # {{ oos-secret:canary/token }}
  - Name: pause
    Action: ACS::Pause
  - Name: slow
    Action: ACS::ECS::RunCommand
    Properties:
      instanceId: '{{ instance }}'
      commandType: RunShellScript
      commandContent: |
        printf '%s' '{{ password }}'
        until [ -e /var/lib/go ]; do sleep 0.02; done
        echo
Outputs:
  said: {Type: String, Value: '{{ say.said }} {{ ask.echo }} {{ child.back }}'}
  token: {Type: String, Value: '{{ oos-secret:canary/token }}'}
";

const CHILD: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  inner: {Type: String, NoEcho: true}
Tasks:
  - Name: nap
    Action: ACS::Sleep
    Properties: {Duration: PT0S}
Outputs:
  back: {Type: String, Value: {'Fn::Base64Encode': '{{ inner }} {{ oos-secret:canary/token }}'}}
";

/// Does not know that it is told a secret.
const TOLD: &str = "FormatVersion: OOS-2019-06-01
Parameters: {text: {Type: String}}
Tasks:
  - Name: nap
    Action: ACS::Sleep
    Properties: {Duration: PT0S}
Outputs:
  text: {Type: String, Value: 'so {{ text }}'}
";

const GO: &str = "FormatVersion: OOS-2019-06-01
Parameters: {instance: {Type: String}}
Tasks:
  - Name: go
    Action: ACS::ECS::RunCommand
    Properties:
      instanceId: '{{ instance }}'
      commandType: RunShellScript
      commandContent: touch /var/lib/go
";

/// Answers every request with what it was sent.
fn echo_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/echo", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        listener
            .incoming()
            .flatten()
            .for_each(|stream| echo(&stream))
    });
    url
}

fn echo(stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let start = head.len();
        reader.read_line(&mut head).unwrap();
        let line = head[start..].trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let answer = json!({"head": head, "body": String::from_utf8(body).unwrap()}).to_string();
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
        answer.len()
    )
    .unwrap();
}

/// A machine with secrets, and what is looked for.
struct Stage {
    machine: Machine,
    hunt: Hunt,
}

impl Stage {
    fn new() -> Self {
        let machine = Machine::new();
        machine.home.file("library/canary.yml", RUNBOOK);
        machine.home.file("library/canary-child.yml", CHILD);
        machine.home.file("library/canary-told.yml", TOLD);
        machine.home.file("library/go.yml", GO);
        let stage = Self {
            machine,
            hunt: Hunt::new(&[PASSWORD, TOKEN, KEY]),
        };
        for (name, value) in [("canary/token", TOKEN), ("canary/key", KEY)] {
            stage.fed(value, &["secret", "set", name]).data(0);
        }
        stage
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.machine.home.command();
        command.args(["--library", "library"]).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let ran = self.machine.home.finish(&mut self.command(arguments));
        self.check(arguments, ran)
    }

    fn fed(&self, input: &str, arguments: &[&str]) -> Ran {
        let path = self.machine.home.file("input", input);
        let mut command = self.command(arguments);
        let ran = self
            .machine
            .home
            .finish(command.stdin(File::open(path).unwrap()));
        self.check(arguments, ran)
    }

    fn check(&self, arguments: &[&str], ran: Ran) -> Ran {
        let place = format!("what `oos {}` prints", arguments.join(" "));
        self.hunt.assert_not_in(&place, ran.stdout.as_bytes());
        self.hunt.assert_not_in(&place, ran.stderr.as_bytes());
        ran
    }

    /// Looks at everything with every command there is for looking.
    fn look_with_every_command(&self, id: &str) {
        for format in ["text", "json", "yaml"] {
            for arguments in [
                &["list"][..],
                &["show", id],
                &["tasks", id],
                &["logs", id, "-t"],
                &["events", id],
                &["graph", id],
                &["instance", "list"],
                &["audit", "list"],
                &["secret", "list"],
                &["secret", "show", "canary/key"],
                &["template", "show", "canary"],
                &["store", "check"],
            ] {
                let ran = self.run(&[&["-o", format], arguments].concat());
                assert_eq!(ran.code, 0, "{arguments:?}: {ran}");
            }
        }
    }

    fn data(&self) -> std::path::PathBuf {
        self.machine.home.path().join("data")
    }
}

#[test]
fn planted_secrets_are_nowhere_after_runs_of_every_kind() {
    let stage = Stage::new();
    let instance = format!("instance={}", stage.machine.instances(1, "[]").remove(0));
    let url = format!("url={}", echo_server());
    let given = json!({ "password": PASSWORD }).to_string();
    let start = ["canary", "-p", &instance, "-p", &url, "--parameters", "-"];
    let planned = stage.fed(&given, &[&["plan", "--properties"], &start[..]].concat());
    assert_eq!(planned.code, 0, "{planned}");

    // Until the pause: a command, requests, a child, a loop that fails, an API call.
    let watcher = stage.hunt.watch_processes();
    let run = [&["-vvv", "run", "--no-wait"], &start[..]].concat();
    let ran = stage.fed(&given, &run);
    watcher.end();
    assert_eq!(ran.code, 4, "{ran}");
    let listed = stage.run(&["-o", "json", "list"]);
    let listed = listed.json(0);
    let names: Vec<&Value> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["TemplateName"])
        .collect();
    // It started one that was told a secret; the one that was to have it in its text was refused.
    assert_eq!(names[..2], ["canary-told", "canary"], "{listed:#}");
    let id = listed[1]["ExecutionId"].as_str().unwrap();
    let tasks = stage.run(&["-o", "json", "tasks", id]);
    assert!(
        tasks
            .data(0)
            .contains("`TemplateContent` holds a secret value"),
        "{tasks}"
    );
    let told = listed[0]["ExecutionId"].as_str().unwrap();
    let told = stage.run(&["-o", "json", "resume", told]);
    assert_eq!(told.json(0)["Outputs"]["text"], "so told ******");
    let log = stage.run(&["logs", id, "--task", "say"]);
    assert!(log.stdout.matches("******").count() >= 5, "{log}");
    stage.look_with_every_command(id);
    stage.hunt.assert_not_below(&stage.data());

    // A crash in the middle of a command, and what comes after it.
    // Nobody works on it: the approval waits for who does next.
    stage.run(&["approve", id]).data(0);
    let said = stage.machine.home.path().join("said");
    let mut resumed = stage
        .command(&["-vvv", "resume", id])
        .stdout(File::create(&said).unwrap())
        .stderr(File::options().append(true).open(&said).unwrap())
        .spawn()
        .unwrap();
    until("the slow command runs", || {
        let tasks = &stage.machine.show(id)["Tasks"];
        let mut tasks = tasks.as_array().unwrap().iter();
        tasks.any(|task| task["TaskName"] == "slow" && task["Status"] == "Running")
    });
    resumed.kill().unwrap();
    resumed.wait().unwrap();
    stage.run(&["run", "go", "-p", &instance]).data(0);
    let ended = stage.run(&["-vvv", "-o", "json", "resume", id]);
    assert_eq!(ended.json(0)["Status"], "Success", "{ended}");
    stage.hunt.assert_not_in(
        "what was said before the crash",
        &std::fs::read(said).unwrap(),
    );

    // In the background, and as a copy.
    let run = [&["run", "--detach", "--no-wait"], &start[..]].concat();
    let detached = stage.fed(&given, &run);
    until("the detached run waits", || {
        stage.machine.show(detached.data(0).trim())["Status"] == "Waiting"
    });
    stage.run(&["cancel", detached.data(0).trim()]).data(0);
    stage.run(&["store", "backup", "backup.sqlite"]).data(0);
    stage.hunt.assert_not_in(
        "the backup",
        &std::fs::read(stage.machine.home.path().join("backup.sqlite")).unwrap(),
    );
    stage.hunt.assert_not_below(&stage.data());
    everything_is_private(&stage.data());
}

/// Fails if somebody else could read a file of the data directory. What instances hold is theirs,
/// below folders that nobody else may enter.
#[track_caller]
fn everything_is_private(folder: &Path) {
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder), 0o700);
    let is_of_an_instance = |path: &Path| {
        let own = ["upper", "work", "root", "skeleton", "identity"];
        path.components()
            .any(|part| own.iter().any(|name| part.as_os_str() == *name))
    };
    let all = files(folder);
    let ours: Vec<_> = all.iter().filter(|path| !is_of_an_instance(path)).collect();
    assert!(ours.len() > 10, "{ours:?}");
    for path in ours {
        assert_eq!(mode(path) & 0o077, 0, "{}", path.display());
        assert_eq!(
            mode(path.parent().unwrap()) & 0o077,
            0,
            "{}",
            path.display()
        );
    }
}

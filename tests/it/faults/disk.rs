//! A disk that is full or read-only: said clearly, nothing lost, and it goes on once there is room.

use crate::support::mount::run_with_mounts;
use crate::support::oos::Home;

/// Each item is a record of the cloud with a name of its own, which tells its execution.
const MANY: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  items: {Type: List}
Tasks:
  - Name: each
    Action: ACS::ExecuteAPI
    Properties:
      Service: ECS
      API: CreateCommand
      Parameters:
        Name: '{{ ACS::ExecutionId }}/{{ ACS::TaskLoopItem }}'
        Type: RunShellScript
        ContentEncoding: PlainText
        CommandContent: 'true'
    Loop:
      Items: '{{ items }}'
      RateControl: {Mode: Concurrency, Concurrency: 10, MaxErrors: 0}
  - Name: list
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DescribeCommands, Parameters: {}}
    Outputs:
      names: {Type: List, ValueSelector: '.Commands.Command[].Name'}
Outputs:
  names: {Type: List, Value: '{{ list.names }}'}
";

/// How many items there are.
const ITEMS: usize = 1500;

/// Runs in mount namespaces of its own; `try` records what a command comes to.
const SCRIPT: &str = r#"
mkdir "$OOS_DATA_DIR"
mount -t tmpfs -o size=32m none "$OOS_DATA_DIR" || exit 77
try() { name=$1; shift; "$OOS" "$@" > "$name.out" 2> "$name.err"; echo $? > "$name.code"; }
free() { df -k --output=avail "$OOS_DATA_DIR" | tail -1; }
fill() { dd if=/dev/zero bs=1k of="$OOS_DATA_DIR/filler$1" count=$(($(free) - $1)) 2> /dev/null; }
try fresh list
fill 400
try run run many.yml --parameters items.json
fill 0
id=$("$OOS" list -o json | sed -n 's/.*"ExecutionId": *"\([^"]*\)".*/\1/p')
for word in list "show @last" "events @last" "store check"; do try "full-${word%% *}" $word; done
try full-resume resume "$id"
try full-run run many.yml --parameters items.json
rm "$OOS_DATA_DIR"/filler*
try check store check
try resume -o json resume "$id"
mount -o remount,ro "$OOS_DATA_DIR"
for word in list "show @last" "events @last" "store check"; do try "ro-${word%% *}" $word; done
try ro-run run many.yml --parameters items.json
try ro-resume resume @last
try ro-rebuild store rebuild
"#;

/// What the script recorded.
struct Tried(Home);

impl Tried {
    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name))
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    #[track_caller]
    fn assert_code(&self, name: &str, code: i32) {
        let found = self.read(&format!("{name}.code"));
        let said = self.read(&format!("{name}.err"));
        assert_eq!(found.trim(), code.to_string(), "{name}: {said}");
    }

    /// Asserts that a failure says what is wrong, where, and what to do.
    #[track_caller]
    fn assert_says(&self, name: &str, parts: &[&str]) {
        self.assert_code(name, 5);
        let said = self.read(&format!("{name}.err"));
        let data = self.0.path().join("data").display().to_string();
        for part in parts.iter().chain([&data.as_str(), &"hint:"]) {
            assert!(said.contains(part), "{name}: `{part}` is not in {said}");
        }
        assert!(!said.contains("panicked"), "{name}: {said}");
    }
}

#[test]
fn a_full_or_read_only_disk_stops_a_run_that_goes_on_when_there_is_room() {
    let home = Home::new();
    home.file("many.yml", MANY);
    let items: Vec<String> = (0..ITEMS).map(|number| format!("\"{number}\"")).collect();
    home.file(
        "items.json",
        &format!("{{\"items\": [{}]}}", items.join(",")),
    );
    // What is to be seen here is a disk that is full, not the brake before it.
    let variables = [("OOS_MIN_FREE", "0")];
    let Some(output) = run_with_mounts(&home, SCRIPT, &variables) else {
        return;
    };
    let tried = Tried(home);
    assert!(output.status.success(), "{output:?}");
    tried.assert_says("run", &["the disk is full", "make room"]);
    for name in [
        "full-list",
        "full-show",
        "full-events",
        "full-store",
        "check",
    ] {
        tried.assert_code(name, 0);
    }
    tried.assert_says("full-resume", &["the disk is full"]);
    tried.assert_says("full-run", &["the disk is full"]);
    tried.assert_code("resume", 0);
    let view: serde_json::Value = serde_json::from_str(&tried.read("resume.out")).unwrap();
    assert_eq!(view["Status"], "Success", "{view:#}");
    let id = view["ExecutionId"].as_str().unwrap();
    // The other run may have got as far as its first items in the room that the log still had.
    let names: Vec<&str> = view["Outputs"]["names"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|name| name.as_str()?.strip_prefix(id))
        .collect();
    let different: std::collections::BTreeSet<&&str> = names.iter().collect();
    assert_eq!(
        (names.len(), different.len()),
        (ITEMS, ITEMS),
        "lost or doubled"
    );
    for name in ["ro-list", "ro-show", "ro-events", "ro-store"] {
        tried.assert_code(name, 0);
    }
    for name in ["ro-run", "ro-resume", "ro-rebuild"] {
        tried.assert_says(name, &[]);
    }
}

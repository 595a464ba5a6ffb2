//! Limits of the process: few open files, small files.

use crate::faults::dice::now;
use crate::support::machine::Machine;
use crate::support::oos::{Home, Ran};

const MANY: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  instance: {Type: String}
  items: {Type: List}
Tasks:
  - Name: each
    Action: ACS::ECS::RunCommand
    Properties:
      instanceId: '{{ instance }}'
      commandType: RunShellScript
      commandContent: 'echo {{ ACS::TaskLoopItem }} >> /var/lib/marks; sleep 0.1'
    Loop:
      Items: '{{ items }}'
      RateControl: {Mode: Concurrency, Concurrency: 40, MaxErrors: 0}
  - Name: read
    Action: ACS::ECS::RunCommand
    Properties:
      instanceId: '{{ instance }}'
      commandType: RunShellScript
      commandContent: sort -n /var/lib/marks
    Outputs:
      marks: {Type: String, ValueSelector: invocationOutput}
Outputs:
  marks: {Type: String, Value: '{{ read.marks }}'}
";

const REGIONS: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  items: {Type: List}
Tasks:
  - Name: each
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DescribeRegions, Parameters: {}}
    Loop:
      Items: '{{ items }}'
      RateControl: {Mode: Concurrency, Concurrency: 10, MaxErrors: 0}
";

/// How many commands are run, forty at a time.
const ITEMS: usize = 60;

/// Runs the program under limits that a shell line sets.
fn limited(home: &Home, limits: &str, arguments: &[&str]) -> Ran {
    let oos = home.command();
    let mut command = std::process::Command::new("sh");
    command
        .env_clear()
        .envs(oos.get_envs().map(|(name, value)| (name, value.unwrap())));
    command
        .env("PATH", "/usr/bin:/bin")
        .current_dir(home.path());
    let line = format!("{limits}; exec \"$@\"");
    command
        .args(["-c", &line, "sh"])
        .arg(oos.get_program())
        .args(arguments);
    home.finish(&mut command)
}

fn list(length: usize) -> String {
    let numbers: Vec<String> = (0..length).map(|number| number.to_string()).collect();
    format!("items=[{}]", numbers.join(","))
}

#[test]
fn few_open_files_are_enough_and_too_few_are_said() {
    let machine = Machine::new();
    machine.home.file("many.yml", MANY);
    let instance = format!("instance={}", machine.instances(1, "[]").remove(0));
    let items = list(ITEMS);
    let arguments = [
        "-o", "json", "run", "many.yml", "-p", &instance, "-p", &items,
    ];
    let begin = now();
    let ran = limited(&machine.home, "ulimit -n 64", &arguments);
    println!(
        "{ITEMS} commands with 64 open files took {:?}",
        begin.elapsed()
    );
    let view = ran.json(0);
    let marks: String = (0..ITEMS).map(|number| format!("{number}\n")).collect();
    assert_eq!(view["Outputs"]["marks"], marks, "{view:#}");
    for number in [5, 10, 16, 32, 47] {
        let ran = limited(&machine.home, &format!("ulimit -n {number}"), &arguments);
        assert_eq!(ran.code, 5, "{number}: {ran}");
        assert!(ran.stderr.contains("ulimit -n"), "{number}: {ran}");
    }
    let checked = machine.home.oos(&["store", "check"]);
    assert_eq!(checked.code, 0, "{checked}");
}

#[test]
fn a_limit_on_file_sizes_stops_a_run_that_goes_on_without_it() {
    let home = Home::new();
    home.file("regions.yml", REGIONS);
    let items = list(1000);
    // In blocks of 512 bytes; a process that ignores the signal gets an error instead.
    let limits = "trap '' XFSZ; ulimit -f 1500";
    let ran = limited(&home, limits, &["run", "regions.yml", "-p", &items]);
    assert_eq!(ran.code, 5, "{ran}");
    assert!(ran.stderr.contains("ulimit -f"), "{ran}");
    assert_eq!(home.oos(&["store", "check"]).code, 0);
    let view = home.oos(&["-o", "json", "resume", "@last"]).json(0);
    assert_eq!(view["Status"], "Success", "{view:#}");
    assert_eq!(home.oos(&["store", "check"]).code, 0);
}

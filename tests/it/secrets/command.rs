//! `oos secret` and `oos parameter`, and templates that name what they keep.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::support::oos::{Home, Ran};

const NAMES_BOTH: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  color: {Type: String, Default: '{{ oos:team/color }}'}
Tasks:
  - Name: nap
    Action: ACS::Sleep
    Properties: {Duration: PT0S}
    Description: '{{ oos:only-words }}'
  - Name: child
    Action: ACS::Template
    Properties: {TemplateName: child}
    Outputs:
      encoded: {Type: String, ValueSelector: .encoded}
Outputs:
  color: {Type: String, Value: '{{ color }}'}
  password: {Type: String, Value: 'it is {{ oos-secret:db/password }}'}
  encoded: {Type: String, Value: '{{ child.encoded }}'}
";

const CHILD: &str = "FormatVersion: OOS-2019-06-01
Tasks:
  - Name: nap
    Action: ACS::Sleep
    Properties: {Duration: PT0S}
Outputs:
  encoded: {Type: String, Value: {'Fn::Base64Encode': 'x{{ oos-secret:db/password }}'}}
";

const ECHO: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  password: {Type: String, NoEcho: true}
Tasks:
  - Name: nap
    Action: ACS::Sleep
    Properties: {Duration: PT0S}
Outputs:
  both: {Type: String, Value: '{{ password }} and {{ oos-secret:a }}'}
";

/// Runs the program with `text` on descriptor 3.
fn with_descriptor(home: &Home, text: &str, arguments: &[&str]) -> Ran {
    let path = home.file("descriptor", text);
    let program = home.command();
    let mut shell = Command::new("/bin/sh");
    shell
        .env_clear()
        .envs(
            program
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(home.path())
        .stdin(Stdio::null())
        .args(["-c", r#"exec 3<"$1"; shift; exec "$@""#, "sh"])
        .arg(path)
        .arg(program.get_program())
        .args(arguments);
    home.finish(&mut shell)
}

/// Runs the program with `text` on its standard input.
fn feed(home: &Home, text: &str, arguments: &[&str]) -> Ran {
    let path = home.file("input", text);
    home.finish(
        home.command()
            .args(arguments)
            .stdin(File::open(path).unwrap()),
    )
}

fn home() -> Home {
    let home = Home::new();
    home.file("both.yml", NAMES_BOTH);
    home.file("child.yml", CHILD);
    home
}

#[test]
fn a_value_is_shown_only_when_that_is_asked_for() {
    let home = home();
    let set = [
        "secret",
        "set",
        "db/password",
        "--description",
        "of the database",
    ];
    assert_eq!(
        feed(&home, "swordfish-1\n", &set).data(0),
        "db/password 1\n"
    );
    let path = home.file("value", "swordfish-2\n").display().to_string();
    let again = [
        "-o",
        "json",
        "secret",
        "set",
        "db/password",
        "--value-file",
        &path,
    ];
    let again = home.oos(&again);
    assert_eq!(again.json(0)["ParameterVersion"], 2);
    for arguments in [
        &["secret", "list"][..],
        &["-o", "yaml", "secret", "list"],
        &["secret", "show", "db/password"],
        &["-o", "json", "secret", "show", "db/password"],
    ] {
        let ran = home.oos(arguments);
        assert!(ran.data(0).contains("of the database"), "{ran}");
        assert!(!ran.to_string().contains("swordfish"), "{ran}");
    }
    let revealed = home.oos(&["secret", "show", "db/password", "--reveal"]);
    assert_eq!(revealed.data(0), "swordfish-2\n");
    assert_eq!(home.oos(&["secret", "delete", "db/password"]).code, 0);
    let audit = home.oos(&["-o", "json", "audit", "list"]);
    for deed in ["secret-set", "secret-revealed", "secret-deleted"] {
        assert!(audit.data(0).contains(deed), "{audit}");
    }
    assert!(!audit.stdout.contains("swordfish"), "{audit}");
    let gone = home.oos(&["secret", "show", "db/password"]);
    assert_eq!(gone.code, 2, "{gone}");
    assert!(
        gone.stderr.contains("there is no secret `db/password`"),
        "{gone}"
    );
}

#[test]
fn values_parameters_and_passphrases_come_from_a_descriptor() {
    let home = Home::new();
    home.file("echo.yml", ECHO);
    let set = ["secret", "set", "a", "--value-file", "/dev/fd/3"];
    with_descriptor(&home, "swordfish", &set).data(0);
    let run = ["run", "echo.yml", "--parameters", "/dev/fd/3"];
    let ran = with_descriptor(&home, "password: sword-lily", &run);
    assert!(ran.data(0).contains("****** and ******"), "{ran}");
    let rekey = ["secret", "rekey", "--new-passphrase-file", "/dev/fd/3"];
    with_descriptor(&home, "correct horse", &rekey).data(0);
    let reveal = [
        "--passphrase-file",
        "/dev/fd/3",
        "secret",
        "show",
        "a",
        "--reveal",
    ];
    let revealed = with_descriptor(&home, "correct horse\n", &reveal);
    assert_eq!(revealed.data(0), "swordfish\n");
}

#[test]
fn a_value_cannot_be_given_as_an_argument() {
    let home = home();
    let ran = home.oos(&["secret", "set", "db/password", "swordfish"]);
    assert_eq!(ran.code, 2, "{ran}");
    assert_eq!(home.oos(&["-o", "json", "secret", "list"]).data(0), "[]\n");
}

#[test]
fn a_run_is_given_what_its_template_and_its_children_name() {
    let home = home();
    let library = home.path().display().to_string();
    let run = ["-o", "json", "--library", &library, "run", "both.yml"];
    let refused = home.oos(&run);
    assert_eq!(refused.code, 2, "{refused}");
    for word in [
        "no parameter `team/color`, no secret `db/password`",
        "oos parameter set team/color",
    ] {
        assert!(refused.stderr.contains(word), "{refused}");
    }
    assert_eq!(home.oos(&["-o", "json", "list"]).data(0), "[]\n");
    assert_eq!(
        home.oos(&["parameter", "set", "team/color", "blue"])
            .data(0),
        "team/color 1\n"
    );
    assert_eq!(
        feed(&home, "swordfish", &["secret", "set", "db/password"]).code,
        0
    );
    let ran = home.oos(&run);
    let view = ran.json(0);
    assert_eq!(view["Outputs"]["color"], "blue", "{view:#}");
    assert_eq!(view["Outputs"]["password"], "it is ******", "{view:#}");
    let encoded = view["Outputs"]["encoded"].as_str().unwrap();
    assert!(encoded.starts_with("eH******"), "{view:#}");
    assert!(!ran.to_string().contains("swordfish"), "{ran}");
    let planned = home.oos(&["--library", &library, "plan", "both.yml", "--properties"]);
    assert_eq!(planned.code, 0, "{planned}");
    assert!(!planned.to_string().contains("swordfish"), "{planned}");
}

#[test]
fn a_passphrase_opens_the_secrets_from_a_file_and_nothing_else_does() {
    let home = home();
    let right = home.file("right", "correct horse\n").display().to_string();
    let wrong = home.file("wrong", "correct hoarse\n").display().to_string();
    assert_eq!(feed(&home, "swordfish", &["secret", "set", "a"]).code, 0);
    let rekey = home.oos(&["secret", "rekey", "--new-passphrase-file", &right]);
    assert!(
        rekey.stderr.contains("1 secret sealed with the passphrase"),
        "{rekey}"
    );
    let reveal = ["secret", "show", "a", "--reveal"];
    let locked = home.oos(&reveal);
    assert_eq!(locked.code, 2, "{locked}");
    assert!(locked.stderr.contains("--passphrase-file"), "{locked}");
    let with = |file: &str| home.oos(&[&["--passphrase-file", file], &reveal[..]].concat());
    let refused = with(&wrong);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("not the passphrase"), "{refused}");
    assert_eq!(with(&right).data(0), "swordfish\n");
    // The names need no key.
    assert_eq!(home.oos(&["secret", "show", "a"]).code, 0);
}

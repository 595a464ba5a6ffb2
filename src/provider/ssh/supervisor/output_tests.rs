//! What a command says, and its files, under the shells of this machine.

use std::process::Command;
use std::time::Duration;

use crate::base::output::Channel;
use crate::provider::ssh::supervisor::machine::{Machine, SHELLS, exited, read, starting};
use crate::provider::ssh::supervisor::{Reason, STREAM};

#[test]
fn output_is_whole_whatever_its_bytes_are() {
    Machine::each(|machine| {
        let bytes: Vec<u8> = (1..=255).collect();
        let octal = bytes.iter().map(|byte| format!("\\{byte:03o}"));
        let octal: String = octal.collect();
        let long: String = (0..999).map(|byte| ["x", "\n"][byte % 2]).collect();
        let cases: Vec<(String, Vec<u8>)> =
            vec![
            ("printf '%s' x".into(), b"x".into()),
            ("printf ' a\\\\ \\n\\n\\n\\tb '".into(), b" a\\ \n\n\n\tb ".into()),
            (format!("printf '{octal}'"), bytes),
            ("printf 'a\\000b\\n'".into(), b"a\0b\n".into()),
            (format!("printf '%s' '{long}'"), long.clone().into()),
            (format!("printf '%s\\n' '{long}'"), (long.clone() + "\n").into()),
            (format!("printf '%s' '{long}xyz'"), (long + "xyz").into()),
            // Who opens the file once more is not seen by its first descriptor.
            (
                "echo a; i=0; while [ $i -lt 600 ]; do echo $i; i=$((i + 1)); done >>/dev/stdout"
                    .into(),
                (0..600).fold(b"a\n".to_vec(), |all, i| {
                    [all, format!("{i}\n").into()].concat()
                }),
            ),
            ("echo gone; : >/dev/stdout; echo b".into(), b"b\n".into()),
        ];
        for (turn, (script, bytes)) in cases.into_iter().enumerate() {
            let both = format!("{script}\n({script}) >&2");
            let mut link = machine.start(&format!("t-{turn}"), &both).started();
            assert_eq!(link.ended(), exited(0), "{:?} {script}", machine.shell);
            for channel in [Channel::Stdout, Channel::Stderr] {
                let said = link.bytes(channel);
                assert!(
                    said == bytes,
                    "{:?} {channel:?} {script}: {said:?}",
                    machine.shell
                );
            }
            link.take();
        }
    });
}

#[test]
fn files_that_a_command_makes_are_as_open_as_those_of_a_login() {
    Machine::each(|machine| {
        let own = Command::new("sh").args(["-c", "umask"]).output().unwrap();
        let mut link = machine.start("t-1", "umask").started();
        assert_eq!(link.ended(), exited(0), "{:?}", machine.shell);
        assert_eq!(link.output(Channel::Stdout).as_bytes(), own.stdout);
    });
}

#[test]
fn output_comes_while_the_command_runs_and_each_byte_once() {
    Machine::each(|machine| {
        let script = "i=0; while [ $i -lt 20 ]; do echo $i; echo e$i >&2; i=$((i + 1)); sleep 0.05; \
                      done; while [ ! -e \"$HOME/go\" ]; do sleep 0.05; done; echo last";
        let mut link = machine.start("t-1", script).started();
        link.say(STREAM);
        while !link.output(Channel::Stdout).contains("19\n") {
            let (channel, bytes) = link.heard.recv_timeout(Duration::from_secs(30)).unwrap();
            link.reply.take(channel, &bytes, &mut link.said);
        }
        std::fs::write(machine.home.path().join("go"), "").unwrap();
        assert_eq!(link.ended(), exited(0));
        let lines =
            |mark: &str| (0..20).fold(String::new(), |all, i| all + mark + &i.to_string() + "\n");
        assert_eq!(
            link.output(Channel::Stdout),
            lines("") + "last\n",
            "{:?}",
            machine.shell
        );
        assert_eq!(link.output(Channel::Stderr), lines("e"));
    });
}

#[test]
fn the_end_is_told_also_when_helpers_did_not_hear_of_it() {
    Machine::each(|machine| {
        let script = "while [ ! -e \"$HOME/go\" ]; do sleep 0.05; done; echo last";
        let text = starting("t-deaf", script, Duration::from_mins(1), None);
        // As shells that lose a signal which comes before they have set their trap, or as they begin to wait.
        for (turn, (place, deaf)) in [
            ("stream() {\n", "stream() {\ntrap \"\" TERM; sleep 1\n"),
            (
                "while read -r word; do :; done",
                "trap \"\" TERM; sleep 1; trap leave TERM; while read -r word; do :; done",
            ),
        ]
        .into_iter()
        .enumerate()
        {
            let id = format!("t-deaf-{turn}");
            let deaf = text.replace("t-deaf", &id).replacen(place, deaf, 1);
            assert_ne!(text.replace("t-deaf", &id), deaf);
            let mut link = machine.send(&deaf).started();
            link.say(STREAM);
            let log = machine.state().join(format!("{id}.log"));
            let streams =
                |line: &str| line.starts_with("minder ") && line.matches(' ').count() == 2;
            while !read(&log).lines().any(streams) {
                std::thread::yield_now();
            }
            let go = machine.home.path().join("go");
            std::fs::write(&go, "").unwrap();
            assert_eq!(link.ended(), exited(0), "{:?} {place}", machine.shell);
            assert_eq!(link.output(Channel::Stdout), "last\n");
            std::fs::remove_file(go).unwrap();
        }
    });
}

#[test]
fn too_much_output_ends_the_command() {
    Machine::each(|machine| {
        // Who opens the file once more is seen by its size only, which is looked at less often.
        let both = machine.shell == SHELLS[0];
        let again = both.then_some("head -c 20000 /dev/zero >>/dev/stdout");
        for (turn, head) in again
            .into_iter()
            .chain(["head -c 20000 /dev/zero"])
            .enumerate()
        {
            let script = format!("{head}; sleep 60");
            let text = starting(
                &format!("t-much-{turn}"),
                &script,
                Duration::from_mins(1),
                None,
            );
            let mut link = machine
                .send(&text.replace("most=1073741824", "most=10000"))
                .started();
            link.say(STREAM);
            let reason = link.ended().reason;
            assert_eq!(reason, Some(Reason::Limit), "{:?} {head}", machine.shell);
            assert_eq!(link.output(Channel::Stdout).len(), 20_000);
        }
    });
}

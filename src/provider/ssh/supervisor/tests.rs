//! The script under the shells of this machine, without a connection.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::base::output::Channel;
use crate::provider::ssh::supervisor::machine::{
    Link, Machine, SHELLS, alive, exited, part, read, starting,
};
use crate::provider::ssh::supervisor::{
    Attach, Ending, Launch, Reason, Refusal, STREAM, Said, TAKEN,
};

#[test]
fn a_short_command_comes_back_whole_and_leaves_nothing_of_what_it_said() {
    Machine::each(|machine| {
        let script = "echo \"a 'b' $OOS_GIVEN $OOS_INVOCATION\"; printf 'x' >&2; pwd; exit 7";
        let mut link = machine.start("t-1", script);
        assert_eq!(link.ended(), exited(7), "{:?}", machine.shell);
        let home = machine.home.path().display();
        assert_eq!(
            link.output(Channel::Stdout),
            format!("a 'b' it's t-1\n{home}\n")
        );
        assert_eq!(link.output(Channel::Stderr), "x");
        assert_eq!(read(&machine.state().join("t-1.run")), script);
        // As of a client that asked before it heard of the end.
        link.say(STREAM);
        link.take();
        for name in ["run", "out", "err"] {
            assert_eq!(
                read(&machine.state().join(format!("t-1.{name}"))),
                "",
                "{name}"
            );
        }
    });
}

#[test]
fn a_second_start_of_the_same_id_starts_nothing() {
    Machine::each(|machine| {
        let script = "echo run >>\"$HOME/count\"";
        let mut first = machine.start("t-1", script);
        first.ended();
        assert_eq!(machine.start("t-1", script).refusal(), Refusal::Exists);
        first.take();
        // Also after it was forgotten: a start may be late.
        assert_eq!(machine.start("t-1", script).refusal(), Refusal::Exists);
        assert_eq!(read(&machine.home.path().join("count")), "run\n");
    });
}

#[test]
fn a_second_start_that_nobody_listens_to_starts_nothing() {
    Machine::each(|machine| {
        let script = "echo run >>\"$HOME/count\"";
        machine.start("t-1", script).ended();
        // The client is gone before it is told that the command exists.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = machine.command();
        let unheard = command
            .stdin(Stdio::piped())
            .stdout(writer.try_clone().unwrap())
            .stderr(writer);
        let mut child = unheard.spawn().unwrap();
        let text = starting("t-1", script, Duration::from_mins(1), None);
        let mut input = child.stdin.take().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        drop(input);
        child.wait().unwrap();
        let count = read(&machine.home.path().join("count"));
        assert_eq!(count, "run\n", "{:?}", machine.shell);
    });
}

#[test]
fn of_many_starts_at_once_one_starts() {
    Machine::each(|machine| {
        let starts = (0..8).map(|_| machine.start("t-1", "echo run >>\"$HOME/count\""));
        let mut links: Vec<Link> = starts.collect();
        let begun = links.iter_mut().filter_map(|link| {
            let said = link.until(|said| matches!(said, Said::Started | Said::Refused(_)));
            (said == Said::Started).then(|| link.ended())
        });
        assert_eq!(begun.count(), 1, "{:?}", machine.shell);
        assert_eq!(read(&machine.home.path().join("count")), "run\n");
    });
}

#[test]
fn a_script_that_is_cut_off_does_nothing() {
    Machine::each(|machine| {
        let argv = ["/bin/sh".to_owned(), "{script}".to_owned()];
        let text = part("t-1").start(&Launch {
            argv: &argv,
            script: "echo run >>\"$HOME/count\"",
            directory: None,
            environment: Vec::new(),
            limit: Duration::from_secs(9),
            age: None,
        });
        for length in (0..text.len() - "oos_start; exit\n".len()).step_by(211) {
            let mut link = machine.send(&text[..length]);
            link.cut();
            link.child.wait().unwrap();
        }
        assert!(!machine.state().exists(), "{:?}", machine.shell);
    });
}

#[test]
fn what_is_old_is_removed_however_much_there_is() {
    Machine::each(|machine| {
        std::fs::create_dir_all(machine.state()).unwrap();
        let ages = [("taken", 2), ("fresh", 0), ("kept", 24), ("lost", 24 * 8)];
        // All names at once are more than a program may be given.
        let most = if machine.shell == SHELLS[0] {
            6_500
        } else {
            400
        };
        for turn in 0..most {
            let (name, hours) = ages[if turn < 4 { turn } else { 0 }];
            let text = if matches!(name, "taken" | "fresh") {
                ""
            } else {
                "true"
            };
            let path = machine.state().join(format!("t-{name}-{turn}.run"));
            std::fs::write(&path, text).unwrap();
            let file = std::fs::File::options().append(true).open(&path).unwrap();
            let now = file.metadata().unwrap().modified().unwrap();
            file.set_modified(now - Duration::from_hours(hours))
                .unwrap();
            if turn < 4 {
                std::fs::write(path.with_extension("out"), "x").unwrap();
            }
        }
        let mut link = machine.start("t-1", "true");
        link.ended();
        link.take();
        let mut left: Vec<String> = std::fs::read_dir(machine.state())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with("t-1."))
            .collect();
        left.sort();
        let kept = [
            "swept",
            "t-fresh-1.out",
            "t-fresh-1.run",
            "t-kept-2.out",
            "t-kept-2.run",
        ];
        assert_eq!(left, kept, "{:?}", machine.shell);
    });
}

#[test]
fn a_client_that_was_cut_off_goes_on_where_it_left_off() {
    Machine::each(|machine| {
        let script = "echo one; while [ ! -e \"$HOME/go\" ]; do sleep 0.05; done; echo two; exit 3";
        machine.start("t-1", script).started().cut();
        let mut link = machine.attach("t-1", 2).started();
        std::fs::write(machine.home.path().join("go"), "").unwrap();
        assert_eq!(link.ended(), exited(3), "{:?}", machine.shell);
        assert_eq!(link.output(Channel::Stdout), "e\ntwo\n");
        let mut again = machine.attach("t-1", 0);
        assert_eq!(again.ended(), exited(3));
        assert_eq!(again.output(Channel::Stdout), "one\ntwo\n");
        again.take();
        assert_eq!(read(&machine.state().join("t-1.out")), "");
        assert_eq!(machine.attach("t-2", 0).refusal(), Refusal::None);
    });
}

#[test]
fn the_time_is_minded_on_the_host_when_nobody_listens() {
    Machine::each(|machine| {
        let script = "trap '' TERM; setsid sleep 60 & sleep 61 & echo begun; kill -STOP $$; wait";
        let limit = Duration::from_secs(1);
        machine
            .start_within("t-time", script, limit, None)
            .started()
            .cut();
        let mut link = machine.attach("t-time", 0);
        let ending = link.ended();
        assert_eq!(ending.reason, Some(Reason::Timeout), "{:?}", machine.shell);
        assert_eq!((ending.count, ending.left.len()), (3, 0), "{ending:?}");
        assert_eq!(
            (link.output(Channel::Stdout).as_str(), alive("t-time")),
            ("begun\n", 0)
        );
    });
}

#[test]
fn killing_ends_what_hides_and_says_so() {
    Machine::each(|machine| {
        let script = "trap '' TERM; (setsid sh -c 'trap \"\" TERM; sleep 60; :' &); sleep 61 & \
                      sleep 62 & kill -STOP $!; echo begun; wait";
        let mut link = machine.start("t-kill", script).started();
        link.say(STREAM);
        link.until(|said| matches!(said, Said::Output(..)));
        let report = machine.kill("t-kill");
        assert_eq!(
            (report.count, report.left.len()),
            (5, 0),
            "{:?} {report:?}",
            machine.shell
        );
        let ending = link.ended();
        assert_eq!(
            (ending.reason, ending.count),
            (Some(Reason::Kill), 5),
            "{ending:?}"
        );
        assert_eq!(alive("t-kill"), 0);
        // Our own helpers are not counted, whoever has gone.
        machine.start("t-cut", "exec sleep 60").started().cut();
        let log = machine.state().join("t-cut.log");
        while read(&log).matches("minder").count() < 2 {
            std::thread::yield_now();
        }
        let report = machine.kill("t-cut");
        assert_eq!(report.count, 1, "{:?} {report:?}", machine.shell);
    });
}

#[test]
fn what_was_said_is_sent_to_its_end_while_the_command_is_killed() {
    Machine::each(|machine| {
        let script = "trap 'head -c 3000000 /dev/zero; exit 3' TERM; echo begun >&2; \
                      while :; do sleep 0.05; done";
        let mut command = machine.command();
        let pipes = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = pipes.spawn().unwrap();
        let text = starting("t-said", script, Duration::from_mins(1), None);
        let mut input = child.stdin.take().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        while read(&machine.state().join("t-said.err")) != "begun\n" {
            std::thread::yield_now();
        }
        // Nobody reads meanwhile.
        machine.kill("t-said");
        input.write_all(TAKEN.as_bytes()).unwrap();
        let mut said = Vec::new();
        child.stdout.take().unwrap().read_to_end(&mut said).unwrap();
        child.wait().unwrap();
        let bytes = said.split(|byte| *byte == 0).count() - 1;
        assert_eq!(bytes, 3_000_000, "{:?}", machine.shell);
        assert!(said.ends_with(b"nonce done\n"), "{:?}", machine.shell);
    });
}

#[test]
fn a_bomb_is_outrun() {
    Machine::each(|machine| {
        // It keeps about forty processes alive, each of which lives for a moment only.
        let script = "trap '' TERM; breed() { sleep 0.02; breed & }; \
                      i=0; while [ $i -lt 40 ]; do breed & i=$((i + 1)); done; echo begun; wait; \
                      sleep 60";
        let mut link = machine.start("t-bomb", script).started();
        link.say(STREAM);
        link.until(|said| matches!(said, Said::Output(..)));
        let report = machine.kill("t-bomb");
        assert_eq!(
            (report.left.len(), alive("t-bomb")),
            (0, 0),
            "{:?}",
            machine.shell
        );
    });
}

#[test]
fn a_command_without_a_watch_is_ended_and_told_lost() {
    Machine::each(|machine| {
        let mut link = machine.start("t-lost", "echo begun; sleep 60").started();
        link.say(STREAM);
        link.until(|said| matches!(said, Said::Output(..)));
        let log = read(&machine.state().join("t-lost.log"));
        let watch = log.split(' ').nth(1).unwrap().to_owned();
        let killed = Command::new("kill").args(["-KILL", &watch]).status();
        assert!(killed.unwrap().success());
        link.child.wait().unwrap();
        let ending = machine.attach("t-lost", 0).ended();
        assert_eq!(
            (ending.code, ending.reason),
            (None, Some(Reason::Unwatched))
        );
        assert_eq!(alive("t-lost"), 0, "{:?}", machine.shell);
        // The same after a restart of the host, but then there is nothing to end.
        let boot = log.split(' ').nth(3).unwrap();
        machine.start("t-boot", "echo begun").ended();
        let log = read(&machine.state().join("t-boot.log")).replace(boot, "another");
        let log: String = log
            .lines()
            .filter(|line| !line.starts_with("end"))
            .collect();
        std::fs::write(machine.state().join("t-boot.log"), log + "\n").unwrap();
        assert_eq!(machine.attach("t-boot", 0).ended(), Ending::default());
    });
}

/// Notes every number in a kill that belongs to nobody: the next process might be given it.
const NOTE_STALE: &str = "kill() { for word in \"$@\"; do case $word in -* | *[!0-9]*) ;; *) \
    [ -e \"/proc/$word\" ] || echo \"$word\" >>\"$HOME/stale\" ;; esac; done; command kill \"$@\"; }\n";

/// Tells whether a shell has children that have not ended.
fn has_work(shell: u32) -> bool {
    let children = read(Path::new(&format!("/proc/{shell}/task/{shell}/children")));
    children.split_whitespace().any(|child| {
        let stat = read(Path::new(&format!("/proc/{child}/stat")));
        let state = stat.rsplit(") ").next().unwrap_or_default();
        !state.is_empty() && !state.starts_with('Z')
    })
}

#[test]
fn who_has_ended_is_not_signaled_as_somebody_else_may_have_the_number() {
    Machine::each(|machine| {
        let script = "echo begun; while [ ! -e \"$HOME/go\" ]; do sleep 0.05; done; echo last";
        let text = starting("t-1", script, Duration::from_mins(1), None);
        let mut link = machine.send(&format!("{NOTE_STALE}{text}")).started();
        link.say(STREAM);
        link.until(|said| matches!(said, Said::Output(..)));
        // From here on nobody streams.
        link.cut();
        let log = machine.state().join("t-1.log");
        // What is streamed may be here before it is written down who streams.
        let streamer = loop {
            let minders = read(&log);
            let mut lines = minders.lines();
            let pair = lines.find_map(|line| line.strip_prefix("minder ")?.split_once(' '));
            match pair {
                Some((_, streamer)) => break streamer.to_owned(),
                None => std::thread::yield_now(),
            }
        };
        while Path::new("/proc").join(&streamer).exists() {
            std::thread::yield_now();
        }
        std::fs::write(machine.home.path().join("go"), "").unwrap();
        link.child.wait().unwrap();
        // Who follows has told all, and hears that the link is gone.
        let text = part("t-1").attach(Attach {
            stdout: 0,
            stderr: 0,
        });
        let mut again = machine.send(&format!("{NOTE_STALE}{text}"));
        assert_eq!(again.ended(), exited(0), "{:?}", machine.shell);
        // A child that ends between a look at it and the signal may be told; one that has ended must not.
        while has_work(again.child.id()) {
            std::thread::yield_now();
        }
        again.cut();
        again.child.wait().unwrap();
        let stale = read(&machine.home.path().join("stale"));
        assert_eq!(stale, "", "{:?} {streamer}", machine.shell);
    });
}

#[test]
fn a_session_of_somebody_else_with_the_same_number_is_left_alone() {
    Machine::each(|machine| {
        let mut stranger = Command::new("setsid")
            .args(["sleep", "60"])
            .spawn()
            .unwrap();
        let leads = || {
            let stat = read(
                &Path::new("/proc")
                    .join(stranger.id().to_string())
                    .join("stat"),
            );
            let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
            fields[3] == stranger.id().to_string()
        };
        while !leads() {
            std::thread::yield_now();
        }
        let mut first = machine.start("t-0", "true");
        first.ended();
        first.take();
        let boot = read(Path::new("/proc/sys/kernel/random/boot_id"));
        // Who watched over the command is gone, and it has ended unseen.
        let log = format!(
            "watch 4194400 1 {} -\nsid {} 1\n",
            boot.trim(),
            stranger.id()
        );
        std::fs::write(machine.state().join("t-1.run"), "true").unwrap();
        std::fs::write(machine.state().join("t-1.log"), log).unwrap();
        let ending = machine.attach("t-1", 0).ended();
        assert_eq!(ending.code, None, "{:?}", machine.shell);
        machine.kill("t-1");
        assert!(
            stranger.try_wait().unwrap().is_none(),
            "{:?}",
            machine.shell
        );
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    });
}

#[test]
fn nothing_is_started_where_an_earlier_start_may_have_been_forgotten() {
    Machine::each(|machine| {
        let long = Duration::from_hours(100 * 365 * 24);
        let mut link = machine.start_within("t-1", "echo run", Duration::from_secs(9), Some(long));
        assert_eq!(link.refusal(), Refusal::Unsure);
        let short = Some(Duration::from_secs(2));
        let mut link = machine.start_within("t-1", "echo run", Duration::from_secs(9), short);
        assert_eq!(link.ended(), exited(0), "{:?}", machine.shell);
    });
}

#[test]
fn a_command_that_is_ended_before_it_begins_does_not_begin() {
    Machine::each(|machine| {
        let machine = machine.crowded();
        let text = starting("t-1", "echo begun; sleep 60", Duration::from_mins(1), None);
        // As on a host that is slow to go on at that moment.
        let slow = text.replace("trap - PIPE HUP\n", "trap - PIPE HUP\nsleep 1\n");
        assert_ne!(text, slow);
        let mut link = machine.send(&slow).started();
        machine.kill("t-1");
        assert_eq!(
            link.ended().reason,
            Some(Reason::Kill),
            "{:?}",
            machine.shell
        );
        assert_eq!(link.output(Channel::Stdout), "", "{:?}", machine.shell);
    });
}

#[test]
fn a_command_that_is_called_off_does_not_begin_when_its_start_comes_late() {
    Machine::each(|machine| {
        let shell = machine.shell;
        for turn in ["first", "again"] {
            let refusal = machine.ask_to_kill("t-off").refusal();
            assert_eq!(refusal, Refusal::None, "{shell:?} {turn}");
        }
        let mut late = machine.start("t-off", "echo begun >\"$HOME/mark\"");
        assert_eq!(late.refusal(), Refusal::Exists, "{shell:?}");
        let mut attached = machine.attach("t-off", 0);
        assert_eq!(attached.refusal(), Refusal::Never, "{shell:?}");
        assert!(!machine.home.path().join("mark").exists(), "{shell:?}");
        // Of a start and a kill at once, either the command is ended or it never begins.
        for turn in 0..2 {
            let id = format!("t-race-{turn}");
            let script = format!("echo begun >>\"$HOME/{id}\"; sleep 61");
            let mut start = machine.start(&id, &script);
            let mut kill = machine.ask_to_kill(&id);
            let is_told = |said: &Said| matches!(said, Said::Report(_) | Said::Refused(_));
            match kill.until(is_told) {
                Said::Refused(Refusal::None) => assert_eq!(start.refusal(), Refusal::Exists),
                Said::Report(_) => assert_eq!(start.ended().reason, Some(Reason::Kill)),
                other => panic!("{shell:?}: {other:?}"),
            }
            assert_eq!(alive(&id), 0, "{shell:?}");
        }
    });
}

#[test]
fn a_session_is_made_where_others_live_in_this_one() {
    for tool in ["setsid", "perl", "python3"] {
        Machine::each(|machine| {
            let bin = machine.home.path().join("bin");
            std::fs::create_dir(&bin).unwrap();
            for name in ["mkdir", "cat", "find", "grep", "sleep", "rm", "ps", tool] {
                let from = Command::new("sh")
                    .args(["-c", &format!("command -v {name}")])
                    .output();
                let from = String::from_utf8(from.unwrap().stdout).unwrap();
                std::os::unix::fs::symlink(from.trim(), bin.join(name)).unwrap();
            }
            let machine = Machine {
                path: Some(bin.clone()),
                ..machine.crowded()
            };
            if Command::new(machine.shell[0])
                .env("PATH", &bin)
                .arg("--help")
                .output()
                .is_err()
            {
                // The shell itself is not found by the shortened path.
                return;
            }
            let mut link = machine.start("t-1", "echo $(ps -o sid= -p $$) $$; exit 4");
            assert_eq!(link.ended(), exited(4), "{:?} {tool}", machine.shell);
            let said = link.output(Channel::Stdout);
            let words: Vec<&str> = said.split_whitespace().collect();
            assert_eq!(words[0], words[1], "{:?} {tool}", machine.shell);
        });
    }
}

#[test]
fn a_host_that_lacks_what_is_needed_is_named() {
    Machine::each(|machine| {
        let machine = machine.crowded();
        std::fs::create_dir_all(machine.state()).unwrap();
        let text = starting("t-1", "echo run", Duration::from_secs(9), None);
        // `command` finds nothing: as on a host that has none of them.
        let text = text.replace("command -v \"$detach\"", "command -v \"/no/$detach\"");
        let refusal = machine.send(&text).refusal();
        let Refusal::Unsupported(reason) = refusal else {
            panic!("{refusal:?}")
        };
        assert!(reason.contains("setsid, perl and python3"), "{reason}");
    });
}

//! Commands on hosts: what they say, how they end, what they read.

use bytes::Bytes;
use futures_util::future::join_all;
use oos::base::failure::code;
use oos::provider::ssh::{Event, Exit, SshError, Started};

use super::fleet::{assert_said, connector, exec, run, run_on};
use crate::support::sshd::Sshd;

#[test]
fn a_command_says_all_and_ends_with_its_code() {
    let Some(sshd) = Sshd::start() else { return };
    run(async {
        let connector = connector();
        let command = "echo out; echo err >&2; exit 7";
        let collected = run_on(&connector, &sshd.endpoint(0), command)
            .await
            .unwrap();
        assert_eq!(collected.stdout, b"out\n");
        assert_eq!(collected.stderr, b"err\n");
        assert_eq!(collected.exit, Exit::Code(7));
        let killed = run_on(&connector, &sshd.endpoint(0), "kill -KILL $$").await;
        assert_eq!(killed.unwrap().exit, Exit::Signal("KILL".to_owned()));
    });
}

#[test]
fn fifty_megabytes_come_whole() {
    let Some(sshd) = Sshd::start() else { return };
    run(async {
        let connection = connector().connect(&sshd.endpoint(0)).await.unwrap();
        let command = "head -c 50000000 /dev/zero; printf end";
        let mut command = connection.exec(command).await.unwrap();
        command.end_input();
        let (mut amount, mut last) = (0, Bytes::new());
        loop {
            match command.next().await.unwrap() {
                Event::Stdout(bytes) => {
                    amount += bytes.len();
                    last = bytes;
                }
                Event::Stderr(bytes) => panic!("{bytes:?}"),
                Event::Exit(exit) => break assert_eq!(exit, Exit::Code(0)),
            }
        }
        assert_eq!(amount, 50_000_003);
        assert!(last.ends_with(b"end"));
    });
}

#[test]
fn input_larger_than_every_buffer_comes_back_whole() {
    let Some(sshd) = Sshd::start() else { return };
    run(async {
        let connection = connector().connect(&sshd.endpoint(0)).await.unwrap();
        let input: Vec<u8> = (0..5_000_000_u32).map(|at| (at % 251) as u8).collect();
        let mut command = connection.exec("cat").await.unwrap();
        // Whoever wrote all of it before reading would wait for ever.
        command.write(input.clone());
        command.end_input();
        let collected = command.collect(usize::MAX).await.unwrap();
        assert!(
            collected.stdout == input,
            "{} bytes",
            collected.stdout.len()
        );
    });
}

#[test]
fn input_may_be_more_than_a_command_reads() {
    let Some(sshd) = Sshd::start() else { return };
    run(async {
        let connection = connector().connect(&sshd.endpoint(0)).await.unwrap();
        let mut command = connection.exec("head -c 3").await.unwrap();
        command.write(vec![b'x'; 4_000_000]);
        command.end_input();
        assert_said(&command.collect(100).await.unwrap(), "xxx");
    });
}

#[test]
fn fifty_hosts_answer_side_by_side() {
    let Some(sshd) = Sshd::start() else { return };
    run(async {
        let connector = connector();
        let hosts: Vec<_> = (0..50).map(|number| sshd.endpoint(number)).collect();
        let command = "set -- $SSH_CONNECTION; echo $3";
        let runs = hosts.iter().map(|host| run_on(&connector, host, command));
        for (host, collected) in hosts.iter().zip(join_all(runs).await) {
            assert_said(&collected.unwrap(), &format!("{}\n", host.address));
        }
    });
}

#[test]
fn a_connection_serves_the_next_command_too() {
    let Some(sshd) = Sshd::start() else { return };
    run(async {
        let connector = connector();
        let port = "set -- $SSH_CONNECTION; echo $2";
        let first = run_on(&connector, &sshd.endpoint(0), port).await.unwrap();
        let second = run_on(&connector, &sshd.endpoint(0), port).await.unwrap();
        assert_eq!(first.stdout, second.stdout);
        let other = run_on(&connector, &sshd.endpoint(1), port).await.unwrap();
        assert_ne!(first.stdout, other.stdout);
        // A command that is left before its end may still talk: its connection is not used again.
        let connection = connector.connect(&sshd.endpoint(0)).await.unwrap();
        drop(connection.exec("sleep 5").await.unwrap());
        drop(connection);
        let third = run_on(&connector, &sshd.endpoint(0), port).await.unwrap();
        assert_ne!(first.stdout, third.stdout);
    });
}

#[test]
fn a_command_that_nobody_listens_to_holds_up_no_other_host() {
    let Some(sshd) = Sshd::start() else { return };
    run(async {
        let connector = connector();
        let silent = connector.connect(&sshd.endpoint(0)).await.unwrap();
        let unheard = silent.exec("head -c 50000000 /dev/zero").await.unwrap();
        for _ in 0..3 {
            let collected = run_on(&connector, &sshd.endpoint(0), "echo here").await;
            assert_said(&collected.unwrap(), "here\n");
        }
        drop(unheard);
    });
}

#[test]
fn a_cut_says_whether_the_command_may_have_started() {
    let Some(sshd) = Sshd::start() else { return };
    run(async {
        let connection = connector().connect(&sshd.endpoint(0)).await.unwrap();
        let mut command = connection.exec("echo up; cat").await.unwrap();
        assert_eq!(command.next().await.unwrap(), Event::Stdout("up\n".into()));
        assert!(command.runs());
        sshd.cut();
        let error = command.next().await.unwrap_err();
        assert!(matches!(error, SshError::Lost { .. }), "{error:?}");
        assert_eq!(error.started(), Started::Maybe);
        assert_eq!(error.code(), code::UNREACHABLE);
        let error = exec(&connection, "true").await.unwrap_err();
        assert_eq!(error.started(), Started::No, "{error:?}");
        assert!(!connection.is_open());
    });
}

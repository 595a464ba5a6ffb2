//! Time that is up, hosts that are not there, and not too much at once.

use std::io::{self, Read as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use futures_util::future::join_all;
use oos::base::failure::code;
use oos::provider::ssh::{ConnectorSettings, Endpoint, Event, Limits, SshError, Started};
use tokio::time::{Instant, timeout};

use super::fleet::{assert_said, connector, run, run_on, settings, with};
use crate::support::sshd::Sshd;

/// Longer than any limit in these tests.
const PATIENCE: Duration = Duration::from_secs(20);

fn limited(endpoint: Endpoint, limits: Limits) -> Endpoint {
    Endpoint { limits, ..endpoint }
}

#[test]
fn a_port_that_refuses_is_unreachable_after_a_few_attempts() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut endpoint = Endpoint::of("127.0.0.1");
    endpoint.port = listener.local_addr().unwrap().port();
    drop(listener);
    run(async {
        let start = Instant::now();
        let error = connector().connect(&endpoint).await.unwrap_err();
        assert_eq!(error.code(), code::UNREACHABLE, "{error:?}");
        assert!(
            start.elapsed() >= Duration::from_millis(750),
            "there was no second attempt"
        );
        let once = ConnectorSettings {
            attempts: 1,
            ..settings()
        };
        let start = Instant::now();
        let error = with(&once, &[]).connect(&endpoint).await.unwrap_err();
        assert_eq!(error.started(), Started::No);
        assert!(start.elapsed() < Duration::from_millis(250));
    });
}

#[test]
fn a_name_without_an_address_is_unreachable() {
    run(async {
        let endpoint = Endpoint::of("no-such-host.invalid");
        let error = connector().connect(&endpoint).await.unwrap_err();
        assert_eq!(error.code(), code::UNREACHABLE, "{error:?}");
    });
}

#[test]
fn a_host_that_says_nothing_is_left_when_its_time_is_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // All that comes is the greeting; then the other side must hang up.
        let mut greeting = Vec::new();
        let read = stream.read_to_end(&mut greeting);
        ended.send((read.is_ok(), greeting)).unwrap();
    });
    run(async {
        let limits = Limits {
            connect: Duration::from_millis(300),
            ..Limits::default()
        };
        let mut endpoint = limited(Endpoint::of("127.0.0.1"), limits);
        endpoint.port = port;
        let error = connector().connect(&endpoint).await.unwrap_err();
        assert_eq!(error.code(), code::TIMEOUT, "{error:?}");
        assert!(error.to_string().contains("300ms"), "{error}");
        let (_, greeting) = end.recv_timeout(PATIENCE).unwrap();
        assert!(greeting.starts_with(b"SSH-2.0-"));
    });
}

#[test]
fn a_frozen_host_is_noticed_whether_it_is_read_from_or_written_to() {
    let Some(sshd) = Sshd::start() else { return };
    run(async {
        let limits = Limits {
            keep_alive: Duration::from_millis(200),
            ..Limits::default()
        };
        let endpoint = limited(sshd.endpoint(0), limits);
        let connector = connector();
        for input in [0, 30_000_000] {
            let connection = connector.connect(&endpoint).await.unwrap();
            let mut command = connection
                .exec("echo up; read never; sleep 60")
                .await
                .unwrap();
            assert_eq!(command.next().await.unwrap(), Event::Stdout("up\n".into()));
            sshd.freeze();
            command.write(vec![b'x'; input]);
            let error = timeout(PATIENCE, command.next()).await;
            sshd.thaw();
            let error = error.expect("it is noticed").unwrap_err();
            assert_eq!(error.code(), code::TIMEOUT, "{input} {error:?}");
            assert_eq!(error.started(), Started::Maybe);
        }
    });
}

#[test]
fn a_command_that_is_quiet_for_too_long_is_given_up() {
    let Some(sshd) = Sshd::start() else { return };
    run(async {
        // Long enough for a first word from a machine that has much else to do.
        let limit = Some(Duration::from_millis(1500));
        let first = Limits {
            first_byte: limit,
            ..Limits::default()
        };
        let idle = Limits {
            idle: limit,
            ..Limits::default()
        };
        let connector = connector();
        let cases = [
            (first, "sleep 60", Some("answer")),
            (idle, "echo up; sleep 60", Some("go on")),
            // Only the first byte is limited, and only what is quiet is idle.
            (first, "echo up; sleep 2", None),
            (idle, "for i in 1 2 3 4; do echo; sleep 0.5; done", None),
        ];
        let runs = cases
            .iter()
            .enumerate()
            .map(|(host, (limits, command, _))| {
                let endpoint = limited(sshd.endpoint(host), *limits);
                let connector = &connector;
                async move { run_on(connector, &endpoint, command).await }
            });
        for (ran, (_, command, word)) in join_all(runs).await.into_iter().zip(cases) {
            let Some(word) = word else {
                ran.unwrap();
                continue;
            };
            let error = ran.unwrap_err();
            assert_eq!(error.code(), code::TIMEOUT, "{command}");
            assert_eq!(error.started(), Started::Maybe);
            assert!(error.to_string().contains(word), "{error}");
        }
    });
}

#[test]
fn a_server_that_hangs_up_at_first_is_tried_again() {
    let Some(sshd) = Sshd::start() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = ("127.1.0.1", sshd.port());
    std::thread::spawn(move || {
        // As a server does that has too many logins going on.
        drop(listener.accept().unwrap());
        let (client, _) = listener.accept().unwrap();
        let server = TcpStream::connect(server).unwrap();
        let mut back = (server.try_clone().unwrap(), client.try_clone().unwrap());
        std::thread::spawn(move || io::copy(&mut back.0, &mut back.1));
        let (mut client, mut server) = (client, server);
        drop(io::copy(&mut client, &mut server));
    });
    run(async {
        let mut endpoint = sshd.endpoint(0);
        endpoint.address = "127.0.0.1".to_owned();
        endpoint.port = port;
        endpoint.host_keys.alias = Some(format!("[127.1.0.1]:{}", sshd.port()));
        let collected = run_on(&connector(), &endpoint, "echo in").await;
        assert_said(&collected.unwrap(), "in\n");
    });
}

#[test]
fn no_more_connections_are_open_than_allowed() {
    let Some(sshd) = Sshd::start() else { return };
    run(async {
        let two = ConnectorSettings {
            open: 2,
            ..settings()
        };
        let connector = with(&two, &[]);
        assert_eq!(connector.most(), 2);
        let first = connector.connect(&sshd.endpoint(0)).await.unwrap();
        let second = connector.connect(&sshd.endpoint(1)).await.unwrap();
        let host = sshd.endpoint(2);
        let third = connector.connect(&host);
        tokio::pin!(third);
        let waiting = timeout(Duration::from_millis(300), &mut third).await;
        assert!(waiting.is_err(), "a third one is open");
        // It is not kept: somebody waits for its place.
        drop(first);
        third.await.unwrap();
        // One that is kept gives up its place, too.
        drop(second);
        for number in 3..6 {
            let collected = run_on(&connector, &sshd.endpoint(number), "echo in").await;
            assert_said(&collected.unwrap(), "in\n");
        }
    });
}

#[test]
fn a_connector_that_is_dropped_leaves_no_connection() {
    let Some(sshd) = Sshd::start() else { return };
    run(async {
        let connector = connector();
        run_on(&connector, &sshd.endpoint(0), "true").await.unwrap();
        assert_eq!(sshd.sessions(), 1);
        drop(connector);
    });
    crate::support::machine::until("the session ends", || sshd.sessions() == 0);
}

#[test]
fn a_refused_exec_says_that_nothing_was_started() {
    let Some(sshd) = Sshd::with(&["MaxSessions 0"]) else {
        return;
    };
    run(async {
        let connection = connector().connect(&sshd.endpoint(0)).await.unwrap();
        let error = connection.exec("true").await.err().unwrap();
        assert!(matches!(error, SshError::Refused { .. }), "{error:?}");
        assert_eq!(error.started(), Started::No);
    });
}

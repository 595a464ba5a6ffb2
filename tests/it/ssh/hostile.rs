//! Servers that mean harm: none of them holds us for ever, fills our memory or writes to our terminal.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use oos::provider::ssh::{Endpoint, Limits};
use tokio::time::{Instant, timeout};

use super::fleet::{connector, run, run_on};
use crate::support::memory::{PEAK, memory};
use crate::support::sshd::Sshd;

/// What a login may take; all of this ends long before.
const LIMIT: Duration = Duration::from_secs(30);

/// Most memory that a host may cost us beyond what was there, in bytes.
const MEMORY: usize = 64 << 20;

/// Serves every connection with `serve`, and returns the error of a login.
fn meet(serve: fn(TcpStream) -> std::io::Result<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut endpoint = Endpoint::of("127.0.0.1");
    endpoint.port = listener.local_addr().unwrap().port();
    endpoint.limits = Limits {
        connect: LIMIT,
        ..Limits::default()
    };
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // The client hangs up at some point; that is what is wanted.
            std::thread::spawn(move || drop(serve(stream.unwrap())));
        }
    });
    run(async {
        let start = Instant::now();
        let connector = connector();
        let connected = timeout(LIMIT * 2, connector.connect(&endpoint)).await;
        let error = connected.expect("it ends").unwrap_err();
        assert!(
            start.elapsed() < LIMIT / 2,
            "{error} after {:?}",
            start.elapsed()
        );
        let text = error.message();
        assert!(!text.chars().any(char::is_control), "{text:?}");
        text
    })
}

/// Makes a packet as it is before there are keys.
fn packet(payload: &[u8]) -> Vec<u8> {
    let padding = 4 + (8 - (payload.len() + 9) % 8) % 8;
    let mut bytes = u32::try_from(payload.len() + padding + 1)
        .unwrap()
        .to_be_bytes()
        .to_vec();
    bytes.push(u8::try_from(padding).unwrap());
    bytes.extend(payload);
    bytes.extend(vec![0; padding]);
    bytes
}

#[test]
fn a_greeting_without_an_end_is_not_listened_to() {
    meet(|mut stream| {
        loop {
            stream.write_all(b"welcome, \x1b[2Jwait a moment\r\n")?;
        }
    });
    meet(|mut stream| {
        loop {
            stream.write_all(&[b'x'; 4096])?;
        }
    });
}

#[test]
fn what_is_no_ssh_is_an_error() {
    meet(|mut stream| stream.write_all(b"HTTP/1.1 400 \x1b]0;Bad Request\r\n\r\n"));
    meet(|mut stream| {
        stream.write_all(b"SSH-2.0-x\r\n")?;
        stream.write_all(&[0xff; 4096])?;
        stream.read(&mut [0; 1024]).map(drop)
    });
    meet(|mut stream| {
        // A packet of nothing.
        stream.write_all(b"SSH-2.0-x\r\n\0\0\0\x0c\x0b\0\0\0\0\0\0\0\0\0\0\0")?;
        stream.read(&mut [0; 1024]).map(drop)
    });
}

#[test]
fn packets_without_an_end_before_the_login_are_cut_off() {
    let text = meet(|mut stream| {
        stream.write_all(b"SSH-2.0-x\r\n")?;
        // Messages that are to be ignored.
        let mut payload = vec![2, 0, 0, 3, 232];
        payload.extend([0; 1000]);
        let packet = packet(&payload);
        loop {
            stream.write_all(&packet)?;
        }
    });
    println!("{text}");
}

#[test]
fn a_goodbye_with_control_letters_is_no_command_for_a_terminal() {
    let text = meet(|mut stream| {
        stream.write_all(b"SSH-2.0-x\r\n")?;
        let reason = b"\x1b[31mno\x07";
        let mut payload = vec![1, 0, 0, 0, 2, 0, 0, 0, 8];
        payload.extend(reason);
        payload.extend([0; 4]);
        stream.write_all(&packet(&payload))?;
        stream.read(&mut [0; 1024]).map(drop)
    });
    println!("{text}");
}

#[test]
fn output_without_measure_takes_no_memory() {
    let Some(sshd) = Sshd::start() else { return };
    run(async {
        let connector = connector();
        let endpoint = sshd.endpoint(0);
        run_on(&connector, &endpoint, "true").await.unwrap();
        let before = memory(PEAK);
        // Nobody listens to the first; of the second only the beginning is kept.
        let silent = connector.connect(&endpoint).await.unwrap();
        let unheard = silent.exec("head -c 300000000 /dev/zero").await.unwrap();
        let connection = connector.connect(&endpoint).await.unwrap();
        let mut command = connection
            .exec("head -c 300000000 /dev/zero")
            .await
            .unwrap();
        command.end_input();
        let collected = command.collect(1_000).await.unwrap();
        assert_eq!(collected.stdout.len(), 1_000);
        let grown = memory(PEAK) - before;
        assert!(grown < MEMORY, "{grown} bytes");
        drop(unheard);
    });
}

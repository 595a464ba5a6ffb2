//! What a large file of known hosts costs a process that goes by it.

use std::fmt::Write as _;
use std::time::Duration;

use crate::ground::{Ground, KNOWN_HOSTS, Service};
use crate::meter::{Reading, median};
use crate::peer::{Job, Peer};

/// Lines of other hosts, every second of them hashed.
const LINES: usize = 100_000;

/// How often each is measured.
const RUNS: usize = 5;

/// Runs one command on one host, by a small file and by a large one, and prints both.
pub(crate) fn measure(ground: &Ground) {
    const LARGE: &str = "known_hosts.large";
    let small = std::fs::read_to_string(ground.path(KNOWN_HOSTS)).unwrap();
    std::fs::write(ground.path(LARGE), others() + &small).unwrap();
    let service = Service::simulator(ground, Duration::ZERO);
    let reading = |known_hosts| {
        let job = Job {
            ground,
            port: service.port(),
            hosts: 1,
            concurrency: 1,
            command: "echo ok",
            plain: true,
            known_hosts,
        };
        median((0..RUNS).filter_map(|_| Peer::Oos.run(&job)).collect()).unwrap()
    };
    let (small, large) = (reading(KNOWN_HOSTS), reading(LARGE));
    let extra = |figure: &dyn Fn(&Reading) -> f64| (figure(&large) - figure(&small)) * 1000.0;
    println!("\none host by {LINES} lines of known hosts, beside one line; median of {RUNS} runs");
    println!(
        "wall {:+.0} ms, CPU {:+.0} ms",
        extra(&|reading| reading.wall.as_secs_f64()),
        extra(&|reading| reading.cpu.as_secs_f64()),
    );
}

/// Makes lines of hosts that are not asked for, each with a key of its own.
fn others() -> String {
    let mut text = String::with_capacity(LINES * 110);
    for number in 0..LINES {
        let key = format!("AAAAC3NzaC1lZDI1NTE5AAAAI{number:043}");
        let name = if number % 2 == 0 {
            format!(
                "10.{}.{}.{}",
                number / 65_536,
                number / 256 % 256,
                number % 256
            )
        } else {
            format!("|1|{number:027}=|{number:027}=")
        };
        writeln!(text, "{name} ssh-ed25519 {key}").unwrap();
    }
    text
}

//! What one command on a fleet costs, beside the clients that people use for it today.
//!
//! `cargo bench --bench fleet` prints the machine, every command, and for each client wall time, CPU
//! time and memory of the whole process with the ratio to a plain client of the same SSH library.
//! Clients that are not installed are left out by name; `OOS_BENCH_PEERS` adds folders of programs to
//! the search path. All traffic stays on loopback, where every 127.x.y.z is a host: a simulator that
//! answers without starting anything, and a real sshd.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark prints, looks at the clock, and fails by panicking"
)]

mod client;
mod ground;
mod kept;
mod known;
mod meter;
mod peer;
mod simulator;
mod table;

use std::time::Duration;

use ground::{Ground, Service};
use meter::Reading;
use peer::{Job, Peer};
use table::Table;

/// Figures of `oos` and of the plain client are medians of so many runs.
const RUNS: usize = 9;

/// Those of the others, and of what takes long.
const FEW_RUNS: usize = 3;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        Some("__simulator") => simulator::serve(
            &words[1],
            words[2].parse().unwrap(),
            words[3].parse().unwrap(),
        ),
        Some("__client") => client::run(&words[1..]),
        _ => measure(&words),
    }
}

/// Measures everything, or the parts whose names are given.
fn measure(words: &[String]) {
    let is_wanted = |name: &str| {
        let names: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
        names.is_empty() || names.iter().any(|word| name.contains(word.as_str()))
    };
    let ground = Ground::new();
    println!("machine: {}", ground::machine());
    println!(
        "command: cargo bench --bench fleet (median of {RUNS} runs in turns, {FEW_RUNS} of other clients)"
    );
    println!(
        "key exchange curve25519-sha256, cipher and signature as each client chooses; host keys checked unless said"
    );
    if is_wanted("simulator") {
        simulated(&ground, 1_000, Peer::ALL);
        simulated(&ground, 10_000, &[Peer::Plain, Peer::Oos]);
    }
    if is_wanted("sshd") {
        real(&ground);
    }
    if is_wanted("crowd") {
        crowd(&ground);
    }
    if is_wanted("kept") {
        kept::measure(&ground);
    }
    if is_wanted("known") {
        known::measure(&ground);
    }
}

/// One command on hosts that answer at once: nothing but the client costs.
fn simulated(ground: &Ground, hosts: u32, peers: &[Peer]) {
    let service = Service::simulator(ground, Duration::ZERO);
    let title = format!("simulator, {hosts} hosts, command of no duration");
    compare(title, hosts, peers, RUNS, |peer| Job {
        ground,
        port: service.port(),
        hosts: hosts as usize,
        concurrency: peer.concurrency(),
        command: "echo ok",
        plain: true,
        known_hosts: ground::KNOWN_HOSTS,
    });
}

/// Commands on a real sshd, supervised: one that is over at once, and one during which it is looked after.
fn real(ground: &Ground) {
    const HOSTS: u32 = 300;
    let Some(service) = Service::sshd(ground) else {
        println!("\nreal sshd: left out, there is no /usr/sbin/sshd");
        return;
    };
    let short = [Peer::Plain, Peer::Shells, Peer::Oos, Peer::OpenSsh];
    let long = [Peer::Plain, Peer::Oos];
    for (command, peers, runs) in [
        ("echo ok", &short[..], RUNS),
        ("sleep 1; echo ok", &long, FEW_RUNS),
    ] {
        let title = format!("real sshd, {HOSTS} hosts, `{command}`");
        compare(title, HOSTS, peers, runs, |peer| Job {
            ground,
            port: service.port(),
            hosts: HOSTS as usize,
            concurrency: peer.concurrency(),
            command,
            plain: false,
            known_hosts: ground::KNOWN_HOSTS,
        });
    }
}

/// Ten thousand connections open at once.
fn crowd(ground: &Ground) {
    const HOSTS: u32 = 10_000;
    let service = Service::simulator(ground, Duration::from_secs(1));
    let title = format!("simulator, {HOSTS} hosts at once, command of 1 s");
    compare(title, HOSTS, &[Peer::Plain, Peer::Oos], FEW_RUNS, |_| Job {
        ground,
        port: service.port(),
        hosts: HOSTS as usize,
        concurrency: HOSTS as usize,
        command: "echo ok",
        plain: true,
        known_hosts: ground::KNOWN_HOSTS,
    });
}

/// Lets clients do the same job in turns, so that a slow while of the machine is a slow while for all, and
/// prints the table. Those whose ratio is asked for run `runs` times, the others a few times.
fn compare<'a>(
    title: String,
    hosts: u32,
    peers: &[Peer],
    runs: usize,
    job: impl Fn(Peer) -> Job<'a>,
) {
    let mut readings: Vec<Vec<Reading>> = peers.iter().map(|_| Vec::new()).collect();
    for run in 0..runs {
        for (peer, readings) in peers.iter().zip(&mut readings) {
            let is_close = matches!(peer, Peer::Plain | Peer::Shells | Peer::Oos);
            if is_close || run < FEW_RUNS {
                readings.extend(peer.run(&job(*peer)));
            }
        }
    }
    let mut table = Table::new(title, hosts);
    for (peer, readings) in peers.iter().zip(readings) {
        table.add(*peer, job(*peer).concurrency, meter::median(readings));
    }
    table.print();
}

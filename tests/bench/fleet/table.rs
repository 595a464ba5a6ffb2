//! The table of one comparison.

use crate::meter::Reading;
use crate::peer::Peer;

/// Rows of clients that did the same.
#[derive(Debug)]
pub(crate) struct Table {
    title: String,
    hosts: u32,
    rows: Vec<(Peer, usize, Reading)>,
    missing: Vec<Peer>,
}

impl Table {
    pub(crate) fn new(title: String, hosts: u32) -> Self {
        Self {
            title,
            hosts,
            rows: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Adds a client; without a reading it is not installed here.
    pub(crate) fn add(&mut self, peer: Peer, concurrency: usize, reading: Option<Reading>) {
        match reading {
            Some(reading) => self.rows.push((peer, concurrency, reading)),
            None => self.missing.push(peer),
        }
    }

    /// Prints it, with ratios to the plain client of the same library.
    pub(crate) fn print(&self) {
        println!("\n{}", self.title);
        println!(
            "{:<34} {:>5} {:>9} {:>8} {:>13} {:>8} {:>9}  failed",
            "client", "conc", "wall", "ratio", "CPU per host", "ratio", "memory"
        );
        let base = self.rows.iter().find(|(peer, ..)| *peer == Peer::Plain);
        for (peer, concurrency, reading) in &self.rows {
            let each =
                |reading: &Reading| reading.cpu.as_secs_f64() * 1000.0 / f64::from(self.hosts);
            let ratio = |figure: &dyn Fn(&Reading) -> f64| {
                base.map_or_else(
                    || "-".to_owned(),
                    |(.., base)| format!("{:.2}x", figure(reading) / figure(base)),
                )
            };
            println!(
                "{:<34} {:>5} {:>7.2} s {:>8} {:>10.3} ms {:>8} {:>6} MB  {}",
                peer.name(),
                concurrency,
                reading.wall.as_secs_f64(),
                ratio(&|reading| reading.wall.as_secs_f64()),
                each(reading),
                ratio(&each),
                reading.memory / 1_000_000,
                (self.hosts as usize).saturating_sub(reading.good),
            );
        }
        let missing: Vec<&str> = self.missing.iter().map(|peer| peer.name()).collect();
        if !missing.is_empty() {
            println!("not installed here: {}", missing.join(", "));
        }
    }
}

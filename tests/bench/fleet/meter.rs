//! Measures whole processes: wall time, CPU time of the process and of everything it waited for, and
//! the most memory that its largest process held.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

/// How often memory is looked at. The kernel keeps the peak, so only the last moments can be missed.
const LOOK: Duration = Duration::from_millis(20);

/// What one run took.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// From start to end.
    pub(crate) wall: Duration,
    /// User and system time.
    pub(crate) cpu: Duration,
    /// Bytes.
    pub(crate) memory: u64,
    /// How many hosts answered well.
    pub(crate) good: usize,
}

/// Runs a program to its end; `good` counts the hosts that answered well in what it printed.
pub(crate) fn measure(command: &mut Command, good: impl Fn(&str) -> usize) -> Reading {
    let out = tempfile::tempfile().unwrap();
    command
        .stdin(Stdio::null())
        .stdout(out.try_clone().unwrap())
        .stderr(out.try_clone().unwrap());
    let before = cpu(UsageWho::RUSAGE_CHILDREN);
    let began = Instant::now();
    let mut child = command.spawn().unwrap();
    let memory = wait(&mut child);
    let wall = began.elapsed();
    let spent = cpu(UsageWho::RUSAGE_CHILDREN).saturating_sub(before);
    let printed = read(out);
    let good = good(&printed);
    if good == 0 {
        eprintln!(
            "{command:?} printed:\n{}",
            printed.chars().take(2000).collect::<String>()
        );
    }
    Reading {
        wall,
        cpu: spent,
        memory,
        good,
    }
}

fn read(mut file: std::fs::File) -> String {
    use std::io::{Read as _, Seek as _};
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Waits for a child and returns the most memory that it held.
fn wait(child: &mut Child) -> u64 {
    let (peak, ended) = (AtomicU64::new(0), AtomicBool::new(false));
    let status = format!("/proc/{}/status", child.id());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                peak.fetch_max(peak_of(&status), Ordering::Relaxed);
                std::thread::sleep(LOOK);
            }
        });
        child.wait().unwrap();
        ended.store(true, Ordering::Relaxed);
    });
    peak.into_inner()
}

fn peak_of(status: &str) -> u64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    kilobytes
        .and_then(|number| number.parse::<u64>().ok())
        .unwrap_or_default()
        * 1024
}

/// CPU time of this process, or of all children that it waited for.
pub(crate) fn cpu(who: UsageWho) -> Duration {
    let usage = getrusage(who).unwrap();
    [usage.user_time(), usage.system_time()]
        .map(|time| {
            let seconds = u64::try_from(time.tv_sec()).unwrap();
            Duration::from_secs(seconds)
                + Duration::from_micros(u64::try_from(time.tv_usec()).unwrap())
        })
        .iter()
        .sum()
}

/// Returns the reading of median wall time, with the median of CPU time; `None` if there is none.
pub(crate) fn median(mut readings: Vec<Reading>) -> Option<Reading> {
    readings.sort_by_key(|reading| reading.cpu);
    let cpu = readings.get(readings.len() / 2)?.cpu;
    readings.sort_by_key(|reading| reading.wall);
    let middle = readings.len() / 2;
    let worst = readings.iter().map(|reading| reading.good).min()?;
    Some(Reading {
        cpu,
        good: worst,
        ..readings.swap_remove(middle)
    })
}

//! `oos serve` beside a test.

#![allow(
    clippy::disallowed_methods,
    reason = "a daemon lives by the clock, and so does who looks at it"
)]

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::machine::until;
use crate::support::oos::Home;

/// A daemon that ends with the test.
pub(crate) struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts one and waits until it serves.
    pub(crate) fn start(home: &Home, arguments: &[&str]) -> Self {
        static STARTED: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = STARTED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("serve-{number}.log");
        let path = home.file(&name, "");
        let log = std::fs::File::create(&path).unwrap();
        let child = home
            .command()
            .arg("serve")
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let daemon = Self { child, log: path };
        until("the daemon serves", || daemon.log().contains("Serving"));
        daemon
    }

    /// Returns what it has told so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(
            Pid::from_raw(i32::try_from(self.child.id()).unwrap()),
            signal,
        )
        .unwrap();
    }

    /// Ends it as a crash does.
    pub(crate) fn crash(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end; returns its exit code and how long that took.
    pub(crate) fn stop(mut self) -> (Option<i32>, Duration) {
        let start = Instant::now();
        self.signal(Signal::SIGTERM);
        let status = self.child.wait().unwrap();
        let took = start.elapsed();
        assert_eq!(self.log().matches("Serving.").count(), 1, "{}", self.log());
        (status.code(), took)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // After `stop` and `crash` there is nothing left to end.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

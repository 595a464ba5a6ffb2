//! A link that breaks: passes bytes on to a port, and cuts connections after so many.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A relay in front of a port on the loopback.
pub(crate) struct Cutter {
    port: u16,
    budgets: Arc<Mutex<VecDeque<i64>>>,
    cuts: Arc<AtomicUsize>,
}

impl Cutter {
    /// Begins to relay to `port`.
    pub(crate) fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let cutter = Self {
            port: listener.local_addr().unwrap().port(),
            budgets: Arc::default(),
            cuts: Arc::default(),
        };
        let (budgets, cuts) = (cutter.budgets.clone(), cutter.cuts.clone());
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let budget = budgets.lock().unwrap().pop_front().unwrap_or(i64::MAX);
                let far = TcpStream::connect(("127.0.0.1", port));
                if let (Ok(near), Ok(far)) = (near, far) {
                    relay(near, far, budget, &cuts);
                }
            }
        });
        cutter
    }

    /// Returns the port that it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Lets each of the next connections live for so many bytes, both ways counted.
    pub(crate) fn plan(&self, budgets: impl IntoIterator<Item = u64>) {
        let budgets = budgets.into_iter().map(|budget| budget.try_into().unwrap());
        *self.budgets.lock().unwrap() = budgets.collect();
    }

    /// Returns how many connections were cut.
    pub(crate) fn cuts(&self) -> usize {
        self.cuts.load(Ordering::Relaxed)
    }
}

fn relay(near: TcpStream, far: TcpStream, budget: i64, cuts: &Arc<AtomicUsize>) {
    let left = Arc::new(AtomicI64::new(budget));
    let streams = Arc::new((near, far));
    for outward in [true, false] {
        let (left, streams, cuts) = (left.clone(), streams.clone(), cuts.clone());
        std::thread::spawn(move || {
            let (mut from, mut to) = if outward {
                (&streams.0, &streams.1)
            } else {
                (&streams.1, &streams.0)
            };
            let mut buffer = [0; 16_384];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                let before = left.fetch_sub(count as i64, Ordering::Relaxed);
                let rest = before.clamp(0, count as i64) as usize;
                if to.write_all(&buffer[..rest]).is_err() || rest < count {
                    cuts.fetch_add(usize::from(before >= 0 && rest < count), Ordering::Relaxed);
                    break;
                }
            }
            for stream in [&streams.0, &streams.1] {
                // The other direction may have done so.
                drop(stream.shutdown(Shutdown::Both));
            }
        });
    }
}

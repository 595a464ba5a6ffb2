//! Kills this process at a chosen point of its work, so that tests can have a real process die
//! wherever it may die: `OOS_TEST_FAILPOINT=7` does at the seventh point that it passes.
//!
//! Release builds hold nothing of it.

#[cfg(any(feature = "test-seams", debug_assertions))]
mod seam {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use rustix::process::{Signal, getpid, kill_process};

    /// The point at which the process is killed.
    #[expect(
        clippy::disallowed_methods,
        reason = "a seam that is no option of the program"
    )]
    static FATAL: LazyLock<Option<u64>> = LazyLock::new(|| {
        std::env::var("OOS_TEST_FAILPOINT")
            .ok()
            .and_then(|text| text.parse().ok())
    });

    static PASSED: AtomicU64 = AtomicU64::new(0);

    pub(super) fn pass() {
        let number = PASSED.fetch_add(1, Ordering::Relaxed) + 1;
        if *FATAL == Some(number)
            && let Err(errno) = kill_process(getpid(), Signal::KILL)
        {
            tracing::error!(%errno, "the process lives on");
        }
    }
}

/// Passes a point at which a crash must do no harm.
pub(super) fn pass() {
    #[cfg(any(feature = "test-seams", debug_assertions))]
    seam::pass();
}

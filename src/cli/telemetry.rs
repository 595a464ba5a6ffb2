//! Commentary for people who look for a fault: tracing to standard error. The journal is the
//! record; nothing depends on these lines.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::cli::environment;
use crate::cli::guard::GuardedError;

/// Chooses how much is said, in the syntax of `tracing`; wins over `-v`.
const LOG_VARIABLE: &str = "OOS_LOG";

/// `json` makes every line one JSON object.
const LOG_FORMAT_VARIABLE: &str = "OOS_LOG_FORMAT";

/// Starts commentary. Without `-v` and without `OOS_LOG` nothing is set up at all, since building
/// a filter would cost short commands much of their time; a daemon warns in any case, as nobody is there
/// to see its exit code.
pub(super) fn start(verbosity: u8, is_daemon: bool) {
    let directives = environment::variable(LOG_VARIABLE);
    if verbosity == 0 && directives.is_none() && !is_daemon {
        return;
    }
    let level = match verbosity {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        3.. => LevelFilter::TRACE,
    };
    let filter = EnvFilter::builder()
        .with_default_directive(level.into())
        .parse_lossy(directives.unwrap_or_default());
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(GuardedError::default);
    if environment::variable(LOG_FORMAT_VARIABLE).as_deref() == Some("json") {
        subscriber.json().init();
    } else {
        subscriber.with_ansi(false).init();
    }
}

//! The last filter before standard error: known secrets leave the process in no message, no
//! commentary and no panic, wherever these got them from.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::sync::{PoisonError, RwLock};

use crate::base::secret::Redactor;
use crate::base::value::Value;

/// What is known: one process works on one execution, or on none.
static KNOWN: RwLock<Option<Redactor>> = RwLock::new(None);

/// Hides `secrets` from now on, in place of those that were hidden before.
pub(super) fn hide<'a>(secrets: impl IntoIterator<Item = &'a Value>) {
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    *known = Some(Redactor::new(secrets));
}

/// Returns `text` without the secrets that are known.
pub(super) fn masked(text: &str) -> String {
    match &*KNOWN.read().unwrap_or_else(PoisonError::into_inner) {
        Some(redactor) => redactor.text(text),
        None => text.to_owned(),
    }
}

/// Lets panics say what they have to say without secrets.
pub(super) fn guard_panics() {
    std::panic::set_hook(Box::new(tell));
}

fn tell(info: &PanicHookInfo<'_>) {
    let mut text = format!("oos {info}\n");
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        text.push_str(&backtrace.to_string());
    } else {
        text.push_str("This is a defect; `RUST_BACKTRACE=1` shows where it came from.\n");
    }
    // Nobody is left to be told if this fails.
    let _closed = io::stderr().write_all(masked(&text).as_bytes());
}

/// Standard error for commentary, which writes whole lines.
#[derive(Debug, Default)]
pub(super) struct GuardedError;

impl Write for GuardedError {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = masked(&String::from_utf8_lossy(bytes));
        io::stderr().write_all(text.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_known_is_masked() {
        hide([&json!("hunter22")]);
        assert_eq!(masked("panicked: hunter22"), "panicked: ******");
    }
}

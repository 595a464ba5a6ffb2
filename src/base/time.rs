//! Instants and their text forms. Nothing here asks a clock.

pub use jiff::Timestamp;

/// Returns `at` in the form that OOS shows: `2030-01-02T03:04:05Z`, whole seconds.
pub fn utc_text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Returns the UTC date of `at`: `2030-01-02`.
pub fn utc_date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

//! The memory of this process, as the system tells it.

/// Memory that is held now for data, without code.
pub(crate) const DATA: &str = "RssAnon:";

/// The most that was ever held.
pub(crate) const PEAK: &str = "VmHWM:";

/// Returns bytes; 0 where the system does not tell.
pub(crate) fn memory(what: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok())
        .map_or(0, |kilobytes| kilobytes * 1024)
}

//! Where a record was written.

/// Returns the user number and the machine of this process: `1000@web01`. A name alone may mean
/// somebody else tomorrow.
pub(in crate::store) fn origin() -> String {
    let user = rustix::process::getuid().as_raw();
    let machine = rustix::system::uname();
    format!("{user}@{}", machine.nodename().to_string_lossy())
}

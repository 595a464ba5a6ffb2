//! The `oos` program. Everything it does is in the library.

use std::ffi::OsString;
use std::process::ExitCode;

use oos::provider::local::driver::sandbox;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    // Before anything else: helpers must have one thread only.
    if arguments
        .get(1)
        .is_some_and(|first| first == sandbox::ARGUMENT)
    {
        return sandbox::entry(&arguments[2..]);
    }
    oos::cli::main()
}

//! How helpers are started inside an image that may hold none of the libraries we are linked with.
//!
//! The folders of our libraries are bound into the instance's private folder, and the dynamic
//! loader, run as a program, is told to look there. A static executable needs none of that.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::entry::{ARGUMENT, Role};

/// Private folder of helpers inside an instance; in memory.
pub(super) const PRIVATE: &str = "/run/oos";

/// Our executable: pid 1 was started by its real path, and helpers may look at that.
const EXECUTABLE: &str = "/proc/1/exe";

/// What is needed to start our executable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Loader {
    /// The dynamic loader, if there is one.
    program: Option<PathBuf>,
    /// Folders of libraries.
    folders: Vec<PathBuf>,
}

impl Loader {
    /// Returns what this process was loaded by, from what is mapped into it.
    pub(super) fn of_this_process() -> io::Result<Self> {
        Ok(Self::from_maps(&fs::read_to_string("/proc/self/maps")?))
    }

    fn from_maps(maps: &str) -> Self {
        let mut loader = Self {
            program: None,
            folders: Vec::new(),
        };
        let paths = maps
            .lines()
            .filter_map(|line| line.find('/').map(|at| &line[at..]));
        for path in paths.map(Path::new) {
            let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
                continue;
            };
            let name = name.to_string_lossy();
            if !name.contains(".so") {
                continue;
            }
            if name.starts_with("ld-") {
                loader.program = Some(path.to_owned());
            }
            if !loader.folders.iter().any(|known| known == folder) {
                loader.folders.push(folder.to_owned());
            }
        }
        loader
    }

    /// Returns the folders of this process's libraries.
    pub(super) fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Returns where folder number `number` is bound inside.
    pub(super) fn bound(number: usize) -> String {
        format!("{PRIVATE}/lib/{number}")
    }

    /// Returns the same loader as it is found inside, where the folders are bound.
    pub(super) fn inside(&self) -> Self {
        let program = self.program.as_ref().and_then(|program| {
            let (folder, name) = (program.parent()?, program.file_name()?);
            let number = self.folders.iter().position(|known| known == folder)?;
            Some(Path::new(&Self::bound(number)).join(name))
        });
        Self {
            program,
            folders: (0..self.folders.len())
                .map(|number| PathBuf::from(Self::bound(number)))
                .collect(),
        }
    }

    /// Returns the command that starts our executable in a role; its environment is empty.
    pub(super) fn command(&self, role: Role) -> Command {
        let mut command = match &self.program {
            None => Command::new(EXECUTABLE),
            Some(program) => {
                let folders: Vec<_> = self.folders.iter().map(|f| f.to_string_lossy()).collect();
                let mut command = Command::new(program);
                command
                    .arg("--library-path")
                    .arg(folders.join(":"))
                    .arg(EXECUTABLE);
                command
            }
        };
        command.arg(ARGUMENT).arg(role.as_str()).env_clear();
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: &str = "\
55d000-55e000 r-xp 00000000 08:01 11 /opt/oos
7f0000-7f1000 r-xp 00000000 08:01 12 /usr/lib/x86_64-linux-gnu/libc.so.6
7f1000-7f2000 r-xp 00000000 08:01 13 /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
7f2000-7f3000 r-xp 00000000 08:01 14 /opt/lib/libgcc_s.so.1
7f3000-7f4000 r-xp 00000000 00:00 0  [vdso]
";

    #[test]
    fn a_dynamic_executable_is_started_by_its_loader() {
        let loader = Loader::from_maps(MAPS).inside();
        let command = loader.command(Role::Serve);
        assert_eq!(command.get_program(), "/run/oos/lib/0/ld-linux-x86-64.so.2");
        let arguments: Vec<_> = command.get_args().collect();
        assert_eq!(
            arguments,
            [
                "--library-path",
                "/run/oos/lib/0:/run/oos/lib/1",
                "/proc/1/exe",
                "__sandbox",
                "serve"
            ]
        );
    }

    #[test]
    fn a_static_executable_is_started_itself() {
        let loader = Loader::from_maps("55d000-55e000 r-xp 00000000 08:01 11 /opt/oos\n");
        assert_eq!(
            loader.inside().command(Role::Serve).get_program(),
            "/proc/1/exe"
        );
    }
}

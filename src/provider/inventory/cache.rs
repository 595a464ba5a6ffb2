//! What executables and servers said before: kept for a while, so that a listing that takes half a
//! minute is not asked for by every command.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::digest::Digest;
use crate::base::time::Timestamp;

/// Answers in files of a folder that only the user can read.
#[derive(Clone, Debug)]
pub struct Cache {
    /// The folder.
    pub folder: PathBuf,
    /// How old an answer may be to be taken in place of asking again.
    pub max_age: Duration,
    /// Whether an older answer is taken when asking fails.
    pub stale: bool,
    /// The time.
    pub now: Timestamp,
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Answer {
    /// When it was given.
    pub(super) at: Timestamp,
    /// Its media type, as a server said it.
    pub(super) media_type: Option<String>,
    /// Its text.
    pub(super) text: String,
}

impl Cache {
    /// Returns the answer of a source if it is young enough. A source is named by what tells it from
    /// all others, wherever a command is started.
    pub(super) fn fresh(&self, source: &str) -> Option<Answer> {
        let answer = self.any(source)?;
        let age = self.age(&answer);
        (age <= self.max_age && !self.max_age.is_zero()).then_some(answer)
    }

    /// Returns the answer of a source however old it is, if that was asked for.
    pub(super) fn stale(&self, source: &str) -> Option<Answer> {
        self.any(source).filter(|_| self.stale)
    }

    /// Returns how old an answer is; one from the future is as old as can be.
    pub(super) fn age(&self, answer: &Answer) -> Duration {
        Duration::try_from(self.now.duration_since(answer.at)).unwrap_or(Duration::MAX)
    }

    fn any(&self, source: &str) -> Option<Answer> {
        let bytes = fs::read(self.path(source)).ok()?;
        // A file that was cut or changed is as good as none.
        serde_json::from_slice(&bytes).ok()
    }

    /// Keeps an answer; it is there whole or not at all.
    pub(super) fn keep(&self, source: &str, answer: &Answer) -> io::Result<()> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)?;
        let path = self.path(source);
        let new = path.with_extension(format!("new-{}", std::process::id()));
        let mut file = fs::File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(&serde_json::to_vec(answer)?)?;
        fs::rename(&new, &path)
    }

    fn path(&self, source: &str) -> PathBuf {
        let digest = Digest::of(source.as_bytes()).to_string();
        let name: String = digest.chars().filter(char::is_ascii_alphanumeric).collect();
        self.folder.join(Path::new(&name).with_extension("json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_while_they_are_young() {
        let folder = tempfile::tempdir().unwrap();
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let cache = |second: i64, stale: bool| Cache {
            folder: folder.path().join("inventory"),
            max_age: Duration::from_mins(1),
            stale,
            now: at(second),
        };
        let answer = Answer {
            at: at(1000),
            media_type: None,
            text: "[web]\nw1\n".to_owned(),
        };
        assert_eq!(cache(1000, true).stale("x"), None);
        cache(1000, false).keep("x", &answer).unwrap();
        assert_eq!(cache(1060, false).fresh("x"), Some(answer.clone()));
        assert_eq!(cache(1061, false).fresh("x"), None);
        assert_eq!(cache(999, false).fresh("x"), None);
        assert_eq!(cache(1060, false).fresh("y"), None);
        assert_eq!(cache(9999, false).stale("x"), None);
        assert_eq!(cache(9999, true).stale("x"), Some(answer));
        let mode = |path: &Path| {
            use std::os::unix::fs::PermissionsExt as _;
            path.metadata().unwrap().permissions().mode() & 0o777
        };
        assert_eq!(mode(&folder.path().join("inventory")), 0o700);
        for entry in fs::read_dir(folder.path().join("inventory")).unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), 0o600);
        }
    }
}

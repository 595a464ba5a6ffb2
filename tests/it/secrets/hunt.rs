//! Looks for planted values in everything that somebody else could read.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// Planted values, in the forms that they may show up in.
#[derive(Clone)]
pub(super) struct Hunt {
    forms: Arc<Vec<(String, Vec<u8>)>>,
}

impl Hunt {
    /// Prepares the hunt for `values`. The forms are worked out here by other means than by the
    /// filter that is tested.
    pub(super) fn new(values: &[&str]) -> Self {
        let mut forms = Vec::new();
        for value in values {
            let core = value.trim_end();
            let json = serde_json::to_string(core).unwrap();
            let percent: String = core.bytes().map(percent).collect();
            let form: String = percent.replace("%20", "+");
            let mut add = |kind: &str, form: &str| {
                forms.push((format!("{kind} of {core:?}"), form.as_bytes().to_vec()));
            };
            add("text", core);
            add("JSON", json.trim_matches('"'));
            add("percent", &percent);
            add("form", &form);
            for line in core
                .lines()
                .filter(|line| line.len() > 16 && !line.starts_with('-'))
            {
                add("line", line);
            }
            for before in ["", "x", "xy"] {
                for engine in [STANDARD, URL_SAFE] {
                    let encoded = engine.encode(format!("{before}{core}"));
                    // Without the letters at both ends that other bytes have a part in.
                    add("Base64", &encoded[4..encoded.len() - 4]);
                }
            }
        }
        Self {
            forms: Arc::new(forms),
        }
    }

    /// Returns which form is in `bytes`.
    fn find(&self, bytes: &[u8]) -> Option<&str> {
        let is_in = |form: &[u8]| bytes.windows(form.len()).any(|part| part == form);
        let found = self.forms.iter().find(|(_, form)| is_in(form));
        found.map(|(name, _)| name.as_str())
    }

    /// Fails if a planted value is in `bytes`.
    #[track_caller]
    pub(super) fn assert_not_in(&self, place: &str, bytes: &[u8]) {
        if let Some(form) = self.find(bytes) {
            panic!("{form} is in {place}:\n{}", String::from_utf8_lossy(bytes));
        }
    }

    /// Fails if a planted value is in a file below `folder`, or in what the database there holds
    /// compressed.
    pub(super) fn assert_not_below(&self, folder: &Path) {
        for path in files(folder) {
            // A file may go while the folder is walked.
            let Ok(bytes) = std::fs::read(&path) else {
                continue;
            };
            if let Some(form) = self.find(&bytes) {
                panic!("{form} is in {}", path.display());
            }
        }
        let database = folder.join("oos.sqlite");
        if database.exists() {
            self.assert_not_in_database(&database);
        }
    }

    fn assert_not_in_database(&self, path: &Path) {
        let connection = Connection::open(path).unwrap();
        let mut statement = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
            .unwrap();
        let names = statement
            .query_map([], |row| row.get::<_, String>(0))
            .unwrap();
        let (mut cells, mut unpacked) = (0, 0);
        for table in names.map(Result::unwrap) {
            let mut statement = connection
                .prepare(&format!("SELECT * FROM {table}"))
                .unwrap();
            let columns = statement.column_count();
            let mut rows = statement.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for column in 0..columns {
                    let bytes = match row.get_ref(column).unwrap() {
                        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
                        _ => continue,
                    };
                    cells += 1;
                    self.assert_not_in(&table, bytes);
                    if let Some(plain) = decompressed(bytes) {
                        unpacked += 1;
                        self.assert_not_in(&format!("{table}, unpacked"), &plain);
                    }
                }
            }
        }
        assert!(
            cells > 100 && unpacked > 1,
            "{cells} cells, {unpacked} unpacked"
        );
    }

    /// Watches arguments and environments of all processes of this machine but this one.
    pub(super) fn watch_processes(&self) -> Watcher {
        let (hunt, stop) = (self.clone(), Arc::new(AtomicBool::new(false)));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut looks = 0;
            while !stopped.load(Ordering::Relaxed) {
                hunt.look_at_processes();
                looks += 1;
            }
            looks
        });
        Watcher { stop, thread }
    }

    fn look_at_processes(&self) {
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            for file in ["cmdline", "environ"] {
                // A process may end while it is looked at.
                let bytes = std::fs::read(entry.path().join(file)).unwrap_or_default();
                self.assert_not_in(&format!("{file} of process {name}"), &bytes);
            }
        }
    }
}

/// Processes under watch.
pub(super) struct Watcher {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<u32>,
}

impl Watcher {
    /// Ends the watch; fails if something was seen, or if there was no time to see anything.
    pub(super) fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        let looks = self.thread.join().unwrap();
        assert!(looks > 3, "only {looks} looks");
    }
}

fn percent(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

/// Returns every file below `folder`.
pub(super) fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files.extend(self::files(&entry.path())),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
    files
}

/// Returns what is compressed in a cell, whatever stands before it.
fn decompressed(bytes: &[u8]) -> Option<Vec<u8>> {
    const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
    let start = bytes.windows(4).take(8).position(|part| part == MAGIC)?;
    zstd::decode_all(&bytes[start..]).ok()
}

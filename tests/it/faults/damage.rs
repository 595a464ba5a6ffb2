//! A data file that was cut off or has flipped bytes: said clearly, never a panic, nothing mended
//! in silence, and what the check calls sound is sound.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::faults::dice::{Dice, seeds};
use crate::support::oos::{Home, Ran};

const RUNS: &str = "FormatVersion: OOS-2019-06-01
Parameters:
  items: {Type: List}
Tasks:
  - Name: each
    Action: ACS::ExecuteAPI
    Properties: {Service: ECS, API: DescribeRegions, Parameters: {RegionId: 'region-{{ ACS::TaskLoopItem }}'}}
    Loop:
      Items: '{{ items }}'
      RateControl: {Mode: Concurrency, Concurrency: 10, MaxErrors: 0}
  - Name: wait
    Action: ACS::Pause
";

/// How many places of chance are flipped, besides those that are always.
const PLACES: usize = 40;

/// What is done to a file.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Cut(usize),
    Flip(usize),
}

impl Damage {
    fn apply(self, file: &Path) {
        let mut bytes = fs::read(file).unwrap();
        match self {
            Self::Cut(length) => bytes.truncate(length),
            Self::Flip(place) => bytes[place] ^= 0x55,
        }
        fs::write(file, bytes).unwrap();
    }
}

/// Returns a home with three executions that wait, in the database itself or still in its
/// write-ahead log.
fn original(in_log: bool) -> (Home, Vec<String>) {
    let home = Home::new();
    home.file("runs.yml", RUNS);
    let items: Vec<String> = (0..40).map(|number| number.to_string()).collect();
    let items = format!("items=[{}]", items.join(","));
    let arguments = ["run", "runs.yml", "--no-wait", "-p", &items];
    for _ in 0..2 {
        assert_eq!(home.oos(&arguments).code, 4);
    }
    if in_log {
        // Killed, a process leaves the log behind.
        let mut run = home.command();
        run.args(["run", "runs.yml", "-p", &items])
            .stdout(std::process::Stdio::null());
        let mut run = run.stderr(std::process::Stdio::null()).spawn().unwrap();
        crate::support::machine::until("it waits", || {
            let listed = home.oos(&["-o", "json", "list", "--status", "waiting"]);
            listed.json(0).as_array().unwrap().len() == 3
        });
        run.kill().unwrap();
        run.wait().unwrap();
    } else {
        assert_eq!(home.oos(&arguments).code, 4);
        let database = rusqlite::Connection::open(home.path().join("data/oos.sqlite")).unwrap();
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        database.execute_batch(checkpoint).unwrap();
    }
    let listed = fs::read(home.path().join("data/oos.sqlite-wal")).map(|bytes| bytes.len());
    assert_eq!(listed.is_ok_and(|length| length > 0), in_log, "the log");
    let copy = copy(&home, "ids");
    let listed = on(&home, &copy, &["-o", "json", "list"]).json(0);
    let ids = listed.as_array().unwrap().iter();
    let ids = ids
        .map(|view| view["ExecutionId"].as_str().unwrap().to_owned())
        .collect();
    (home, ids)
}

/// Copies the data directory and returns the copy's.
fn copy(home: &Home, name: &str) -> PathBuf {
    let target = home.path().join(name);
    fs::create_dir(&target).unwrap();
    for name in ["oos.sqlite", "oos.sqlite-wal"] {
        let source = home.path().join("data").join(name);
        if source.exists() {
            fs::copy(source, target.join(name)).unwrap();
        }
    }
    // As in a directory that was used.
    fs::create_dir(target.join("locks")).unwrap();
    target
}

/// Runs the program on a copy; it must come to an end of its own and not panic.
#[track_caller]
fn on(home: &Home, data: &Path, arguments: &[&str]) -> Ran {
    let mut command = home.command();
    command.env("OOS_DATA_DIR", data).args(arguments);
    let ran = home.finish(&mut command);
    assert!(!ran.stderr.contains("panicked"), "{arguments:?}: {ran}");
    assert!(matches!(ran.code, 0 | 1 | 2 | 5), "{arguments:?}: {ran}");
    if ran.code == 5 {
        let is_clear = ran.stderr.contains("hint:") && ran.stderr.contains('`');
        assert!(is_clear, "{arguments:?}: {ran}");
    }
    ran
}

fn events(home: &Home, data: &Path, ids: &[String]) -> Vec<Ran> {
    let events = |id: &String| on(home, data, &["-o", "json", "events", id]);
    ids.iter().map(events).collect()
}

/// Damages in many places of the file, known and by chance.
fn damages(file: &Path, known: &[usize], cuts: &[usize]) -> Vec<Damage> {
    let length = usize::try_from(fs::metadata(file).unwrap().len()).unwrap();
    let mut dice = Dice::new(*seeds(1).last().unwrap());
    let chance = (0..PLACES).map(|_| usize::try_from(dice.below(length as u64)).unwrap());
    let flips = known.iter().copied().chain(chance).map(Damage::Flip);
    let cuts = cuts.iter().copied().chain([length / 2, length - 1]);
    flips.chain(cuts.map(Damage::Cut)).collect()
}

/// Does the work on all damages, on the machine's two processors.
fn each(damages: &[Damage], work: impl Fn(usize, Damage) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((number, damage)) = {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    damages.get(number).map(|damage| (number, *damage))
                } {
                    work(number, damage);
                }
            });
        }
    });
}

#[test]
fn damage_of_the_data_file_is_said_and_never_mended_in_silence() {
    let (home, ids) = original(false);
    let sound = events(&home, &copy(&home, "sound"), &ids);
    let listed = on(&home, &home.path().join("sound"), &["-o", "json", "list"]);
    let header = [
        0, 16, 18, 20, 24, 28, 32, 40, 44, 56, 68, 96, 100, 103, 105, 108,
    ];
    let pages = [4096, 4099, 4104, 8192, 8195, 12_288, 16_384, 20_480];
    let known = [header.as_slice(), &pages].concat();
    let file = home.path().join("data/oos.sqlite");
    let damages = damages(&file, &known, &[0, 1, 16, 99, 100, 512, 4095, 4096, 8192]);
    let (found, readable) = (AtomicUsize::new(0), AtomicUsize::new(0));
    each(&damages, |number, damage| {
        let data = copy(&home, &format!("damaged-{number}"));
        let file = data.join("oos.sqlite");
        damage.apply(&file);
        let before = fs::read(&file).unwrap();
        let checked = on(&home, &data, &["store", "check"]);
        let seen = events(&home, &data, &ids);
        let list = on(&home, &data, &["-o", "json", "list"]);
        assert!(
            fs::read(&file).unwrap() == before,
            "{damage:?}: the file was changed"
        );
        let whole = |(ran, sound): &(&Ran, &Ran)| ran.stdout == sound.stdout && ran.code == 0;
        let same = seen.iter().zip(&sound).filter(whole).count();
        if checked.code == 0 {
            let is_plain = match damage {
                Damage::Cut(_) => true,
                Damage::Flip(place) => pages.contains(&place),
            };
            assert!(!is_plain, "{damage:?} was not found");
            assert_eq!(same, ids.len(), "{damage:?} was not found");
            assert_eq!(list.stdout, listed.stdout, "{damage:?} was not found");
        } else {
            found.fetch_add(1, Ordering::Relaxed);
            readable.fetch_add(same, Ordering::Relaxed);
        }
        // What can be copied out is copied out; what cannot says so.
        let backup = data.join("backup.sqlite").display().to_string();
        let copied = on(&home, &data, &["store", "backup", &backup]);
        assert_ne!(copied.code, 2, "{damage:?}: {copied}");
        let rebuilt = on(&home, &data, &["store", "rebuild"]);
        if rebuilt.code == 0 && same == ids.len() {
            let again = on(&home, &data, &["-o", "json", "list"]);
            assert_eq!(again.stdout, listed.stdout, "{damage:?}: rebuilt otherwise");
        }
        fs::remove_dir_all(&data).unwrap();
    });
    let (found, readable) = (found.into_inner(), readable.into_inner());
    println!(
        "report: damage: {} places, {found} found, 0 panics, 0 mended in silence; of {} journals in \
         damaged files {readable} could be read whole",
        damages.len(),
        found * ids.len()
    );
}

#[test]
fn damage_of_the_write_ahead_log_loses_its_end_at_most() {
    let (home, ids) = original(true);
    let sound = events(&home, &copy(&home, "sound"), &ids);
    let log = home.path().join("data/oos.sqlite-wal");
    let known = [0, 4, 8, 12, 16, 24, 31, 32, 36, 40, 48, 56, 60, 4152, 4156];
    let damages = damages(&log, &known, &[0, 1, 31, 32, 33, 56, 4152]);
    each(&damages, |number, damage| {
        let data = copy(&home, &format!("damaged-{number}"));
        damage.apply(&data.join("oos.sqlite-wal"));
        let checked = on(&home, &data, &["store", "check"]);
        assert_eq!(checked.code, 0, "{damage:?}: {checked}");
        for (seen, sound) in events(&home, &data, &ids).iter().zip(&sound) {
            assert!(sound.stdout.starts_with(&seen.stdout), "{damage:?}: {seen}");
        }
        fs::remove_dir_all(&data).unwrap();
    });
    println!(
        "report: damage of the log: {} places, 0 panics",
        damages.len()
    );
}

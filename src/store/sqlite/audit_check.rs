//! Whether the audit records are whole, and whether they and the journals tell the same.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::base::id::ExecutionId;
use crate::store::audit::{
    AuditHead, AuditRecord, AuditReport, Chain, Deed, Flaw, beginning, deed_of, exact,
};
use crate::store::secrets::Secrets;
use crate::store::sqlite::fault::{damaged, file_failed};
use crate::store::sqlite::journal::{journals, read_events};
use crate::store::sqlite::seal::KeyFile;
use crate::store::sqlite::{audit, migration};
use crate::store::{Seq, StoreError};

/// Records that are read at once.
const PAGE: usize = 1000;

/// Flaws that are named; behind so many nobody reads on.
const MOST_FLAWS: usize = 100;

/// The first format with audit records.
const FIRST_FORMAT: usize = 2;

/// Checks the audit records in a database file: one in use, a backup, a copy from elsewhere.
/// Nothing is written. `expected` is a head that was noted before.
pub fn verify_file(path: &Path, expected: Option<AuditHead>) -> Result<AuditReport, StoreError> {
    let mut connection = open_unchanged(path)?;
    if migration::format(&connection)? < FIRST_FORMAT {
        let reason = "it was written by a version that kept no audit records";
        return Err(damaged(path.display().to_string(), reason));
    }
    let key = KeyFile::of(path.parent().unwrap_or(Path::new(".")));
    let transaction = Transaction::new(&mut connection, TransactionBehavior::Deferred)?;
    verify(&transaction, &key, expected)
}

/// Opens a database file without leaving anything beside it.
fn open_unchanged(path: &Path) -> Result<Connection, StoreError> {
    let whole =
        std::fs::canonicalize(path).map_err(|error| file_failed("reading", path, &error))?;
    let mut log = whole.clone().into_os_string();
    log.push("-wal");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if Path::new(&log).exists() {
        return Ok(Connection::open_with_flags(&whole, flags)?);
    }
    // Nobody writes to it; SQLite would make files for sharing it all the same.
    let name: String = whole
        .to_string_lossy()
        .chars()
        .map(|letter| match letter {
            '%' => "%25".to_owned(),
            '?' => "%3f".to_owned(),
            '#' => "%23".to_owned(),
            other => other.to_string(),
        })
        .collect();
    let name = format!("file:{name}?immutable=1");
    let flags = flags | OpenFlags::SQLITE_OPEN_URI;
    Ok(Connection::open_with_flags(name, flags)?)
}

/// Checks the audit records that `connection` sees.
pub(super) fn verify(
    connection: &Connection,
    key: &KeyFile,
    expected: Option<AuditHead>,
) -> Result<AuditReport, StoreError> {
    let mut chain = Chain::new(expected);
    let mut told = Told::default();
    let mut after = 0;
    'pages: loop {
        let page = audit::page(connection, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.number;
        for record in &page {
            if !chain.follow(Ok(record)) {
                break 'pages;
            }
            told.add(record);
        }
    }
    let mut report = chain.finish();
    if report.flaws.is_empty() {
        let highest = audit::highest(connection)?;
        if highest > report.records {
            let problem = format!("it is missing: records were written up to {highest}");
            report.flaws.push(Flaw::new(report.records + 1, problem));
        }
        check_beginning(connection, &mut report)?;
        told.compare(connection, key, &mut report)?;
        report.flaws.truncate(MOST_FLAWS);
    }
    Ok(report)
}

/// The list of journals that are older than the records must be the one that the first record is
/// about: whoever adds to it could hide what has no record.
fn check_beginning(connection: &Connection, report: &mut AuditReport) -> Result<(), StoreError> {
    let deed = beginning(&audit::earlier(connection)?);
    let detail = exact(&deed.detail.into()).to_string();
    let first = audit::page(connection, 0, 1)?;
    if first.first().is_none_or(|first| first.detail != detail) {
        let problem = "the list of journals that are older than the records was changed";
        report.flaws.push(Flaw::new(1, problem));
    }
    Ok(())
}

/// What the records tell of journals: who did what at which event.
#[derive(Default)]
struct Told(HashMap<(String, Seq), Claim>);

struct Claim {
    number: u64,
    actor: String,
    action: String,
}

impl Told {
    fn add(&mut self, record: &AuditRecord) {
        if record.subject.parse::<ExecutionId>().is_err() {
            return;
        }
        let event = record
            .detail_value("event")
            .and_then(|event| event.as_u64());
        if let Some(event) = event {
            let claim = Claim {
                number: record.number,
                actor: record.actor.clone(),
                action: record.action.clone(),
            };
            self.0.insert((record.subject.clone(), event), claim);
        }
    }

    /// Compares with all journals. Executions whose journals are gone as a whole keep their records.
    fn compare(
        mut self,
        connection: &Connection,
        key: &KeyFile,
        report: &mut AuditReport,
    ) -> Result<(), StoreError> {
        let earlier: HashMap<String, Seq> = audit::earlier(connection)?.into_iter().collect();
        let mut present = HashSet::new();
        for id in journals(connection)? {
            let Ok(events) = read_events(connection, key, &id, 0, usize::MAX) else {
                // Without its key or damaged, which `oos store check` tells.
                report.not_compared += 1;
                continue;
            };
            let unaudited = earlier.get(id.as_str()).copied().unwrap_or_default();
            let secrets = Secrets::of_journal(&events);
            for (seq, event) in events.iter().filter(|(seq, _)| *seq > unaudited) {
                if let Some(deed) = deed_of(&id, *seq, &secrets.mask(event)) {
                    self.settle(&deed, *seq, report);
                }
            }
            present.insert(id.to_string());
        }
        let mut flaws: Vec<Flaw> = self
            .0
            .into_iter()
            .filter(|((id, _), _)| present.contains(id))
            .map(|((id, event), claim)| {
                let problem = format!("the journal of `{id}` has no such event {event}");
                Flaw::new(claim.number, problem)
            })
            .collect();
        flaws.sort_by_key(|flaw| flaw.number);
        report.flaws.extend(flaws);
        Ok(())
    }

    /// Finds the record of a deed that a journal tells of.
    fn settle(&mut self, deed: &Deed, seq: Seq, report: &mut AuditReport) {
        let (id, action) = (&deed.subject, deed.action.as_str());
        let flaw = match self.0.remove(&(id.clone(), seq)) {
            Some(claim) if claim.actor == deed.actor && claim.action == action => return,
            Some(claim) => Flaw::new(
                claim.number,
                format!("event {seq} of `{id}` says: {action} by {}", deed.actor),
            ),
            // The chain is whole up to its end, so the record was behind it.
            None => Flaw::new(
                report.records + 1,
                format!(
                    "it is missing: event {seq} of `{id}`, {action} by {}",
                    deed.actor
                ),
            ),
        };
        report.flaws.push(flaw);
    }
}

//! Care of a data directory: backup, rebuilding what is listed, checking everything.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rusqlite::Connection;

use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::value::Value;
use crate::store::StoreError;
use crate::store::audit::{AuditAction, Deed};
use crate::store::projection::{Changes, Place, Rows as _, TaskRow};
use crate::store::sqlite::anew::fold_anew;
use crate::store::sqlite::command;
use crate::store::sqlite::fault::file_failed;
use crate::store::sqlite::journal::journals;
use crate::store::sqlite::row::{self, StoredRows, json_column};
use crate::store::sqlite::seal::KeyFile;
use crate::store::sqlite::store::SqliteStore;
use crate::store::sqlite::{audit, audit_check, content, room, trigger};

const BACKUP: &str = "VACUUM INTO ?1";
/// Files that were made before pages could be given back one by one can do so from then on.
const COMPACT: &str = "PRAGMA auto_vacuum = INCREMENTAL; VACUUM;";
const CLEAR: &str = "\
    DELETE FROM execution; DELETE FROM execution_detail; DELETE FROM execution_tag; \
    DELETE FROM task; DELETE FROM loop_block; DELETE FROM repeat; DELETE FROM command; \
    DELETE FROM watch; DELETE FROM firing; \
    UPDATE tally SET bytes = (SELECT coalesce(sum(length(data)), 0) FROM log_chunk);";
const INTEGRITY: &str = "PRAGMA integrity_check";
const WITHOUT_JOURNAL: &str =
    "SELECT id FROM execution WHERE id NOT IN (SELECT execution_id FROM journal)";
const CONTENTS: &str = "SELECT digest FROM content";
const ALL_TASKS: &str = "\
    SELECT task, item, name, action, status, message, waiting, properties, outputs, total, \
           success, failed, running, skipped, waiting_items, attempt, child, begun, started, ended \
    FROM task WHERE execution_id = ?1";
const ALL_BLOCKS: &str =
    "SELECT task, items FROM loop_block WHERE execution_id = ?1 ORDER BY task, block";

/// Something wrong in a data directory.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Finding {
    /// What is affected.
    pub what: String,
    /// What is wrong with it, and the remedy if there is one.
    pub problem: String,
}

impl SqliteStore {
    /// Writes a copy of the database as it is now to `target`, which must not exist. The key of
    /// sealed executions is not part of it: `secret.key` is to be kept apart.
    pub fn backup(&self, target: &Path) -> Result<(), StoreError> {
        self.0.save_all()?;
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(target)
            .map_err(|error| file_failed("creating", target, &error))?;
        // Not a copy page by page: that begins again whenever somebody writes.
        self.0.writer.outside_transactions(|connection| {
            connection.execute(BACKUP, [target.to_string_lossy()])?;
            Ok(())
        })
    }

    /// Writes the file anew without the room in it that is free. Others wait meanwhile.
    pub fn compact(&self) -> Result<(), StoreError> {
        self.0.save_all()?;
        self.0.writer.outside_transactions(|connection| {
            connection.execute_batch(COMPACT)?;
            Ok(())
        })
    }

    /// Folds everything that is listed anew from the journal; returns the number of executions.
    /// Audited as a deed of `by`; the audit records themselves are nothing that is folded.
    pub fn rebuild(&self, by: &str) -> Result<u64, StoreError> {
        let store = self.clone();
        let deed = Deed::new(by, AuditAction::StoreRebuilt, "store");
        self.0.writer.write(move |connection| {
            connection.execute_batch(CLEAR)?;
            let ids = journals(connection)?;
            for id in &ids {
                let changes = fold_anew(connection, &store.0.key, id)?;
                row::save(connection, id, &changes)?;
            }
            audit::insert(connection, store.0.now(), &store.0.origin, &deed)?;
            Ok(ids.len() as u64)
        })
    }

    /// Looks at everything: the file, every journal, every text, whether what is listed is what
    /// follows from the journal, and whether the audit records are whole.
    pub fn check(&self) -> Result<Vec<Finding>, StoreError> {
        self.0.readers.read(|connection| {
            let mut findings = Vec::new();
            check_file(connection, &mut findings)?;
            for id in journals(connection)? {
                match fold_anew(connection, &self.0.key, &id) {
                    Ok(expected) => check_listing(connection, &id, &expected, &mut findings)?,
                    Err(error) => findings.push(finding_of(error)?),
                }
            }
            check_contents(connection, &mut findings)?;
            check_audit(connection, &self.0.key, &mut findings)?;
            Ok(findings)
        })
    }
}

/// Damage is what a check looks for; anything else keeps it from looking.
fn finding_of(error: StoreError) -> Result<Finding, StoreError> {
    match error {
        StoreError::Damaged { what, reason } => Ok(Finding {
            what,
            problem: reason,
        }),
        other => Err(other),
    }
}

fn check_file(connection: &Connection, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(INTEGRITY)?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    for line in lines {
        let problem = line?;
        if problem != "ok" {
            findings.push(Finding {
                what: "oos.sqlite".into(),
                problem,
            });
        }
    }
    if !room::is_tallied(connection)? {
        findings.push(Finding {
            what: "tally".into(),
            problem:
                "it does not say how many bytes of output there are; `oos store rebuild` mends it"
                    .into(),
        });
    }
    let mut statement = connection.prepare_cached(WITHOUT_JOURNAL)?;
    let ids = statement.query_map([], |row| row.get::<_, String>(0))?;
    for id in ids {
        findings.push(Finding {
            what: format!("execution {}", id?),
            problem: "it is listed but has no journal; `oos store rebuild` removes it".into(),
        });
    }
    Ok(())
}

fn check_listing(
    connection: &Connection,
    id: &ExecutionId,
    expected: &Changes,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    let mut detail = expected.detail.clone().unwrap_or_default();
    if let Some(outputs) = &expected.outputs {
        detail.outputs.clone_from(outputs);
    }
    let rows = StoredRows { connection, id };
    let same = rows.execution()?.as_ref() == Some(&expected.execution)
        && row::detail(connection, id).is_ok_and(|stored| stored == detail)
        && row::repeat(connection, id)? == expected.repeat
        && stored_tasks(connection, id)? == expected.tasks
        && stored_plans(connection, id)? == flat_plans(expected)
        && command::are_listed(connection, id, expected)?
        && trigger::are_listed(connection, id, expected)?;
    if !same {
        findings.push(Finding {
            what: format!("execution {id}"),
            problem: "what is listed is not what its journal says; `oos store rebuild` mends it"
                .into(),
        });
    }
    Ok(())
}

fn stored_tasks(
    connection: &Connection,
    id: &ExecutionId,
) -> Result<BTreeMap<Place, TaskRow>, StoreError> {
    let mut statement = connection.prepare_cached(ALL_TASKS)?;
    let rows = statement.query_map([id.as_str()], row::task_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn stored_plans(
    connection: &Connection,
    id: &ExecutionId,
) -> Result<Vec<(u32, Value)>, StoreError> {
    let mut statement = connection.prepare_cached(ALL_BLOCKS)?;
    let blocks = statement.query_map([id.as_str()], |row| {
        Ok((row.get(0)?, json_column::<Vec<Value>>(row, 1)?))
    })?;
    let mut items = Vec::new();
    for block in blocks {
        let (task, values): (u32, _) = block?;
        items.extend(values.into_iter().map(|value| (task, value)));
    }
    Ok(items)
}

fn flat_plans(expected: &Changes) -> Vec<(u32, Value)> {
    let plans = expected.plans.iter();
    plans
        .flat_map(|(task, items)| items.iter().map(|item| (*task, item.clone())))
        .collect()
}

fn check_audit(
    connection: &Connection,
    key: &KeyFile,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    let report = audit_check::verify(connection, key, None)?;
    findings.extend(report.flaws.into_iter().map(|flaw| Finding {
        what: format!("audit record {}", flaw.number),
        problem: flaw.problem,
    }));
    Ok(())
}

fn check_contents(connection: &Connection, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(CONTENTS)?;
    let digests = statement.query_map([], |row| row.get::<_, String>(0))?;
    for digest in digests {
        let digest = digest?;
        let result = match digest.parse::<Digest>() {
            Ok(known) => content::select(connection, &known).map(drop),
            Err(error) => Err(crate::store::sqlite::fault::damaged("content", error)),
        };
        if let Err(error) = result {
            findings.push(finding_of(error)?);
        }
    }
    Ok(())
}

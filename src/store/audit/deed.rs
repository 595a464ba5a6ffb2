//! What people do that is recorded for good.

use crate::base::digest::Digest;
use crate::base::id::ExecutionId;
use crate::base::value::{Map, Value};
use crate::store::{Part, Removal, TemplateEntry};

/// Something that a person did.
#[derive(Clone, PartialEq, Debug)]
pub struct Deed {
    /// Who.
    pub actor: String,
    /// What.
    pub action: AuditAction,
    /// To what: an execution, a template, a secret.
    pub subject: String,
    /// The rest. Holds no secret value.
    pub detail: Map,
}

impl Deed {
    /// Makes a deed without details.
    pub fn new(actor: impl Into<String>, action: AuditAction, subject: impl Into<String>) -> Self {
        Self {
            actor: actor.into(),
            action,
            subject: subject.into(),
            detail: Map::new(),
        }
    }
}

/// The kinds of deeds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AuditAction {
    /// Recording began; always the first record.
    Begun,
    /// An execution was started.
    Started,
    /// Something that an execution waited for was approved.
    Approved,
    /// It was rejected.
    Rejected,
    /// A person chose the task to run.
    Executed,
    /// A failed or unknown task was run again.
    Retried,
    /// A task was taken as done.
    Skipped,
    /// A task was cancelled.
    TaskCancelled,
    /// An execution was ended with a status.
    Completed,
    /// An execution was cancelled.
    Cancelled,
    /// A trigger was paused.
    TriggerPaused,
    /// A paused trigger was let go on.
    TriggerResumed,
    /// A secret got a value.
    SecretSet,
    /// A secret was removed.
    SecretDeleted,
    /// The value of a secret was printed.
    SecretRevealed,
    /// All secrets were sealed with another key.
    SecretsRekeyed,
    /// A template got a version.
    TemplateCreated,
    /// A template was removed with all its versions.
    TemplateDeleted,
    /// The listings were made anew.
    StoreRebuilt,
    /// Executions that had ended were removed.
    HistoryRemoved,
    /// The output of commands of executions that had ended was removed.
    LogsRemoved,
}

impl AuditAction {
    /// Returns the stable word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Started => "started",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Executed => "executed",
            Self::Retried => "retried",
            Self::Skipped => "skipped",
            Self::TaskCancelled => "task-cancelled",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::TriggerPaused => "trigger-paused",
            Self::TriggerResumed => "trigger-resumed",
            Self::SecretSet => "secret-set",
            Self::SecretDeleted => "secret-deleted",
            Self::SecretRevealed => "secret-revealed",
            Self::SecretsRekeyed => "secrets-rekeyed",
            Self::TemplateCreated => "template-created",
            Self::TemplateDeleted => "template-deleted",
            Self::StoreRebuilt => "store-rebuilt",
            Self::HistoryRemoved => "history-removed",
            Self::LogsRemoved => "logs-removed",
        }
    }
}

/// Returns the deed of keeping a version of a template.
pub(in crate::store) fn template_created(by: &str, entry: &TemplateEntry) -> Deed {
    let mut deed = Deed::new(by, AuditAction::TemplateCreated, &entry.template_name);
    deed.detail
        .insert("version".to_owned(), entry.template_version.as_str().into());
    deed.detail
        .insert("digest".to_owned(), entry.hash.to_string().into());
    deed
}

/// Returns the deed of removing executions, or what their commands printed. Which those were is told by
/// a digest of their ids and of the digests of their journals, line by line.
pub(in crate::store) fn removed(removal: &Removal, gone: &[(ExecutionId, Option<Digest>)]) -> Deed {
    let action = match removal.part {
        Part::History => AuditAction::HistoryRemoved,
        Part::Logs => AuditAction::LogsRemoved,
    };
    let mut deed = Deed::new(&removal.by, action, "store");
    let mut lines = String::new();
    for (id, digest) in gone {
        let digest = digest.as_ref().map(Digest::to_string).unwrap_or_default();
        lines.push_str(id.as_str());
        lines.push(' ');
        lines.push_str(&digest);
        lines.push('\n');
    }
    let ends = gone.first().into_iter().chain(gone.last());
    let ends: Vec<&str> = ends.map(|(id, _)| id.as_str()).collect();
    let mut tell = |name: &str, value: Value| deed.detail.insert(name.to_owned(), value);
    tell("executions", gone.len().into());
    tell("from", ends.first().copied().unwrap_or_default().into());
    tell("to", ends.last().copied().unwrap_or_default().into());
    tell("digest", Digest::of(lines.as_bytes()).to_string().into());
    if let Some(cause) = removal.cause {
        tell("cause", serde_json::json!(cause));
    }
    deed
}

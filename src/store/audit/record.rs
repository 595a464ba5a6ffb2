//! One record and its digest.

use serde::{Deserialize, Serialize};

use crate::base::digest::Digest;
use crate::base::time::Timestamp;
use crate::base::value::{Map, Value};
use crate::store::audit::{AuditAction, AuditHead, Deed};

/// Says what the digest is of, so that it is never the digest of anything else.
const FORM: &str = "oos audit record 1";

/// Larger details are named by their size: the journal has them whole.
const LONGEST_DETAIL: usize = 4096;

/// One record, as it is stored. Texts are kept as they were found, also where they make no sense:
/// a check must be able to say so.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AuditRecord {
    /// Its number, from 1, without gaps.
    pub number: u64,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// User number and machine of the process that wrote it down.
    pub origin: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// The rest, as JSON text.
    #[serde(with = "detail")]
    pub detail: String,
    /// The digest of the record before; empty in the first one.
    pub previous: String,
    /// The digest of all of the above.
    pub digest: String,
}

impl AuditRecord {
    /// Makes the record that follows on `head`.
    pub(in crate::store) fn next(
        head: Option<&AuditHead>,
        at: Timestamp,
        origin: &str,
        deed: &Deed,
    ) -> Self {
        let detail = exact(&Value::Object(deed.detail.clone()));
        let mut record = Self {
            number: head.map_or(0, |head| head.number) + 1,
            at: crate::store::projection::moment(at),
            actor: deed.actor.clone(),
            origin: origin.to_owned(),
            action: deed.action.as_str().to_owned(),
            subject: deed.subject.clone(),
            detail: detail.to_string(),
            previous: head.map(|head| head.digest.clone()).unwrap_or_default(),
            digest: String::new(),
        };
        record.digest = record.expected_digest();
        record
    }

    /// Returns the digest that belongs to what the record says. Every part stands behind its
    /// length: no two records are encoded alike.
    pub fn expected_digest(&self) -> String {
        let number = self.number.to_string();
        let at = self.at.as_microsecond().to_string();
        let parts = [
            FORM,
            &number,
            &at,
            &self.actor,
            &self.origin,
            &self.action,
            &self.subject,
            &self.detail,
            &self.previous,
        ];
        let mut encoded = Vec::new();
        for part in parts {
            let length = u64::try_from(part.len()).expect("a text fits in memory");
            encoded.extend_from_slice(&length.to_be_bytes());
            encoded.extend_from_slice(part.as_bytes());
        }
        Digest::of(&encoded).to_string()
    }

    /// Returns the head of a chain that ends with this record.
    pub fn head(&self) -> AuditHead {
        AuditHead {
            number: self.number,
            digest: self.digest.clone(),
        }
    }

    /// Returns a part of the details.
    pub fn detail_value(&self, key: &str) -> Option<Value> {
        let detail: Map = serde_json::from_str(&self.detail).ok()?;
        detail.get(key).cloned()
    }
}

/// Returns the deed that every chain begins with. `earlier` stands for the executions that were
/// there before: their beginnings have no records.
pub(in crate::store) fn beginning(earlier: &[(String, u64)]) -> Deed {
    let lines = serde_json::to_string(earlier).expect("texts and numbers always serialize");
    let mut deed = Deed::new("oos", AuditAction::Begun, "audit");
    deed.detail
        .insert("executions".to_owned(), earlier.len().into());
    let digest = Digest::of(lines.as_bytes()).to_string();
    deed.detail.insert("digest".to_owned(), digest.into());
    deed
}

/// Returns a value that reads back exactly as it was written: fractions become texts, and what is
/// very long is named by its size.
pub(in crate::store) fn exact(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => Value::String(number.to_string()),
        Value::Array(list) => list.iter().map(exact).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| {
                let length = value.to_string().len();
                let value = if length > LONGEST_DETAIL {
                    Value::String(format!("({length} bytes)"))
                } else {
                    exact(value)
                };
                (key.clone(), value)
            })
            .collect(),
        other => other.clone(),
    }
}

/// Details are a text where they are checked and a map where they are read.
mod detail {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use crate::base::value::Value;

    pub(super) fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        match serde_json::from_str::<Value>(text) {
            Ok(value) => value.serialize(serializer),
            // It was tampered with; the digest will say so.
            Err(_) => serializer.serialize_str(text),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<String, D::Error> {
        Ok(Value::deserialize(deserializer)?.to_string())
    }
}

//! Names that ignore case: parameters, tasks, outputs, actions, services.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

/// A name as it was written; equal to every other spelling that differs only in ASCII case
/// (language reference 3.1).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(String);

impl Name {
    /// Returns the name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name in lower case: the key under which all spellings meet.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// Tells whether `other` is this name in some spelling.
    pub fn is(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other)
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.is(&other.0)
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let lower = |name: &Self| {
            name.0
                .bytes()
                .map(|b| b.to_ascii_lowercase())
                .collect::<Vec<_>>()
        };
        lower(self).cmp(&lower(other))
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}

/// Returns what stands under `name`: the entry that is spelt exactly so if there is one, else the
/// first in another case. This is how a run finds properties, so whoever reads them before a run
/// finds them alike.
pub fn find<'k, T>(entries: impl Iterator<Item = (&'k str, T)> + Clone, name: &str) -> Option<T> {
    let exact = entries.clone().find(|(key, _)| *key == name);
    let mut entries = entries;
    exact
        .or_else(|| entries.find(|(key, _)| key.eq_ignore_ascii_case(name)))
        .map(|(_, value)| value)
}

/// Returns the candidate nearest to `word`, if one is near enough to be what was meant.
///
/// Used for every "did you mean": at most a third of the letters may differ.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The Levenshtein distance in characters.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let substitute = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ignore_case() {
        assert_eq!(Name::from("regionId"), Name::from("RegionID"));
        assert_ne!(Name::from("regionId"), Name::from("region-id"));
    }

    #[test]
    fn the_exact_spelling_is_found_before_another_case() {
        #[track_caller]
        fn case(keys: &[&str], expected: Option<usize>) {
            let entries = keys.iter().zip(0..).map(|(key, place)| (*key, place));
            assert_eq!(find(entries, "Name"), expected, "{keys:?}");
        }
        case(&["name", "Name"], Some(1));
        case(&["other", "NAME", "name"], Some(1));
        case(&["Names"], None);
    }

    #[test]
    fn nearest_finds_the_misspelt_and_nothing_else() {
        assert_eq!(
            nearest("imageld", ["instanceId", "imageId"]),
            Some("imageId")
        );
        assert_eq!(nearest("zone", ["instanceId", "imageId"]), None);
    }
}

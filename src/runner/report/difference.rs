//! How one text differs from another, as a unified diff.

use std::time::Duration;

use similar::{Algorithm, TextDiff};

/// Lines around a change.
const CONTEXT: usize = 2;

/// After so long the diff becomes a rougher one: texts from hosts may be made to be expensive.
const PATIENCE: Duration = Duration::from_millis(100);

/// Returns the changes from one text to another, `@@` before each group of them; nothing if there
/// are none.
pub fn difference(old: &str, new: &str) -> Option<String> {
    if old == new {
        return None;
    }
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Myers)
        .timeout(PATIENCE)
        .diff_lines(old, new);
    let text = diff
        .unified_diff()
        .context_radius(CONTEXT)
        .missing_newline_hint(false)
        .to_string();
    (!text.is_empty()).then_some(text)
}

/// Returns only what was taken away and what came, without where: equal for hosts that changed in
/// the same way, whatever else they print.
pub(super) fn essence(difference: &str) -> String {
    let lines = difference.split_inclusive('\n');
    lines.filter(|line| line.starts_with(['-', '+'])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_shown_with_what_is_around_them() {
        let old = "a\nb\nc\nd\ne\nf\n";
        let new = "a\nb\nc\nD\ne\nf\n";
        let text = difference(old, new).unwrap();
        assert_eq!(text, "@@ -2,5 +2,5 @@\n b\n c\n-d\n+D\n e\n f\n");
        assert_eq!(essence(&text), "-d\n+D\n");
        assert_eq!(difference(old, old), None);
    }

    #[test]
    fn a_diff_of_texts_made_to_be_expensive_ends() {
        let text = |period: u32| {
            let lines: Vec<String> = (0..20_000).map(|n| (n % period).to_string()).collect();
            lines.join("\n")
        };
        assert!(difference(&text(7), &text(11)).is_some());
    }
}

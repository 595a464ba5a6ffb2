//! Sources of inventories as they are recorded with executions, and what they were taken from.

use std::path::Path;

use crate::provider::inventory::url;

/// Returns a source so that it means the same from any folder, without what may be secret in it:
/// an absolute path, a URL without its query, or a list of hosts.
pub fn recorded(source: &str) -> String {
    if url::is_url(source) {
        return url::without_query(source);
    }
    let path = Path::new(source);
    if is_list(source) {
        return source.to_owned();
    }
    // Fails only where there is no current folder, and then nothing relative can be meant.
    std::path::absolute(path).map_or_else(
        |_| source.to_owned(),
        |path| path.to_string_lossy().into_owned(),
    )
}

/// Returns the whole of a source that was recorded, if `known` has what was left out of it.
pub fn recall(recorded_source: &str, known: &[String]) -> String {
    let whole = url::is_cut(recorded_source)
        .then(|| {
            known
                .iter()
                .find(|source| recorded(source) == recorded_source)
        })
        .flatten();
    whole.map_or(recorded_source, String::as_str).to_owned()
}

/// Tells whether a source is a list of hosts with a comma in it.
pub(super) fn is_list(source: &str) -> bool {
    source.contains(',') && !Path::new(source).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_mean_the_same_from_any_folder_and_hold_no_keys() {
        #[track_caller]
        fn case(source: &str, expected: &str) {
            assert_eq!(recorded(source), expected);
        }
        let here = std::env::current_dir().unwrap();
        case("hosts.yml", &here.join("hosts.yml").to_string_lossy());
        case("./in/", &here.join("in/").to_string_lossy());
        case("/etc/hosts.ini", "/etc/hosts.ini");
        case("root@10.0.0.5,", "root@10.0.0.5,");
        case("https://x/hosts", "https://x/hosts");
        case("https://x/hosts?key=k", "https://x/hosts?…");
    }

    #[test]
    fn what_was_left_out_is_found_in_what_is_configured() {
        let known = ["a.yml".to_owned(), "https://x/hosts?key=k".to_owned()];
        assert_eq!(recall("https://x/hosts?…", &known), known[1]);
        assert_eq!(recall("https://y/hosts?…", &known), "https://y/hosts?…");
        assert_eq!(recall("/a.yml", &known), "/a.yml");
    }
}

//! The reference page of the local cloud is made from its table of APIs.

use std::fmt::Write as _;
use std::path::Path;

use oos::provider::local::{Kind, served};

fn page() -> String {
    let mut page = String::from(
        "# APIs of the local cloud\n\nMade from the code; `UPDATE_DOCS=1` on the test run writes it \
         anew.\n\nBesides the parameters listed, every API takes `RegionId` (the local cloud is one \
         place, any region names it), and listings take `PageNumber` and `PageSize`, or \
         `NextToken` and `MaxResults`. Calls that change something are remembered under their \
         `ClientToken` and may be repeated at any time; calls that set how something is to be come \
         to the same when they are repeated. Names of parameters ignore case and take \
         singular and plural; lists may be JSON text. Other parameters of the vendor are accepted \
         and have no effect.\n",
    );
    for service in ["ECS", "TAG"] {
        write!(
            page,
            "\n## {service}\n\n| API | | What it does | Parameters |\n|---|---|---|---|\n"
        )
        .unwrap();
        for api in served().filter(|api| api.service == service) {
            let kind = match api.kind {
                Kind::Reads => "reads",
                Kind::Changes => "changes",
                Kind::Sets => "sets",
            };
            let parameters: Vec<String> = api
                .parameters
                .iter()
                .map(|name| format!("`{name}`"))
                .collect();
            let parameters = parameters.join(", ");
            writeln!(
                page,
                "| `{}` | {kind} | {} | {parameters} |",
                api.name, api.summary
            )
            .unwrap();
        }
    }
    page
}

#[test]
fn the_reference_page_lists_what_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/local-cloud.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), page());
}

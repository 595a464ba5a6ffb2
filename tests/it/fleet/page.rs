//! The page: whole in one file, and nothing that a host says is more than text in it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{Fleet, Said};

/// What a host might print to run something in the reader's browser.
const HOSTILE: [&str; 7] = [
    "<script>document.documentElement.id='pwned'</script>",
    "</pre></details><img src=x onerror=\"document.documentElement.id='pwned'\">",
    "\"><svg onload=document.documentElement.id='pwned'>",
    "' autofocus onfocus=document.documentElement.id='pwned' x='",
    "</script><script>document.documentElement.id='pwned'</script>",
    "<style>*{display:none}</style><meta http-equiv=refresh content='0;url=//x'>",
    "]]><!--<iframe srcdoc='<script>parent.document.documentElement.id=`pwned`</script>'>",
];

fn page() -> (Fleet, PathBuf) {
    let fleet = Fleet::new();
    let hosts = HOSTILE.map(str::to_owned);
    fleet.look(&hosts, |name| match name.len() % 2 {
        0 => Said::ok(format!("{name}\n")),
        _ => Said::failed(name, name).with_stderr(name),
    });
    let ran = fleet.home.oos(&["report", "@last", "-O", "page.html"]);
    assert_eq!(ran.code, 0, "{ran}");
    let path = fleet.home.path().join("page.html");
    (fleet, path)
}

#[test]
fn the_page_needs_nothing_else_and_holds_hostile_text_as_text() {
    let (_fleet, path) = page();
    let html = std::fs::read_to_string(path).unwrap();
    for hostile in HOSTILE {
        assert!(!html.contains(hostile), "{hostile}");
    }
    assert_eq!(html.matches("<script").count(), 1);
    assert_eq!(html.matches("<style").count(), 1);
    for tag in ["<img", "<svg", "<iframe", "<link", "@import", "url("] {
        assert!(!html.contains(tag), "{tag}");
    }
    assert!(html.contains("default-src 'none'"));
    assert!(!html.contains("unsafe-inline"));
}

/// Returns a browser, if this machine has one.
fn browser() -> Option<&'static str> {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| {
            let version = Command::new(name)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            version.is_ok_and(|status| status.success())
        })
}

/// Returns the page as a browser sees it when its scripts have run.
fn seen(browser: &str, fleet: &Fleet, path: &std::path::Path) -> String {
    let profile = fleet.home.path().join("profile");
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
        ])
        .args(["--virtual-time-budget=2000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}", path.display()))
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_browser_runs_the_page_and_nothing_of_the_hosts() {
    let Some(browser) = browser() else {
        eprintln!("skipped: there is no chromium");
        return;
    };
    let (fleet, path) = page();
    let dom = seen(browser, &fleet, &path);
    assert!(dom.contains("</html>"), "{dom}");
    assert!(!dom.contains("id=\"pwned\""), "{dom}");
    assert!(
        dom.contains(&format!("<span id=\"shown\">{}</span>", HOSTILE.len())),
        "{dom}"
    );
    // The policy lets its own script run: it opens the group that the address names.
    let html = std::fs::read_to_string(&path).unwrap();
    assert!(!html.contains("id=\"g0-1\" data-s=\"Failed\" data-c=\"Other\" open"));
    let named = format!("{}#g0-1", path.display());
    let dom = seen(browser, &fleet, std::path::Path::new(&named));
    let group = dom.split("id=\"g0-1\"").nth(1).unwrap();
    assert!(group.split('>').next().unwrap().contains("open"), "{dom}");
}

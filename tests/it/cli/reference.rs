//! The reference of the command line is made from the program.

#[test]
fn the_reference_says_what_the_program_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/cli.md");
    let made = oos::cli::reference();
    if std::env::var_os("OOS_UPDATE").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == made,
        "docs/reference/cli.md has drifted; OOS_UPDATE=1 writes it anew"
    );
}

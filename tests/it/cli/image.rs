//! `oos image`.

use crate::support::oos::Home;

#[test]
fn an_archive_becomes_an_image_that_can_be_removed() {
    let home = Home::new();
    home.file("root/etc/motd", "hello");
    let made = std::process::Command::new("tar")
        .args(["-C", "root", "-cf", "small.tar", "."])
        .current_dir(home.path())
        .status();
    assert!(made.unwrap().success());
    let image = home
        .oos(&["-o", "json", "image", "import", "small.tar"])
        .json(0);
    let id = image["ImageId"].as_str().unwrap();
    let list = home.oos(&["image", "list"]);
    assert!(
        list.data(0).contains(id) && list.stdout.contains("small"),
        "{list}"
    );
    assert_eq!(home.oos(&["image", "import", "small.tar"]).code, 1);
    assert_eq!(home.oos(&["image", "delete", id]).code, 0);
    assert!(!home.oos(&["image", "list"]).data(0).contains(id));
}

#[test]
fn an_archive_that_is_not_there_is_refused() {
    let ran = Home::new().oos(&["image", "import", "nowhere.tar"]);
    assert_ne!(ran.code, 0);
    assert!(ran.stderr.contains("nowhere.tar"), "{ran}");
}

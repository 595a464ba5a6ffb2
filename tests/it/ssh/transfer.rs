//! Files that are put on hosts.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use oos::base::failure::code;
use oos::provider::ssh::{Connection, FileToSend, SshError};

use super::fleet::{assert_said, connector, exec, run};
use crate::support::sshd::Sshd;

async fn send(
    connection: &Connection,
    path: &Path,
    content: &[u8],
    overwrite: bool,
) -> Result<(), SshError> {
    let file = FileToSend {
        path: path.display().to_string(),
        content: content.to_vec().into(),
        mode: 0o640,
        overwrite,
    };
    connection.send_file(&file).await
}

#[test]
fn a_file_comes_whole_with_its_mode_and_in_one_step() {
    let Some(sshd) = Sshd::start() else { return };
    let path = sshd.home().join("settings.conf");
    run(async {
        let connection = connector().connect(&sshd.endpoint(0)).await.unwrap();
        for size in [0, 1, 31 * 1024, 31 * 1024 + 1, 3_000_000] {
            let content: Vec<u8> = (0..size).map(|at: u32| (at % 251) as u8).collect();
            send(&connection, &path, &content, true).await.unwrap();
            assert!(fs::read(&path).unwrap() == content, "{size}");
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o7777, 0o640);
        }
        // Whoever has the old file open goes on with the old file.
        let before = fs::metadata(&path).unwrap().ino();
        send(&connection, &path, b"new", true).await.unwrap();
        assert_ne!(fs::metadata(&path).unwrap().ino(), before);
        // The connection is as good as before.
        assert_said(&exec(&connection, "echo in").await.unwrap(), "in\n");
        assert_eq!(
            fs::read_dir(sshd.home()).unwrap().count(),
            1,
            "something is left"
        );
    });
}

#[test]
fn a_file_that_is_there_is_not_touched_unless_that_is_wanted() {
    let Some(sshd) = Sshd::start() else { return };
    let path = sshd.home().join("it's $HOME; a \"name\"");
    run(async {
        let connection = connector().connect(&sshd.endpoint(0)).await.unwrap();
        send(&connection, &path, b"first", false).await.unwrap();
        let error = send(&connection, &path, b"second", false)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("exists already"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(sshd.home()).unwrap().count(), 1);
    });
}

#[test]
fn a_file_that_cannot_be_put_there_leaves_nothing() {
    let Some(sshd) = Sshd::start() else { return };
    run(async {
        let connection = connector().connect(&sshd.endpoint(0)).await.unwrap();
        let folder = sshd.home().join("folder");
        fs::create_dir_all(folder.join("inner")).unwrap();
        for path in [
            sshd.home().join("missing/file"),
            folder.clone(),
            sshd.home().join(""),
        ] {
            let error = send(&connection, &path, b"text", true).await.unwrap_err();
            assert!(matches!(error, SshError::File { .. }), "{path:?} {error:?}");
            assert_eq!(error.code(), code::UNSUPPORTED);
        }
        assert_eq!(fs::read_dir(sshd.home()).unwrap().count(), 1);
    });
}

#[test]
fn a_host_without_sftp_says_so() {
    let Some(mut sshd) = Sshd::start() else {
        return;
    };
    let text = fs::read_to_string(sshd.file("sshd_config")).unwrap();
    fs::write(sshd.file("sshd_config"), text.replace("Subsystem", "#")).unwrap();
    sshd.restart();
    run(async {
        let connection = connector().connect(&sshd.endpoint(0)).await.unwrap();
        let path = sshd.home().join("file");
        let error = send(&connection, &path, b"text", true).await.unwrap_err();
        assert!(error.to_string().contains("SFTP"), "{error}");
    });
}

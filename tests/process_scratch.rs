//! Scratch folders.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use crate::process_harness::Script;
use refinery_core::invocation::{Capture, ScratchFile, ScratchLink};
use refinery_core::process::Scratch;
use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

fn file(path: PathBuf, parts: &[&str]) -> ScratchFile {
    ScratchFile { path, parts: parts.iter().map(|part| (*part).into()).collect() }
}

#[test]
fn everything_is_made_and_only_ours() {
    let Script { scratch, mut inv, .. } = Script::new("");
    let dir = scratch.path().to_owned();
    inv.folders = vec![dir.join("home/.config"), dir.join("home")];
    inv.files = vec![file(dir.join("home/.config/settings.json"), &["{", "}"]), file(dir.join("deep/er/file"), &[])];
    inv.links = vec![ScratchLink { path: dir.join("home/.login/auth.json"), target: "/no/such/login".into() }];
    inv.stdout = Capture::File(dir.join("capture/out"));
    scratch.materialise(&inv).unwrap();
    for folder in ["", "cwd", "home", "home/.config", "home/.login", "deep", "deep/er", "capture"] {
        assert_eq!(mode(&dir.join(folder)), 0o700, "{folder}");
    }
    assert_eq!(mode(&dir.join("deep/er/file")), 0o600);
    assert_eq!(fs::read_to_string(dir.join("home/.config/settings.json")).unwrap(), "{}");
    assert_eq!(fs::read_link(dir.join("home/.login/auth.json")).unwrap(), Path::new("/no/such/login"));
    drop(scratch);
    assert!(!dir.exists());
}

#[test]
fn paths_outside_are_refused() {
    let outside = Scratch::create(None, "refinery-test-").unwrap();
    let Script { scratch, inv, .. } = Script::new("");
    let dir = scratch.path();
    std::os::unix::fs::symlink(outside.path(), dir.join("way-out")).unwrap();
    for path in [
        outside.path().join("file"),
        dir.join("../file"),
        dir.join("a/../../file"),
        dir.join("way-out/file"),
        dir.join("way-out/new/file"),
        PathBuf::from("relative"),
        dir.to_owned(),
    ] {
        let mut inv = inv.clone();
        inv.files = vec![file(path.clone(), &["x"])];
        let error = scratch.materialise(&inv).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{}", path.display());
        assert!(error.to_string().contains("not within the scratch folder"), "{error}");
    }
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn nothing_is_overwritten_and_no_link_is_followed() {
    let outside = Scratch::create(None, "refinery-test-").unwrap();
    let precious = outside.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    let Script { scratch, mut inv, .. } = Script::new("");
    let link = scratch.path().join("link");
    std::os::unix::fs::symlink(&precious, &link).unwrap();
    inv.files = vec![file(link, &["x"])];
    let error = scratch.materialise(&inv).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert!(error.to_string().contains("link"), "{error}");
    drop(scratch);
    assert_eq!(fs::read_to_string(precious).unwrap(), "precious");
}

#[test]
fn folders_are_fresh_and_go_whatever_is_in_them() {
    let root = Scratch::create(None, "refinery-test-").unwrap();
    let state = root.path().join("state/calls");
    let first = Scratch::create(Some(&state), "call-").unwrap();
    let second = Scratch::create(Some(&state), "call-").unwrap();
    assert_ne!(first.path(), second.path());
    assert_eq!(mode(&state), 0o700);
    assert_eq!(mode(first.path()), 0o700);

    let locked = first.path().join("a/b");
    fs::create_dir_all(&locked).unwrap();
    fs::write(locked.join("file"), "").unwrap();
    fs::set_permissions(locked.join("file"), Permissions::from_mode(0o000)).unwrap();
    fs::set_permissions(&locked, Permissions::from_mode(0o500)).unwrap();
    fs::set_permissions(first.path().join("a"), Permissions::from_mode(0o000)).unwrap();
    let path = first.path().to_owned();
    drop(first);
    assert!(!path.exists());
    assert!(second.path().exists());

    let kept = second.keep();
    assert!(kept.is_dir());
}

/// A socket's name has room for 103 bytes, and programs that find none make theirs where everybody's are.
#[test]
fn a_folder_has_a_short_name_wherever_it_is() {
    let root = Scratch::create(None, "refinery-test-").unwrap();
    let near = Scratch::create(None, "refinery-test-").unwrap();
    if near.path().as_os_str().len() <= 70 {
        assert_eq!(near.short(), near.path());
    }
    let far = Scratch::create(Some(&root.path().join("x".repeat(100))), "call-").unwrap();
    assert!(far.short().as_os_str().len() <= 70, "{}", far.short().display());
    assert_eq!(far.short().canonicalize().unwrap(), far.path());
    let (link, path) = (far.short().to_owned(), far.path().to_owned());
    drop(far);
    assert!(link.symlink_metadata().is_err() && !path.exists());
    let kept = Scratch::create(Some(&root.path().join("x".repeat(100))), "call-").unwrap();
    let link = kept.short().to_owned();
    let path = kept.keep();
    assert!(link.symlink_metadata().is_err() && path.is_dir(), "nothing is left but the folder");
}

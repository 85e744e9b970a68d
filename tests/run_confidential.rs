//! What is not sent without a word, and keys in the forms and places where a CLI may put them.

use crate::support::sandbox::{Sandbox, signal};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

const KEY: &str = "MARKED/SECRET+0123456789";

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() && !path.is_symlink() { files(&path) } else { vec![path] }).collect()
}

fn assert_refused(sandbox: &Sandbox, line: &str, words: &str) {
    let output = sandbox.run(line);
    assert_eq!(output.code, Some(4), "{line}: {}", output.stderr);
    assert!(output.stderr.contains(words) && output.stderr.contains("--allow-secrets"), "{line}: {}", output.stderr);
    assert!(!output.stderr.contains("MARKED") && !output.stdout.contains("MARKED"), "{line}: {}", output.stderr);
    assert!(sandbox.log().is_empty(), "{line}: something was sent");
    assert!(sandbox.journals().is_empty(), "{line}: something was saved");
}

#[test]
fn what_holds_a_key_is_not_sent_without_a_word() {
    let login =
        r#"{"tokens":{"id_token":"MARKED-id-token-1","access_token":"MARKED-access-token","refresh_token":"r"}}"#;
    let sandbox = Sandbox::new("")
        .var("SOME_TOKEN", KEY)
        .file("home/.codex/auth.json", login)
        .file("work/config.txt", format!("a\nb = {KEY}\n"))
        .file("work/encoded.txt", "Authorization: Basic bWU6TUFSS0VEL1NFQ1JFVCswMTIzNDU2Nzg5\n");
    let codex = sandbox.path("home/.codex/auth.json").display().to_string();
    assert_refused(&sandbox, &format!("'what is {KEY}' -m claude"), "the question holds a key or token");
    assert_refused(&sandbox, "why -m claude -f config.txt", "config.txt holds a key or token of this machine (line 2)");
    assert_refused(&sandbox, "why -m claude -f encoded.txt", "encoded.txt holds a key or token");
    assert_refused(&sandbox, "refine -m claude --draft config.txt", "the draft holds a key or token");
    // Of a vendor that is not even asked.
    assert_refused(&sandbox, &format!("why -m claude -f {codex}"), "holds a key or token");
    let output = sandbox.run("why -m claude -f config.txt --allow-secrets");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc")]
fn files_of_the_system_and_links_out_of_the_folder_are_not_sent_without_a_word() {
    let sandbox = Sandbox::new("").file("work/own.txt", "mine").file("home/other.txt", "theirs");
    symlink("/proc/self/environ", sandbox.path("work/notes.txt")).unwrap();
    symlink(sandbox.path("home/other.txt"), sandbox.path("work/link.txt")).unwrap();
    symlink(sandbox.path("home"), sandbox.path("work/folder")).unwrap();
    symlink("own.txt", sandbox.path("work/inside.txt")).unwrap();
    for path in ["/proc/self/environ", "notes.txt", "/proc/kmsg", "/proc/self/../self/status"] {
        assert_refused(&sandbox, &format!("why -m claude -f {path}"), "is a system file");
    }
    for path in ["link.txt", "folder/other.txt", "./link.txt"] {
        assert_refused(&sandbox, &format!("why -m claude -f {path}"), "is a link out of the working directory");
    }
    for line in ["-f inside.txt -f ../home/other.txt", "-f link.txt --allow-secrets"] {
        let output = sandbox.run(&format!("why -m claude {line}"));
        assert_eq!(output.code, Some(0), "{line}: {}", output.stderr);
    }
}

/// A claude that does this.
fn claude(sandbox: &Sandbox, script: &str) {
    let program = sandbox.path("bin/claude");
    fs::write(&program, format!("#!/bin/sh\nk=$ANTHROPIC_API_KEY\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Puts the key into its folder, in a text, in bytes, in a name and behind a link.
const HOARD: &str = r#"
echo "key=$k" > note.txt; printf '\001\377%s' "$k" > cache.bin; mkdir -p deep; echo "$k" > deep/note; chmod 500 deep
echo x > "name-MARKED-0123456789"; ln -s "/$k" link
"#;

/// Where a key stands: in a file, a name or the target of a link.
fn keys_left(sandbox: &Sandbox) -> Vec<PathBuf> {
    let holds = |text: &str| text.contains("MARKED");
    let all = files(&sandbox.path("home")).into_iter().chain(files(&sandbox.path("tmp")));
    all.filter(|path| {
        let text = String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
        let target = fs::read_link(path).unwrap_or_default();
        holds(&text) || holds(&path.to_string_lossy()) || holds(&target.to_string_lossy())
    })
    .collect()
}

#[test]
fn kept_folders_hold_no_key_whatever_the_cli_wrote_there() {
    let sandbox = Sandbox::new("").var("ANTHROPIC_API_KEY", "MARKED-0123456789");
    claude(&sandbox, &format!("{HOARD}\nexit 3"));
    let output = sandbox.run("why -m claude --debug --retries 0");
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    let kept = files(&sandbox.path("home"));
    assert!(kept.iter().any(|path| path.ends_with("note.txt")), "{kept:?}");
    assert_eq!(keys_left(&sandbox), [""; 0].map(PathBuf::from));
}

#[test]
fn a_kill_leaves_no_key_in_a_debug_folder() {
    let sandbox = Sandbox::new("").var("ANTHROPIC_API_KEY", "MARKED-0123456789");
    claude(&sandbox, &format!("{HOARD}\necho $k\necho > {}\nexec /bin/sleep 1000", sandbox.path("hoarded").display()));
    let mut child = sandbox.command(["why", "-m", "claude", "--debug"]).spawn().unwrap();
    crate::support::sandbox::eventually("the hoard", || sandbox.path("hoarded").exists());
    signal(child.id(), "KILL");
    child.wait().unwrap();
    crate::support::sandbox::eventually("the end of its folder", || keys_left(&sandbox).is_empty());
}

#[test]
fn a_key_that_goes_elsewhere_is_told_with_the_address() {
    for (address, words) in [
        ("http://proxy.example:8080/v1", "goes to http://proxy.example:8080, unencrypted (ANTHROPIC_BASE_URL)"),
        ("https://me:pw@proxy.example/v1?api_key=x", "goes to https://proxy.example (ANTHROPIC_BASE_URL)"),
    ] {
        let output = Sandbox::new("").var("ANTHROPIC_BASE_URL", address).run("why -m claude");
        assert!(output.stderr.contains(words), "{address}: {}", output.stderr);
    }
    let output = Sandbox::new("").var("ANTHROPIC_BASE_URL", "http://127.0.0.1:9").run("why -m claude");
    assert!(!output.stderr.contains("goes to"), "{}", output.stderr);
}

#[test]
fn a_key_in_an_address_or_an_encoding_is_one() {
    let address = "https://api.example/v1?api_key=MARKED-in-the-query&v=2";
    let sandbox = Sandbox::new("").var("ANTHROPIC_API_KEY", KEY).var("ANTHROPIC_BASE_URL", address);
    let told = [
        "TUFSS0VEL1NFQ1JFVCswMTIzNDU2Nzg5",
        "4d41524b45442f5345435245542b30313233343536373839",
        "MARKED%2FSECRET%2B0123456789",
        KEY,
        "MARKED-in-the-query",
        address,
    ];
    claude(&sandbox, &format!("echo 'error: {}' >&2; exit 3", told.join(" ")));
    for line in ["why -m claude --retries 0 --debug -v", "why -m claude --retries 0 -o json", "doctor"] {
        let output = sandbox.run(line);
        for text in told {
            assert!(
                !output.stderr.contains(text) && !output.stdout.contains(text),
                "{line}: {text}: {}",
                output.stderr
            );
        }
    }
    for path in files(&sandbox.path("home")) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        assert!(!told.iter().any(|told| text.contains(told)), "{}", path.display());
    }
}

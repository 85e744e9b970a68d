//! The line that people paste.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use crate::process_harness::{Script, executable};
use refinery_core::invocation::{EnvValue, Piece, Secret, StdinClose};
use refinery_core::process::paste;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// Pastes a line into a shell in which `OUR_KEY` is set.
fn pasted(line: &str) -> String {
    let output =
        Command::new("/bin/sh").arg("-c").arg(line).env("OUR_KEY", "hush $HOME").env("STRAY", "1").output().unwrap();
    assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_pasted_line_makes_the_same_call() {
    let odd = "it's $HOME \"quoted\" `x` \\ \n*";
    let script = "pwd; env | grep -v ^PWD= | sort; printf '%s|' \"$@\"; echo; cat";
    let mut call = Script::program("/bin/sh", &["-c", script, "sh", "", odd, "--flag=a b"]);
    call.inv.env.insert("ODD".to_owned(), EnvValue::Plain("a 'b'".to_owned()));
    let secret = EnvValue::Secret { from: "OUR_KEY".to_owned(), value: Secret::new("hush $HOME") };
    call.inv.env.insert("KEY".to_owned(), secret);
    call.inv.stdin = StdinClose::AtDone;
    call.input = vec![Piece::Raw("{\"".into()), Piece::JsonEscaped("ü\n\"".into()), Piece::Raw("\"}".into())];
    call.scratch.materialise(&call.inv).unwrap();
    paste::write_stdin(call.scratch.path(), &call.turn()).unwrap();
    let mode = paste::stdin_path(call.scratch.path()).metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let line = paste::line(&call.inv, call.scratch.path());
    assert!(!line.contains("hush"), "{line}");
    assert!(line.contains(" KEY=\"$OUR_KEY\" "), "{line}");
    assert!(line.contains("/stdin | env -i "), "held open, so it is given a pipe: {line}");
    let cwd = call.inv.cwd.display();
    assert_eq!(
        pasted(&line),
        format!(
            "{cwd}\nKEY=hush $HOME\nODD=a 'b'\nPATH=/usr/bin:/bin:/usr/sbin:/sbin\n|{odd}|--flag=a b|\n{{\"ü\\n\\\"\"}}"
        )
    );
}

#[test]
fn odd_paths_are_fine() {
    let mut call = Script::new("");
    let folder = call.scratch.path().join("it's = odd");
    call.inv.folders = vec![folder.clone()];
    call.inv.cwd = folder.clone();
    call.scratch.materialise(&call.inv).unwrap();
    call.inv.program = folder.join("a=b c");
    call.inv.args = vec!["x y".to_owned()];
    executable(&call.inv.program, "#!/bin/sh\necho \"ran with $1 and $(cat)\"\n");
    call.input = vec![Piece::Raw("input".into())];
    paste::write_stdin(&folder, &call.turn()).unwrap();
    assert_eq!(pasted(&paste::line(&call.inv, &folder)), "ran with x y and input\n");
}

#[test]
fn a_secret_without_a_proper_name_is_not_shown_either() {
    let mut call = Script::new("");
    let secret = EnvValue::Secret { from: "a file; rm -rf".to_owned(), value: Secret::new("hush") };
    call.inv.env.insert("KEY".to_owned(), secret);
    let line = paste::line(&call.inv, call.scratch.path());
    assert!(line.contains("'KEY=<the value of a file; rm -rf>'") && !line.contains("hush"), "{line}");
}

//! Files and folders that are not what they should be: homes that are devices, pipes in place of files, links to
//! nothing, relative paths, texts that are none.

use crate::support::sandbox::Sandbox;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

fn fifo(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_home_that_is_no_folder_is_none() {
    let sandbox = Sandbox::new("").var("HOME", "/dev/null");
    assert_eq!(sandbox.run("doctor -m claude").code, Some(0));
    assert_eq!(sandbox.run("config show").code, Some(0));
    let output = sandbox.run("why -m claude");
    assert_eq!(output.code, Some(4));
    assert!(output.stderr.contains("no directory for saved runs"), "{}", output.stderr);
    assert!(output.stderr.contains("--state-dir") && output.stderr.contains("--no-journal"), "{}", output.stderr);
    let state = sandbox.path("state-of-ours").display().to_string();
    for line in ["why -m claude --no-journal".to_owned(), format!("why -m claude --state-dir {state}")] {
        let output = sandbox.run(&line);
        assert_eq!(output.code, Some(0), "{line}: {}", output.stderr);
    }
}

#[test]
fn a_config_folder_that_is_no_folder_is_empty() {
    for place in ["/dev/null", "/nowhere"] {
        let sandbox = Sandbox::new("").var("XDG_CONFIG_HOME", place);
        for line in ["config show", "doctor -m claude", "personas", "debate why -m claude,codex", "why -m claude"] {
            let output = sandbox.run(line);
            assert_eq!(output.code.filter(|code| [0, 2].contains(code)), output.code, "{line}: {}", output.stderr);
        }
    }
}

#[test]
fn an_empty_tmpdir_names_none() {
    // The children's folders are in the system's place then, which is not watched here.
    for line in ["why -m claude", "demo sample"] {
        let sandbox = Sandbox::new("").var("TMPDIR", "");
        let output = sandbox.run(line);
        assert_eq!(output.code, Some(0), "{line}: {}", output.stderr);
        assert_eq!(fs::read_dir(sandbox.path("work")).unwrap().count(), 0, "nothing in the working directory");
    }
}

#[test]
fn a_pipe_in_place_of_a_file_is_named_and_not_waited_for() {
    for (place, line) in [
        ("home/.config/refinery/config.toml", "why -m claude"),
        ("home/.config/refinery/adapters/mine.toml", "why -m claude"),
        ("home/.config/refinery/personas.toml", "debate why -m claude,codex"),
        ("work/pipe", "why -m claude --config pipe"),
        ("work/pipe", "why -m claude --adapter pipe"),
        ("work/pipe", "debate why -m claude,codex --personas pipe"),
        ("work/pipe", "run --plan pipe"),
    ] {
        let sandbox = Sandbox::new("");
        fifo(&sandbox.path(place));
        let output = sandbox.run(line);
        assert_eq!(output.code, Some(4), "{place}: {line}: {}", output.stderr);
        assert!(output.stderr.contains("it is a named pipe, not a file"), "{place}: {line}: {}", output.stderr);
    }
    for line in ["why -m claude -f pipe", "refine why -m claude --draft pipe", "pipe why -m claude --steps pipe"] {
        let sandbox = Sandbox::new("");
        fifo(&sandbox.path("work/pipe"));
        let output = sandbox.run(line);
        assert_eq!(output.code, Some(4), "{line}: {}", output.stderr);
        assert!(output.stderr.contains("not a regular file"), "{line}: {}", output.stderr);
    }
    // Beside a program; a login file.
    for place in ["bin/package.json", "home/.claude/.credentials.json", "home/.tool-versions"] {
        let sandbox = Sandbox::new("");
        fifo(&sandbox.path(place));
        fs::create_dir_all(sandbox.path("home/.asdf")).unwrap();
        assert_eq!(sandbox.run("why -m claude").code, Some(0), "{place}");
    }
}

#[test]
fn what_a_shell_substitutes_is_a_file() {
    let sandbox = Sandbox::new("").file("work/config.toml", "[defaults]\nmodels = ['claude']\n");
    let model = sandbox.command(["unused"]);
    let mut command = Command::new("/bin/sh");
    let script = "exec 3<<END\n$(/bin/cat config.toml)\nEND\nexec \"$0\" why --config /dev/fd/3";
    command.args(["-c", script, env!("CARGO_BIN_EXE_refinery")]).current_dir(sandbox.path("work"));
    command.env_clear().envs(model.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_editors_and_systems_leave_beside_manifests_is_none() {
    let sandbox = Sandbox::new("").file("home/.config/refinery/adapters/._mine.toml", b"\x00\x05\x16\x07");
    let folder = sandbox.path("home/.config/refinery/adapters");
    symlink("me@host.123", folder.join(".#mine.toml")).unwrap();
    symlink("/gone/mine.toml", folder.join("gone.toml")).unwrap();
    let output = sandbox.run("why -m claude");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
}

#[test]
fn relative_paths_mean_the_persons_folder_in_every_child() {
    let login = r#"{"claudeAiOauth":{"accessToken":"a","refreshToken":"r","expiresAt":4102444800000}}"#;
    let sandbox = Sandbox::new("")
        .file("work/mine/.credentials.json", login)
        .file("work/theirs/auth.json", r#"{"auth_mode":"chatgpt","tokens":{"access_token":"a","refresh_token":"r"}}"#)
        .var("CLAUDE_CONFIG_DIR", "mine")
        .var("CODEX_HOME", "./theirs")
        .var("NODE_EXTRA_CA_CERTS", "ca.pem")
        .var("SSL_CERT_FILE", "../ca.pem")
        .var("NODE_OPTIONS", "--use-system-ca --require ./evil.js")
        .without("ANTHROPIC_API_KEY")
        .without("OPENAI_API_KEY");
    let dump = sandbox.path("seen").display().to_string();
    let path = sandbox.path("bin/claude");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("#!/bin/sh\n", &format!("#!/bin/sh\n/usr/bin/env > {dump}\n"))).unwrap();
    let output = sandbox.run("why -m claude,codex -o json");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert_eq!(output.stderr.lines().next().unwrap().matches("stored login").count(), 2, "{}", output.stderr);
    let seen = fs::read_to_string(sandbox.path("seen")).unwrap();
    let work = sandbox.path("work").display().to_string();
    for line in [
        format!("CLAUDE_CONFIG_DIR={work}/mine"),
        format!("NODE_EXTRA_CA_CERTS={work}/ca.pem"),
        format!("SSL_CERT_FILE={work}/../ca.pem"),
        "NODE_OPTIONS=--use-system-ca".to_owned(),
    ] {
        assert!(seen.lines().any(|one| one == line), "{line}\n{seen}");
    }
}

#[test]
fn a_file_that_is_no_text_is_called_by_its_name() {
    let utf16: Vec<u8> = "Why?\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, words) in [
        ([b"\xff\xfe", utf16.as_slice()].concat(), "is UTF-16 text; convert it to UTF-8: iconv"),
        (utf16, "is UTF-16 text"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), "is a PDF, not text"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), "is a PNG image"),
    ] {
        let sandbox = Sandbox::new("").file("work/it", &bytes);
        let output = sandbox.run("why -m claude -f it");
        assert_eq!(output.code, Some(4), "{}", output.stderr);
        assert!(output.stderr.contains(&format!("it {words}")), "{}", output.stderr);
        let output = sandbox.run_with_stdin("why -m claude -f -", Some(&bytes));
        assert!(output.stderr.contains(&format!("standard input {words}")), "{}", output.stderr);
        assert!(sandbox.log().is_empty());
    }
}

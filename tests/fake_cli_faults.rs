//! What a fake does wrong as a process, on request.

use crate::support::fake_cli::{CLAUDE, CODEX, FakeCli, GEMINI, user_line};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt as _;
use std::process::Child;

fn script(rule: &str) -> FakeCli {
    FakeCli::new(&format!("log = {{ file = 'log.jsonl' }}\n[[rule]]\n{rule}"))
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// Starts a fake, hands it its prompt, and closes its input unless it is one that stays.
fn started(fake: &FakeCli, vendor: &str, argv: &[&str], input: &str) -> Child {
    let mut child = fake.spawn(vendor, argv);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    if vendor == "claude" {
        child.stdin = Some(stdin);
    }
    child
}

fn all(mut stream: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn it_cuts_its_output_and_ends_as_it_is_told() {
    let played = script("manner = { keep_bytes = 40 }\nactions = [{ say = { text = 'x' } }, { exit = 3 }]")
        .ask("codex", CODEX, "hello");
    assert_eq!((played.stdout.len(), played.code), (40, Some(3)));
    let played = script("actions = [{ exit = 7 }]").ask("gemini", GEMINI, "hello");
    assert_eq!((played.stdout.len(), played.code), (0, Some(7)));
    let played = script("actions = [{ say = { text = 'x' } }, { exit = 9 }]").ask("codex", CODEX, "hello");
    assert!(played.text().contains("turn.completed"));
    assert_eq!(played.code, Some(9));
}

#[test]
fn it_dies_by_a_signal() {
    for (name, number) in [("KILL", 9), ("SEGV", 11), ("ABRT", 6), ("TERM", 15)] {
        let played = script(&format!("actions = [{{ signal = '{name}' }}]")).ask("codex", CODEX, "hello");
        assert_eq!((played.code, played.signal), (None, Some(number)), "{name}");
    }
}

#[test]
fn it_hangs_before_and_in_the_middle_of_an_answer() {
    for (rule, before) in [
        ("actions = ['hang']", ""),
        ("manner = { keep_bytes = 5 }\nactions = [{ say = { text = 'never whole' } }, 'hang']", "never"),
    ] {
        let fake = script(&format!("{rule}\n[rule.when]\nvendor = 'plain'"));
        let mut child = started(&fake, "plain", &[], "hello");
        let mut bytes = vec![0; before.len()];
        child.stdout.as_mut().unwrap().read_exact(&mut bytes).unwrap();
        assert_eq!(bytes, before.as_bytes());
        assert!(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        // What it had not written by then it never writes.
        assert_eq!(all(child.stdout.take().unwrap()), b"");
        child.wait().unwrap();
    }
}

#[test]
fn it_answers_a_signal_as_the_vendor_does() {
    for (vendor, argv, input, code, signal) in [
        ("claude", CLAUDE, user_line("hello"), Some(143), None),
        ("codex", CODEX, "hello".to_owned(), None, Some(15)),
        ("gemini", GEMINI, "hello".to_owned(), Some(0), None),
    ] {
        let fake = script("actions = [{ print = { text = 'ready' } }, 'hang']");
        let mut child = started(&fake, vendor, argv, &input);
        child.stdout.as_mut().unwrap().read_exact(&mut [0; 5]).unwrap();
        kill_process(pid(&child), Signal::TERM).unwrap();
        let status = child.wait().unwrap();
        assert_eq!((status.code(), status.signal()), (code, signal), "{vendor}");
    }
}

#[test]
fn it_can_be_deaf() {
    let fake = script("actions = [{ deaf = ['TERM', 'INT', 'HUP'] }, { say = { text = 'still here' } }]");
    let mut child = started(&fake, "claude", CLAUDE, &user_line("hello"));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut answered = || lines.any(|line| line.is_ok_and(|line| line.contains("\"type\":\"result\"")));
    assert!(answered());
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        kill_process(pid(&child), signal).unwrap();
    }
    // Signals are delivered before it returns from the read that this line ends.
    child.stdin.as_mut().unwrap().write_all(user_line("again").as_bytes()).unwrap();
    assert!(answered(), "it heard a signal");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn it_floods() {
    let played = script("actions = [{ flood = { to = 'stderr', bytes = 300000 } }, { line = { bytes = 200000 } }]")
        .ask("plain", &[], "hello");
    assert_eq!(played.stderr.len(), 300_000);
    assert_eq!((played.stdout.len(), played.text().lines().count()), (200_001, 1));
}

#[test]
fn it_writes_what_is_no_text() {
    let played = script("actions = [{ print = { text = 'ok ', hex = 'fffe0a' } }]").ask("plain", &[], "hello");
    assert_eq!(played.stdout, b"ok \xff\xfe\n");
}

#[test]
fn it_writes_in_pieces_that_cut_characters() {
    let script = script("manner = { piece_bytes = 1, pause_ms = 5 }\nactions = [{ say = { text = 'ééé' } }]");
    let mut child = started(&script, "plain", &[], "hello");
    let mut out = child.stdout.take().unwrap();
    let mut first = [0; 4];
    let size = out.read(&mut first).unwrap();
    let rest = all(out);
    assert!(size < 7, "it came in one piece");
    assert_eq!([&first[..size], &rest].concat(), "ééé\n".as_bytes());
    child.wait().unwrap();
}

#[test]
fn it_closes_its_output_early() {
    let fake = script("actions = ['close-stdout', 'close-stderr', 'hang']");
    let mut child = started(&fake, "plain", &[], "hello");
    assert_eq!(all(child.stdout.take().unwrap()), b"");
    assert_eq!(all(child.stderr.take().unwrap()), b"");
    assert!(child.try_wait().unwrap().is_none(), "it ended, and did not only close its output");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn it_need_not_read_its_prompt() {
    let fake = script("actions = [{ say = { text = 'I know already.' } }, 'unread']");
    let played = fake.ask("codex", CODEX, &"long ".repeat(100_000));
    assert!(played.text().contains("I know already."));
    assert_eq!(fake.log()[0]["prompt_bytes"], serde_json::Value::Null);
}

#[test]
fn it_can_close_its_input_and_go_on() {
    let fake = script("actions = ['close-stdin', { print = { text = 'closed' } }, 'unread', 'hang']");
    let mut child = fake.spawn("plain", &[]);
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).unwrap();
    let error = child.stdin.take().unwrap().write_all(b"hello").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn it_leaves_a_grandchild_that_holds_its_output() {
    let fake = script(
        "actions = [{ say = { text = 'done' } }, { grandchild = { seconds = 100, own_session = true, deaf = true } }]",
    );
    let mut child = started(&fake, "plain", &[], "hello");
    child.wait().unwrap();
    let left = fake.log().into_iter().find_map(|line| line["grandchild"].as_i64()).unwrap();
    let left = Pid::from_raw(i32::try_from(left).unwrap()).unwrap();
    test_kill_process(left).unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0; 5]).unwrap();
    kill_process(left, Signal::KILL).unwrap();
    // End of file comes only now.
    assert_eq!(all(out), b"");
}

//! A million bytes in, two million out: whole, with a slow reader and on a loaded machine.

use super::driver::Call;
use super::installed::Cli;
use super::loopback::{Answer, Gate, Loopback, Part, Turn};
use super::sandbox::{CommandOutput, Sandbox};
use super::slots;
use rustix::process::{Pid, Signal, kill_process};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A little more than a million characters, and than a million bytes.
fn long() -> String {
    "0123456789abcdef é\n".repeat(55_500)
}

#[test]
fn a_megabyte_arrives_whole() {
    let files = long();
    assert!(files.chars().count() > 1_048_576);
    for cli in Cli::ALL {
        let server = Loopback::start(|_| Answer::text("forty-two"));
        let mut call = Call::new(cli, server.url());
        call.files.clone_from(&files);
        call.prompt = "How many lines is that?".to_owned();
        let seen = call.run();
        assert!(seen.result.is_ok(), "{cli}: {:?}", seen.result);
        let asks = server.asks();
        assert_eq!(asks.len(), 1, "{cli}");
        let (system, user) = (asks[0].system(), asks[0].user_texts().concat());
        // codex takes no more than 1,048,576 characters on standard input.
        if cli == Cli::Codex {
            assert!(system.contains(&format!("<question-and-files>\n{files}\n</question-and-files>")), "{cli}");
            assert_eq!(user, call.prompt);
        } else {
            assert!(user.trim_start() == format!("{files}{}", call.prompt), "{cli}: {} bytes came", user.len());
        }
    }
}

/// What codex still takes on standard input goes there, and it takes as much as is said.
#[test]
fn as_much_as_codex_takes_goes_to_its_standard_input() {
    let server = Loopback::start(|_| Answer::text("forty-two"));
    let mut call = Call::new(Cli::Codex, server.url());
    call.files = "é".repeat(1_048_576 - call.prompt.chars().count());
    let seen = call.run();
    assert!(seen.result.is_ok(), "{:?}", seen.result);
    assert!(server.asks()[0].prompt() == format!("{}{}", call.files, call.prompt));
}

fn answer() -> String {
    let answer = "A line of the answer, é.\n".repeat(84_000);
    assert!(answer.len() > 2_000_000);
    answer
}

#[test]
fn two_megabytes_come_back_whole() {
    for cli in Cli::ALL {
        comes_back_whole(cli);
    }
}

/// The readers are late when nothing gets its share of the processors: that is when a CLI that leaves
/// without waiting loses the end of its answer.
#[test]
fn two_megabytes_come_back_whole_on_a_loaded_machine() {
    let _load: Vec<_> = (0..6).map(|_| Busy::start()).collect();
    for cli in Cli::ALL {
        comes_back_whole(cli);
    }
}

/// The reader does not run at all until everything was said.
#[test]
fn two_megabytes_wait_for_a_late_reader() {
    for cli in Cli::ALL {
        let _slots = slots::all();
        let (begun, ended) = (Gate::new(), Gate::new());
        let parts = vec![Part::Wait(begun.clone()), Part::Text(answer()), Part::Wait(ended.clone())];
        let sandbox = Sandbox::new(move |_| Turn::new(parts.clone()).in_pieces(16_384).into()).with_keys();
        let child = sandbox.command(&["What is six times seven?", "-m", cli.name()]).spawn().unwrap();
        let id = Pid::from_child(&child);
        begun.wait_until_reached();
        kill_process(id, Signal::STOP).unwrap();
        begun.open();
        ended.wait_until_reached();
        ended.open();
        // The CLI has it all, and could leave. Nothing depends on how far it gets meanwhile.
        std::thread::sleep(Duration::from_secs(2));
        kill_process(id, Signal::CONT).unwrap();
        let shown = CommandOutput::of(&child.wait_with_output().unwrap());
        assert_eq!(shown.code, Some(0), "{cli}: {}", shown.stderr);
        assert!(shown.stdout.trim() == answer().trim(), "{cli}: {} bytes came", shown.stdout.len());
    }
}

fn comes_back_whole(cli: Cli) {
    let said = answer();
    let server = Loopback::start(move |_| Turn::new(vec![Part::Text(said.clone())]).in_pieces(16_384).into());
    let seen = Call::new(cli, server.url()).run();
    let reply = seen.result.unwrap_or_else(|failure| panic!("{cli}: {failure}"));
    assert!(*reply.text == *answer(), "{cli}: {} bytes came", reply.text.len());
}

/// A process that does nothing but keep a processor busy.
struct Busy(Child);

impl Busy {
    fn start() -> Self {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "while :; do :; done"]).stdin(Stdio::null()).stdout(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

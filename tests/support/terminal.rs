//! The real binary in a terminal.

use super::sandbox::Sandbox;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;

/// What a terminal receives while a command line runs in it, as its three streams.
pub fn in_terminal(sandbox: &Sandbox, words: &[&str]) -> String {
    in_columns(sandbox, words, 0)
}

/// The same in a terminal of so many columns; of 0 it does not know how many it has.
pub fn in_columns(sandbox: &Sandbox, words: &[&str], columns: u16) -> String {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&terminal, size).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let path = std::path::Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()));
    let end = || OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut command = sandbox.command(words);
    command.env("TERM", "xterm").stdin(end()).stdout(end()).stderr(end());
    let mut child = command.spawn().unwrap();
    // The terminal is at its end when its last other end is closed.
    drop(command);
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // Linux ends a terminal with an error.
        let _ = File::from(terminal).read_to_end(&mut bytes);
        bytes
    });
    assert!(child.wait().unwrap().code().is_some(), "{words:?}");
    String::from_utf8(reader.join().unwrap()).unwrap()
}

/// What is left of a text without the styles and the cursor movements that are ours.
pub fn without_own(text: &str) -> String {
    let own = regex_lite::Regex::new("\u{1b}\\[(0|1|2|32|33|1;31)m|\u{1b}\\[[0-9]*[ABDK]|\r\n|\r").unwrap();
    own.replace_all(text, "").into_owned()
}

/// No control sequence but our own, and no override of the direction.
pub fn assert_harmless(what: &str, text: &str) {
    let left = without_own(text);
    let bad: Vec<_> = left
        .chars()
        .filter(|c| {
            (c.is_control() && !matches!(c, '\n' | '\t'))
                || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        })
        .collect();
    assert!(bad.is_empty(), "{what}: {bad:?} in {left:?}");
}

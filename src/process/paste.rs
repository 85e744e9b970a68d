//! One call as a line that a person pastes into a shell to make it again.

use super::encode::Encoder;
use crate::invocation::{EnvValue, Invocation, StdinClose, Turn};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The file in the kept folder that holds what the child was given on its standard input.
#[must_use]
pub fn stdin_path(dir: &Path) -> PathBuf {
    dir.join("stdin")
}

/// The line that makes a call again from its kept scratch folder `dir`, in which
/// [`write_stdin`] has left the prompt: `cd DIR/cwd && env -i A=b KEY="$KEY" program args < DIR/stdin`,
/// or with `cat DIR/stdin |` where the child's input is held open: a program that wants that may read
/// nothing at all from a file (claude 2.1.197 does not, and ends with exit code 0).
///
/// POSIX quoting, for any shell. Secrets are the names of the variables that hold them in *our*
/// environment, never values. Output goes to the terminal, and standard input ends after the
/// prompt, whatever the invocation says: both are right for a file and a person.
#[must_use]
pub fn line(inv: &Invocation, dir: &Path) -> String {
    let stdin = quote(&stdin_path(dir).to_string_lossy());
    let mut words = vec!["cd".to_owned(), quote(&inv.cwd.to_string_lossy()), "&&".to_owned()];
    if inv.stdin == StdinClose::AtDone {
        words.push(format!("cat {stdin} |"));
    }
    words.push("env -i".to_owned());
    words.extend(inv.env.iter().map(|(name, value)| match value {
        EnvValue::Plain(value) => quote(&format!("{name}={value}")),
        EnvValue::Secret { from, .. } if is_identifier(from) => format!("{}=\"${from}\"", quote(name)),
        EnvValue::Secret { from, .. } => quote(&format!("{name}=<the value of {from}>")),
    }));
    let program = inv.program.to_string_lossy();
    if program.contains('=') {
        // env(1) would take it for one more variable.
        words.push("/bin/sh -c 'exec \"$@\"' sh".to_owned());
    }
    words.push(quote(&program));
    words.extend(inv.args.iter().map(|arg| quote(arg)));
    if inv.stdin == StdinClose::AfterPrompt {
        words.push(format!("< {stdin}"));
    }
    words.join(" ")
}

/// Writes what the child is given on its standard input to [`stdin_path`] (mode 0600), byte for
/// byte; an older one is replaced.
///
/// # Errors
/// What the system says.
pub fn write_stdin(dir: &Path, turn: &Turn) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(stdin_path(dir))?;
    let mut encoder = Encoder::default();
    encoder.extend(turn.input.iter().cloned());
    loop {
        let chunk = encoder.chunk();
        if chunk.is_empty() {
            return Ok(());
        }
        let count = chunk.len();
        file.write_all(chunk)?;
        encoder.advance(count);
    }
}

fn quote(word: &str) -> String {
    shell_words::quote(word).into_owned()
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
}

//! What a process can do wrong apart from what it says.

use super::action::{Channel, Grandchild};
use super::options::Linger;
use rustix::process::{Signal, getpid, kill_process, setsid};
use std::fs::File;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The number of a signal.
///
/// # Errors
/// Its name is not one that a script can use.
pub fn signal(name: &str) -> Result<i32, String> {
    match name {
        "TERM" => Ok(signal_hook::consts::SIGTERM),
        "INT" => Ok(signal_hook::consts::SIGINT),
        "HUP" => Ok(signal_hook::consts::SIGHUP),
        "ABRT" => Ok(signal_hook::consts::SIGABRT),
        "SEGV" => Ok(signal_hook::consts::SIGSEGV),
        "KILL" => Ok(Signal::KILL.as_raw()),
        other => Err(format!("`{other}` is no signal that a script can use: TERM, INT, HUP, ABRT, SEGV, KILL")),
    }
}

/// The ears of a process: which signals end it with an exit code of its own, until it goes deaf.
#[derive(Debug, Clone)]
pub struct SignalHandlers {
    codes: Vec<(i32, Arc<AtomicBool>)>,
}

impl SignalHandlers {
    /// Answers signals with exit codes.
    #[must_use]
    pub fn new(codes: &[(&str, i32)]) -> Self {
        let listen = |(name, code): &(&str, i32)| {
            let (number, hears) = (signal(name).ok()?, Arc::new(AtomicBool::new(true)));
            signal_hook::flag::register_conditional_shutdown(number, *code, Arc::clone(&hears)).ok()?;
            Some((number, hears))
        };
        Self { codes: codes.iter().filter_map(listen).collect() }
    }

    /// Hears these signals no more.
    pub fn close(&self, names: &[String]) {
        for number in names.iter().filter_map(|name| signal(name).ok()) {
            for (_, hears) in self.codes.iter().filter(|(known, _)| *known == number) {
                hears.store(false, Ordering::SeqCst);
            }
            // A handler that does nothing takes the place of the default, which would end the process.
            let _ = signal_hook::flag::register(number, Arc::new(AtomicBool::new(false)));
        }
    }
}

/// Ends this process by a signal.
pub fn die(name: &str) {
    let number = signal(name).unwrap_or(signal_hook::consts::SIGABRT);
    if number == Signal::KILL.as_raw() {
        let _ = kill_process(getpid(), Signal::KILL);
    }
    let _ = signal_hook::low_level::emulate_default_handler(number);
}

/// Does nothing until it is killed.
pub fn hang() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

/// Closes one of the three standard streams: what the other end sees is the end of the pipe.
pub fn close(stream: u8) {
    let Ok(null) = File::options().read(true).write(true).open("/dev/null") else { return };
    let _ = match stream {
        0 => rustix::stdio::dup2_stdin(null),
        1 => rustix::stdio::dup2_stdout(null),
        _ => rustix::stdio::dup2_stderr(null),
    };
}

/// Writes lines of 1 KiB until there are so many bytes.
pub fn flood(to: Channel, bytes: u64) {
    let line = [&[b'~'; 1023][..], b"\n"].concat();
    pour(to, &line.repeat(64), bytes);
}

/// Writes one line of so many bytes, its end not counted.
pub fn line(to: Channel, bytes: u64) {
    pour(to, &[b'~'; 65_536], bytes);
    pour(to, b"\n", 1);
}

fn pour(to: Channel, block: &[u8], mut bytes: u64) {
    let mut sink: Box<dyn Write> = match to {
        Channel::Stdout => Box::new(io::stdout().lock()),
        Channel::Stderr => Box::new(io::stderr().lock()),
    };
    while bytes > 0 {
        let size = usize::try_from(bytes).unwrap_or(block.len()).min(block.len());
        if sink.write_all(&block[..size]).is_err() {
            return;
        }
        bytes -= size as u64;
    }
    let _ = sink.flush();
}

/// Starts a process that stays behind, and returns its id.
///
/// # Errors
/// It could not be started.
pub fn grandchild(child: &Grandchild) -> io::Result<u32> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--linger", &child.seconds.to_string()]);
    if child.own_session {
        command.arg("--own-session");
    }
    if child.deaf {
        command.arg("--deaf");
    }
    if child.quiet {
        command.stdout(Stdio::null()).stderr(Stdio::null());
    }
    Ok(command.stdin(Stdio::null()).spawn()?.id())
}

/// Stays behind.
pub fn linger(linger: Linger) -> u8 {
    if linger.own_session {
        let _ = setsid();
    }
    if linger.deaf {
        SignalHandlers::new(&[]).close(&["INT".to_owned(), "TERM".to_owned(), "HUP".to_owned()]);
    }
    let end = Instant::now() + Duration::from_secs(linger.seconds.min(120));
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        std::thread::sleep(left);
    }
    0
}

/// Bytes written in hexadecimal.
///
/// # Errors
/// An odd number of digits, or something else.
pub fn unhex(hex: &str) -> Result<Vec<u8>, String> {
    let pair = |pair: &[u8]| {
        std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2).and_then(|pair| u8::from_str_radix(pair, 16).ok())
    };
    let bytes: Option<Vec<u8>> = hex.as_bytes().chunks(2).map(pair).collect();
    bytes.ok_or_else(|| format!("`{hex}` is not hexadecimal"))
}

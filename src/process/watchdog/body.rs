//! The watching side: the whole life of the second process.

use super::book::Book;
use super::message::Message;
use crate::process::{procfs, registry, scratch};
use rustix::process::{Pid, Signal, kill_process_group, setsid};
use signal_hook::consts::{SIGALRM, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How often descendants are looked for, and how long apart: they may start others meanwhile.
const SWEEPS: (usize, Duration) = (200, Duration::from_millis(5));

/// Watches until standard input ends, then kills and removes everything that is left.
///
/// The body of a process of its own, started by [`Watchdog::start`](super::Watchdog::start): it
/// takes the whole process over.
pub fn run() {
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGPIPE] {
        // The flag is never read: that there is a handler is what keeps the default from acting.
        let _ = signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)));
    }
    // Fails only if it leads a group already, and then the terminal's signals do not reach it either.
    let _ = setsid();
    let mut book = Book::default();
    book.read(std::io::stdin());
    book.settle();
}

impl Book {
    /// Takes messages in until their end. A torn last line is none.
    fn read(&mut self, input: impl Read) {
        let mut input = BufReader::new(input);
        let mut line = String::new();
        while input.read_line(&mut line).is_ok_and(|count| count > 0) {
            if let Some(message) = line.strip_suffix('\n').and_then(Message::decode) {
                self.take(message);
            }
            line.clear();
        }
    }

    /// Kills at once, then tidies up.
    fn settle(self) {
        for (id, start) in self.groups {
            if let Some(id) = Pid::from_raw(id) {
                // A leader that started at another moment is a stranger's. One that is gone leaves
                // a number that is taken as long as members of its group are left.
                let found = procfs::start_time(id);
                if found.is_none() || found == start {
                    let _ = kill_process_group(id, Signal::KILL);
                }
            }
        }
        if let Some(marker) = self.marker {
            let entry = format!("{}={}", marker.name, marker.value);
            for _ in 0..SWEEPS.0 {
                if procfs::kill_marked(entry.as_bytes()) == 0 {
                    break;
                }
                std::thread::sleep(SWEEPS.1);
            }
        }
        for (scratch, registry) in self.registries {
            registry::clear(&registry, &scratch);
        }
        for path in self.scratch {
            // Nobody is left to be told.
            let _ = scratch::remove(&path);
        }
    }
}

//! Descendants that left all by which they could be found: group, session and environment. On Linux they become
//! children of this process, and are ended with it.

use super::procfs;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::time::Duration;

/// How often children are looked for, and how long apart: the end of one makes its own children ours.
const SWEEPS: (usize, Duration) = (200, Duration::from_millis(5));

/// Ends orphans when it is dropped. It is of use to a program that owns its process, and to no library.
#[derive(Debug)]
pub struct Orphans {
    spared: Option<Vec<Pid>>,
}

impl Orphans {
    /// From here on orphans of this process are its children. Those that it has already, the watchdog among them,
    /// are spared; a process that was handed other children by what started it adopts none.
    #[must_use]
    pub fn adopt(watchdog: u32) -> Self {
        let spared: Vec<Pid> = procfs::children().collect();
        let own = spared.iter().all(|pid| pid.as_raw_nonzero().get().cast_unsigned() == watchdog);
        Self { spared: (own && procfs::adopt_orphans()).then_some(spared) }
    }
}

impl Drop for Orphans {
    fn drop(&mut self) {
        let Some(spared) = &self.spared else { return };
        for _ in 0..SWEEPS.0 {
            let orphans: Vec<_> = procfs::children().filter(|pid| !spared.contains(pid)).collect();
            if orphans.is_empty() {
                break;
            }
            for orphan in orphans {
                // Its number is its own until it is reaped, and only this process reaps it.
                let _ = kill_process(orphan, Signal::KILL);
                let _ = waitpid(Some(orphan), WaitOptions::NOHANG);
            }
            std::thread::sleep(SWEEPS.1);
        }
    }
}

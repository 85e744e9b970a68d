//! Descendants that left all by which they could be found: group, session and environment. On Linux they become
//! children of this process, and are ended with it.

use super::procfs;
use super::watchdog::{Process, Watchdog};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::time::Duration;

/// How often children are looked for, and how long apart: the end of one makes its own children ours.
const SWEEPS: (usize, Duration) = (200, Duration::from_millis(5));

/// Ends orphans when it is dropped. It is of use to a program that owns its process, and to no library.
#[derive(Debug)]
pub struct Orphans {
    spared: Option<Vec<Pid>>,
    watchdog: Process,
}

impl Orphans {
    /// From here on orphans of this process are its children. Those that it has already, and the watchdog of the day,
    /// are spared; a process that was handed other children by what started it adopts none.
    #[must_use]
    pub fn adopt(watchdog: &Watchdog) -> Self {
        let watchdog = watchdog.process();
        let spared: Vec<Pid> = procfs::children().collect();
        let own = spared.iter().all(|pid| is(*pid, &watchdog));
        Self { spared: (own && procfs::adopt_orphans()).then_some(spared), watchdog }
    }
}

impl Drop for Orphans {
    fn drop(&mut self) {
        let Some(spared) = &self.spared else { return };
        for _ in 0..SWEEPS.0 {
            let kept = |pid: &Pid| spared.contains(pid) || is(*pid, &self.watchdog);
            let orphans: Vec<_> = procfs::children().filter(|pid| !kept(pid)).collect();
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

fn is(pid: Pid, watchdog: &Process) -> bool {
    pid.as_raw_nonzero().get().cast_unsigned() == watchdog.id()
}

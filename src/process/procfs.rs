//! What only Linux tells: when a process started, and which variables it was started with.

use rustix::process::Pid;

#[cfg(target_os = "linux")]
pub(super) use linux::{kill_marked, start_time};

#[cfg(target_os = "linux")]
mod linux {
    use super::Pid;
    use rustix::process::{PidfdFlags, Signal, getpid, pidfd_open, pidfd_send_signal};
    use std::fs;

    /// When a process started, in clock ticks since boot: with its number, this names it for good.
    pub(in crate::process) fn start_time(pid: Pid) -> Option<u64> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // proc_pid_stat(5): field 22. The second field is the program's name, and may hold anything.
        stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()
    }

    /// Kills every process whose environment holds `entry` (`NAME=value`), and says how many these
    /// were. Processes of other people, and this one, are left alone.
    pub(in crate::process) fn kill_marked(entry: &[u8]) -> usize {
        let Ok(processes) = fs::read_dir("/proc") else { return 0 };
        processes
            .flatten()
            .filter_map(|process| Pid::from_raw(process.file_name().to_str()?.parse().ok()?))
            .filter(|pid| *pid != getpid() && kill_if_marked(*pid, entry).is_some())
            .count()
    }

    fn kill_if_marked(pid: Pid, entry: &[u8]) -> Option<()> {
        // Opened before the look, so that the one that is killed is the one that was looked at.
        let handle = pidfd_open(pid, PidfdFlags::empty()).ok()?;
        let environ = fs::read(format!("/proc/{pid}/environ")).ok()?;
        environ.split(|byte| *byte == 0).any(|variable| variable == entry).then_some(())?;
        pidfd_send_signal(handle, Signal::KILL).ok()
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn start_time(_pid: Pid) -> Option<u64> {
    None
}

#[cfg(not(target_os = "linux"))]
pub(super) fn kill_marked(_entry: &[u8]) -> usize {
    0
}

//! What only Linux tells: when a process started, which variables it was started with, who of a group still runs,
//! and which signals are ignored. Elsewhere the answers are the careful ones.

use rustix::process::Pid;

#[cfg(target_os = "linux")]
pub use linux::is_ignored;
#[cfg(target_os = "linux")]
pub(super) use linux::{adopt_orphans, children, has_living_member, kill_marked, start_time};

#[cfg(target_os = "linux")]
mod linux {
    use super::Pid;
    use rustix::process::{PidfdFlags, Signal, getpid, pidfd_open, pidfd_send_signal, set_child_subreaper};
    use std::fs;

    /// Whether this process ignores a signal, by its number.
    #[must_use]
    pub fn is_ignored(signal: i32) -> bool {
        // proc_pid_status(5): one bit for each signal, in hexadecimal digits.
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
        mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
    }

    /// When a process started, in clock ticks since boot: with its number, this names it for good.
    pub(in crate::process) fn start_time(pid: Pid) -> Option<u64> {
        // proc_pid_stat(5): field 22.
        stat(pid)?.split_ascii_whitespace().nth(19)?.parse().ok()
    }

    /// Whether a process of the group still runs. A zombie does not; where nobody reaps orphans, as
    /// in many a container, it stays in its group for ever.
    pub(in crate::process) fn has_living_member(group: Pid) -> bool {
        let group = group.to_string();
        processes().filter_map(stat).any(|stat| {
            let mut fields = stat.split_ascii_whitespace();
            let state = fields.next();
            !matches!(state, Some("Z" | "X")) && fields.nth(1) == Some(&group)
        })
    }

    /// The children of this process, dead ones that were not reaped among them.
    pub(in crate::process) fn children() -> impl Iterator<Item = Pid> {
        let own = getpid().to_string();
        let is_ours =
            move |pid: &Pid| stat(*pid).is_some_and(|stat| stat.split_ascii_whitespace().nth(1) == Some(&own));
        processes().filter(is_ours)
    }

    /// Makes orphans among the descendants of this process its children; whether the system does that.
    pub(in crate::process) fn adopt_orphans() -> bool {
        set_child_subreaper(Some(getpid())).is_ok()
    }

    /// The fields of a process from its state on: what comes before is its program's name, which may
    /// hold anything.
    fn stat(pid: Pid) -> Option<String> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(stat.rsplit_once(')')?.1.to_owned())
    }

    fn processes() -> impl Iterator<Item = Pid> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries.filter_map(|process| Pid::from_raw(process.file_name().to_str()?.parse().ok()?))
    }

    /// Kills every process whose environment holds `entry` (`NAME=value`), and says how many these
    /// were. Processes of other people, and this one, are left alone.
    pub(in crate::process) fn kill_marked(entry: &[u8]) -> usize {
        processes().filter(|pid| *pid != getpid() && kill_if_marked(*pid, entry).is_some()).count()
    }

    fn kill_if_marked(pid: Pid, entry: &[u8]) -> Option<()> {
        // Opened before the look, so that the one that is killed is the one that was looked at.
        let handle = pidfd_open(pid, PidfdFlags::empty()).ok()?;
        let environ = fs::read(format!("/proc/{pid}/environ")).ok()?;
        environ.split(|byte| *byte == 0).any(|variable| variable == entry).then_some(())?;
        pidfd_send_signal(handle, Signal::KILL).ok()
    }
}

/// Whether this process ignores a signal: a child that sends it to itself survives it then.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn is_ignored(signal: i32) -> bool {
    let line = format!("kill -{signal} $$");
    let quiet = std::process::Stdio::null;
    let mut shell = std::process::Command::new("/bin/sh");
    shell
        .args(["-c", &line])
        .stdin(quiet())
        .stdout(quiet())
        .stderr(quiet())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(not(target_os = "linux"))]
pub(super) fn start_time(_pid: Pid) -> Option<u64> {
    None
}

#[cfg(not(target_os = "linux"))]
pub(super) fn has_living_member(_group: Pid) -> bool {
    true
}

#[cfg(not(target_os = "linux"))]
pub(super) fn kill_marked(_entry: &[u8]) -> usize {
    0
}

#[cfg(not(target_os = "linux"))]
pub(super) fn children() -> impl Iterator<Item = Pid> {
    std::iter::empty()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn adopt_orphans() -> bool {
    false
}

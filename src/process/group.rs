//! The process group of one child: who is signalled, and who watches that nobody is left.

use super::procfs;
use super::watchdog::Watchdog;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use rustix::process::{kill_process_group, test_kill_process_group, waitid};

/// A process group that a child of ours leads. It is killed when this is dropped, unless
/// [`Group::release`] said that it is gone.
///
/// A signal to a group reaches strangers if the group is gone and its number was given to somebody
/// else. The number is taken as long as the leader has not been reaped or a member is left. So
/// signals are sent before the reap, or within the fraction of a second after it that draining
/// takes: numbers are given out in turn, and the turn does not come round in that time.
#[derive(Debug)]
pub(super) struct Group {
    id: Pid,
    watchdog: Option<Watchdog>,
    released: bool,
}

impl Group {
    /// Takes the group of a child that was just started, and tells the watchdog of it.
    pub(super) fn adopt(id: Pid, watchdog: Option<&Watchdog>) -> Self {
        if let Some(watchdog) = watchdog {
            watchdog.register(id, procfs::start_time(id));
        }
        Self { id, watchdog: watchdog.cloned(), released: false }
    }

    /// The number of the group, which is its leader's.
    pub(super) fn id(&self) -> Pid {
        self.id
    }

    /// Asks every process of the group to leave.
    pub(super) fn terminate(&self) {
        let _ = kill_process_group(self.id, Signal::TERM);
        // A stopped process hears TERM only once it goes on.
        let _ = kill_process_group(self.id, Signal::CONT);
    }

    /// Kills every process of the group.
    pub(super) fn kill(&self) {
        let _ = kill_process_group(self.id, Signal::KILL);
    }

    /// Whether any process of the group still runs.
    pub(super) fn is_alive(&self) -> bool {
        test_kill_process_group(self.id).is_ok() && procfs::has_living_member(self.id)
    }

    /// Kills what is left, and lets the group go: the leader has been reaped.
    pub(super) fn release(mut self) {
        self.kill();
        self.let_go();
    }

    fn let_go(&mut self) {
        self.released = true;
        if let Some(watchdog) = &self.watchdog {
            watchdog.release(self.id);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.released {
            self.kill();
            self.let_go();
        }
    }
}

/// Whether a child of ours has exited. It is not reaped by that.
pub(super) fn has_exited(child: Pid) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    // ECHILD: it was reaped elsewhere, so it is gone as well.
    !matches!(waitid(WaitId::Pid(child), options), Ok(None))
}

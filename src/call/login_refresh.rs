//! Login refresh: one attempt goes first, alone, until the vendor has answered it.
//!
//! Several processes of a CLI that start on one expired login all refresh it, with the same refresh
//! token; where those rotate, all but one can be refused. So one attempt is the leader, and the others
//! wait until its first words, which no vendor sends to a login that it does not know, or its answer.
//! Other processes of this program that share the login wait at the same lock file, if there is one.

use crate::process::FileLock;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Time between two looks at a lock file that another process holds.
const POLL_EVERY: Duration = Duration::from_millis(50);

/// From when on a person is told of the wait for it.
const SAY_AFTER: Duration = Duration::from_secs(1);

/// How long it is waited for: a refresh takes less, and one that began is over by then.
const PATIENCE: Duration = Duration::from_secs(15);

/// Whether the login may have to be refreshed by a call that begins now.
pub type NeedsRefresh = Arc<dyn Fn() -> bool + Send + Sync>;

/// Chooses the leader among the attempts on one login.
#[derive(Clone)]
pub(super) struct LoginRefresh {
    needs_refresh: NeedsRefresh,
    /// The lock file that all processes on this login share.
    lock_path: Option<Arc<Path>>,
    state: Arc<watch::Sender<RefreshState>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RefreshState {
    /// No leader; the next attempt may become it.
    Idle,
    /// A leader is waiting for the vendor.
    Leading,
    /// The vendor accepted the login: no leader is needed any more.
    Fresh,
}

impl LoginRefresh {
    pub(super) fn new(needs_refresh: NeedsRefresh) -> Self {
        Self { needs_refresh, lock_path: None, state: Arc::new(watch::channel(RefreshState::Idle).0) }
    }

    /// The same, with a lock file that it shares with other processes.
    pub(super) fn with_lock(self, lock_path: PathBuf) -> Self {
        Self { lock_path: Some(lock_path.into()), ..self }
    }

    /// Waits while there is a leader; then becomes it, if one is needed.
    /// `tell` takes what a person should know of a long wait.
    pub(super) async fn enter(&self, tell: &(dyn Fn(&str) + Sync)) -> Option<RefreshLeader> {
        let mut state = self.state.subscribe();
        loop {
            let take = |state: &mut RefreshState| {
                let free = *state == RefreshState::Idle && (self.needs_refresh)();
                if free {
                    *state = RefreshState::Leading;
                }
                free
            };
            if self.state.send_if_modified(take) {
                let state = Arc::clone(&self.state);
                let mut leader = RefreshLeader { state, lock: Mutex::default(), warning: None };
                if let Some(lock_path) = &self.lock_path {
                    match file_lock(lock_path, tell).await {
                        Ok(lock) => leader.hold(Some(lock)),
                        Err(error) => {
                            leader.warning = Some(format!(
                                "{} cannot be locked ({error}): other runs may refresh the same login at this moment",
                                lock_path.display()
                            ));
                        }
                    }
                }
                return Some(leader);
            }
            // The sender lives as long as `self`: only a change ends the wait.
            match state.wait_for(|state| *state != RefreshState::Leading).await.map(|state| *state) {
                Ok(RefreshState::Idle) if (self.needs_refresh)() => {}
                _ => return None,
            }
        }
    }
}

impl fmt::Debug for LoginRefresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginRefresh").field("state", &*self.state.borrow()).finish_non_exhaustive()
    }
}

/// Waits for the lock file, but not for ever: its holder may have been stopped. If it cannot be locked (a full
/// disk, say), the leader goes without it.
async fn file_lock(lock_path: &Arc<Path>, tell: &(dyn Fn(&str) + Sync)) -> io::Result<FileLock> {
    let (began, mut told) = (Instant::now(), false);
    loop {
        let path = Arc::clone(lock_path);
        // On a thread of its own: a disk that does not answer must not stop the run's own.
        let taken = tokio::task::spawn_blocking(move || FileLock::try_take(&path)).await;
        match taken.unwrap_or_else(|error| Err(io::Error::other(error)))? {
            Some(lock) => return Ok(lock),
            None if began.elapsed() >= PATIENCE => {
                let held = format!("another run has held it for {} s", PATIENCE.as_secs());
                return Err(io::Error::new(io::ErrorKind::TimedOut, held));
            }
            None => tokio::time::sleep(POLL_EVERY).await,
        }
        if !told && began.elapsed() >= SAY_AFTER {
            told = true;
            tell(&format!("waiting for another run that refreshes the same login ({})", lock_path.display()));
        }
    }
}

/// Held by the attempt that goes first. If it is dropped before the vendor answered, another one leads.
#[derive(Debug)]
pub struct RefreshLeader {
    state: Arc<watch::Sender<RefreshState>>,
    lock: Mutex<Option<FileLock>>,
    warning: Option<String>,
}

impl RefreshLeader {
    /// Why it has no lock file, if it should have one.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// The vendor has answered: lets the other attempts go.
    pub fn release(&self) {
        self.hold(None);
        self.state.send_replace(RefreshState::Fresh);
    }

    fn hold(&self, lock: Option<FileLock>) {
        *self.lock.lock().unwrap_or_else(PoisonError::into_inner) = lock;
    }
}

impl Drop for RefreshLeader {
    fn drop(&mut self) {
        // Before the state changes: the next leader then finds the file free at once.
        self.hold(None);
        self.state.send_if_modified(|state| {
            let unanswered = *state == RefreshState::Leading;
            if unanswered {
                *state = RefreshState::Idle;
            }
            unanswered
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    async fn waits(refresh: &LoginRefresh) -> bool {
        tokio::select! {
            biased;
            _ = refresh.enter(&|_| {}) => false,
            () = std::future::ready(()) => true,
        }
    }

    #[tokio::test]
    async fn one_leads_until_the_vendor_has_answered() {
        let refresh = LoginRefresh::new(Arc::new(|| true));
        let leader = refresh.enter(&|_| {}).await.unwrap();
        assert!(waits(&refresh).await);
        leader.release();
        assert!(refresh.enter(&|_| {}).await.is_none());
        drop(leader);
        assert!(refresh.enter(&|_| {}).await.is_none(), "once known is known");
    }

    #[tokio::test]
    async fn after_a_leader_that_failed_another_one_leads() {
        let refresh = LoginRefresh::new(Arc::new(|| true));
        let leader = refresh.enter(&|_| {}).await.unwrap();
        let (next, ()) = tokio::join!(refresh.enter(&|_| {}), async { drop(leader) });
        assert!(next.is_some());
        assert!(waits(&refresh).await);
    }

    #[tokio::test]
    async fn processes_wait_for_one_lock_file() {
        let folder = tempfile::tempdir().unwrap();
        let process = || LoginRefresh::new(Arc::new(|| true)).with_lock(folder.path().join("locks/claude"));
        let (ours, theirs) = (process(), process());
        let leader = ours.enter(&|_| {}).await.unwrap();
        assert!(waits(&theirs).await);
        leader.release();
        let other = theirs.enter(&|_| {}).await.unwrap();
        assert!(waits(&process()).await);
        drop(other);
        assert!(process().enter(&|_| {}).await.is_some(), "dropped without an answer");
        // Without a lock file it goes all the same.
        let nowhere = LoginRefresh::new(Arc::new(|| true)).with_lock("/dev/null/locks/claude".into());
        let leader = nowhere.enter(&|_| {}).await.unwrap();
        assert!(leader.warning().is_some_and(|text| text.contains("/dev/null/locks/claude cannot be locked")));
    }

    #[tokio::test]
    async fn a_pipe_in_the_place_of_the_lock_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("claude");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let refresh = LoginRefresh::new(Arc::new(|| true)).with_lock(path);
        let leader = refresh.enter(&|_| {}).await.unwrap();
        assert!(leader.warning().is_some_and(|text| text.contains("cannot be locked")), "{:?}", leader.warning());
    }

    #[tokio::test]
    async fn no_leader_while_the_login_is_fresh() {
        let needs_refresh = Arc::new(AtomicBool::new(false));
        let look = Arc::clone(&needs_refresh);
        let refresh = LoginRefresh::new(Arc::new(move || look.load(Ordering::SeqCst)));
        assert!(refresh.enter(&|_| {}).await.is_none());
        needs_refresh.store(true, Ordering::SeqCst);
        assert!(refresh.enter(&|_| {}).await.is_some(), "a long run comes into the last minutes of its login");
    }
}

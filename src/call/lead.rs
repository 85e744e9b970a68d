//! Who goes first where a login may have to be refreshed: alone, until the vendor has answered.
//!
//! Several processes of a CLI that start on one expired login all refresh it, with the same refresh
//! token; where those rotate, all but one can be refused. So one attempt leads, and the others wait
//! until its first words, which no vendor sends to a login that it does not know, or its answer. Other
//! processes of this program that share the login wait at the same door, where there is one.

use crate::process::FileLock;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How often somebody at the door looks whether another process has left it.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Whether the login may have to be refreshed by a call that begins now.
pub type Due = Arc<dyn Fn() -> bool + Send + Sync>;

/// The head of a lane's queue.
#[derive(Clone)]
pub(super) struct Head {
    due: Due,
    /// The file at which other processes wait.
    door: Option<Arc<Path>>,
    turn: Arc<watch::Sender<Turn>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Whoever comes next may have to lead.
    Open,
    /// Somebody leads.
    Led,
    /// The vendor knows the login: nobody needs to lead any more.
    Known,
}

impl Head {
    pub(super) fn new(due: Due) -> Self {
        Self { due, door: None, turn: Arc::new(watch::channel(Turn::Open).0) }
    }

    /// The same, with a door that other processes wait at.
    pub(super) fn behind(self, door: PathBuf) -> Self {
        Self { door: Some(door.into()), ..self }
    }

    /// Waits while somebody leads. Then the lead, if one is needed.
    pub(super) async fn pass(&self) -> Option<Lead> {
        let mut turn = self.turn.subscribe();
        loop {
            let take = |turn: &mut Turn| {
                let free = *turn == Turn::Open && (self.due)();
                if free {
                    *turn = Turn::Led;
                }
                free
            };
            if self.turn.send_if_modified(take) {
                let lead = Lead { turn: Arc::clone(&self.turn), lock: Mutex::default() };
                if let Some(door) = &self.door {
                    lead.hold(at_the_door(door).await);
                }
                return Some(lead);
            }
            // The sender lives as long as this head: the wait ends with a change alone.
            match turn.wait_for(|turn| *turn != Turn::Led).await.map(|turn| *turn) {
                Ok(Turn::Open) if (self.due)() => {}
                _ => return None,
            }
        }
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head").field("turn", &*self.turn.borrow()).finish_non_exhaustive()
    }
}

/// Waits until no other process leads. Without a lock (the disk is full, say) it is no worse than without a
/// door.
async fn at_the_door(door: &Path) -> Option<FileLock> {
    loop {
        match FileLock::try_take(door) {
            Ok(Some(lock)) => return Some(lock),
            Ok(None) => tokio::time::sleep(LOOK_EVERY).await,
            Err(error) => {
                tracing::warn!("{} cannot be locked: {error}", door.display());
                return None;
            }
        }
    }
}

/// Held by the attempt that goes first. Dropped before the vendor answered, somebody else leads.
#[derive(Debug)]
pub struct Lead {
    turn: Arc<watch::Sender<Turn>>,
    lock: Mutex<Option<FileLock>>,
}

impl Lead {
    /// The vendor has answered: the others may come.
    pub fn heard(&self) {
        self.hold(None);
        self.turn.send_replace(Turn::Known);
    }

    fn hold(&self, lock: Option<FileLock>) {
        *self.lock.lock().unwrap_or_else(PoisonError::into_inner) = lock;
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        // First: whoever leads next stands at the door at once.
        self.hold(None);
        self.turn.send_if_modified(|turn| {
            let unheard = *turn == Turn::Led;
            if unheard {
                *turn = Turn::Open;
            }
            unheard
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    async fn waits(head: &Head) -> bool {
        tokio::select! {
            biased;
            _ = head.pass() => false,
            () = std::future::ready(()) => true,
        }
    }

    #[tokio::test]
    async fn one_leads_until_the_vendor_has_answered() {
        let head = Head::new(Arc::new(|| true));
        let lead = head.pass().await.unwrap();
        assert!(waits(&head).await);
        lead.heard();
        assert!(head.pass().await.is_none());
        drop(lead);
        assert!(head.pass().await.is_none(), "once known is known");
    }

    #[tokio::test]
    async fn after_a_lead_that_failed_another_one_leads() {
        let head = Head::new(Arc::new(|| true));
        let lead = head.pass().await.unwrap();
        let (next, ()) = tokio::join!(head.pass(), async { drop(lead) });
        assert!(next.is_some());
        assert!(waits(&head).await);
    }

    #[tokio::test]
    async fn processes_wait_at_one_door() {
        let folder = tempfile::tempdir().unwrap();
        let door = || Head::new(Arc::new(|| true)).behind(folder.path().join("locks/claude"));
        let (ours, theirs) = (door(), door());
        let lead = ours.pass().await.unwrap();
        assert!(waits(&theirs).await);
        lead.heard();
        let other = theirs.pass().await.unwrap();
        assert!(waits(&door()).await);
        drop(other);
        assert!(door().pass().await.is_some(), "let go without a word");
        // Where there can be no door, one goes all the same.
        let nowhere = Head::new(Arc::new(|| true)).behind("/dev/null/locks/claude".into());
        assert!(nowhere.pass().await.is_some());
    }

    #[tokio::test]
    async fn nobody_leads_before_it_is_due() {
        let due = Arc::new(AtomicBool::new(false));
        let look = Arc::clone(&due);
        let head = Head::new(Arc::new(move || look.load(Ordering::SeqCst)));
        assert!(head.pass().await.is_none());
        due.store(true, Ordering::SeqCst);
        assert!(head.pass().await.is_some(), "a long run comes into the last minutes of its login");
    }
}

//! Who goes first where a login may have to be refreshed: alone, until the vendor has answered.
//!
//! Several processes of a CLI that start on one expired login all refresh it, with the same refresh
//! token; where those rotate, all but one can be refused. So one attempt leads, and the others wait
//! until its first words, which no vendor sends to a login that it does not know, or its answer.

use std::fmt;
use std::sync::Arc;
use tokio::sync::watch;

/// Whether the login may have to be refreshed by a call that begins now.
pub type Due = Arc<dyn Fn() -> bool + Send + Sync>;

/// The head of a lane's queue.
#[derive(Clone)]
pub(super) struct Head {
    due: Due,
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
        Self { due, turn: Arc::new(watch::channel(Turn::Open).0) }
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
                return Some(Lead { turn: Arc::clone(&self.turn) });
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

/// Held by the attempt that goes first. Dropped before the vendor answered, somebody else leads.
#[derive(Debug)]
pub struct Lead {
    turn: Arc<watch::Sender<Turn>>,
}

impl Lead {
    /// The vendor has answered: the others may come.
    pub fn heard(&self) {
        self.turn.send_replace(Turn::Known);
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
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
    async fn nobody_leads_before_it_is_due() {
        let due = Arc::new(AtomicBool::new(false));
        let look = Arc::clone(&due);
        let head = Head::new(Arc::new(move || look.load(Ordering::SeqCst)));
        assert!(head.pass().await.is_none());
        due.store(true, Ordering::SeqCst);
        assert!(head.pass().await.is_some(), "a long run comes into the last minutes of its login");
    }
}

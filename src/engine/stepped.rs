//! A run that its caller steps through: after each round it waits for the caller's word.

use super::drive::RunDeps;
use super::fold::{Effect, Fold, OwnListener, RunMeta};
use super::live::Live;
use crate::exchange::Usage;
use crate::outcome::{Finished, Outcome, Status};
use crate::protocol::{Protocol, RoundOverrides, RoundReport};
use crate::time::Timestamp;

/// A run that its caller steps through. Dropping it ends every call.
pub struct Stepped {
    live: Live<'static>,
    /// What has to be done before the first step.
    first: Option<Vec<Effect>>,
}

impl Stepped {
    /// A run whose first step asks the first questions. The protocol is one that pauses.
    #[must_use]
    pub fn begin(
        protocol: Box<dyn Protocol>,
        meta: RunMeta,
        began: Timestamp,
        world: RunDeps,
        listener: OwnListener<'static>,
    ) -> Self {
        let (fold, effects) = Fold::begin(protocol, meta, began, listener);
        Self { live: Live::new(fold, world), first: Some(effects) }
    }

    /// Takes one step, to the next pause or to the end; nothing if there is no report, because the
    /// run was over, or ended within the round.
    ///
    /// Dropping the future leaves the run whole: what is in flight goes on, and the next step waits
    /// for it. Its overrides come too late, if there is a round that [is open](Self::is_open).
    pub async fn step(&mut self, overrides: RoundOverrides) -> Option<RoundReport> {
        if let Some(effects) = self.first.take() {
            self.live.put_into_effect(effects);
        } else if !self.is_over() && !self.is_open() {
            self.live.advance(overrides).await;
        }
        self.live.watch().await;
        self.live.take_pause()
    }

    /// Whether a round is open that an earlier step began, and did not wait for.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.live.is_busy()
    }

    /// Whether no step can follow.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.live.is_over()
    }

    /// What the protocol came to, once it did.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        self.live.fold().outcome()
    }

    /// How the run ended, if it has: as the protocol says, or by a stop or a bound.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.outcome().map(|outcome| outcome.status).or_else(|| self.live.status())
    }

    /// Calls and attempts that were begun so far, and what they used.
    #[must_use]
    pub fn cost(&self) -> (u64, u64, Usage) {
        self.live.fold().cost()
    }

    /// Ends it: with what the protocol came to, else with the best so far under this status.
    #[must_use]
    pub fn finish(self, status: Status) -> Finished {
        self.live.leave(status)
    }
}

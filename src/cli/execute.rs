//! From a run that is ready to a run that is finished.

use super::prepare::Ready;
use super::seats::Seat;
use crate::adapter::PoolKind;
use crate::call::CliSeat;
use crate::engine::{Briefing, Registered};
use crate::error::Error;
use crate::event::Event;
use crate::invocation::Limits;
use crate::outcome::Finished;

/// Makes the calls. `listener` takes every event, in order.
///
/// # Errors
/// The run could not begin; a run that began is always finished, with its status.
pub fn execute(ready: &Ready, listener: &mut (dyn FnMut(&Event) + Send)) -> Result<Finished, Error> {
    let _ = listener;
    Err(Error::failed(format!("run {}: calls cannot be made yet", ready.plan.run_id)))
}

impl Ready {
    /// What the engine must know of the run.
    #[must_use]
    pub fn briefing(&self) -> Briefing {
        let registered = self.plan.participants.iter().map(|one| Registered {
            participant: one.id.clone(),
            adapter: one.adapter.clone(),
            model_id: one.model_id.clone(),
            effort: one.effort.map(|effort| effort.to_string()),
            pool: pool(one.pool.kind).to_owned(),
        });
        Briefing {
            run: self.plan.run_id.clone(),
            protocol: self.plan.protocol.name().to_owned(),
            seed: self.plan.material.seed,
            max_calls: self.estimate.total,
            participants: self.announced().into_iter().zip(registered).collect(),
        }
    }

    /// The clocks of an attempt.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let limits = &self.plan.limits;
        Limits { hard: limits.timeout, first_byte: Some(limits.first_byte_timeout), idle: Some(limits.idle_timeout) }
    }
}

impl From<&Seat> for CliSeat {
    fn from(seat: &Seat) -> Self {
        Self {
            manifest: seat.manifest.clone(),
            program: seat.program.clone(),
            pool: seat.pool.clone(),
            model: seat.model.clone(),
            effort: seat.effort,
        }
    }
}

fn pool(kind: PoolKind) -> &'static str {
    match kind {
        PoolKind::Subscription => "subscription",
        PoolKind::Login => "login",
        PoolKind::ApiKey => "api_key",
        PoolKind::None => "none",
    }
}

//! What a run will be, frozen before the first call: who takes part, which protocol, which limits.
//! Pure data and pure functions; nothing here looks at the machine.

pub mod budget;
pub mod check;
pub mod machine;
pub mod participant;
pub mod run;
mod unknown;

pub use crate::protocol::{Brought, Estimate, PhaseEstimate, RoundEstimate};
pub use budget::{Budget, Ceiling, Exhausted, Spent, budget_gate, overshoot, remaining_budget};
pub use machine::{estimate_run, prompt_room};
pub use participant::{ModelName, PARTICIPANTS, Wanted, parse as parse_participants, parse_debaters};
pub use run::{Concurrency, OnLimit, Participant, Pool, Prices, ProtocolKind, ProtocolPlan, RunLimits, RunPlan};

//! Whether the numbers of a plan are in their ranges, for callers who build one by hand: the command line checks
//! its own words as it reads them.

use super::run::{ProtocolPlan, RunPlan};
use crate::error::Error;
use crate::ids::ParticipantId;
use crate::protocol::check::Check;
use crate::protocol::refine::SelfRefinePlan;

impl ProtocolPlan {
    /// Everything that is wrong with the plan for participants of these names.
    #[doc(hidden)]
    #[must_use]
    pub fn problems(&self, names: &[ParticipantId]) -> Vec<Error> {
        let mut check = Check::new(names);
        self.settings().check(&mut check);
        check.problems()
    }
}

impl SelfRefinePlan {
    /// Everything that is wrong with the plan for participants of these names.
    #[doc(hidden)]
    #[must_use]
    pub fn problems(&self, names: &[ParticipantId]) -> Vec<Error> {
        let mut check = Check::new(names);
        self.critique.check(&mut check);
        check.problems()
    }
}

impl RunPlan {
    /// Everything that is wrong with a plan that was not made by this program just now: participants, limits,
    /// and what its protocol says.
    #[must_use]
    pub fn problems(&self) -> Vec<Error> {
        let names: Vec<_> = self.participants.iter().map(|one| one.id.clone()).collect();
        let mut check = Check::new(&names);
        self.protocol.settings().check(&mut check);
        if let Some(plan) = &self.self_refine {
            plan.critique.check(&mut check);
        }
        let members = names.iter().filter(|name| !self.auxiliary.contains(name)).count();
        check.within("the number of participants", members, &self.protocol.settings().members());
        for (at, name) in names.iter().enumerate().filter(|(at, name)| names[..*at].contains(name)) {
            check.wrong(format!("participant {} is named {name}, like another", at + 1));
        }
        check.within("limits.retries", self.limits.retries, &(0..=10));
        for (name, limit) in [
            ("timeout_ms", self.limits.timeout),
            ("first_byte_timeout_ms", self.limits.first_byte_timeout),
            ("idle_timeout_ms", self.limits.idle_timeout),
        ] {
            check.within(&format!("limits.{name}"), limit.as_millis(), &(1..=86_400_000));
        }
        for (adapter, limit) in &self.limits.concurrency.adapters {
            check.within(&format!("limits.concurrency.adapters.{adapter}"), *limit, &(1..=1000));
        }
        check.problems()
    }
}

//! What each part of a run cost, by the part that the ids of its calls begin with.

use crate::event::EventKind;
use crate::failure::FailureClass;
use crate::ids::CallId;
use crate::outcome::StepCost;
use std::collections::{BTreeMap, BTreeSet};

/// Counts calls, attempts and usage of each part. A run without parts has none.
#[derive(Debug, Clone, Default)]
pub(super) struct Steps {
    costs: Vec<StepCost>,
    /// Attempts that were begun and have not ended, by their call and the place of its part.
    flying: BTreeMap<CallId, usize>,
    /// Calls that an attempt was ever begun for: only those count.
    begun: BTreeSet<CallId>,
}

impl Steps {
    /// Reads what an event says of calls and attempts that are charged.
    pub fn observe(&mut self, kind: &EventKind, charged: impl Fn(&CallId) -> bool) {
        if matches!(kind, EventKind::RunResumed {}) {
            self.give_up_flying();
        }
        let (EventKind::AttemptStarted { call, .. } | EventKind::AttemptEnded { call, .. }) = kind else { return };
        let Some(scope) = call.scope().filter(|_| charged(call)) else { return };
        let place = self.costs.iter().position(|cost| cost.step == scope).unwrap_or_else(|| {
            self.costs.push(StepCost { step: scope.to_owned(), ..StepCost::default() });
            self.costs.len() - 1
        });
        let cost = &mut self.costs[place];
        match kind {
            EventKind::AttemptStarted { .. } => {
                cost.attempts += 1;
                cost.calls += u64::from(self.begun.insert(call.clone()));
                self.flying.insert(call.clone(), place);
            }
            // No subprocess: what was begun did not come about.
            EventKind::AttemptEnded { failure: Some(FailureClass::StartFailed), .. } => {
                cost.attempts = cost.attempts.saturating_sub(1);
                self.flying.remove(call);
            }
            EventKind::AttemptEnded { usage, .. } => {
                self.flying.remove(call);
                cost.usage = cost.usage.plus(*usage);
                if usage.input_tokens.is_none() && usage.output_tokens.is_none() && usage.cost_usd.is_none() {
                    cost.attempts_without_usage += 1;
                }
            }
            _ => {}
        }
    }

    /// The parts in the order in which they began.
    pub fn close(mut self) -> Vec<StepCost> {
        self.give_up_flying();
        self.costs
    }

    /// Of what was in flight when the program was killed, nobody knows what it cost.
    fn give_up_flying(&mut self) {
        for place in std::mem::take(&mut self.flying).into_values() {
            self.costs[place].attempts_without_usage += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Usage;

    #[test]
    fn each_part_has_its_own_cost_and_the_rest_has_none() {
        let mut steps = Steps::default();
        let usage = Usage { input_tokens: Some(3), ..Usage::default() };
        for id in ["step1/r1/sample/1", "step2/r1/draft/a", "step1/r1/sample/2", "step1/r1/sample/2", "r1/propose/a"] {
            let call = CallId::new(id);
            steps.observe(&EventKind::AttemptStarted { call: call.clone(), attempt: 1 }, |_| true);
            let (failure, message) = (None, None);
            let ended = EventKind::AttemptEnded { call, attempt: 1, failure, message, usage, elapsed_ms: 1 };
            steps.observe(&ended, |_| true);
        }
        let costs = steps.close();
        let said: Vec<_> =
            costs.iter().map(|cost| (cost.step.as_str(), cost.calls, cost.attempts, cost.usage.input_tokens)).collect();
        assert_eq!(said, [("step1", 2, 3, Some(9)), ("step2", 1, 1, Some(3))]);
    }
}

//! What several steps end with.

use super::{Body, Concluded, Outcome, Status};
use crate::exchange::Usage;
use crate::ids::ParticipantId;
use serde::{Deserialize, Serialize};

/// What several steps ended with.
#[non_exhaustive]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub struct PipelineBody {
    /// Who wrote the answer, where that is one participant.
    pub author: Option<ParticipantId>,
    /// Every step, in order.
    pub steps: Vec<StepRecord>,
}

impl PipelineBody {
    /// The last step that came to anything, and to what.
    fn last(&self) -> Option<(&StepRecord, &Outcome)> {
        self.steps.iter().rev().find_map(|step| Some((step, step.outcome.as_deref()?)))
    }
}

impl Outcome {
    /// What a run has come to that is stopped for this reason, which is also why the step that it is in stops.
    pub(crate) fn stop(&mut self, reason: Status) {
        self.status = reason;
        if let Body::Pipe(body) = &mut self.body
            && let Some(outcome) = body.steps.last_mut().and_then(|step| step.outcome.as_mut())
            && outcome.status == Status::Cancelled
        {
            outcome.status = reason;
        }
    }
}

impl Concluded for PipelineBody {
    fn author(&self) -> Option<&ParticipantId> {
        self.author.as_ref()
    }

    fn writers(&self) -> Vec<String> {
        let last = self.last();
        let own = last
            .into_iter()
            .flat_map(|(step, outcome)| std::iter::once(step.step.clone()).chain(outcome.body.writers()));
        std::iter::once("pipe".to_owned()).chain(own).collect()
    }

    fn failures(&self) -> (Vec<String>, bool) {
        let Some((step, outcome)) = self.last() else { return (Vec::new(), false) };
        let (lines, lasting) = outcome.body.explain().failures();
        (lines.into_iter().map(|line| format!("{}: {line}", step.step)).collect(), lasting)
    }
}

/// One step.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct StepRecord {
    /// Its name, with which the ids of its calls begin: `step1`.
    pub step: String,
    /// What it does: `consensus`, `sample`, `refine`.
    pub kind: String,
    /// The condition under which it runs.
    pub condition: Option<String>,
    /// Why it did not run, if it did not.
    pub skipped: Option<String>,
    /// How many bytes of the value before it did not fit into its prompts.
    #[serde(default)]
    pub cut_bytes: u64,
    /// What it came to; `None` if it did not run, or came to nothing.
    pub outcome: Option<Box<Outcome>>,
}

/// What one part of a run cost: a step, or a critique pass. Derived from the calls whose ids begin
/// with its name.
#[non_exhaustive]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct StepCost {
    /// Its name.
    pub step: String,
    /// Calls that were begun.
    pub calls: u64,
    /// Subprocesses that were started.
    pub attempts: u64,
    /// Tokens and money, as the vendors reported them.
    pub usage: Usage,
    /// Attempts whose usage was not reported.
    pub attempts_without_usage: u64,
}

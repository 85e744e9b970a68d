//! Whether a plan's numbers are in their ranges, for callers who build one by hand: the command line checks
//! its own words as it reads them.

use super::participant::PARTICIPANTS;
use super::run::{ProtocolPlan, RunPlan};
use crate::error::Error;
use crate::ids::ParticipantId;
use crate::protocol::consensus::ConsensusPlan;
use crate::protocol::debate::{DebatePlan, ROUNDS};
use crate::protocol::pipeline::{PipelinePlan, StepKind};
use crate::protocol::refine::{CritiquePlan, RefineMode, RefinePlan};
use crate::protocol::sampling::{EarlyStop, SamplingPlan};
use std::fmt::Display;
use std::ops::RangeInclusive;

const SHARE: RangeInclusive<f64> = 0.0..=1.0;
const PERCENT: RangeInclusive<f64> = 0.0..=100.0;

/// Collects what is wrong.
struct Check<'a> {
    /// Everybody who can be asked.
    names: &'a [ParticipantId],
    problems: Vec<Error>,
}

impl ProtocolPlan {
    /// Everything that is wrong with the plan for participants of these names.
    #[doc(hidden)]
    #[must_use]
    pub fn problems(&self, names: &[ParticipantId]) -> Vec<Error> {
        let mut check = Check { names, problems: Vec::new() };
        match self {
            Self::Consensus(plan) => check.consensus(plan),
            Self::Debate(plan) => check.debate(plan),
            Self::Sample(plan) => check.sample(plan),
            Self::Refine(plan) => check.refine(plan),
            Self::Pipe(plan) => check.pipe(plan),
        }
        check.problems
    }
}

impl RunPlan {
    /// Everything that is wrong with a plan that was not made by this program just now: participants, limits,
    /// and what its protocol says.
    #[must_use]
    pub fn problems(&self) -> Vec<Error> {
        let names: Vec<_> = self.participants.iter().map(|one| one.id.clone()).collect();
        let mut problems = self.protocol.problems(&names);
        problems.extend(self.self_refine.iter().flat_map(|plan| plan.critique.problems(&names)));
        let mut check = Check { names: &names, problems };
        let room = names.iter().filter(|name| !self.aside.contains(name)).count();
        let takes = match self.protocol {
            ProtocolPlan::Sample(_) | ProtocolPlan::Pipe(_) => 1..=100,
            ProtocolPlan::Debate(_) => 2..=*PARTICIPANTS.end(),
            _ => PARTICIPANTS,
        };
        check.within("the number of participants", room, &takes);
        for (at, name) in names.iter().enumerate().filter(|(at, name)| names[..*at].contains(name)) {
            check.problems.push(Error::config(format!("participant {} is named {name}, like another", at + 1)));
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
        check.problems
    }
}

impl CritiquePlan {
    /// Everything that is wrong with the plan for participants of these names.
    #[doc(hidden)]
    #[must_use]
    pub fn problems(&self, names: &[ParticipantId]) -> Vec<Error> {
        let mut check = Check { names, problems: Vec::new() };
        check.known("refiner", self.refiner.as_ref());
        check.problems
    }
}

impl Check<'_> {
    fn consensus(&mut self, plan: &ConsensusPlan) {
        self.within("threshold", plan.threshold, &(1.0..=10.0));
        self.within("max_rounds", plan.max_rounds, &(1..=20));
    }

    fn debate(&mut self, plan: &DebatePlan) {
        self.within("rounds", plan.rounds, &ROUNDS);
        self.within("disagreement_threshold", plan.disagreement_threshold, &PERCENT);
        self.within("convergence_delta", plan.convergence_delta, &PERCENT);
        self.within("min_score", plan.min_score.unwrap_or(0.0), &PERCENT);
        self.known("judge", plan.judge.as_ref().map(|judge| &judge.participant));
    }

    fn sample(&mut self, plan: &SamplingPlan) {
        self.within("num_samples", plan.num_samples, &SamplingPlan::SAMPLES);
        self.within("min_agreement", plan.min_agreement.unwrap_or(0.0), &SHARE);
        if let Some(EarlyStop::Confident(likely)) = plan.early_stop
            && !(likely > 0.5 && likely < 1.0)
        {
            self.problems.push(Error::config(format!("early_stop is {likely}: it lies between 0.5 and 1")));
        }
    }

    fn refine(&mut self, plan: &RefinePlan) {
        self.known("author", plan.author.as_ref());
        self.known("judge", plan.judge.as_ref());
        match &plan.mode {
            RefineMode::Score(score) => {
                self.within("target_score", score.target_score, &SHARE);
                self.within("max_iterations", score.max_iterations, &(0..=100));
                self.within("patience", score.patience, &(1..=u32::MAX));
                self.within("delta", score.delta, &SHARE);
            }
            RefineMode::Critique(critique) => self.problems.extend(critique.problems(self.names)),
        }
    }

    fn pipe(&mut self, plan: &PipelinePlan) {
        self.within("the number of steps", plan.steps.len(), &PipelinePlan::STEPS);
        for step in &plan.steps {
            match &step.kind {
                StepKind::Consensus(plan) => self.consensus(plan),
                StepKind::Debate(plan) => self.debate(plan),
                StepKind::Sample(plan) => self.sample(plan),
                StepKind::Refine(plan) => self.refine(plan),
            }
        }
        for pair in plan.steps.windows(2) {
            let fields = pair[0].kind.fields();
            if let Some(condition) = pair[1].condition.as_ref().filter(|one| !fields.contains(&one.field.as_str())) {
                let known = fields.join(", ");
                let kind = pair[0].kind.as_str();
                let words = format!("a condition asks for `{}`, but after {kind} there are {known}", condition.field);
                self.problems.push(Error::config(words));
            }
        }
    }

    fn within<T: Display + PartialOrd + Copy>(&mut self, name: &str, value: T, range: &RangeInclusive<T>) {
        if !range.contains(&value) {
            let words = format!("{name} is {value}: it goes from {} to {}", range.start(), range.end());
            self.problems.push(Error::config(words));
        }
    }

    fn known(&mut self, part: &str, name: Option<&ParticipantId>) {
        if let Some(name) = name.filter(|name| !self.names.contains(name)) {
            self.problems.push(Error::config(format!("the {part} is {name}, who is not there")));
        }
    }
}

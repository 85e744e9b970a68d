//! The critique pass over the final answer of any other run.

use super::asker::Asker;
use super::critique_loop::{Assigned, CritiqueLoop};
use super::critique_plan::CritiquePlan;
use super::prompts;
use super::settings::peer;
use crate::event::TextEvent;
use crate::exchange::Tuning;
use crate::ids::ParticipantId;
use crate::outcome::{Outcome, SELF_REFINE, SelfRefined};
use crate::protocol::machine::{Input, Outbox, Protocol};
use crate::protocol::material::{Material, Member, MemberIndex, Misfit};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The settings of a critique pass over another run's answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct SelfRefinePlan {
    /// How it is critiqued and rewritten.
    pub critique: CritiquePlan,
    /// Who scores, where rewrites are verified; `None` for the refiner.
    pub judge: Option<ParticipantId>,
    /// Whether a participant of another vendor scores, where there is one and no judge is named.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub peer_judge: bool,
    /// What wrote the answer, by the name that an exclude list knows it by; `None` leaves it to the
    /// outcome to say.
    pub wrote: Option<String>,
    /// How the models run.
    pub tuning: Tuning,
}

enum Stage {
    /// The run itself goes on.
    Inner,
    /// It is over, and its answer is being critiqued.
    Pass(Box<Outcome>, Box<CritiqueLoop>, MemberIndex),
    /// All is over.
    Over(Box<Outcome>),
}

/// Any run, and the critique pass over its answer.
pub struct SelfRefine {
    inner: Box<dyn Protocol>,
    plan: SelfRefinePlan,
    asker: Asker,
    stage: Stage,
}

impl SelfRefine {
    /// A run that has not started. `members` are those of the inner run, in the same order, and any
    /// that only critique or judge.
    #[must_use]
    pub fn new(inner: Box<dyn Protocol>, plan: SelfRefinePlan, members: Vec<Member>, material: Material) -> Self {
        Self { inner, plan, asker: Asker::new(members, material), stage: Stage::Inner }
    }

    /// Participants whose prompt limit question and files exceed: to be refused before any call.
    #[must_use]
    pub fn misfits(&self) -> Vec<Misfit> {
        let wanted = |id: &ParticipantId| {
            self.plan.critique.refiner.as_ref().is_none_or(|refiner| refiner == id)
                || self.plan.judge.as_ref() == Some(id)
        };
        prompts::misfits(&self.asker.writer).into_iter().filter(|misfit| wanted(&misfit.participant)).collect()
    }

    /// Lets the inner run speak, and hears its end.
    fn listen(&mut self, out: &mut Outbox, speak: impl FnOnce(&mut dyn Protocol, &mut Outbox)) {
        let inner = self.inner.as_mut();
        if let Some(outcome) = out.wrapped(|out| speak(inner, out)) {
            self.ended(outcome, out);
        }
    }

    fn ended(&mut self, outcome: Outcome, out: &mut Outbox) {
        match self.skipped(&outcome) {
            Some(reason) => {
                out.note(TextEvent::SelfRefineSkipped { reason: reason.clone() });
                let refined =
                    SelfRefined { answer: outcome.answer.clone(), skipped: Some(reason), ..SelfRefined::default() };
                self.close(Outcome { self_refine: Some(Box::new(refined)), ..outcome }, out);
            }
            None => {
                let critique = self.plan.critique.clone();
                let refiner = self.asker.index(critique.refiner.as_ref().or(outcome.body.author()));
                let writes = self.asker.id(refiner);
                let other = peer(&self.asker.writer.members, Some(&writes)).filter(|_| self.plan.peer_judge);
                let judge = self.plan.judge.clone().or(other);
                let judge = judge.map_or(refiner, |judge| self.asker.index(Some(&judge)));
                let text: Arc<str> = outcome.answer.as_deref().unwrap_or_default().into();
                let assigned = Assigned { refiner, judge };
                let mut critiques = CritiqueLoop::new(critique, self.plan.tuning, &assigned, text);
                out.scoped(SELF_REFINE, |out| critiques.begin(&mut self.asker, out));
                let done = critiques.done;
                self.stage = Stage::Pass(Box::new(outcome), Box::new(critiques), refiner);
                if let (true, Some(outcome)) = (done, self.conclude()) {
                    self.close(outcome, out);
                }
            }
        }
    }

    fn skipped(&self, outcome: &Outcome) -> Option<String> {
        if !matches!(outcome.status.exit_code(), 0 | 2) {
            return Some(format!("the run ended as {}", outcome.status.as_str()));
        }
        let Some(answer) = &outcome.answer else { return Some("there is no answer".to_owned()) };
        if self.asker.writer.members.is_empty() {
            return Some("there is no model to ask".to_owned());
        }
        let writers = self.plan.wrote.clone().map_or_else(|| outcome.body.writers(), |wrote| vec![wrote]);
        CritiqueLoop::skipped(&self.plan.critique, &writers, answer)
    }

    fn refined(&self, outcome: &Outcome, critiques: &CritiqueLoop, refiner: MemberIndex) -> Outcome {
        let changed = outcome.answer.as_deref() != Some(&*critiques.text);
        let refined = SelfRefined {
            answer: Some(critiques.text.to_string()),
            changed,
            before: outcome.answer.clone().filter(|_| changed),
            refiner: Some(self.asker.id(refiner)),
            passes: critiques.passes.clone(),
            skipped: None,
            failures: critiques.failures.clone(),
            quotes_cut: self.asker.cuts.in_order().iter().map(|cut| cut.within(SELF_REFINE)).collect(),
        };
        let answer = Some(critiques.text.to_string());
        Outcome { answer, self_refine: Some(Box::new(refined)), ..outcome.clone() }
    }

    fn close(&mut self, outcome: Outcome, out: &mut Outbox) {
        self.stage = Stage::Over(Box::new(outcome.clone()));
        out.finish(outcome);
    }
}

impl Protocol for SelfRefine {
    fn start(&mut self, out: &mut Outbox) {
        if matches!(self.stage, Stage::Inner) {
            self.listen(out, |inner, out| inner.start(out));
        }
    }

    fn on(&mut self, input: Input, out: &mut Outbox) {
        match &mut self.stage {
            Stage::Inner => self.listen(out, |inner, out| inner.on(input, out)),
            Stage::Pass(_, critiques, _) => {
                let Some(Input::Settled(settled)) = input.outside(SELF_REFINE) else { return };
                let asker = &mut self.asker;
                out.scoped(SELF_REFINE, |out| critiques.take(settled, asker, out));
                if let (true, Some(outcome)) = (critiques.done, self.conclude()) {
                    self.close(outcome, out);
                }
            }
            Stage::Over(_) => {}
        }
    }

    fn conclude(&self) -> Option<Outcome> {
        match &self.stage {
            Stage::Inner => self.inner.conclude(),
            Stage::Pass(outcome, critiques, refiner) => Some(self.refined(outcome, critiques, *refiner)),
            Stage::Over(outcome) => Some((**outcome).clone()),
        }
    }
}

//! The machine itself: deals the samples, takes the replies in, decides when it is enough.

use super::settings::SamplingPlan;
use super::stop::{Decided, Stop};
use super::vote::Vote;
use crate::event::{TextEvent, preview};
use crate::exchange::{CallSpec, Role};
use crate::failure::CallFailure;
use crate::ids::{CallId, Round};
use crate::outcome::{Outcome, Status};
use crate::protocol::asking::{is_lost, spoken};
use crate::protocol::machine::{Input, Outbox, Protocol, Settled, call_path};
use crate::protocol::material::{Material, Member, MemberIndex, Misfit};
use crate::protocol::prompt::PromptWriter;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One sample.
#[derive(Debug)]
pub(super) enum Sample {
    /// Not asked for.
    Due,
    /// Asked for.
    Asked,
    /// It is in: the text, and its form.
    In(Arc<str>, Arc<str>),
    /// It failed for good.
    Failed(CallFailure),
}

/// A sampling run. See the [module](super) for what it does.
pub struct Sampling {
    pub(super) plan: SamplingPlan,
    pub(super) writer: PromptWriter,
    pub(super) samples: Vec<Sample>,
    pending: BTreeMap<CallId, usize>,
    /// Who can answer nothing any more, and why; by participant.
    gone: Vec<Option<CallFailure>>,
    started: bool,
    ended: Option<Outcome>,
}

impl Sampling {
    /// A run that has not started. `members` stand in plan order.
    #[must_use]
    pub fn new(plan: SamplingPlan, members: Vec<Member>, material: Material) -> Self {
        let count = usize::try_from(plan.num_samples.max(1)).unwrap_or(usize::MAX);
        Self {
            samples: (0..count).map(|_| Sample::Due).collect(),
            pending: BTreeMap::new(),
            gone: members.iter().map(|_| None).collect(),
            writer: PromptWriter::new(members, material),
            plan,
            started: false,
            ended: None,
        }
    }

    /// Participants whose prompt limit question and files exceed: to be refused before any call.
    #[must_use]
    pub fn misfits(&self) -> Vec<Misfit> {
        let needs = self.writer.bare().bytes();
        self.writer.misfits(|_| needs)
    }

    /// Whom a sample is dealt to.
    pub(super) fn dealt(&self, index: usize) -> MemberIndex {
        index % self.writer.members.len().max(1)
    }

    fn ask(&mut self, index: usize, out: &mut Outbox) {
        let who = self.dealt(index);
        let id = call_path(Round::FIRST, &format!("{}/{}", Role::Sample, number(index)));
        out.call(CallSpec {
            id: id.clone(),
            to: self.writer.id(who).clone(),
            role: Role::Sample,
            round: Round::FIRST,
            system: "".into(),
            prompt: self.writer.bare(),
            shape: None,
            tuning: self.plan.tuning,
        });
        self.samples[index] = Sample::Asked;
        self.pending.insert(id, index);
    }

    fn settled(&mut self, settled: Settled, out: &mut Outbox) {
        let Some(index) = self.pending.remove(&settled.id) else { return };
        match settled.result.and_then(spoken) {
            Ok(reply) => {
                out.note(TextEvent::Sampled {
                    sample: number(index),
                    participant: self.writer.id(self.dealt(index)).clone(),
                    preview: preview(&reply.text),
                });
                let form = self.plan.normaliser.form(&reply.text);
                self.samples[index] = Sample::In(reply.text, form);
            }
            Err(failure) => {
                if is_lost(&failure) {
                    let who = self.dealt(index);
                    self.gone[who].get_or_insert_with(|| failure.clone());
                }
                self.fail(index, failure, out);
            }
        }
    }

    fn fail(&mut self, index: usize, failure: CallFailure, out: &mut Outbox) {
        out.note(TextEvent::SampleFailed {
            sample: number(index),
            participant: self.writer.id(self.dealt(index)).clone(),
            failure: failure.class,
            message: failure.message.clone(),
        });
        self.samples[index] = Sample::Failed(failure);
    }

    /// Asks for what is due, and ends the run when nothing is to come that matters.
    fn proceed(&mut self, out: &mut Outbox) {
        while self.ended.is_none() && (self.pending.is_empty() || !self.plan.one_by_one()) {
            let Some(next) = self.samples.iter().position(|sample| matches!(sample, Sample::Due)) else { break };
            let decided = if self.pending.is_empty() { self.decided(next) } else { None };
            match (decided, self.gone[self.dealt(next)].clone()) {
                (Some(decided), _) => self.finish(Some(decided), out),
                // Whoever cannot answer is not asked once more: only where samples come one by one
                // is it known in time.
                (None, Some(failure)) if self.plan.one_by_one() => self.fail(next, failure, out),
                (None, _) => self.ask(next, out),
            }
        }
        if self.ended.is_none() && self.pending.is_empty() {
            self.finish(None, out);
        }
    }

    fn decided(&self, taken: usize) -> Option<Decided> {
        let rule = self.plan.early_stop?;
        let (thresholds, samples) = (self.plan.thresholds(), self.samples.len());
        let stop = Stop { strategy: self.plan.strategy, rule, thresholds: &thresholds, samples };
        stop.decided(&Vote::count(self.plan.strategy, &self.forms(taken)), taken)
    }

    /// The forms of the first samples, in index order.
    pub(super) fn forms(&self, count: usize) -> Vec<Option<Arc<str>>> {
        let form = |sample: &Sample| match sample {
            Sample::In(_, form) => Some(Arc::clone(form)),
            Sample::Due | Sample::Asked | Sample::Failed(_) => None,
        };
        self.samples.iter().take(count).map(form).collect()
    }

    fn finish(&mut self, decided: Option<Decided>, out: &mut Outbox) {
        let (status, body) = self.concluded(decided);
        out.note(TextEvent::SamplesCounted {
            agreement_ratio: body.agreement_ratio,
            least: body.agreement.least,
            most: body.agreement.most,
            unique_responses: body.unique_responses,
            tie_count: body.tie_count,
            num_samples: body.num_samples,
            calls_saved: body.early_stop.as_ref().map_or(0, |end| end.calls_saved),
            reached: status == Status::Agreed,
        });
        let outcome = self.outcome(status, body);
        self.ended = Some(outcome.clone());
        out.finish(outcome);
    }
}

/// A sample's number, from 1.
pub(super) fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

impl Protocol for Sampling {
    fn start(&mut self, out: &mut Outbox) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        if self.writer.members.is_empty() {
            self.finish(None, out);
        } else {
            self.proceed(out);
        }
    }

    fn on(&mut self, input: Input, out: &mut Outbox) {
        if let (None, Input::Settled(settled)) = (&self.ended, input) {
            self.settled(settled, out);
            self.proceed(out);
        }
    }

    fn conclude(&self) -> Option<Outcome> {
        self.ended.clone().or_else(|| self.best_so_far())
    }
}

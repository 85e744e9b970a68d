//! The machine itself: one step after the other, each a protocol of its own.

use super::settings::{Feed, PipelinePlan, StepPlan};
use crate::error::Error;
use crate::event::{EventKind, TextEvent};
use crate::ids::ParticipantId;
use crate::outcome::{Body, Outcome, PipelineBody, Status, StepRecord};
use crate::protocol::machine::{Input, Outbox, Protocol};
use crate::protocol::material::{Material, Member, Misfit};
use crate::protocol::quote::{Piece, QUOTE_BYTES, fit};
use crate::protocol::settings::{Brought, Draft, Given};
use std::sync::Arc;

/// What a step came to.
#[derive(Debug, Clone)]
struct Value {
    /// The text that it hands to the next one.
    text: Arc<str>,
    /// The text that a person came for, if no other step changes it.
    answer: Arc<str>,
    author: Option<ParticipantId>,
}

/// Several steps. See the [module](super) for what they do.
pub struct Pipeline {
    plan: PipelinePlan,
    /// Who takes part in every step.
    members: Vec<Member>,
    /// Who can be asked besides, where a step names them.
    auxiliary: Vec<Member>,
    material: Material,
    /// Who scores, in place of a judge that no step names, and is no participant.
    evaluator: Option<ParticipantId>,
    value: Option<Value>,
    done: Vec<StepRecord>,
    current: Option<Box<dyn Protocol>>,
    started: bool,
    ended: Option<Outcome>,
}

impl Pipeline {
    /// A run that has not started. `members` take part in every step, `auxiliary` only where a step names
    /// them.
    #[must_use]
    pub fn new(mut plan: PipelinePlan, members: Vec<Member>, auxiliary: Vec<Member>, material: Material) -> Self {
        for at in 1..plan.steps.len() {
            let (before, after) = plan.steps.split_at_mut(at);
            if let (Some(before), Some(condition)) = (before.last_mut(), &after[0].condition) {
                before.kind.settings_mut().watch(&condition.field, condition.threshold);
            }
        }
        Self {
            plan,
            members,
            auxiliary,
            material,
            evaluator: None,
            value: None,
            done: Vec::new(),
            current: None,
            started: false,
            ended: None,
        }
    }

    /// With an evaluator that scores in every step that names no judge; see
    /// [`Brought`].
    #[must_use]
    pub fn with_evaluator(self, evaluator: Option<ParticipantId>) -> Self {
        Self { evaluator, ..self }
    }

    /// Participants whose prompt limit question and files exceed in some step: to be refused before
    /// any call.
    ///
    /// # Errors
    /// The settings of a step and the members do not match.
    pub fn misfits(&self) -> Result<Vec<Misfit>, Error> {
        let mut worst: Vec<Misfit> = Vec::new();
        for (at, step) in self.plan.steps.iter().enumerate() {
            let (_, misfits) = step.kind.settings().machine(self.given(self.material(at), None))?;
            for misfit in misfits {
                match worst.iter_mut().find(|known| known.participant == misfit.participant) {
                    Some(known) => known.needs = known.needs.max(misfit.needs),
                    None => worst.push(misfit),
                }
            }
        }
        Ok(worst)
    }

    fn all(&self) -> Vec<Member> {
        self.members.iter().chain(&self.auxiliary).cloned().collect()
    }

    fn given(&self, material: Material, draft: Option<Draft>) -> Given {
        Given {
            members: self.members.clone(),
            auxiliary: self.auxiliary.clone(),
            material,
            draft,
            brought: Brought { evaluator: self.evaluator.clone(), ..Brought::default() },
        }
    }

    /// What a step is about, before the value of the step before it comes in.
    fn material(&self, at: usize) -> Material {
        let step = u64::try_from(at).unwrap_or(u64::MAX);
        // Each step draws its own labels and orders.
        Material { seed: self.material.seed.wrapping_add(step), ..self.material.clone() }
    }

    /// Starts the next step that runs, or ends the run.
    fn advance(&mut self, out: &mut Outbox) {
        while self.ended.is_none() && self.current.is_none() {
            let at = self.done.len();
            let Some(step) = self.plan.steps.get(at).cloned() else { return self.finish(out) };
            let (name, kind) = (name(at), step.kind.as_str().to_owned());
            let skipped = self.skipped(&step);
            self.done.push(StepRecord {
                step: name.clone(),
                kind: kind.clone(),
                condition: step.condition.as_ref().map(ToString::to_string),
                skipped: skipped.clone(),
                cut_bytes: 0,
                outcome: None,
            });
            if let Some(reason) = skipped {
                out.note(TextEvent::StepSkipped { step: name, kind, reason });
                continue;
            }
            let steps = u32::try_from(self.plan.steps.len()).unwrap_or(u32::MAX);
            out.note(TextEvent::StepStarted { step: name.clone(), kind, steps });
            let mut machine = match self.machine(at, &step, out) {
                Ok(machine) => machine,
                // Whoever made this run has asked for its misfits, and heard of it then.
                Err(error) => {
                    out.note(EventKind::Warning { text: format!("{name}: {error}") });
                    return self.finish(out);
                }
            };
            let end = out.scoped(&name, |out| machine.start(out));
            self.current = Some(machine);
            self.take(end, out);
        }
    }

    fn skipped(&self, step: &StepPlan) -> Option<String> {
        let condition = step.condition.as_ref()?;
        let before = self.done.last().and_then(|before| before.outcome.as_deref());
        match before.and_then(|outcome| condition.holds(outcome)) {
            Some(true) => None,
            Some(false) => Some(format!("`{condition}` does not hold")),
            None => Some(format!("`{}` is not known", condition.field)),
        }
    }

    fn machine(&mut self, at: usize, step: &StepPlan, out: &mut Outbox) -> Result<Box<dyn Protocol>, Error> {
        let (mut material, mut draft) = (self.material(at), None);
        if let Some(Value { text, author, .. }) = self.value.clone() {
            match step.feed {
                Feed::Value if step.kind.settings().takes_draft() => draft = Some(Draft { text, author }),
                Feed::Value => {
                    let (text, cut) = self.fitting(text, true);
                    material.files.push((format!("result of {}", self.source(at)), text));
                    self.note_cut(cut, out);
                }
                Feed::Prompt => {
                    let (text, cut) = self.fitting(text, false);
                    material.question = text;
                    self.note_cut(cut, out);
                }
            }
        }
        step.kind.settings().machine(self.given(material, draft)).map(|(machine, _)| machine)
    }

    /// The step that the current value comes from.
    fn source(&self, at: usize) -> String {
        let ran = |step: &&StepRecord| step.outcome.as_ref().is_some_and(|outcome| outcome.answer.is_some());
        self.done[..at.min(self.done.len())].iter().rev().find(ran).map_or_else(|| name(0), |step| step.step.clone())
    }

    /// As much of a value as leaves everybody half of the room beside question and files; also how
    /// many bytes were left out.
    fn fitting(&self, text: Arc<str>, beside: bool) -> (Arc<str>, u64) {
        let files: usize = self.material.files.iter().map(|(path, contents)| path.len() + contents.len()).sum();
        let given = files + if beside { self.material.question.len() } else { 0 };
        let limit = self.all().iter().filter_map(|member| member.prompt_bytes).min();
        let room = limit.map(|limit| limit.saturating_sub(given) / 2);
        let fitted = fit(vec![Piece::Quote(Arc::clone(&text))], Some(room.unwrap_or(QUOTE_BYTES)));
        (fitted.parts.into_iter().next().unwrap_or(text), fitted.left_out)
    }

    fn note_cut(&mut self, bytes: u64, out: &mut Outbox) {
        if let Some(step) = self.done.last_mut().filter(|_| bytes > 0) {
            step.cut_bytes = bytes;
            let text = format!("{}: {bytes} bytes of the result before it are left out", step.step);
            out.note(EventKind::Warning { text });
        }
    }

    /// Takes the end of the current step in, if it has one.
    fn take(&mut self, end: Option<Outcome>, out: &mut Outbox) {
        let Some(outcome) = end else { return };
        self.current = None;
        let goes_on = matches!(outcome.status.exit_code(), 0 | 2) && outcome.answer.is_some();
        if let Some(step) = self.done.last_mut() {
            let (name, kind, status) = (step.step.clone(), step.kind.clone(), outcome.status);
            out.note(TextEvent::StepEnded { step: name, kind, status });
        }
        if let Some(text) = &outcome.answer {
            let author = outcome.body.author().cloned();
            self.value = Some(Value {
                text: outcome.body.explain().handed_on(text).into(),
                answer: text.as_str().into(),
                author,
            });
        }
        self.record(outcome);
        if !goes_on {
            self.finish(out);
        }
    }

    fn record(&mut self, mut outcome: Outcome) {
        if let Some(step) = self.done.last_mut() {
            outcome.body.put_within(&step.step);
            step.outcome = Some(Box::new(outcome));
        }
    }

    fn finish(&mut self, out: &mut Outbox) {
        let outcome = self.outcome(None);
        self.ended = Some(outcome.clone());
        out.finish(outcome);
    }

    /// The outcome with the steps that are done, and how far the current one came.
    fn outcome(&self, partial: Option<Outcome>) -> Outcome {
        let mut steps = self.done.clone();
        let (mut answer, mut author) = match &self.value {
            Some(value) => (Some(value.answer.to_string()), value.author.clone()),
            None => (None, None),
        };
        if let (Some(mut outcome), Some(step)) = (partial, steps.last_mut()) {
            outcome.body.put_within(&step.step);
            if outcome.answer.is_some() {
                (answer, author) = (outcome.answer.clone(), outcome.body.author().cloned());
            }
            step.outcome = Some(Box::new(outcome));
        }
        let last = steps.iter().rev().find_map(|step| step.outcome.as_ref());
        let status = last.map_or(Status::Error, |outcome| outcome.status);
        Outcome::new(status, answer, Body::Pipe(PipelineBody { author, steps }))
    }
}

/// The name of a step, by its place.
fn name(at: usize) -> String {
    format!("step{}", at + 1)
}

impl Protocol for Pipeline {
    fn start(&mut self, out: &mut Outbox) {
        if !std::mem::replace(&mut self.started, true) {
            self.advance(out);
        }
    }

    fn on(&mut self, input: Input, out: &mut Outbox) {
        let (Some(step), Some(machine)) = (self.done.last(), &mut self.current) else { return };
        let Some(input) = input.outside(&step.step) else { return };
        let end = out.scoped(&step.step, |out| machine.on(input, out));
        self.take(end, out);
        self.advance(out);
    }

    fn conclude(&self) -> Option<Outcome> {
        if let Some(ended) = &self.ended {
            return Some(ended.clone());
        }
        let partial = self.current.as_ref().and_then(|machine| machine.conclude());
        (partial.is_some() || self.value.is_some()).then(|| {
            let outcome = self.outcome(partial);
            Outcome { status: Status::Cancelled, ..outcome }
        })
    }
}

//! Critique and rewrite, pass by pass: what `--mode critique` and `--self-refine` have in common.

use super::asker::{Asker, Judged, Judging, round_after, told};
use super::critique_plan::CritiquePlan;
use super::prompts;
use super::stop::converged_refine;
use crate::event::{EventKind, TextEvent, preview};
use crate::exchange::{Prompt, Reply, Tuning};
use crate::failure::CallFailure;
use crate::ids::{CallId, Round};
use crate::outcome::CritiquePass;
use crate::protocol::asking::{bytes, is_lost, is_unchanged};
use crate::protocol::machine::{Outbox, Settled};
use crate::protocol::material::MemberIndex;
use crate::protocol::parse::read_fenced_critique;
use std::sync::Arc;

/// Which call is out.
enum Waiting {
    /// A critique and rewrite, in fences of this code.
    Critique(String),
    /// A judgement, of the text that there is or of its rewrite.
    Score(Judging, Prompt),
}

/// The passes over a text.
pub(super) struct CritiqueLoop {
    plan: CritiquePlan,
    tuning: Tuning,
    refiner: MemberIndex,
    judge: MemberIndex,
    pub text: Arc<str>,
    /// The score of the text, where it is known.
    score: Option<f64>,
    pub passes: Vec<CritiquePass>,
    pub failures: Vec<String>,
    /// A rewrite that waits for its score.
    rewrite: Option<(Arc<str>, CritiquePass)>,
    pending: Option<(CallId, Waiting)>,
    /// Whether the last pass brought nothing that could replace the text.
    pub unusable: bool,
    pub done: bool,
}

/// Who does what.
pub(super) struct Assigned {
    pub refiner: MemberIndex,
    pub judge: MemberIndex,
}

impl CritiqueLoop {
    pub fn new(plan: CritiquePlan, tuning: Tuning, assigned: &Assigned, text: Arc<str>) -> Self {
        Self {
            plan,
            tuning,
            refiner: assigned.refiner,
            judge: assigned.judge,
            text,
            score: None,
            passes: Vec::new(),
            failures: Vec::new(),
            rewrite: None,
            pending: None,
            unusable: false,
            done: false,
        }
    }

    /// Why the text is left as it is, if it is.
    pub fn skipped(plan: &CritiquePlan, writers: &[String], text: &str) -> Option<String> {
        if let Some(writer) = writers.iter().find(|writer| !super::applies_to(writer, &plan.exclude)) {
            return Some(format!("texts of `{writer}` are excluded"));
        }
        let (bytes, least) = (bytes(text), plan.min_bytes);
        (bytes < least).then(|| format!("{bytes} bytes are fewer than {least}"))
    }

    pub fn begin(&mut self, asker: &mut Asker, out: &mut Outbox) {
        let round = self.round();
        let effort = self.plan.effort.or(self.tuning.effort);
        let tuning = Tuning { effort, ..self.tuning };
        let ask = prompts::critique(&asker.writer, self.refiner, &self.text, round, tuning);
        if !prompts::holds_whole(&asker.writer, &ask, &self.text) {
            let (participant, bytes) = (asker.id(self.refiner), bytes(&self.text));
            self.failures.push(format!("{participant}: the text is too long to be rewritten whole: {bytes} bytes"));
            out.note(EventKind::TooLongToRewrite { participant, bytes });
            (self.unusable, self.done) = (true, true);
            return;
        }
        let nonce = ask.nonce.clone();
        let (id, _) = asker.ask(ask, out);
        self.pending = Some((id, Waiting::Critique(nonce)));
    }

    fn round(&self) -> Round {
        round_after(u32::try_from(self.passes.len()).unwrap_or(u32::MAX))
    }

    /// Takes a reply in.
    pub fn take(&mut self, settled: Settled, asker: &mut Asker, out: &mut Outbox) {
        match self.pending.take() {
            Some((id, Waiting::Critique(nonce))) if id == settled.id => {
                self.critiqued(settled.result, &nonce, asker, out);
            }
            Some((id, Waiting::Score(judging, prompt))) if id == settled.id => {
                match asker.judged(&judging, &prompt, settled.result, self.tuning, out) {
                    Judged::Again(id) => {
                        self.pending = Some((id, Waiting::Score(Judging { repair: true, ..judging }, prompt)));
                    }
                    Judged::Score(judgement) => {
                        self.scored(&judging, judgement.score, &judgement.rationale, asker, out);
                    }
                    Judged::Dropped(failure) => self.unscored(&judging, &failure, asker, out),
                }
            }
            other => self.pending = other,
        }
    }

    fn critiqued(&mut self, result: Result<Reply, CallFailure>, nonce: &str, asker: &mut Asker, out: &mut Outbox) {
        let reply = match result {
            Ok(reply) => reply.text,
            Err(failure) => {
                let (round, participant) = (self.round(), asker.id(self.refiner));
                self.failures.push(told(&participant, &failure));
                let (failure, message) = (failure.class, failure.message);
                out.note(EventKind::RefineFailed { round, participant, failure, message });
                self.done = true;
                return;
            }
        };
        let read = read_fenced_critique(&reply, nonce);
        let whole = read.is_whole_reply() && !is_unchanged(&reply, nonce);
        let shown = whole && self.plan.accept_unstructured && !reply.trim().is_empty();
        let revised: Option<Arc<str>> = if is_unchanged(&read.revised, nonce) || is_unchanged(&reply, nonce) {
            Some(Arc::clone(&self.text))
        } else if shown {
            Some(Arc::clone(&reply))
        } else {
            (read.complete && !whole).then(|| read.revised.as_str().into())
        };
        self.unusable = revised.is_none();
        let problem = match (&revised, whole) {
            (Some(_), false) => None,
            (_, true) if reply.trim().is_empty() => Some("the reply is blank"),
            (_, true) => Some("the reply has no rewritten text"),
            (None, false) => Some("the end of the rewritten text is missing or cannot be told"),
        };
        let pass = CritiquePass {
            pass: self.round().get(),
            refiner: asker.id(self.refiner),
            critique: read.critique,
            revised: revised.as_deref().map(str::to_owned),
            adopted: false,
            reason: problem.map(str::to_owned),
            converged: revised.as_deref().is_some_and(|new| converged_refine(&self.text, new, self.plan.tolerance())),
            fallback_whole_reply: whole,
            score_before: None,
            score_after: None,
        };
        match revised {
            Some(revised) if self.plan.verify && revised != self.text => self.verify(revised, pass, asker, out),
            Some(revised) => self.adopt(revised, pass, asker, out),
            None => self.keep(pass, out),
        }
    }

    fn verify(&mut self, revised: Arc<str>, pass: CritiquePass, asker: &mut Asker, out: &mut Outbox) {
        let (text, suffix) = match self.score {
            Some(_) => (Arc::clone(&revised), ""),
            None => (Arc::clone(&self.text), "/draft"),
        };
        let round = self.round();
        self.rewrite = Some((revised, pass));
        let judging = Judging { judge: self.judge, round, suffix, repair: false };
        let (id, prompt) = asker.ask_score(&judging, &text, self.tuning, out);
        self.pending = Some((id, Waiting::Score(judging, prompt)));
    }

    fn scored(&mut self, judging: &Judging, score: f64, rationale: &str, asker: &mut Asker, out: &mut Outbox) {
        let Some((revised, pass)) = self.rewrite.take() else { return };
        let before = self.score.filter(|_| judging.suffix.is_empty());
        out.note(TextEvent::Scored {
            round: judging.round,
            judge: asker.id(judging.judge),
            score,
            best: before.map_or(score, |before| before.max(score)),
            preview: preview(rationale),
        });
        let Some(before) = before else {
            self.score = Some(score);
            return self.verify(revised, pass, asker, out);
        };
        let pass = CritiquePass { score_before: Some(before), score_after: Some(score), ..pass };
        if score < before {
            let reason = format!("it was scored {score:.2}, the text before it {before:.2}");
            return self.keep(CritiquePass { reason: Some(reason), ..pass }, out);
        }
        self.score = Some(score);
        self.adopt(revised, pass, asker, out);
    }

    /// What cannot be verified is not adopted: that is what was asked for.
    fn unscored(&mut self, judging: &Judging, failure: &CallFailure, asker: &mut Asker, out: &mut Outbox) {
        let judge = asker.id(judging.judge);
        self.failures.push(told(&judge, failure));
        let message = failure.message.clone();
        out.note(TextEvent::ScoreDropped { round: judging.round, judge, failure: failure.class, message });
        if let Some((_, pass)) = self.rewrite.take() {
            let reason = Some("it could not be verified".to_owned());
            self.keep(CritiquePass { reason, score_before: self.score, ..pass }, out);
        }
        self.done |= is_lost(failure);
    }

    fn adopt(&mut self, revised: Arc<str>, pass: CritiquePass, asker: &mut Asker, out: &mut Outbox) {
        // The words of a refiner that did not keep to the form are no draft for another pass.
        let last = pass.converged || pass.fallback_whole_reply;
        self.text = revised;
        self.enter(CritiquePass { adopted: true, ..pass }, out);
        self.done = last || self.passes.len() >= usize::try_from(self.plan.passes()).unwrap_or(usize::MAX);
        if !self.done {
            self.begin(asker, out);
        }
    }

    fn keep(&mut self, pass: CritiquePass, out: &mut Outbox) {
        self.enter(pass, out);
        self.done = true;
    }

    fn enter(&mut self, pass: CritiquePass, out: &mut Outbox) {
        out.note(TextEvent::Critiqued {
            round: self.round(),
            refiner: pass.refiner.clone(),
            adopted: pass.adopted,
            converged: pass.converged,
            reason: pass.reason.clone(),
            preview: preview(&pass.critique),
        });
        self.passes.push(pass);
    }
}

//! The machine itself: a draft, then scores and better texts, or critiques and rewrites.

use super::asker::{Asker, Judged, Judging, round_after, told};
use super::critique_loop::{Assigned, CritiqueLoop};
use super::critique_plan::CritiquePlan;
use super::evaluator::{evaluated, evaluation};
use super::prompts;
use super::settings::{RefineMode, RefinePlan, ScorePlan};
use super::stop::{ScoreStop, ScoreWatch};
use crate::event::{EventKind, TextEvent, preview};
use crate::exchange::{Prompt, Reply};
use crate::failure::{CallFailure, FailureClass};
use crate::ids::{CallId, ParticipantId, Round};
use crate::outcome::{Body, Iteration, Outcome, RefineBody, Status};
use crate::protocol::asking::{bytes, is_lost, is_unchanged, spoken, words};
use crate::protocol::machine::{Input, Outbox, Protocol, Settled};
use crate::protocol::material::{Material, Member, MemberIndex, Misfit};
use crate::protocol::parse::Judgement;
use std::sync::Arc;

/// After so many judgements in a row that cannot be read, repaired ones among them, the next would be no better.
const UNREADABLE: usize = 2;

/// Which call is out.
enum Waiting {
    Draft,
    Score {
        text: Arc<str>,
        judging: Judging,
        prompt: Prompt,
    },
    Evaluation {
        text: Arc<str>,
    },
    /// A better text, in fences of this code.
    Rewrite(String),
}

/// A run that refines a text. See the [module](super) for what it does.
pub struct Refine {
    plan: RefinePlan,
    asker: Asker,
    author: MemberIndex,
    judge: MemberIndex,
    /// Who scores in place of the judge, and is no participant.
    evaluator: Option<ParticipantId>,
    /// Who wrote the draft, if it was written in this run or by a known participant.
    drafted_by: Option<ParticipantId>,
    draft: Option<Arc<str>>,
    best: Option<Best>,
    watch: ScoreWatch,
    /// Rewrites that were asked for.
    iterations: u32,
    history: Vec<Iteration>,
    failures: Vec<String>,
    pending: Option<(CallId, Waiting)>,
    critiques: Option<CritiqueLoop>,
    skipped: Option<String>,
    started: bool,
    ended: Option<Outcome>,
}

/// The best text so far.
#[derive(Clone)]
struct Best {
    text: Arc<str>,
    judgement: Option<Judgement>,
    rewritten: bool,
}

impl Refine {
    /// A run that has not started. `wrote` is who wrote the plan's draft, if that is known.
    #[must_use]
    pub fn new(plan: RefinePlan, members: Vec<Member>, material: Material, wrote: Option<&ParticipantId>) -> Self {
        let mut asker = Asker::new(members, material);
        let author = asker.index(plan.author.as_ref().or(wrote));
        let judge = plan.judge.as_ref().map_or(author, |judge| asker.index(Some(judge)));
        let score = match &plan.mode {
            RefineMode::Score(score) => *score,
            RefineMode::Critique(_) => ScorePlan::default(),
        };
        asker.shown_chars = score.max_eval_chars.and_then(|chars| usize::try_from(chars).ok());
        Self {
            drafted_by: wrote.filter(|_| plan.draft.is_some()).cloned(),
            watch: ScoreWatch::new(Some(score.target_score), score.patience, score.delta),
            draft: None,
            best: None,
            iterations: 0,
            history: Vec::new(),
            failures: Vec::new(),
            pending: None,
            critiques: None,
            skipped: None,
            started: false,
            ended: None,
            evaluator: None,
            plan,
            asker,
            author,
            judge,
        }
    }

    /// With an evaluator that scores in place of the judge: it is asked for nothing but a number from 0
    /// to 1, and shown nothing but the text.
    #[must_use]
    pub fn with_evaluator(self, evaluator: Option<ParticipantId>) -> Self {
        Self { evaluator, ..self }
    }

    fn judge(&self) -> ParticipantId {
        self.evaluator.clone().unwrap_or_else(|| self.asker.id(self.judge))
    }

    /// Participants whose prompt limit question and files exceed: to be refused before any call.
    #[must_use]
    pub fn misfits(&self) -> Vec<Misfit> {
        prompts::misfits(&self.asker.writer)
    }

    fn drafted(&mut self, text: Arc<str>, given: bool, out: &mut Outbox) {
        out.note(TextEvent::Drafted {
            participant: self.drafted_by.clone().filter(|_| !given),
            words: words(&text),
            preview: preview(&text),
        });
        self.draft = Some(Arc::clone(&text));
        self.best = Some(Best { text: Arc::clone(&text), judgement: None, rewritten: false });
        match self.plan.mode.clone() {
            RefineMode::Score(_) => self.ask_score(text, out),
            RefineMode::Critique(plan) => self.begin_critiques(&plan, text, out),
        }
    }

    fn ask_score(&mut self, text: Arc<str>, out: &mut Outbox) {
        let round = round_after(self.iterations);
        if let Some(evaluator) = &self.evaluator {
            let spec = evaluation(evaluator, &text, round);
            self.pending = Some((spec.id.clone(), Waiting::Evaluation { text }));
            return out.call(spec);
        }
        let judging = Judging { judge: self.judge, round, suffix: "", repair: false };
        let (id, prompt) = self.asker.ask_score(&judging, &text, self.plan.tuning, out);
        self.pending = Some((id, Waiting::Score { text, judging, prompt }));
    }

    fn begin_critiques(&mut self, plan: &CritiquePlan, text: Arc<str>, out: &mut Outbox) {
        self.skipped = CritiqueLoop::skipped(plan, &["draft".to_owned()], &text);
        if self.skipped.is_some() {
            return self.finish(Status::Unchanged, out);
        }
        let refiner = plan.refiner.as_ref().map_or(self.author, |refiner| self.asker.index(Some(refiner)));
        let assigned = Assigned { refiner, judge: self.judge };
        let mut critiques = CritiqueLoop::new(plan.clone(), self.plan.tuning, &assigned, text);
        critiques.begin(&mut self.asker, out);
        self.critiques = Some(critiques);
        self.end_of_critiques(out);
    }

    /// Ends the run once the last pass is over.
    fn end_of_critiques(&mut self, out: &mut Outbox) {
        let Some(critiques) = self.critiques.as_ref().filter(|critiques| critiques.done) else { return };
        let changed = self.draft.as_ref() != Some(&critiques.text);
        let status = match (changed, critiques.unusable, critiques.passes.is_empty()) {
            (true, _, _) => Status::Refined,
            (false, true, _) => Status::NotRefined,
            // Without a single pass the person has nothing of what was asked for.
            (false, false, true) => Status::Error,
            (false, false, false) => Status::Unchanged,
        };
        self.finish(status, out);
    }

    fn settled(&mut self, settled: Settled, out: &mut Outbox) {
        if let Some(critiques) = &mut self.critiques {
            critiques.take(settled, &mut self.asker, out);
            self.end_of_critiques(out);
            return;
        }
        match self.pending.take() {
            Some((id, waiting)) if id == settled.id => self.take(waiting, settled.result, out),
            other => self.pending = other,
        }
    }

    fn take(&mut self, waiting: Waiting, result: Result<Reply, CallFailure>, out: &mut Outbox) {
        match waiting {
            Waiting::Draft => match result.and_then(spoken) {
                Ok(Reply { text, .. }) => {
                    self.drafted_by = Some(self.asker.id(self.author));
                    self.drafted(text, false, out);
                }
                Err(failure) => {
                    let participant = self.asker.id(self.author);
                    self.failures.push(told(&participant, &failure));
                    let (failure, message) = (failure.class, failure.message);
                    out.note(TextEvent::DraftFailed { participant, failure, message });
                    self.finish(Status::Error, out);
                }
            },
            Waiting::Rewrite(nonce) => self.rewritten(result.and_then(spoken), &nonce, out),
            Waiting::Score { text, judging, prompt } => {
                match self.asker.judged(&judging, &prompt, result, self.plan.tuning, out) {
                    Judged::Again(id) => {
                        let judging = Judging { repair: true, ..judging };
                        self.pending = Some((id, Waiting::Score { text, judging, prompt }));
                    }
                    Judged::Score(judgement) => self.scored(text, judgement, out),
                    Judged::Dropped(failure) => self.unscored(text, judging.round, failure, out),
                }
            }
            Waiting::Evaluation { text } => match evaluated(result) {
                Ok(judgement) => self.scored(text, judgement, out),
                Err(failure) => self.unscored(text, round_after(self.iterations), failure, out),
            },
        }
    }

    fn unscored(&mut self, text: Arc<str>, round: Round, failure: CallFailure, out: &mut Outbox) {
        let judge = self.judge();
        out.note(TextEvent::ScoreDropped {
            round,
            judge: judge.clone(),
            failure: failure.class,
            message: failure.message.clone(),
        });
        self.drop_iteration(Some(text), &judge, failure, out);
    }

    fn scored(&mut self, text: Arc<str>, judgement: Judgement, out: &mut Outbox) {
        let score = judgement.score;
        let known = self.best.as_ref().and_then(|best| best.judgement.as_ref()).map(|judgement| judgement.score);
        let best = known.is_none_or(|known| score > known);
        self.history.push(Iteration {
            iteration: self.iterations,
            score: Some(score),
            rationale: Some(judgement.rationale.clone()),
            best,
            text: Some(text.to_string()),
            failure: None,
            message: None,
        });
        out.note(TextEvent::Scored {
            round: round_after(self.iterations),
            judge: self.judge(),
            score,
            best: known.map_or(score, |known| known.max(score)),
            preview: preview(&judgement.rationale),
        });
        if best {
            let rewritten = self.draft.as_ref() != Some(&text);
            self.best = Some(Best { text, judgement: Some(judgement), rewritten });
        }
        match self.watch.observe(score) {
            Some(ScoreStop::Target) => self.finish(Status::TargetReached, out),
            Some(ScoreStop::Plateau) => self.finish(Status::Plateau, out),
            None => self.iterate(out),
        }
    }

    /// Asks for a better text than the best so far, if there may be one more.
    fn iterate(&mut self, out: &mut Outbox) {
        let RefineMode::Score(plan) = &self.plan.mode else { return };
        let Some(best) = self.best.clone().filter(|_| self.iterations < plan.max_iterations) else {
            return self.finish(Status::MaxIterationsExceeded, out);
        };
        self.iterations += 1;
        let round = round_after(self.iterations);
        let (writer, judgement) = (&self.asker.writer, best.judgement.as_ref());
        let ask = prompts::improve(writer, self.author, &best.text, judgement, round, self.plan.tuning);
        if !prompts::holds_whole(writer, &ask, &best.text) {
            let (participant, bytes) = (self.asker.id(self.author), bytes(&best.text));
            self.iterations -= 1;
            self.failures.push(format!("{participant}: the text is too long to be rewritten whole: {bytes} bytes"));
            out.note(EventKind::TooLongToRewrite { participant, bytes });
            return self.finish(Status::NotRefined, out);
        }
        let nonce = ask.nonce.clone();
        let (id, _) = self.asker.ask(ask, out);
        self.pending = Some((id, Waiting::Rewrite(nonce)));
    }

    fn rewritten(&mut self, result: Result<Reply, CallFailure>, nonce: &str, out: &mut Outbox) {
        let (round, participant) = (round_after(self.iterations), self.asker.id(self.author));
        match result {
            // Asked once more it would say so once more: the text would be the same, and so would its score.
            Ok(Reply { text, .. }) if is_unchanged(&text, nonce) => {
                out.note(EventKind::Unchanged { round, participant });
                self.finish(Status::Plateau, out);
            }
            Ok(Reply { text, .. }) => {
                let (words, preview) = (words(&text), preview(&text));
                out.note(EventKind::Refined { round, participant, words, preview });
                self.ask_score(text, out);
            }
            Err(failure) => {
                let message = failure.message.clone();
                let who = participant.clone();
                out.note(EventKind::RefineFailed { round, participant, failure: failure.class, message });
                self.drop_iteration(None, &who, failure, out);
            }
        }
    }

    /// Leaves a text out of the comparison, and goes on with the best one if anybody can.
    fn drop_iteration(&mut self, text: Option<Arc<str>>, who: &ParticipantId, failure: CallFailure, out: &mut Outbox) {
        let lost = is_lost(&failure);
        self.failures.push(told(who, &failure));
        self.history.push(Iteration {
            iteration: self.iterations,
            score: None,
            rationale: None,
            best: false,
            text: text.map(|text| text.to_string()),
            failure: Some(failure.class),
            message: Some(failure.message),
        });
        let unread = self.history.iter().rev().take_while(|one| one.failure == Some(FailureClass::Malformed)).count();
        if lost || (unread >= UNREADABLE && self.evaluator.is_none()) {
            self.finish(Status::Error, out);
        } else {
            self.iterate(out);
        }
    }

    fn finish(&mut self, status: Status, out: &mut Outbox) {
        let outcome = self.outcome(status);
        self.ended = Some(outcome.clone());
        out.finish(outcome);
    }

    fn outcome(&self, status: Status) -> Outcome {
        let text = self.critiques.as_ref().map(|critiques| &critiques.text);
        let text = text.or(self.best.as_ref().map(|best| &best.text));
        let rewritten = match &self.critiques {
            Some(critiques) => self.draft.as_ref() != Some(&critiques.text),
            None => self.best.as_ref().is_some_and(|best| best.rewritten),
        };
        let score_plan = match &self.plan.mode {
            RefineMode::Score(plan) => Some(plan),
            RefineMode::Critique(_) => None,
        };
        let refiner =
            self.critiques.as_ref().and_then(|critiques| critiques.passes.iter().rev().find(|pass| pass.adopted));
        let author = match (rewritten, refiner) {
            (true, Some(pass)) => Some(pass.refiner.clone()),
            (true, None) => Some(self.asker.id(self.author)),
            (false, _) => self.drafted_by.clone(),
        };
        let mut failures = self.failures.clone();
        failures.extend(self.critiques.iter().flat_map(|critiques| critiques.failures.iter().cloned()));
        let body = RefineBody {
            mode: self.plan.mode.as_str().to_owned(),
            author,
            judge: self.plan.is_judged().then(|| self.judge()),
            draft: self.draft.as_deref().map(str::to_owned),
            draft_given: self.plan.draft.is_some(),
            rewritten,
            score: self.best.as_ref().and_then(|best| best.judgement.as_ref()).map(|judgement| judgement.score),
            target_score: score_plan.map(|plan| plan.target_score),
            iterations: self.iterations,
            history: self.history.clone(),
            passes: self.critiques.as_ref().map(|critiques| critiques.passes.clone()).unwrap_or_default(),
            skipped: self.skipped.clone(),
            failures,
            quotes_cut: self.asker.cuts.in_order(),
        };
        Outcome::new(status, text.map(|text| text.to_string()), Body::Refine(body))
    }
}

impl Protocol for Refine {
    fn start(&mut self, out: &mut Outbox) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        if self.asker.writer.members.is_empty() {
            return self.finish(Status::InsufficientModels, out);
        }
        if let Some(draft) = self.plan.draft.clone() {
            return self.drafted(draft, true, out);
        }
        let (id, _) = self.asker.ask(prompts::draft(self.author, self.plan.tuning), out);
        self.pending = Some((id, Waiting::Draft));
    }

    fn on(&mut self, input: Input, out: &mut Outbox) {
        if let (None, Input::Settled(settled)) = (&self.ended, input) {
            self.settled(settled, out);
        }
    }

    fn conclude(&self) -> Option<Outcome> {
        let so_far = || self.best.as_ref().map(|_| self.outcome(Status::Cancelled));
        self.ended.clone().or_else(so_far)
    }
}

//! Reviews: asked for as soon as there is something to review, repaired once, else dropped.

use super::machine::{Ask, Consensus};
use super::prompts;
use super::settings::ReviewMode;
use super::state::{Pending, ReviewCall, Seat, Verdict};
use crate::event::{EventKind, preview};
use crate::exchange::{Reply, Role, Shape};
use crate::failure::{CallFailure, FailureClass};
use crate::protocol::asking::readable;
use crate::protocol::draw::letter;
use crate::protocol::machine::Outbox;
use crate::protocol::material::MemberIndex;
use crate::protocol::parse::{Malformed, Review, Shown, read_review, read_reviews};
use crate::protocol::prompt::{FittedPrompt, review_batch_shape, review_shape};
use std::sync::Arc;

impl Consensus {
    /// Asks for every review of a round that can be asked for now; whether it did anything.
    pub(super) fn ask_reviews(&mut self, at: usize, out: &mut Outbox) -> bool {
        if self.closed.standings.len() > at || self.may_be_identical(at) {
            return false;
        }
        let members = self.order.len();
        let mut moved = false;
        for reviewer in (0..members).filter(|who| !self.rounds[at].is_out(*who)).collect::<Vec<_>>() {
            let due = self.due(at, reviewer);
            if due.is_empty() {
                continue;
            }
            moved = true;
            match (self.gone[reviewer].clone(), self.plan.review) {
                (Some(failure), _) => self.drop_reviews(at, reviewer, &due, &failure, out),
                (None, ReviewMode::Pairwise) => {
                    due.into_iter().for_each(|author| self.ask_pair(at, reviewer, author, out));
                }
                (None, ReviewMode::Batch) => self.ask_batch(at, reviewer, &due, out),
            }
        }
        moved
    }

    /// Whose answers a reviewer can be asked about now: in pairs each as it comes, in a batch all
    /// the others' at once.
    pub(super) fn due(&self, at: usize, reviewer: MemberIndex) -> Vec<MemberIndex> {
        let round = &self.rounds[at];
        let pending = |who: MemberIndex| who != reviewer && matches!(round.seats[who], Seat::Pending);
        if self.plan.review == ReviewMode::Batch && (0..round.seats.len()).any(pending) {
            return Vec::new();
        }
        let due =
            |author: &MemberIndex| *author != reviewer && matches!(round.verdicts[reviewer][*author], Verdict::Due);
        round.authors().filter(due).collect()
    }

    fn ask_pair(&mut self, at: usize, reviewer: MemberIndex, author: MemberIndex, out: &mut Outbox) {
        let state = &self.rounds[at];
        let Some(candidate) = state.candidate(author) else { return };
        let label = prompts::label(&self.writer, reviewer, author, state.round);
        let made =
            prompts::review(&self.writer, reviewer, &label, &candidate.shown, state.round, state.context.as_deref());
        let path = format!("{}>{}", self.writer.name(reviewer), self.writer.name(author));
        self.ask_review(at, reviewer, path, vec![(author, label)], made, out);
    }

    fn ask_batch(&mut self, at: usize, reviewer: MemberIndex, authors: &[MemberIndex], out: &mut Outbox) {
        let state = &self.rounds[at];
        let (round, context) = (state.round, state.context.clone());
        let shown: Vec<(MemberIndex, Arc<str>)> =
            authors.iter().filter_map(|author| Some((*author, Arc::clone(&state.candidate(*author)?.shown)))).collect();
        let answers = shown.iter().map(|(author, text)| (*author, text)).collect();
        let groups = prompts::groups(&self.writer, reviewer, answers, round, context.as_deref());
        for (place, group) in groups.into_iter().enumerate() {
            let texts: Vec<_> = group.iter().map(|(_, text)| *text).collect();
            let made = prompts::review_batch(&self.writer, reviewer, &texts, round, context.as_deref());
            let name = self.writer.name(reviewer);
            let path = if place == 0 { name.to_owned() } else { format!("{name}/{}", place + 1) };
            let answers = group.iter().enumerate().map(|(place, (author, _))| (*author, letter(place))).collect();
            self.ask_review(at, reviewer, path, answers, made, out);
        }
    }

    fn ask_review(
        &mut self,
        at: usize,
        reviewer: MemberIndex,
        path: String,
        answers: Vec<(MemberIndex, String)>,
        made: FittedPrompt,
        out: &mut Outbox,
    ) {
        for (author, _) in &answers {
            self.rounds[at].verdicts[reviewer][*author] = Verdict::Asked;
        }
        let (prompt, shown) = (made.0.clone(), answers.len());
        let call = ReviewCall { at, reviewer, path, shown, answers, prompt, repair: false };
        self.ask_for(call, made, out);
    }

    fn ask_repair(&mut self, call: ReviewCall, problem: &Malformed, reply: &str, out: &mut Outbox) {
        let state = &mut self.rounds[call.at];
        state.repairs += 1;
        let reviewer = self.order[call.reviewer].clone();
        out.note(EventKind::RepairAsked { round: state.round, reviewer, reason: problem.to_string() });
        let round = state.round;
        let made = prompts::repair(&self.writer, call.reviewer, &call.prompt, round, problem, reply, &self.shape());
        let path = format!("{}/repair", call.path);
        self.ask_for(ReviewCall { path, repair: true, ..call }, made, out);
    }

    fn ask_for(&mut self, call: ReviewCall, prompt: FittedPrompt, out: &mut Outbox) {
        let ask = Ask {
            role: Role::Evaluate,
            to: call.reviewer,
            round: self.rounds[call.at].round,
            rest: call.path.clone(),
            prompt,
            shape: Some(self.shape()),
            pending: Pending::Review(call),
        };
        self.ask(ask, out);
    }

    fn shape(&self) -> Shape {
        match self.plan.review {
            ReviewMode::Pairwise => review_shape(),
            ReviewMode::Batch => review_batch_shape(),
        }
    }

    /// Takes a reply in: what can be used of it counts, the rest is asked for once more.
    pub(super) fn reviewed(&mut self, call: ReviewCall, result: Result<Reply, CallFailure>, out: &mut Outbox) {
        let reply = match readable(result) {
            Ok(reply) => reply,
            Err(failure) => return self.drop_call(&call, &failure, out),
        };
        let mut bad = Vec::new();
        let mut problem = None;
        for ((author, label), review) in call.answers.iter().zip(self.read(&call, &reply)) {
            match review {
                Ok(review) => self.enter_review(call.at, call.reviewer, *author, review, out),
                Err(malformed) => {
                    problem.get_or_insert(malformed);
                    bad.push((*author, label.clone()));
                }
            }
        }
        let Some(problem) = problem else { return };
        let call = ReviewCall { answers: bad, ..call };
        if call.repair || self.gone[call.reviewer].is_some() {
            self.drop_call(&call, &CallFailure::new(FailureClass::Malformed, problem.to_string()), out);
        } else {
            self.ask_repair(call, &problem, &reply.text, out);
        }
    }

    fn read(&self, call: &ReviewCall, reply: &Reply) -> Vec<Result<Review, Malformed>> {
        let shown = Shown::new(call.prompt.parts());
        match self.plan.review {
            ReviewMode::Pairwise => vec![read_review(&reply.text, reply.structured.as_ref(), &shown)],
            ReviewMode::Batch => {
                let labels: Vec<&str> = call.answers.iter().map(|(_, label)| label.as_str()).collect();
                read_reviews(&reply.text, reply.structured.as_ref(), &labels, call.shown, &shown)
            }
        }
    }

    fn enter_review(
        &mut self,
        at: usize,
        reviewer: MemberIndex,
        author: MemberIndex,
        review: Review,
        out: &mut Outbox,
    ) {
        out.note(EventKind::Reviewed {
            round: self.rounds[at].round,
            reviewer: self.order[reviewer].clone(),
            author: self.order[author].clone(),
            score: review.score,
            preview: preview(&review.overall_assessment),
        });
        self.rounds[at].verdicts[reviewer][author] = Verdict::In(review);
    }

    fn drop_call(&mut self, call: &ReviewCall, failure: &CallFailure, out: &mut Outbox) {
        let authors: Vec<MemberIndex> = call.answers.iter().map(|(author, _)| *author).collect();
        self.drop_reviews(call.at, call.reviewer, &authors, failure, out);
    }

    fn drop_reviews(
        &mut self,
        at: usize,
        reviewer: MemberIndex,
        authors: &[MemberIndex],
        failure: &CallFailure,
        out: &mut Outbox,
    ) {
        for author in authors {
            out.note(EventKind::ReviewDropped {
                round: self.rounds[at].round,
                reviewer: self.order[reviewer].clone(),
                author: self.order[*author].clone(),
                failure: failure.class,
                message: failure.message.clone(),
            });
            self.rounds[at].verdicts[reviewer][*author] = Verdict::Missing(failure.clone());
        }
    }
}

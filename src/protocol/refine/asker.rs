//! Calls of a run that refines a text: asked one at a time, and judgements read or asked for once more.

use super::prompts::{self, Ask};
use crate::event::EventKind;
use crate::exchange::{CallSpec, Prompt, Reply, Tuning};
use crate::failure::{CallFailure, FailureClass};
use crate::ids::{CallId, ParticipantId, Round};
use crate::protocol::asking::{QuoteCuts, readable};
use crate::protocol::machine::{Outbox, call_path};
use crate::protocol::material::{Material, Member, MemberIndex};
use crate::protocol::parse::{Judgement, NoScore, Shown, on_scale, read_score};
use crate::protocol::prompt::{PromptWriter, system_refine};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Asks the members of a run.
pub(super) struct Asker {
    pub writer: PromptWriter,
    pub cuts: QuoteCuts,
    /// How many characters of a text a judge is shown; `None` for as many as fit.
    pub shown_chars: Option<usize>,
    /// What each judge has given so far, as it gave it.
    given: BTreeMap<MemberIndex, Vec<f64>>,
}

/// A judgement that was asked for.
#[derive(Debug, Clone)]
pub(super) struct Judging {
    pub judge: MemberIndex,
    pub round: Round,
    /// Tells several in one round apart.
    pub suffix: &'static str,
    /// Whether it is a repair: then there is no other.
    pub repair: bool,
}

/// What came of a judgement.
pub(super) enum Judged {
    /// A score.
    Score(Judgement),
    /// It is asked for once more.
    Again(CallId),
    /// There is none.
    Dropped(CallFailure),
}

impl Asker {
    pub fn new(members: Vec<Member>, material: Material) -> Self {
        let writer = PromptWriter::new(members, material);
        Self { writer, cuts: QuoteCuts::default(), shown_chars: None, given: BTreeMap::new() }
    }

    /// The place of a participant; of one that is not there, the first.
    pub fn index(&self, id: Option<&ParticipantId>) -> MemberIndex {
        id.and_then(|id| self.writer.members.iter().position(|member| member.id == *id)).unwrap_or(0)
    }

    pub fn id(&self, who: MemberIndex) -> ParticipantId {
        self.writer.id(who).clone()
    }

    /// Asks a question; the id of the call, and its prompt.
    pub fn ask(&mut self, ask: Ask, out: &mut Outbox) -> (CallId, Prompt) {
        let to = self.id(ask.to);
        let (prompt, left_out) = self.writer.fit(ask.to, ask.pieces, ask.reserve);
        let spec = CallSpec {
            id: call_path(ask.round, &format!("{}/{to}{}", ask.role, ask.suffix)),
            to,
            role: ask.role,
            round: ask.round,
            system: system_refine(),
            prompt: prompt.clone(),
            shape: ask.shape,
            tuning: ask.tuning,
        };
        (self.cuts.ask(spec, left_out + ask.left_out, out), prompt)
    }

    /// Asks for a judgement of a text.
    pub fn ask_score(
        &mut self,
        judging: &Judging,
        text: &Arc<str>,
        tuning: Tuning,
        out: &mut Outbox,
    ) -> (CallId, Prompt) {
        self.ask(prompts::score(&self.writer, judging, text, self.shown_chars, tuning), out)
    }

    /// The judgement with its score from 0 to 1.
    fn scaled(&mut self, judge: MemberIndex, judgement: Judgement) -> Result<Judgement, NoScore> {
        let earlier = self.given.entry(judge).or_default();
        let score = on_scale(judgement.score, earlier)?;
        earlier.push(judgement.score);
        Ok(Judgement { score, ..judgement })
    }

    /// Reads a judgement, or asks for it once more.
    pub fn judged(
        &mut self,
        asked: &Judging,
        prompt: &Prompt,
        result: Result<Reply, CallFailure>,
        tuning: Tuning,
        out: &mut Outbox,
    ) -> Judged {
        let reply = match readable(result) {
            Ok(reply) => reply,
            Err(failure) => return Judged::Dropped(failure),
        };
        let read = read_score(&reply.text, reply.structured.as_ref(), &Shown::new(prompt.parts()));
        match read.and_then(|judgement| self.scaled(asked.judge, judgement)) {
            Ok(judgement) => Judged::Score(judgement),
            Err(problem) if asked.repair => {
                Judged::Dropped(CallFailure::new(FailureClass::Malformed, problem.to_string()))
            }
            Err(problem) => {
                let (round, reviewer) = (asked.round, self.id(asked.judge));
                out.note(EventKind::RepairAsked { round, reviewer, reason: problem.to_string() });
                let again = prompts::repair(&self.writer, prompt, asked, problem, &reply.text, tuning);
                Judged::Again(self.ask(again, out).0)
            }
        }
    }
}

/// A failure in words, with the participant's name.
pub(super) fn told(who: &ParticipantId, failure: &CallFailure) -> String {
    format!("{who}: {}: {}", failure.class, failure.message)
}

/// The round after so many.
pub(super) fn round_after(count: u32) -> Round {
    Round::new(count.saturating_add(1)).unwrap_or(Round::FIRST)
}

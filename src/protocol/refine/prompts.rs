//! The prompts of a run that refines a text: drafts, judgements, better versions, critiques.

use super::asker::Judging;
use crate::exchange::{Prompt, Role, Shape, Tuning};
use crate::ids::Round;
use crate::protocol::material::{MemberIndex, Misfit};
use crate::protocol::parse::{Judgement, NoScore};
use crate::protocol::prompt::{
    self, PromptWriter, REPAIR_BYTES, Repair, Slot, Template, USEFUL_QUOTE_BYTES, score_shape,
};
use crate::protocol::quote::{Piece, shorten};
use std::sync::Arc;

/// A call in the making.
pub(super) struct Ask {
    pub role: Role,
    pub to: MemberIndex,
    pub round: Round,
    /// What follows the participant's name in its id.
    pub suffix: &'static str,
    pub pieces: Vec<Piece>,
    pub shape: Option<Shape>,
    pub tuning: Tuning,
    /// Bytes of the participant's limit that stay free.
    pub reserve: usize,
    /// Bytes of the text that were left out already.
    pub left_out: u64,
}

impl Ask {
    /// A question whose reply is a text.
    fn text(role: Role, to: MemberIndex, round: Round, pieces: Vec<Piece>, tuning: Tuning) -> Self {
        Self { role, to, round, suffix: "", pieces, shape: None, tuning, reserve: 0, left_out: 0 }
    }
}

pub(super) fn draft(who: MemberIndex, tuning: Tuning) -> Ask {
    let pieces = prompt::PROPOSE.fill(&[("context", Slot::Text(String::new()))]);
    Ask::text(Role::Draft, who, Round::FIRST, pieces, tuning)
}

/// A judgement of a text, of which the judge is shown so many characters; `None` for as many as fit.
pub(super) fn score(
    writer: &PromptWriter,
    judging: &Judging,
    text: &Arc<str>,
    chars: Option<usize>,
    tuning: Tuning,
) -> Ask {
    let (text, left_out) = chars.map_or_else(|| (Arc::clone(text), 0), |chars| shorten(text, chars));
    let Judging { judge: to, round, suffix, .. } = *judging;
    let pieces = about(writer, "score", to, round, &prompt::SCORE, writer.anonymous(&text), Vec::new());
    let shape = Some(score_shape());
    Ask { role: Role::Score, to, round, suffix, pieces, shape, tuning, reserve: REPAIR_BYTES, left_out }
}

/// The prompt of a judgement once more, with the reply that could not be used and what is wrong with it.
pub(super) fn repair(
    writer: &PromptWriter,
    first: &Prompt,
    asked: &Judging,
    problem: NoScore,
    reply: &str,
    tuning: Tuning,
) -> Ask {
    let Judging { judge: to, round, .. } = *asked;
    let (problem, shape, template) = (problem.to_string(), score_shape(), prompt::SCORE_REPAIR);
    let repair = Repair { template, phase: "score/repair", to, round, first, problem, reply, shape: &shape };
    let pieces = writer.repair(&repair);
    let suffix = if asked.suffix.is_empty() { "/repair" } else { "/draft/repair" };
    Ask { role: Role::Score, to, round, suffix, pieces, shape: Some(shape), tuning, reserve: 0, left_out: 0 }
}

pub(super) fn improve(
    writer: &PromptWriter,
    who: MemberIndex,
    text: &Arc<str>,
    verdict: Option<&Judgement>,
    round: Round,
    tuning: Tuning,
) -> Ask {
    let verdict = verdict.map_or_else(Vec::new, |verdict| {
        let rationale = if verdict.rationale.is_empty() { "(no reasons given)" } else { &verdict.rationale };
        let rationale = writer.anonymous(&rationale.into());
        prompt::VERDICT.fill(&[
            ("nonce", Slot::Text(writer.nonce("verdict", round, writer.name(who), &[&rationale, text]))),
            ("score", Slot::Text(format!("{:.2}", verdict.score))),
            ("rationale", Slot::Quote(rationale)),
        ])
    });
    let pieces = about(writer, "improve", who, round, &prompt::IMPROVE, writer.quotable(text), verdict);
    Ask::text(Role::Refine, who, round, pieces, tuning)
}

pub(super) fn critique(writer: &PromptWriter, who: MemberIndex, text: &Arc<str>, round: Round, tuning: Tuning) -> Ask {
    let pieces = about(writer, "critique", who, round, &prompt::CRITIQUE, writer.quotable(text), Vec::new());
    Ask::text(Role::Critique, who, round, pieces, tuning)
}

fn about(
    writer: &PromptWriter,
    phase: &str,
    who: MemberIndex,
    round: Round,
    template: &Template,
    text: Arc<str>,
    verdict: Vec<Piece>,
) -> Vec<Piece> {
    let fenced: Vec<&str> = std::iter::once(&*text).chain(verdict.iter().map(|piece| &**piece.text())).collect();
    let nonce = writer.nonce(phase, round, writer.name(who), &fenced);
    template.fill(&[("nonce", Slot::Text(nonce)), ("answer", Slot::Quote(text)), ("verdict", Slot::Pieces(verdict))])
}

/// Members for whose prompts question and files leave no useful room for the text.
pub(super) fn misfits(writer: &PromptWriter) -> Vec<Misfit> {
    let nothing: Arc<str> = "".into();
    let (round, tuning) = (Round::FIRST, Tuning::default());
    writer.misfits(|who| {
        let judging = Judging { judge: who, round, suffix: "", repair: false };
        let asks = [
            score(writer, &judging, &nothing, None, tuning),
            improve(writer, who, &nothing, Some(&Judgement::default()), round, tuning),
            critique(writer, who, &nothing, round, tuning),
        ];
        asks.iter().map(|ask| writer.needs(&ask.pieces, 2 * USEFUL_QUOTE_BYTES) + ask.reserve).max().unwrap_or(0)
    })
}

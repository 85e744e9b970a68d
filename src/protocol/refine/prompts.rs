//! The prompts of a run that refines a text: drafts, judgements, better versions, critiques.

use super::asker::Judging;
use crate::exchange::{Prompt, Role, Shape, Tuning};
use crate::ids::Round;
use crate::protocol::asking::unchanged;
use crate::protocol::material::{MemberIndex, Misfit};
use crate::protocol::parse::{Judgement, NoScore};
use crate::protocol::prompt::{
    self, PromptWriter, REPAIR_BYTES, Repair, Slot, Template, USEFUL_QUOTE_BYTES, score_shape,
};
use crate::protocol::quote::{Piece, QUOTE_BYTES, shorten};
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
    /// The code of its fences.
    pub nonce: String,
}

impl Ask {
    /// A question whose reply is a text.
    fn text(role: Role, to: MemberIndex, round: Round, (pieces, nonce): (Vec<Piece>, String), tuning: Tuning) -> Self {
        Self { role, to, round, suffix: "", pieces, shape: None, tuning, reserve: 0, left_out: 0, nonce }
    }
}

pub(super) fn draft(who: MemberIndex, tuning: Tuning) -> Ask {
    let pieces = prompt::PROPOSE.fill(&[("context", Slot::Text(String::new()))]);
    Ask::text(Role::Draft, who, Round::FIRST, (pieces, String::new()), tuning)
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
    let text = Slot::Quote(writer.anonymous(&text));
    let (pieces, nonce) = about(writer, "score", to, round, &prompt::SCORE, text, Vec::new());
    let shape = Some(score_shape());
    Ask { role: Role::Score, to, round, suffix, pieces, shape, tuning, reserve: REPAIR_BYTES, left_out, nonce }
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
    let (shape, nonce) = (Some(shape), String::new());
    Ask { role: Role::Score, to, round, suffix, pieces, shape, tuning, reserve: 0, left_out: 0, nonce }
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
    let text = Slot::Whole(writer.quotable(text));
    Ask::text(Role::Refine, who, round, about(writer, "improve", who, round, &prompt::IMPROVE, text, verdict), tuning)
}

pub(super) fn critique(writer: &PromptWriter, who: MemberIndex, text: &Arc<str>, round: Round, tuning: Tuning) -> Ask {
    let text = Slot::Whole(writer.quotable(text));
    let about = about(writer, "critique", who, round, &prompt::CRITIQUE, text, Vec::new());
    Ask::text(Role::Critique, who, round, about, tuning)
}

/// Whether all of a text reaches the participant that is to rewrite it.
pub(super) fn holds_whole(writer: &PromptWriter, ask: &Ask, text: &str) -> bool {
    let limit = writer.members[ask.to].prompt_bytes;
    text.len() <= QUOTE_BYTES && limit.is_none_or(|limit| writer.needs(&ask.pieces, USEFUL_QUOTE_BYTES) <= limit)
}

/// The pieces of a prompt about a text, and the code of its fences.
fn about(
    writer: &PromptWriter,
    phase: &str,
    who: MemberIndex,
    round: Round,
    template: &Template,
    text: Slot,
    verdict: Vec<Piece>,
) -> (Vec<Piece>, String) {
    let (Slot::Quote(fenced) | Slot::Whole(fenced)) = &text else { return (Vec::new(), String::new()) };
    let fenced: Vec<&str> = std::iter::once(&**fenced).chain(verdict.iter().map(|piece| &**piece.text())).collect();
    let nonce = writer.nonce(phase, round, writer.name(who), &fenced);
    let pieces = template.fill(&[
        ("nonce", Slot::Text(nonce.clone())),
        ("unchanged", Slot::Text(unchanged(&nonce))),
        ("answer", text),
        ("verdict", Slot::Pieces(verdict)),
    ]);
    (pieces, nonce)
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

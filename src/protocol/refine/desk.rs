//! Who works on the text and what it is about, and how prompts are made of that.

use crate::event::EventKind;
use crate::exchange::{CallSpec, Prompt, Reply, Role, Shape, Tuning};
use crate::failure::{CallFailure, FailureClass};
use crate::ids::{CallId, ParticipantId, Round};
use crate::outcome::QuoteCut;
use crate::protocol::anonymise::Scrub;
use crate::protocol::consensus::{Material, Member, Misfit};
use crate::protocol::fence::{Fences, neutralise};
use crate::protocol::machine::{Outbox, call_path};
use crate::protocol::parse::{Judgement, NoScore, Shown, on_scale, read_score};
use crate::protocol::prompt::{self, Slot, Stable, score_shape};
use crate::protocol::quote::{Piece, shorten};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes that a judgement's prompt leaves for a repair, which repeats it.
const REPAIR_BYTES: usize = 16_384;
/// A quote that is cut to less than this says nothing any more.
const USEFUL_QUOTE_BYTES: usize = 2_048;

/// A participant, by its place among the members.
pub(super) type Who = usize;

pub(super) struct Desk {
    pub members: Vec<Member>,
    system: Arc<str>,
    stable: Stable,
    fences: Fences,
    scrub: Scrub,
    /// What each judge has given so far, as it gave it.
    given: BTreeMap<Who, Vec<f64>>,
    /// Prompts in which quoted text was too long.
    pub cuts: Vec<QuoteCut>,
    /// How many characters of a text a judge is shown; `None` for as many as fit.
    pub shown_chars: Option<usize>,
}

/// A call in the making.
pub(super) struct Ask {
    pub role: Role,
    pub to: Who,
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

impl Desk {
    pub fn new(members: Vec<Member>, material: Material) -> Self {
        let Material { question, files, nonce_root, .. } = material;
        let fences = Fences::new(nonce_root);
        let names = members.iter().flat_map(|member| {
            let own = [member.id.to_string(), member.model_id.clone()];
            member.vendor_words.iter().cloned().chain(own)
        });
        let given = std::iter::once(&question).chain(files.iter().map(|(_, contents)| contents));
        Self {
            scrub: Scrub::new(names, given.map(Arc::clone).collect()),
            stable: Stable::new(&question, &files, &fences),
            system: prompt::system_refine(),
            given: BTreeMap::new(),
            cuts: Vec::new(),
            shown_chars: None,
            fences,
            members,
        }
    }

    /// The place of a participant; of one that is not there, the first.
    pub fn who(&self, id: Option<&ParticipantId>) -> Who {
        id.and_then(|id| self.members.iter().position(|member| member.id == *id)).unwrap_or(0)
    }

    pub fn id(&self, who: Who) -> ParticipantId {
        self.members[who].id.clone()
    }

    /// Asks a question; the id of the call.
    pub fn ask(&mut self, ask: Ask, out: &mut Outbox) -> (CallId, Prompt) {
        let to = &self.members[ask.to];
        let id = call_path(ask.round, &format!("{}/{}{}", ask.role, to.id, ask.suffix));
        let limit = to.prompt_bytes.map(|limit| limit.saturating_sub(ask.reserve));
        let (prompt, bytes) = self.stable.prompt(ask.pieces, limit);
        let bytes = bytes + ask.left_out;
        if bytes > 0 {
            out.note(EventKind::QuoteCut { call: id.clone(), bytes });
            self.cuts.push(QuoteCut { call: id.clone(), bytes });
        }
        out.call(CallSpec {
            id: id.clone(),
            to: to.id.clone(),
            role: ask.role,
            round: ask.round,
            system: Arc::clone(&self.system),
            prompt: prompt.clone(),
            shape: ask.shape,
            tuning: ask.tuning,
        });
        (id, prompt)
    }

    pub fn draft(&self, who: Who, tuning: Tuning) -> Ask {
        let pieces = prompt::PROPOSE.fill(&[("context", Slot::Text(String::new()))]);
        Ask {
            role: Role::Draft,
            to: who,
            round: Round::FIRST,
            suffix: "",
            pieces,
            shape: None,
            tuning,
            reserve: 0,
            left_out: 0,
        }
    }

    /// A judgement of a text; `suffix` tells several in one round apart.
    pub fn score(&self, judge: Who, text: &Arc<str>, round: Round, suffix: &'static str, tuning: Tuning) -> Ask {
        let (text, left_out) = match self.shown_chars {
            Some(chars) => shorten(text, chars),
            None => (Arc::clone(text), 0),
        };
        let shown = neutralise(&self.scrub.copy(&text), self.stable.nonce());
        let pieces = self.about("score", judge, round, &prompt::SCORE, shown, Vec::new());
        let shape = Some(score_shape());
        Ask { role: Role::Score, to: judge, round, suffix, pieces, shape, tuning, reserve: REPAIR_BYTES, left_out }
    }

    /// The prompt of a judgement once more, with the reply that was no use and what is wrong with it.
    pub fn repair(&self, first: &Prompt, asked: &Judging, problem: NoScore, reply: &str, tuning: Tuning) -> Ask {
        let Judging { judge, round, .. } = *asked;
        let reply = neutralise(&reply.into(), self.stable.nonce());
        let nonce = self.fences.nonce("score/repair", round.get(), self.members[judge].id.as_str(), &[&reply]);
        let again = prompt::SCORE_REPAIR.fill(&[
            ("nonce", Slot::Text(nonce)),
            ("problem", Slot::Text(problem.to_string())),
            ("reply", Slot::Quote(reply)),
            ("schema", Slot::Text(score_shape().to_json())),
        ]);
        let mut pieces: Vec<Piece> = first.varying().iter().map(|part| Piece::Fixed(Arc::clone(part))).collect();
        pieces.extend(again);
        let suffix = if asked.suffix.is_empty() { "/repair" } else { "/draft/repair" };
        Ask {
            role: Role::Score,
            to: judge,
            round,
            suffix,
            pieces,
            shape: Some(score_shape()),
            tuning,
            reserve: 0,
            left_out: 0,
        }
    }

    pub fn improve(&self, who: Who, text: &Arc<str>, verdict: Option<&Judgement>, round: Round, tuning: Tuning) -> Ask {
        let verdict = verdict.map_or_else(Vec::new, |verdict| {
            let rationale = if verdict.rationale.is_empty() { "(no reasons given)" } else { &verdict.rationale };
            let rationale = neutralise(&self.scrub.copy(&rationale.into()), self.stable.nonce());
            let nonce = self.fences.nonce("verdict", round.get(), self.members[who].id.as_str(), &[&rationale, text]);
            prompt::VERDICT.fill(&[
                ("nonce", Slot::Text(nonce)),
                ("score", Slot::Text(format!("{:.2}", verdict.score))),
                ("rationale", Slot::Quote(rationale)),
            ])
        });
        let text = neutralise(text, self.stable.nonce());
        let pieces = self.about("improve", who, round, &prompt::IMPROVE, text, verdict);
        Ask { role: Role::Refine, to: who, round, suffix: "", pieces, shape: None, tuning, reserve: 0, left_out: 0 }
    }

    pub fn critique(&self, who: Who, text: &Arc<str>, round: Round, tuning: Tuning) -> Ask {
        let text = neutralise(text, self.stable.nonce());
        let pieces = self.about("critique", who, round, &prompt::CRITIQUE, text, Vec::new());
        Ask { role: Role::Critique, to: who, round, suffix: "", pieces, shape: None, tuning, reserve: 0, left_out: 0 }
    }

    fn about(
        &self,
        phase: &str,
        who: Who,
        round: Round,
        template: &prompt::Template,
        text: Arc<str>,
        verdict: Vec<Piece>,
    ) -> Vec<Piece> {
        let quoted = verdict.iter().map(|piece| match piece {
            Piece::Fixed(text) | Piece::Quote(text) => &**text,
        });
        let fenced: Vec<&str> = std::iter::once(&*text).chain(quoted).collect();
        let nonce = self.fences.nonce(phase, round.get(), self.members[who].id.as_str(), &fenced);
        template.fill(&[
            ("nonce", Slot::Text(nonce)),
            ("answer", Slot::Quote(text)),
            ("verdict", Slot::Pieces(verdict)),
        ])
    }

    /// Who cannot take part because question and files leave no useful room for the text.
    pub fn misfits(&self) -> Vec<Misfit> {
        let nothing: Arc<str> = "".into();
        let largest = |who: Who| {
            let tuning = Tuning::default();
            let verdict = Judgement::default();
            let asks = [
                self.score(who, &nothing, Round::FIRST, "", tuning),
                self.improve(who, &nothing, Some(&verdict), Round::FIRST, tuning),
                self.critique(who, &nothing, Round::FIRST, tuning),
            ];
            asks.iter()
                .map(|ask| self.stable.needs(&ask.pieces, 2 * USEFUL_QUOTE_BYTES) + ask.reserve)
                .max()
                .unwrap_or(0)
        };
        let too_long = |who: Who| {
            let limit = self.members[who].prompt_bytes?;
            let needs = largest(who);
            (needs > limit).then(|| Misfit { participant: self.id(who), needs, limit })
        };
        (0..self.members.len()).filter_map(too_long).collect()
    }
}

/// A judgement that was asked for.
#[derive(Debug, Clone)]
pub(super) struct Judging {
    pub judge: Who,
    pub round: Round,
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

impl Desk {
    /// The judgement with its score from 0 to 1.
    fn scaled(&mut self, judge: Who, judgement: Judgement) -> Result<Judgement, NoScore> {
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
        let reply = match result {
            Ok(reply) => reply,
            // A reply of the wrong shape, as the CLI itself noticed.
            Err(failure) if failure.class == FailureClass::Malformed => {
                Reply { text: failure.partial.unwrap_or_default().into(), ..Reply::default() }
            }
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
                let (id, _) = self.ask(self.repair(prompt, asked, problem, &reply.text, tuning), out);
                Judged::Again(id)
            }
        }
    }
}

pub(super) fn words(text: &str) -> u64 {
    u64::try_from(text.split_whitespace().count()).unwrap_or(u64::MAX)
}

/// A reply with words in it.
pub(super) fn spoken(result: Result<Reply, CallFailure>) -> Result<Arc<str>, CallFailure> {
    let reply = result?;
    if reply.text.trim().is_empty() {
        return Err(CallFailure::new(FailureClass::Empty, "the reply is blank"));
    }
    Ok(reply.text)
}

/// Whether a participant that failed so can answer nothing any more.
pub(super) fn is_lost(failure: &CallFailure) -> bool {
    failure.class.is_lasting() || failure.class == FailureClass::ContextTooLong
}

/// A failure in words, with whose it is.
pub(super) fn told(who: &ParticipantId, failure: &CallFailure) -> String {
    format!("{who}: {}: {}", failure.class, failure.message)
}

/// The round after so many.
pub(super) fn round_after(count: u32) -> Round {
    Round::new(count.saturating_add(1)).unwrap_or(Round::FIRST)
}

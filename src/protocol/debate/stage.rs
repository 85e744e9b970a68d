//! What does not change during a debate: who speaks as whom, what it is about, and how prompts are
//! made of that.

use super::persona::Persona;
use super::phase::{Phase, label};
use super::settings::{DebatePlan, ROUNDS};
use super::state::{RoundState, Said, Who};
use crate::exchange::{Prompt, Tuning};
use crate::ids::{ParticipantId, Round};
use crate::protocol::anonymise::Scrub;
use crate::protocol::consensus::{Material, Member, Misfit};
use crate::protocol::fence::{Fences, attribute, neutralise};
use crate::protocol::prompt::{self, Slot, Stable, Template};
use crate::protocol::quote::Piece;
use std::sync::Arc;

/// A quote that is cut to less than this says nothing any more.
const USEFUL_QUOTE_BYTES: usize = 2_048;

pub(super) struct Stage {
    pub plan: DebatePlan,
    /// Who debates, in plan order.
    pub seats: Vec<Seat>,
    pub judge: Option<Seat>,
    stable: Stable,
    fences: Fences,
    scrub: Scrub,
}

/// Somebody with a part in the debate.
pub(super) struct Seat {
    pub member: Member,
    pub persona: Persona,
    /// What the others call it: unique among them.
    pub speaker: String,
    pub system: Arc<str>,
}

impl Seat {
    pub fn id(&self) -> &ParticipantId {
        &self.member.id
    }
}

/// A prompt, and how many bytes of quoted text did not fit into it.
pub(super) type Made = (Prompt, u64);

impl Stage {
    pub fn new(plan: DebatePlan, members: Vec<Member>, judge: Option<Member>, material: Material) -> Self {
        let Material { question, files, nonce_root, .. } = material;
        let fences = Fences::new(nonce_root);
        let names = members.iter().chain(&judge).flat_map(|member| {
            let own = [member.id.to_string(), member.model_id.clone()];
            member.vendor_words.iter().cloned().chain(own)
        });
        let given = std::iter::once(&question).chain(files.iter().map(|(_, contents)| contents));
        let scrub = Scrub::new(names, given.map(Arc::clone).collect());
        let speakers = speakers(&plan.personas);
        let seats = members.into_iter().zip(&plan.personas).zip(speakers);
        let seats: Vec<_> = seats
            .map(|((member, persona), speaker)| {
                let system = system(prompt::DEBATE_SYSTEM, persona, &speaker);
                Seat { member, persona: persona.clone(), speaker, system }
            })
            .collect();
        let judge = plan.judge.as_ref().zip(judge).map(|(judge, member)| Seat {
            member,
            persona: judge.persona.clone(),
            speaker: judge.persona.name.clone(),
            system: system(prompt::DEBATE_JUDGE_SYSTEM, &judge.persona, &judge.persona.name),
        });
        let rounds = plan.rounds.clamp(*ROUNDS.start(), *ROUNDS.end());
        let plan = DebatePlan { rounds, ..plan };
        Self { stable: Stable::new(&question, &files, &fences), plan, seats, judge, fences, scrub }
    }

    pub fn id(&self, who: Who) -> &ParticipantId {
        self.seats[who].id()
    }

    /// How a turn is shown to others: without the marker, and without what it says of its maker.
    pub fn shown(&self, text: &str) -> Arc<str> {
        neutralise(&self.scrub.copy(&text.into()), self.stable.nonce())
    }

    /// The prompt of a turn. `before` are the rounds so far, the open one last.
    pub fn turn(&self, who: Who, before: &[RoundState], round: Round, blind: bool) -> Made {
        let pieces = self.turn_pieces(who, if blind { &[] } else { before }, round);
        self.stable.prompt(pieces, self.seats[who].member.prompt_bytes)
    }

    fn turn_pieces(&self, who: Who, before: &[RoundState], round: Round) -> Vec<Piece> {
        let last = round.get() >= self.plan.rounds;
        let instruction = match Phase::of(round) {
            Phase::InitialAnalysis => prompt::DEBATE_ANALYSIS,
            Phase::Counterarguments => prompt::DEBATE_COUNTER,
            Phase::EvidenceAssessment => prompt::DEBATE_EVIDENCE,
            Phase::Synthesis if last => prompt::DEBATE_FINAL,
            Phase::Synthesis => prompt::DEBATE_REFINE,
        };
        prompt::DEBATE_TURN.fill(&[
            ("round", Slot::Text(round.to_string())),
            ("rounds", Slot::Text(self.plan.rounds.to_string())),
            ("label", Slot::Text(label(round, self.plan.rounds))),
            ("instruction", Slot::Text(instruction.text.trim_end().to_owned())),
            ("transcript", self.transcript(who, before, round)),
            ("speaker", Slot::Text(self.seats[who].speaker.clone())),
        ])
    }

    /// Everything that was said, and one neutral line for what was not.
    fn transcript(&self, who: Who, before: &[RoundState], round: Round) -> Slot {
        let spoken = || before.iter().flat_map(|round| round.spoken().map(move |turn| (round.round, turn)));
        let texts: Vec<&str> = spoken().filter_map(|(_, (_, turn))| turn.ok().map(|said| &*said.shown)).collect();
        if spoken().next().is_none() {
            return Slot::Text(String::new());
        }
        let nonce = self.fences.nonce("turn", round.get(), self.id(who).as_str(), &texts);
        let turns = spoken().flat_map(|(round, (speaker, turn))| {
            let heading = ("round", Slot::Text(round.to_string()));
            match turn {
                Ok(said) => {
                    let [nonce, speaker, confidence, text] = self.quoted(&nonce, speaker, said);
                    prompt::DEBATE_SAID.fill(&[heading, nonce, speaker, confidence, text])
                }
                Err(_) => prompt::DEBATE_SILENT.fill(&[heading, ("speaker", self.speaker(speaker))]),
            }
        });
        let turns = ("turns", Slot::Pieces(turns.collect()));
        Slot::Pieces(prompt::DEBATE_TRANSCRIPT.fill(&[("nonce", Slot::Text(nonce)), turns]))
    }

    /// The judge's prompt: what was said in a round.
    pub fn synthesis(&self, round: &RoundState) -> Option<Made> {
        let limit = self.judge.as_ref()?.member.prompt_bytes;
        Some(self.stable.prompt(self.synthesis_pieces(round), limit))
    }

    fn synthesis_pieces(&self, round: &RoundState) -> Vec<Piece> {
        let said: Vec<(Who, &Said)> = round.answered().collect();
        let texts: Vec<&str> = said.iter().map(|(_, said)| &*said.shown).collect();
        let nonce = self.fences.nonce("position", round.round.get(), "", &texts);
        let positions =
            said.iter().flat_map(|(who, said)| prompt::DEBATE_POSITION.fill(&self.quoted(&nonce, *who, said)));
        let positions = ("positions", Slot::Pieces(positions.collect()));
        prompt::DEBATE_JUDGE.fill(&[("nonce", Slot::Text(nonce)), positions])
    }

    fn quoted(&self, nonce: &str, who: Who, said: &Said) -> [(&'static str, Slot); 4] {
        let stated = if said.confidence.marker_found { "" } else { " (not stated)" };
        [
            ("nonce", Slot::Text(nonce.to_owned())),
            ("speaker", self.speaker(who)),
            ("confidence", Slot::Text(format!("{}{stated}", said.confidence.value))),
            ("text", Slot::Quote(Arc::clone(&said.shown))),
        ]
    }

    fn speaker(&self, who: Who) -> Slot {
        Slot::Text(attribute(&self.seats[who].speaker))
    }

    /// The judge's tuning: a temperature of its own, and what it does not have of its own from the others.
    pub fn judge_tuning(&self) -> Tuning {
        let DebatePlan { judge_temperature, judge_reply_tokens, judge_effort, tuning, .. } = &self.plan;
        Tuning {
            effort: judge_effort.or(tuning.effort),
            temperature: *judge_temperature,
            reply_tokens: judge_reply_tokens.or(tuning.reply_tokens),
        }
    }

    /// Who cannot take part because question and files leave no useful room for a quote.
    pub fn misfits(&self) -> Vec<Misfit> {
        let whole = self.longest();
        let debaters = (0..self.seats.len()).map(|who| {
            let last = whole.last().map_or(Round::FIRST, |round| round.round);
            (&self.seats[who], self.turn_pieces(who, &whole, last))
        });
        let judge = self.judge.iter().zip(whole.last()).map(|(seat, last)| (seat, self.synthesis_pieces(last)));
        let quotes = USEFUL_QUOTE_BYTES * self.seats.len();
        let tried = debaters.chain(judge).filter_map(|(seat, pieces)| {
            let limit = seat.member.prompt_bytes?;
            let needs = self.stable.needs(&pieces, quotes);
            (needs > limit).then(|| Misfit { participant: seat.id().clone(), needs, limit })
        });
        tried.collect()
    }

    /// All rounds of the longest debate, in which everybody spoke but said nothing.
    fn longest(&self) -> Vec<RoundState> {
        let mut rounds: Vec<RoundState> = Vec::new();
        for _ in 0..self.plan.rounds {
            let number = rounds.last().map_or(Round::FIRST, |last| last.round.next());
            let mut round = RoundState::new(number, (0..self.seats.len()).collect());
            for turn in &mut round.turns {
                *turn = Some(Ok(Said::nothing()));
            }
            rounds.push(round);
        }
        rounds
    }
}

/// What participants call each other: the persona's name, numbered where several have one.
fn speakers(personas: &[Persona]) -> Vec<String> {
    let same = |persona: &Persona| personas.iter().filter(|other| other.name == persona.name).count();
    let before = |place: usize| personas[..place].iter().filter(|other| other.name == personas[place].name).count();
    let named = personas.iter().enumerate().map(|(place, persona)| match same(persona) {
        1 => persona.name.clone(),
        _ => format!("{} {}", persona.name, before(place) + 1),
    });
    named.collect()
}

fn system(template: Template, persona: &Persona, speaker: &str) -> Arc<str> {
    let slots = [("speaker", Slot::Text(speaker.to_owned())), ("persona", Slot::Text(persona.prompt.clone()))];
    let texts = template.fill(&slots).into_iter().map(|piece| match piece {
        Piece::Fixed(text) | Piece::Quote(text) => text,
    });
    texts.collect::<Vec<_>>().concat().trim_end().into()
}

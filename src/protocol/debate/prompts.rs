//! The prompts of a debate, and who speaks as whom in them.

use super::persona::Persona;
use super::phase::{Phase, label};
use super::settings::{DebatePlan, ROUNDS};
use super::state::{RoundState, Said};
use crate::exchange::Tuning;
use crate::ids::{ParticipantId, Round};
use crate::protocol::fence::attribute;
use crate::protocol::material::{Material, Member, MemberIndex, Misfit};
use crate::protocol::prompt::{self, FittedPrompt, PromptWriter, Slot, Template, USEFUL_QUOTE_BYTES};
use crate::protocol::quote::{Piece, joined};
use std::sync::Arc;

/// What prompts are made of: the plan, who speaks as whom, and the writer.
pub(super) struct Prompts {
    pub plan: DebatePlan,
    pub writer: PromptWriter,
    /// By participant, in plan order.
    pub speakers: Vec<Speaker>,
    pub judge: Option<Speaker>,
}

/// A member of the debate, and the persona that it speaks as.
pub(super) struct Speaker {
    pub member: MemberIndex,
    pub persona: Persona,
    /// What the others call it: unique among them.
    pub name: String,
    pub system: Arc<str>,
}

impl Prompts {
    pub fn new(plan: DebatePlan, mut members: Vec<Member>, judge: Option<Member>, material: Material) -> Self {
        let names = names(&plan.personas);
        let speakers = plan.personas.iter().zip(names).take(members.len()).enumerate();
        let speakers: Vec<_> = speakers
            .map(|(member, (persona, name))| {
                let system = system(prompt::DEBATE_SYSTEM, persona, &name);
                Speaker { member, persona: persona.clone(), name, system }
            })
            .collect();
        let judge = plan.judge.as_ref().zip(judge).map(|(judge, member)| {
            let (persona, name) = (judge.persona.clone(), judge.persona.name.clone());
            members.push(member);
            let system = system(prompt::DEBATE_JUDGE_SYSTEM, &persona, &name);
            Speaker { member: members.len() - 1, persona, name, system }
        });
        let rounds = plan.rounds.clamp(*ROUNDS.start(), *ROUNDS.end());
        let plan = DebatePlan { rounds, ..plan };
        Self { writer: PromptWriter::new(members, material), plan, speakers, judge }
    }

    pub fn id(&self, who: MemberIndex) -> &ParticipantId {
        self.writer.id(who)
    }

    /// The prompt of a turn. `before` are the rounds so far, the open one last.
    pub fn turn(&self, who: MemberIndex, before: &[RoundState], round: Round, blind: bool) -> FittedPrompt {
        let pieces = self.turn_pieces(who, if blind { &[] } else { before }, round);
        self.writer.fit(who, pieces, 0)
    }

    fn turn_pieces(&self, who: MemberIndex, before: &[RoundState], round: Round) -> Vec<Piece> {
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
            ("speaker", Slot::Text(self.speakers[who].name.clone())),
        ])
    }

    /// Everything that was said, and one neutral line for what was not.
    fn transcript(&self, who: MemberIndex, before: &[RoundState], round: Round) -> Slot {
        let spoken = || before.iter().flat_map(|round| round.spoken().map(move |turn| (round.round, turn)));
        let texts: Vec<&str> = spoken().filter_map(|(_, (_, turn))| turn.ok().map(|said| &*said.shown)).collect();
        if spoken().next().is_none() {
            return Slot::Text(String::new());
        }
        let nonce = self.writer.nonce("turn", round, self.writer.name(who), &texts);
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

    /// The judge's prompt: everybody's last words. Failed turns after them are named, so that the judge
    /// does not take a participant that failed for one that gave its position up.
    pub fn synthesis(&self, rounds: &[RoundState]) -> Option<FittedPrompt> {
        Some(self.writer.fit(self.judge.as_ref()?.member, self.synthesis_pieces(rounds), 0))
    }

    fn synthesis_pieces(&self, rounds: &[RoundState]) -> Vec<Piece> {
        let Some(last) = rounds.iter().rev().find(|round| round.answered().next().is_some()) else { return Vec::new() };
        let words = |who: MemberIndex| {
            rounds.iter().rev().find_map(|round| {
                let said = round.answered().find(|(speaker, _)| *speaker == who)?.1;
                Some((round.round, said))
            })
        };
        let all: Vec<_> = last.order.iter().map(|who| (*who, words(*who))).collect();
        let texts: Vec<&str> = all.iter().filter_map(|(_, words)| Some(&*words.as_ref()?.1.shown)).collect();
        let nonce = self.writer.nonce("position", last.round, "", &texts);
        let positions = all.iter().flat_map(|(who, words)| {
            let silent = rounds.iter().filter(|round| words.is_none_or(|(spoke, _)| round.round > spoke));
            let silent = silent.flat_map(|round| {
                let round = ("round", Slot::Text(round.round.to_string()));
                prompt::DEBATE_SILENT.fill(&[round, ("speaker", self.speaker(*who))])
            });
            let words =
                words.iter().flat_map(|(_, said)| prompt::DEBATE_POSITION.fill(&self.quoted(&nonce, *who, said)));
            words.chain(silent).collect::<Vec<_>>()
        });
        let positions = ("positions", Slot::Pieces(positions.collect()));
        prompt::DEBATE_JUDGE.fill(&[("nonce", Slot::Text(nonce)), positions])
    }

    fn quoted(&self, nonce: &str, who: MemberIndex, said: &Said) -> [(&'static str, Slot); 4] {
        let confidence =
            if said.confidence.marker_found { said.confidence.value.to_string() } else { "not stated".to_owned() };
        [
            ("nonce", Slot::Text(nonce.to_owned())),
            ("speaker", self.speaker(who)),
            ("confidence", Slot::Text(confidence)),
            ("text", Slot::Quote(Arc::clone(&said.shown))),
        ]
    }

    fn speaker(&self, who: MemberIndex) -> Slot {
        Slot::Text(attribute(&self.speakers[who].name))
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

    pub fn misfits(&self) -> Vec<Misfit> {
        let whole = self.longest();
        let quotes = USEFUL_QUOTE_BYTES * self.speakers.len();
        self.writer.misfits(|who| {
            let Some(last) = whole.last() else { return 0 };
            let judges = who >= self.speakers.len();
            let pieces = if judges { self.synthesis_pieces(&whole) } else { self.turn_pieces(who, &whole, last.round) };
            self.writer.needs(&pieces, quotes)
        })
    }

    /// All rounds of the longest debate, in which all spoke but said nothing.
    fn longest(&self) -> Vec<RoundState> {
        let mut rounds: Vec<RoundState> = Vec::new();
        for _ in 0..self.plan.rounds {
            let number = rounds.last().map_or(Round::FIRST, |last| last.round.next());
            let mut round = RoundState::new(number, (0..self.speakers.len()).collect());
            for turn in &mut round.turns {
                *turn = Some(Ok(Said::nothing()));
            }
            rounds.push(round);
        }
        rounds
    }
}

/// What participants call each other: the persona's name, numbered where several have one.
fn names(personas: &[Persona]) -> Vec<String> {
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
    joined(&template.fill(&slots)).trim_end().into()
}

//! What a debate is planned with: plain data, frozen before the first call.

use super::help::HELP;
use super::machine::Debate;
use super::persona::Persona;
use crate::error::Error;
use crate::exchange::{Effort, Tuning};
use crate::ids::ParticipantId;
use crate::outcome::{DebateBody, StopReason};
use crate::protocol::check::Check;
use crate::protocol::estimate::{Estimate, RoundEstimate};
use crate::protocol::options::{Flag, Help, OptionTable, ProtocolOption, RoleOption, of_table, options};
use crate::protocol::pipeline::{Measured, Number, names};
use crate::protocol::settings::{Given, Machine, ProtocolSettings};
use crate::words::counted;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// How many participants a debate takes. A round takes a call of each, one after the other.
pub const DEBATERS: RangeInclusive<usize> = 2..=1000;

/// From here on a person is warned of what a round takes.
const MANY: usize = 8;

/// How many rounds a debate may have.
pub const ROUNDS: RangeInclusive<u32> = 1..=10;

/// The settings of a debate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub struct DebatePlan {
    /// At most this many rounds, 1 to 10.
    pub rounds: u32,
    /// The difference of two confidences from which on it is a disagreement, 0 to 100.
    pub disagreement_threshold: f64,
    /// By how much the score may move from one round to the next and still be stable, 0 to 100.
    pub convergence_delta: f64,
    /// Whether a stable score ends the debate.
    pub early_stop: bool,
    /// Whether all speak at once in the first round, without hearing each other.
    pub blind: bool,
    /// Whether the order of speakers is drawn anew in each round after the first.
    pub shuffle: bool,
    /// The score that the debate must end with, 0 to 100.
    pub min_score: Option<f64>,
    /// The persona of each participant, in plan order.
    pub personas: Vec<Persona>,
    /// Who sums up; `None` without one.
    pub judge: Option<Judge>,
    /// The judge's sampling temperature, 0 to 2; there is no default.
    pub judge_temperature: Option<f64>,
    /// The judge's longest reply in tokens, at least 1; `None` for that of all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge_reply_tokens: Option<u32>,
    /// How hard the judge thinks; `None` for as hard as that participant always does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge_effort: Option<Effort>,
    /// How the models run, in every turn.
    pub tuning: Tuning,
}

/// Who sums up a debate, without a vote. A model that debates can do that as well: it is asked anew,
/// and does not know what it said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Judge {
    /// Who.
    pub participant: ParticipantId,
    /// As which persona.
    pub persona: Persona,
}

impl Default for DebatePlan {
    /// The defaults of the original, without participants.
    fn default() -> Self {
        Self {
            rounds: 4,
            disagreement_threshold: 20.0,
            convergence_delta: 3.0,
            early_stop: true,
            blind: true,
            shuffle: true,
            min_score: None,
            personas: Vec::new(),
            judge: None,
            judge_temperature: None,
            judge_reply_tokens: None,
            judge_effort: None,
            tuning: Tuning::default(),
        }
    }
}

const GROUP: &str = "Debate";

impl OptionTable for DebatePlan {
    const OPTIONS: &'static [ProtocolOption<Self>] = options! { GROUP;
        rounds("ROUNDS", "Maximum number of rounds").within(*ROUNDS.start() as f64, *ROUNDS.end() as f64).letter('r')
            .alias("max_rounds");
        disagreement_threshold("POINTS", "Minimum difference of two confidences that counts as a gap")
            .within(0.0, 100.0);
        convergence_delta("POINTS", "Maximum change of the score between rounds that counts as stable")
            .within(0.0, 100.0);
        early_stop("", "Hold all rounds, even if the score is stable");
        blind("", "Speak in turn in round 1 too, seeing earlier turns").alias("blind_first_round");
        shuffle("", "Speak in the order of --models in every round").alias("randomize_order");
        min_score("SCORE", "Required final score; below it, exit code 2").within(0.0, 100.0);
        judge_temperature("NUMBER", "Sampling temperature of the judge, where its CLI supports it").within(0.0, 2.0)
            .default("not sent");
        judge_reply_tokens("TOKENS", "Maximum reply length of the judge in tokens").from(1.0)
            .alias("judge_max_tokens").default("--reply-tokens");
    };

    const ROLES: &'static [RoleOption<Self>] = &[RoleOption {
        flag: Flag::new(
            "judge",
            "PARTICIPANT",
            GROUP,
            "Model that sums up majority, minority and open points, without a vote: `claude`, `codex@low`",
        ),
        own_effort: true,
        give: |plan, named| {
            plan.judge = Some(Judge { participant: named.id, persona: Persona::judge() });
            plan.judge_effort = named.effort;
        },
    }];

    fn flags() -> Vec<(Flag, String)> {
        let persona = Flag::new(
            "persona",
            "NAME=PERSONA",
            GROUP,
            "Persona of a participant, repeatable: `claude=pessimist`, `claude#2=poet`; or in --models, as \
             `claude:pessimist`",
        );
        let personas = Flag::new(
            "personas",
            "FILE",
            GROUP,
            "File with additional personas, repeatable; see `refinery personas --help`",
        );
        let personas = [(persona, "assigned in the order of `refinery personas`"), (personas, "none")];
        let personas = personas.map(|(flag, default)| (flag.repeated(), default.to_owned()));
        personas.into_iter().chain(of_table::<Self>()).collect()
    }
}

/// Options that make no sense without a judge.
pub const JUDGE_TEMPERATURE: &str = "judge_temperature";
/// See [`JUDGE_TEMPERATURE`].
pub const JUDGE_REPLY_TOKENS: &str = "judge_reply_tokens";

impl ProtocolSettings for DebatePlan {
    fn help(&self) -> Help {
        HELP
    }

    fn flags(&self) -> Vec<(Flag, String)> {
        <Self as OptionTable>::flags()
    }

    fn machine(&self, given: Given) -> Result<Machine, Error> {
        let named = |judge: &Judge| given.all().into_iter().find(|member| member.id == judge.participant);
        let judge = self.judge.as_ref().and_then(named);
        if self.personas.len() != given.members.len() || self.judge.is_some() != judge.is_some() {
            return Err(Error::config("the plan is damaged: personas and participants do not match"));
        }
        let machine = Debate::new(self.clone(), given.members, judge, given.material);
        let misfits = machine.misfits();
        Ok((Box::new(machine), misfits))
    }

    fn facts(&self, names: &[&str]) -> Vec<(&'static str, String)> {
        let personas = names.iter().zip(&self.personas).map(|(name, persona)| format!("{name} as {}", persona.name));
        let rounds = counted(u64::from(self.rounds), "round");
        let ends = match self.early_stop && self.rounds > 1 {
            true => format!("when the score changes by {} or less, else after {rounds}", self.convergence_delta),
            false => format!("after {rounds}"),
        };
        let required = self.min_score.map_or(String::new(), |least| format!("; required score {least}"));
        let order = match (self.blind, self.shuffle) {
            (true, _) if self.rounds == 1 => "in parallel",
            (true, true) => "round 1 in parallel, then in turn in random order",
            (true, false) => "round 1 in parallel, then in turn as listed",
            (false, true) => "in turn: round 1 as listed, then in random order",
            (false, false) => "in turn, as listed",
        };
        let judge = self.judge.iter().map(|judge| ("Judge:", format!("{}, without a vote", judge.participant)));
        let personas = ("Personas:", personas.collect::<Vec<_>>().join(", "));
        let facts = [personas, ("Speak:", order.to_owned()), ("Ends:", format!("{ends}{required}"))];
        facts.into_iter().chain(judge).collect()
    }

    fn round_phases(&self) -> &'static [&'static str] {
        &["argue", "judge"]
    }

    /// A turn for each member in each round, and one for the judge.
    fn estimate(&self, _members: usize) -> Estimate {
        let argue = u64::try_from(self.personas.len()).unwrap_or(u64::MAX);
        let rounds = self.rounds.clamp(*ROUNDS.start(), *ROUNDS.end());
        let of_round = |round| {
            let judge = u64::from(round == rounds && self.judge.is_some());
            RoundEstimate { round, argue, judge, ..RoundEstimate::default() }
        };
        Estimate::of_rounds((1..=rounds).map(of_round).collect())
    }

    fn at_once(&self, members: usize) -> u64 {
        if self.blind { u64::try_from(members).unwrap_or(u64::MAX) } else { 1 }
    }

    fn check(&self, check: &mut Check<'_>) {
        self.check_ranges(check);
        check.known("judge", self.judge.as_ref().map(|judge| &judge.participant));
    }

    fn tunings(&self) -> Vec<Tuning> {
        let (temperature, reply_tokens) = (self.judge_temperature, self.judge_reply_tokens);
        vec![self.tuning, Tuning { temperature, reply_tokens, ..Tuning::default() }]
    }

    fn fields(&self) -> Vec<&'static str> {
        names::<DebateBody>()
    }

    fn advice(&self, members: usize) -> Vec<String> {
        let line = || format!("{members} participants: a round takes {members} calls, one after the other");
        (members >= MANY).then(line).into_iter().collect()
    }

    fn has_personas(&self) -> bool {
        true
    }

    fn members(&self) -> RangeInclusive<usize> {
        DEBATERS
    }
}

impl Measured for DebateBody {
    const NUMBERS: &'static [Number<Self>] = &[
        ("score", |body, _| body.final_score.map(f64::from)),
        ("rounds", |body, _| Some(f64::from(body.rounds_completed))),
        ("confidence", |body, _| body.final_average_confidence),
        ("disagreements", |body, _| Some(body.open_disagreements as f64)),
        ("stable", |body, _| Some(f64::from(u8::from(body.stop_reason == StopReason::Converged)))),
    ];
}

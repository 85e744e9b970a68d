//! What a consensus run is planned with: plain data, frozen before the first call.

use super::closing::ClosingStrategy;
use super::help::HELP;
use super::machine::Consensus;
use super::vote_threshold::AdjustedThreshold;
use super::vote_threshold::VoteThreshold;
use crate::error::Error;
use crate::exchange::Tuning;
use crate::outcome::{ConsensusBody, Status};
use crate::protocol::check::Check;
use crate::protocol::estimate::{Estimate, RoundEstimate};
use crate::protocol::normalise::Normaliser;
use crate::protocol::options::{Flag, Help, OptionTable, ProtocolOption, Takes, of_table, options};
use crate::protocol::pipeline::{Measured, Number, names};
use crate::protocol::quote::QUOTE_BYTES;
use crate::protocol::settings::{Given, Machine, ProtocolSettings};
use crate::value::Word;
use crate::words::counted;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use strum::{EnumString, IntoStaticStr, VariantNames};

/// How answers are reviewed.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames, EnumString,
)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
#[non_exhaustive]
pub enum ReviewMode {
    /// One call for each pair of reviewer and author.
    #[default]
    Pairwise,
    /// One call for each reviewer, over all the others.
    Batch,
}

impl Word for ReviewMode {}

/// The rule by which a consensus ends, of those that a plan can name.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames, EnumString,
)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", ascii_case_insensitive)]
#[non_exhaustive]
pub enum Strategy {
    /// [`VoteThreshold`]: the highest mean leads, as in the original.
    #[default]
    VoteThreshold,
    /// [`AdjustedThreshold`]: the highest mean without the reviewers' harshness leads.
    Adjusted,
}

impl Word for Strategy {}

impl Strategy {
    /// The rule with a threshold from 1 to 10, for so many rounds in a row.
    #[must_use]
    pub fn rule(self, threshold: f64, stability_rounds: u32) -> Box<dyn ClosingStrategy> {
        match self {
            Self::VoteThreshold => Box::new(VoteThreshold::new(threshold, stability_rounds)),
            Self::Adjusted => Box::new(AdjustedThreshold::new(threshold, stability_rounds)),
        }
    }
}

/// The settings of a consensus run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub struct ConsensusPlan {
    /// Mean score that the leader must reach, 1 to 10.
    pub threshold: f64,
    /// At most this many rounds, 1 to 20.
    pub max_rounds: u32,
    /// For how many rounds in a row the same participant must lead, at least 1.
    pub stability_rounds: u32,
    /// How answers are reviewed.
    pub review: ReviewMode,
    /// The rule by which it ends.
    #[serde(default)]
    pub strategy: Strategy,
    /// By what answers count as the same, where the run ends as soon as all are; `None` where all are reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_on_agreement: Option<Normaliser>,
    /// Whether calls that cannot change how the run ends are given up.
    #[serde(default = "yes")]
    pub early_close: bool,
    /// How many answers, reviewers or rewrites of a round are enough to go on without the slowest, at least 2; `None`:
    /// all are waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quorum: Option<u32>,
    /// How long the slowest are waited for once a quorum is in.
    #[serde(rename = "grace_ms", with = "crate::time::millis", default = "thirty_seconds")]
    #[cfg_attr(feature = "cli", schemars(with = "u64"))]
    pub grace: Duration,
    /// Whether the caller steps through the rounds: then it pauses after each, and asks for no
    /// refinement before the caller's word.
    pub stepped: bool,
    /// How the models run, for every call.
    pub tuning: Tuning,
}

impl Default for ConsensusPlan {
    /// The defaults of the original: a threshold of 8, for two rounds in a row, within five.
    fn default() -> Self {
        Self {
            threshold: 8.0,
            max_rounds: 5,
            stability_rounds: 2,
            review: ReviewMode::default(),
            strategy: Strategy::default(),
            stop_on_agreement: None,
            early_close: true,
            quorum: None,
            grace: thirty_seconds(),
            stepped: false,
            tuning: Tuning::default(),
        }
    }
}

fn yes() -> bool {
    true
}

fn thirty_seconds() -> Duration {
    Duration::from_secs(30)
}

const GROUP: &str = "Consensus";

impl OptionTable for ConsensusPlan {
    const OPTIONS: &'static [ProtocolOption<Self>] = options! { GROUP;
        threshold("SCORE", "Mean score required of the leading answer").within(1.0, 10.0).letter('t');
        max_rounds("ROUNDS", "Maximum number of rounds").within(1.0, 20.0).letter('r');
        stability_rounds("ROUNDS", "Consecutive rounds that the same answer must lead").from(1.0);
        review("MODE", "Reviews: pairwise (one call per pair) or batch (one call per reviewer)");
        strategy("RULE", "Leader: vote-threshold (highest mean) or adjusted (highest mean after taking out each \
            reviewer's harshness; needs three models)");
        stop_on_agreement("NORMALISER", "Stop without reviews as soon as all answers are the same, compared as by \
            `sample --normaliser`").alone("choice").default("none, or choice without a value");
        early_close("", "Wait for every review, also where it cannot change how the run ends");
        quorum("COUNT", "Go on without the slowest once so many have answered, and --grace is over").from(2.0)
            .default("all");
        grace("TIME", "How long to wait for the slowest once a quorum is in");
    };

    fn flags() -> Vec<(Flag, String)> {
        let quick = Flag::new(
            QUICK,
            "",
            GROUP,
            "Few calls: batch reviews, one round of agreement, 3 rounds, \
             --stop-on-agreement",
        );
        let quick = Flag { takes: Takes::Nothing { on: false }, ..quick };
        of_table::<Self>().chain([(quick, String::new())]).collect()
    }
}

/// The option that stands for a few others.
pub const QUICK: &str = "quick";

impl ConsensusPlan {
    /// With few calls: what is said of its options beside it overrides it.
    #[must_use]
    pub fn quick(self) -> Self {
        let stop_on_agreement = self.stop_on_agreement.or(Some(Normaliser::Choice));
        let (max_rounds, review) = (self.max_rounds.min(3), ReviewMode::Batch);
        Self { max_rounds, stability_rounds: 1, review, stop_on_agreement, ..self }
    }
}

impl ProtocolSettings for ConsensusPlan {
    fn help(&self) -> Help {
        HELP
    }

    fn flags(&self) -> Vec<(Flag, String)> {
        <Self as OptionTable>::flags()
    }

    fn machine(&self, given: Given) -> Result<Machine, Error> {
        let usual = || self.strategy.rule(self.threshold, self.stability_rounds);
        let strategy = given.brought.strategy.unwrap_or_else(usual);
        let machine = Consensus::new(self.clone(), given.members, given.material, strategy);
        let machine = machine.with_first_round(given.brought.first_round);
        let misfits = machine.misfits();
        Ok((Box::new(machine), misfits))
    }

    /// N + R·N(N−1) + (R−1)·N for N members in R rounds and reviews in pairs, and 1 for a single member.
    fn facts(&self, names: &[&str]) -> Vec<(&'static str, String)> {
        let lead = counted(u64::from(self.stability_rounds), "round");
        let closes = format!("mean score of {:.1} or more, leading for {lead}", self.threshold);
        if names.len() < 2 { Vec::new() } else { vec![("Closes:", closes)] }
    }

    fn round_phases(&self) -> &'static [&'static str] {
        &["propose", "evaluate", "refine"]
    }

    fn estimate(&self, members: usize) -> Estimate {
        let members = u64::try_from(members).unwrap_or(u64::MAX);
        Estimate::of_rounds(match members {
            0 => Vec::new(),
            1 => vec![RoundEstimate { round: 1, propose: 1, ..RoundEstimate::default() }],
            _ => (1..=self.max_rounds.max(1)).map(|round| self.round(members, round)).collect(),
        })
    }

    fn at_once(&self, members: usize) -> u64 {
        self.round(u64::try_from(members).unwrap_or(u64::MAX), 1).evaluate
    }

    /// In a batch, each answer by itself, and each of those reviews twice.
    fn splits(&self, members: usize, room: Option<usize>) -> u64 {
        // What a caller adds between two rounds takes room that is not known yet.
        let fits = |room: usize| !self.stepped && members.saturating_sub(1).saturating_mul(QUOTE_BYTES) <= room;
        if self.review == ReviewMode::Pairwise || room.is_none_or(fits) {
            return 0;
        }
        let members = u64::try_from(members).unwrap_or(u64::MAX);
        2 * members * members.saturating_sub(2) * u64::from(self.max_rounds.max(1))
    }

    fn check(&self, check: &mut Check<'_>) {
        self.check_ranges(check);
    }

    fn tunings(&self) -> Vec<Tuning> {
        vec![self.tuning]
    }

    fn fields(&self) -> Vec<&'static str> {
        names::<ConsensusBody>()
    }

    fn advice(&self, members: usize) -> Vec<String> {
        let mut all = Vec::new();
        if members > 1 && self.stability_rounds > self.max_rounds {
            let (stability, most) = (self.stability_rounds, self.max_rounds);
            all.push(format!("--stability-rounds {stability} exceeds --max-rounds {most}: the run cannot converge"));
        }
        if self.grace != thirty_seconds() && self.quorum.is_none() {
            all.push("--grace has no effect without --quorum".to_owned());
        }
        if members > 5 {
            all.push(format!("{members} participants: the number of reviews grows quadratically"));
        }
        all
    }
}

impl ConsensusPlan {
    fn round(&self, members: u64, round: u32) -> RoundEstimate {
        let evaluate = match self.review {
            ReviewMode::Pairwise => members * members.saturating_sub(1),
            ReviewMode::Batch => members,
        };
        RoundEstimate {
            round,
            propose: if round == 1 { members } else { 0 },
            evaluate,
            refine: if round < self.max_rounds { members } else { 0 },
            repairs: evaluate,
            ..RoundEstimate::default()
        }
    }
}

impl Measured for ConsensusBody {
    const NUMBERS: &'static [Number<Self>] = &[
        ("score", |body, _| body.winner.as_ref()?.mean_score),
        ("rounds", |body, _| Some(f64::from(body.final_round))),
        ("dissent", |body, _| Some(body.dissent.len() as f64)),
        ("converged", |_, status| Some(f64::from(u8::from(status == Status::Converged)))),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(max_rounds: u32, review: ReviewMode) -> ConsensusPlan {
        ConsensusPlan {
            threshold: 8.0,
            max_rounds,
            stability_rounds: 2,
            review,
            stepped: false,
            tuning: Tuning::default(),
            ..ConsensusPlan::default()
        }
    }

    #[test]
    fn three_participants_and_five_rounds_make_45_calls() {
        let estimate = plan(5, ReviewMode::Pairwise).estimate(3);
        let calls: Vec<u64> = estimate.rounds.iter().map(RoundEstimate::calls).collect();
        assert_eq!(calls, [12, 9, 9, 9, 6]);
        assert_eq!((estimate.total, estimate.total_with_repairs), (45, 75));
    }

    #[test]
    fn the_formula_holds_for_every_size() {
        for members in 2..=7_u32 {
            for rounds in 1..=20 {
                let n = u64::from(members);
                let r = u64::from(rounds);
                let estimate = plan(rounds, ReviewMode::Pairwise).estimate(usize::try_from(members).unwrap());
                assert_eq!(estimate.total, n + r * n * (n - 1) + (r - 1) * n);
            }
        }
    }

    #[test]
    fn one_participant_is_one_call_and_a_batch_is_one_call_for_each_reviewer() {
        assert_eq!(plan(5, ReviewMode::Pairwise).estimate(1).total_with_repairs, 1);
        assert_eq!(plan(5, ReviewMode::Pairwise).estimate(0), Estimate::default());
        let batch = plan(2, ReviewMode::Batch).estimate(3);
        assert_eq!((batch.total, batch.total_with_repairs), (12, 18));
    }
}

//! What the settings of a protocol tell the rest of the program. Each protocol says it in its own folder; the enums
//! that hold the settings of any protocol only pass it on.

use super::check::Check;
use super::consensus::ClosingStrategy;
use super::estimate::Estimate;
use super::machine::{Protocol, RoundOverrides};
use super::material::{Material, Member, Misfit};
use super::options::{Flag, Help};
use crate::error::Error;
use crate::exchange::Tuning;
use crate::ids::ParticipantId;
use crate::protocol::threshold::Threshold;
use std::sync::Arc;

/// What a caller of the library brings to a plan, which is code and therefore not in it.
#[derive(Default)]
pub struct Brought {
    /// When a consensus run may end; `None` for the rule that the plan names.
    pub strategy: Option<Box<dyn ClosingStrategy>>,
    /// What the caller changes in the first round of a consensus run.
    pub first_round: RoundOverrides,
    /// Scores texts in place of a judge that no plan names, and is no participant.
    pub evaluator: Option<ParticipantId>,
}

/// Everything that a run, or a step of one, is made of beside its settings.
pub struct Given {
    /// The participants that take part in everything, in plan order.
    pub members: Vec<Member>,
    /// Those that take part only where the settings name them.
    pub auxiliary: Vec<Member>,
    /// What it is about.
    pub material: Material,
    /// What the step before it came to, for a protocol that [works on a text](ProtocolSettings::takes_draft).
    pub draft: Option<Draft>,
    /// What the caller brings.
    pub brought: Brought,
}

/// A text, and its author where that is one participant.
pub struct Draft {
    /// The text.
    pub text: Arc<str>,
    /// Its author.
    pub author: Option<ParticipantId>,
}

impl Given {
    /// All who can be asked: the members, then the others.
    #[must_use]
    pub fn all(&self) -> Vec<Member> {
        self.members.iter().chain(&self.auxiliary).cloned().collect()
    }
}

/// A protocol before its first call, and the participants whose prompt limit question and files exceed.
pub type Machine = (Box<dyn Protocol>, Vec<Misfit>);

/// The settings of one protocol.
pub trait ProtocolSettings {
    /// What the command says of itself.
    fn help(&self) -> Help;

    /// The flags of the command, each with what counts without it.
    fn flags(&self) -> Vec<(Flag, String)>;

    /// The protocol with these settings. The same settings and members make the same one.
    ///
    /// # Errors
    /// Settings and members do not match; nothing was called.
    fn machine(&self, given: Given) -> Result<Machine, Error>;

    /// What a person reads of it before it begins: what ends it, and how. `names` are those of its members.
    fn facts(&self, names: &[&str]) -> Vec<(&'static str, String)>;

    /// The phases of its rounds, if it has rounds.
    fn round_phases(&self) -> &'static [&'static str] {
        &[]
    }

    /// The most calls that it can take with so many members.
    fn estimate(&self, members: usize) -> Estimate;

    /// The most of these calls that can run at the same time, spread evenly over the members.
    fn at_once(&self, _members: usize) -> u64 {
        1
    }

    /// How many calls more that can be with repairs, where a prompt has room for so many bytes of what the members
    /// write (`None`: for all of it), and what is too long for one prompt is asked in several.
    fn splits(&self, _members: usize, _room: Option<usize>) -> u64 {
        0
    }

    /// Adds everything that is wrong with the settings.
    fn check(&self, check: &mut Check<'_>);

    /// How the models run, in every part of it.
    fn tunings(&self) -> Vec<Tuning>;

    /// The numbers of its outcome that a condition of the next step can ask about.
    fn fields(&self) -> Vec<&'static str>;

    /// The smallest and the largest number of members.
    fn members(&self) -> std::ops::RangeInclusive<usize> {
        1..=7
    }

    /// The same where it is a step of a pipeline.
    fn members_of_step(&self) -> std::ops::RangeInclusive<usize> {
        self.members()
    }

    /// What a person should know of the settings with so many members, one line each.
    fn advice(&self, _members: usize) -> Vec<String> {
        Vec::new()
    }

    /// Whether its participants speak as personas.
    fn has_personas(&self) -> bool {
        false
    }

    /// Whether it works on the result of the step before it, instead of getting it beside the question.
    fn takes_draft(&self) -> bool {
        false
    }

    /// Takes note that its agreement is compared with this threshold after the run.
    fn watch(&mut self, _field: &str, _threshold: Threshold) {}
}

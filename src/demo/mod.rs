//! What `refinery demo` shows, without an account or a network.
//!
//! A demo is a run like any other: adapters, processes and protocols are the real ones. In place of the
//! vendors' programs this program starts itself, as `refinery __demo VENDOR SCRIPT -- ARGUMENTS`, and
//! prints the replies of a script in the vendor's format. It fails in no way of its own: what plays
//! misbehaving programs is the tests' `fake-cli`.

mod format;
mod player;
mod script;

pub use player::run;
pub use script::{Reply, Script};

use crate::value::Word;
use std::path::Path;
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

/// The programs that a demo stands in for, by the names of their adapters.
pub const VENDORS: [&str; 3] = ["claude", "codex", "gemini"];

/// One of the demos: a protocol, and a script that shows what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantNames, EnumString, VariantArray)]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
pub enum Demo {
    /// Three models propose, review, refine and agree.
    Consensus,
    /// Three standpoints on a decision, and a judge.
    Debate,
    /// Five samples of a calculation, of which four are enough.
    Sample,
    /// A text that is scored and improved until it is good.
    Refine,
    /// Three samples that do not agree, and therefore a critique of what most say.
    Pipe,
}

impl Word for Demo {}

/// What a demo is planned with beside its participants, in the words of the command's options. What is
/// not said here is as the command has it by default.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Plot {
    /// Nothing else.
    Consensus,
    /// A debate.
    Debate {
        /// The persona of each participant, by its id, in plan order.
        personas: &'static [&'static str],
        /// Who sums up: one of the participants, who is asked anew for it.
        judge: &'static str,
    },
    /// Samples that are taken one after the other, until the rest can change nothing.
    Sample {
        /// How many, at most.
        num_samples: u32,
        /// What makes two of them the same.
        normaliser: &'static str,
    },
    /// A text, in score mode. Its author is the only participant, and writes the draft.
    Refine {
        /// Who scores: nobody of the participants.
        judge: &'static str,
        /// The score to reach, 0 to 1.
        target_score: f64,
    },
    /// Steps, one after the other.
    Pipe {
        /// In their order.
        steps: &'static [Step],
    },
}

/// A step of a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What it does, and its settings, as `--step` takes them.
    pub step: &'static str,
    /// When it runs, as `--if` takes it.
    pub condition: Option<&'static str>,
}

impl Demo {
    /// The seed that every demo is planned with: the order of speakers and samples is drawn from it, and the
    /// scripts rely on that order.
    pub const SEED: u64 = 7;

    /// The name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The script, as text: [`arguments`] names the file that holds it.
    #[must_use]
    pub fn script(self) -> &'static str {
        match self {
            Self::Consensus => include_str!("../../fixtures/demo/consensus.toml"),
            Self::Debate => include_str!("../../fixtures/demo/debate.toml"),
            Self::Sample => include_str!("../../fixtures/demo/sample.toml"),
            Self::Refine => include_str!("../../fixtures/demo/refine.toml"),
            Self::Pipe => include_str!("../../fixtures/demo/pipe.toml"),
        }
    }

    /// The question that the script is about.
    #[must_use]
    pub fn question(self) -> String {
        Script::parse(self.script()).map(|script| script.question).unwrap_or_default()
    }

    /// The participants, in plan order, each named for its adapter.
    #[must_use]
    pub fn participants(self) -> &'static [&'static str] {
        match self {
            Self::Refine => &["claude"],
            Self::Consensus | Self::Debate | Self::Sample | Self::Pipe => &["claude", "codex", "gemini"],
        }
    }

    /// What else it is planned with.
    #[must_use]
    pub fn plot(self) -> Plot {
        match self {
            Self::Consensus => Plot::Consensus,
            Self::Debate => {
                Plot::Debate { personas: &["pessimist", "first-principles", "domain-expert"], judge: "claude" }
            }
            Self::Sample => Plot::Sample { num_samples: 5, normaliser: "number" },
            Self::Refine => Plot::Refine { judge: "codex", target_score: 0.9 },
            Self::Pipe => Plot::Pipe {
                steps: &[
                    Step { step: "sample num_samples=3 normaliser=choice", condition: None },
                    Step { step: "refine mode=critique", condition: Some("agreement < 0.95") },
                ],
            },
        }
    }
}

/// The arguments with which this program replies as a vendor's, by the script in that file: the vendor's
/// own arguments follow them.
#[must_use]
pub fn arguments(vendor: &str, script: &Path) -> Vec<String> {
    ["__demo", vendor, &script.to_string_lossy(), "--"].map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_demo_has_a_question_and_replies_of_its_participants() {
        for demo in <Demo as VariantArray>::VARIANTS.iter().copied() {
            let word = demo.as_str();
            let script = Script::parse(demo.script()).unwrap_or_else(|error| panic!("{word}: {error}"));
            assert!(script.question.len() > 40 && script.question == demo.question(), "{word}");
            assert!(script.reply.len() > 3, "{word}");
            assert!(demo.participants().iter().all(|name| VENDORS.contains(name)), "{word}");
        }
    }
}

//! What critiquing and rewriting a text is planned with.

use crate::exchange::Effort;
use crate::ids::ParticipantId;
use crate::protocol::check::Check;
use crate::protocol::estimate::{Estimate, PhaseEstimate};
use crate::protocol::options::{Flag, Named, OptionTable, ProtocolOption, RoleOption, options};
use serde::{Deserialize, Serialize};

/// How a text is critiqued and rewritten.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct CritiquePlan {
    /// Who critiques and rewrites; `None` for the text's author.
    pub refiner: Option<ParticipantId>,
    /// How hard the refiner thinks; `None` leaves its own setting.
    pub effort: Option<Effort>,
    /// At most so many passes; less than 1 is 1.
    pub max_passes: i64,
    /// Texts of fewer bytes are left as they are.
    pub min_bytes: u64,
    /// A rewrite that differs in no more than so many bytes ends it; less than 1 is 50.
    pub epsilon: i64,
    /// Roles and steps whose texts are left as they are.
    pub exclude: Vec<String>,
    /// Whether a rewrite is scored, and adopted only if it is not worse.
    pub verify: bool,
    /// Whether a reply without the form is shown in place of the text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accept_unstructured: bool,
}

impl CritiquePlan {
    /// Roles whose texts are left as they are unless it is said otherwise.
    pub const EXCLUDE: [&'static str; 4] = ["formatter", "deps", "refiner", "verifier"];
    /// The usual epsilon, in bytes.
    pub const EPSILON: i64 = 50;
    /// The most passes that can be asked for.
    pub const MOST_PASSES: i64 = 20;

    /// Makes a participant the refiner.
    pub fn appoint(&mut self, named: Named) {
        self.effort = named.effort.or(self.effort);
        self.refiner = Some(named.id);
    }

    /// How many passes there are at most.
    #[must_use]
    pub fn passes(&self) -> u32 {
        u32::try_from(self.max_passes.clamp(1, Self::MOST_PASSES)).unwrap_or(1)
    }

    /// The epsilon that counts.
    #[must_use]
    pub fn tolerance(&self) -> i64 {
        if self.epsilon <= 0 { Self::EPSILON } else { self.epsilon }
    }
}

impl Default for CritiquePlan {
    fn default() -> Self {
        Self {
            refiner: None,
            effort: Some(Effort::Medium),
            max_passes: 1,
            min_bytes: 200,
            epsilon: Self::EPSILON,
            exclude: Self::EXCLUDE.map(str::to_owned).to_vec(),
            verify: true,
            accept_unstructured: false,
        }
    }
}

const GROUP: &str = "Critique mode";

impl OptionTable for CritiquePlan {
    const OPTIONS: &'static [ProtocolOption<Self>] = options! { GROUP;
        max_passes("PASSES", "Maximum number of passes").within(1.0, Self::MOST_PASSES as f64);
        min_bytes("BYTES", "Minimum length of a text in bytes; shorter ones stay unchanged").from(0.0);
        epsilon("BYTES", "Stop when a rewrite changes no more than this many bytes").from(1.0);
        exclude("NAMES", "Roles and steps whose texts stay unchanged, comma-separated: consensus, debate, sample, \
            pipe, step1, ...; `draft` for a text of your own");
        verify("", "Do not score the rewrite: adopt it unseen");
        accept_unstructured("", "Show a reply without a complete rewrite in place of the text");
    };

    const ROLES: &'static [RoleOption<Self>] = &[RoleOption {
        flag: Flag::new(
            "refiner",
            "PARTICIPANT[@EFFORT]",
            GROUP,
            "Model that critiques and rewrites, also one outside --models; `@effort` sets its effort",
        )
        .default("the author of the text, after a debate the first participant; effort medium"),
        own_effort: true,
        give: Self::appoint,
    }];
}

impl CritiquePlan {
    /// The most calls of a critique pass.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        let passes = u64::from(self.passes());
        let scores = if self.verify { passes + 1 } else { 0 };
        let phases = vec![PhaseEstimate::new("critique", passes, 0), PhaseEstimate::new("verify", scores, scores)];
        Estimate::of_phases(phases)
    }

    pub(crate) fn check(&self, check: &mut Check<'_>) {
        check.known("refiner", self.refiner.as_ref());
    }
}

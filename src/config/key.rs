//! The names of all settings: one list that files, environment, flags and `config show` read.

use std::fmt;

macro_rules! keys {
    ($(#[$doc:meta])* $type:ident { $($(#[doc = $about:literal])+ $key:ident = $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type {
            $($(#[doc = $about])+ $key,)+
        }

        impl $type {
            /// All of them, in the order in which they are shown.
            pub const ALL: &[Self] = &[$(Self::$key),+];

            /// Its name in a configuration file.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$key => $name,)+
                }
            }

            /// What it is, in words.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self {
                    $(Self::$key => concat!($($about),+).trim_ascii(),)+
                }
            }

            /// The setting of a name.
            #[must_use]
            pub fn of(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|key| key.name() == name)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

keys! {
    /// A setting of a run: `[defaults]` in a file, `REFINERY_…` in the environment.
    Key {
        /// Who takes part: a list.
        Models = "models",
        /// Mean score that the leader must reach.
        Threshold = "threshold",
        /// At most this many rounds.
        MaxRounds = "max_rounds",
        /// For how many rounds in a row the same answer must lead.
        StabilityRounds = "stability_rounds",
        /// How answers are reviewed.
        Review = "review",
        /// How hard models think.
        Effort = "effort",
        /// Sampling temperature.
        Temperature = "temperature",
        /// Longest reply.
        ReplyTokens = "reply_tokens",
        /// The seed of every draw.
        Seed = "seed",
        /// Longest time for one attempt.
        Timeout = "timeout",
        /// Longest silence before the first byte.
        FirstByteTimeout = "first_byte_timeout",
        /// Longest silence after it.
        IdleTimeout = "idle_timeout",
        /// Further attempts after the first.
        Retries = "retries",
        /// How many calls may run at once.
        MaxConcurrent = "max_concurrent",
        /// What may pay.
        Billing = "billing",
        /// Whether to go on without participants that are missing.
        AllowMissing = "allow_missing",
        /// What standard output carries.
        OutputFormat = "output_format",
        /// A line per happening.
        Verbose = "verbose",
        /// Echo every invocation, and keep its folder.
        Debug = "debug",
        /// Most attempts of a run.
        BudgetCalls = "budget_calls",
        /// Most input tokens of a run.
        BudgetInputTokens = "budget_input_tokens",
        /// Most output tokens of a run.
        BudgetOutputTokens = "budget_output_tokens",
        /// Most money that a run may cost.
        BudgetUsd = "budget_usd",
        /// Longest time of a run.
        MaxWall = "max_wall",
        /// What becomes of a run at a usage limit.
        OnLimit = "on_limit",
        /// Whether a critique pass follows a run.
        RefineEnabled = "refine_enabled",
        /// Most passes of it.
        RefineMaxPasses = "refine_max_passes",
        /// Texts of fewer bytes are left as they are.
        RefineMinBytes = "refine_min_bytes",
        /// In how many bytes a rewrite may differ and be practically the same.
        RefineEpsilon = "refine_epsilon",
        /// Roles and steps whose texts are left as they are: a list.
        RefineExclude = "refine_exclude",
        /// Whether a rewrite is adopted only if it is not scored worse.
        RefineVerify = "refine_verify",
        /// Who critiques and rewrites.
        RefinerModel = "refiner_model",
        /// How hard the refiner thinks.
        RefinerEffort = "refiner_effort",
        /// Whether runs are not written down, and so cannot be resumed or replayed.
        NoJournal = "no_journal",
        /// Maximum number of finished runs to keep; 0 or "none" for no limit.
        KeepRuns = "keep_runs",
        /// Days to keep finished runs; 0 or "none" for no limit.
        KeepDays = "keep_days",
        /// Whether unfinished runs, which can be resumed, are always kept.
        KeepUnfinished = "keep_unfinished",
        /// Where runs and kept folders lie.
        StateDir = "state_dir",
    }
}

keys! {
    /// A setting of one adapter: `[adapters.NAME]` in a file.
    AdapterKey {
        /// Where the program is.
        Program = "program",
        /// Arguments that come before all others.
        ProgramArgs = "program_args",
        /// How many calls may run at once.
        Concurrency = "concurrency",
        /// The model, unless a participant names one.
        Model = "model",
        /// How hard it thinks, unless a participant says so.
        Effort = "effort",
        /// What may pay.
        Billing = "billing",
        /// What a million input tokens cost.
        InputPrice = "input_price",
        /// What a million output tokens cost.
        OutputPrice = "output_price",
    }
}

impl Key {
    /// Its variable in the environment: `REFINERY_MAX_ROUNDS`.
    #[must_use]
    pub fn variable(self) -> String {
        format!("REFINERY_{}", self.name().to_ascii_uppercase())
    }
}

/// The full name of a setting.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path {
    /// Of the run.
    Run(Key),
    /// Of one adapter, by its name.
    Adapter(String, AdapterKey),
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(key) => key.fmt(f),
            Self::Adapter(adapter, key) => write!(f, "adapters.{adapter}.{key}"),
        }
    }
}

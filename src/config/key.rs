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
        /// Models to ask: a list.
        Models = "models",
        /// Mean score required of the leading answer.
        Threshold = "threshold",
        /// Maximum number of rounds.
        MaxRounds = "max_rounds",
        /// Consecutive rounds that the same answer must lead.
        StabilityRounds = "stability_rounds",
        /// How answers are reviewed.
        Review = "review",
        /// How the leader is found.
        Strategy = "strategy",
        /// How answers are compared, where a consensus stops as soon as all are the same.
        StopOnAgreement = "stop_on_agreement",
        /// Whether a consensus gives calls up that cannot change how it ends.
        EarlyClose = "early_close",
        /// How many answers are enough to go on without the slowest.
        Quorum = "quorum",
        /// How long the slowest are waited for.
        Grace = "grace",
        /// Reasoning effort.
        Effort = "effort",
        /// Sampling temperature.
        Temperature = "temperature",
        /// Maximum reply length in tokens.
        ReplyTokens = "reply_tokens",
        /// Random seed.
        Seed = "seed",
        /// Maximum time for one attempt.
        Timeout = "timeout",
        /// Maximum silence before the first byte.
        FirstByteTimeout = "first_byte_timeout",
        /// Maximum silence within an answer.
        IdleTimeout = "idle_timeout",
        /// Retries after a transient failure.
        Retries = "retries",
        /// Maximum parallel calls.
        MaxConcurrent = "max_concurrent",
        /// How the CLIs are driven.
        Transport = "transport",
        /// Account to bill.
        Billing = "billing",
        /// Whether to continue without missing participants.
        AllowMissing = "allow_missing",
        /// Format of standard output.
        OutputFormat = "output_format",
        /// Log every event.
        Verbose = "verbose",
        /// Print every CLI call, and keep its files.
        Debug = "debug",
        /// Maximum number of calls, including retries.
        BudgetCalls = "budget_calls",
        /// Maximum number of input tokens.
        BudgetInputTokens = "budget_input_tokens",
        /// Maximum number of output tokens.
        BudgetOutputTokens = "budget_output_tokens",
        /// Maximum cost in US dollars.
        BudgetUsd = "budget_usd",
        /// Maximum time for the whole run.
        MaxWall = "max_wall",
        /// Action at a usage limit.
        OnLimit = "on_limit",
        /// Whether a critique pass follows a run.
        RefineEnabled = "refine_enabled",
        /// Maximum number of its passes.
        RefineMaxPasses = "refine_max_passes",
        /// Minimum length of a text in bytes.
        RefineMinBytes = "refine_min_bytes",
        /// Change in bytes up to which a rewrite counts as the same.
        RefineEpsilon = "refine_epsilon",
        /// Roles and steps whose texts stay unchanged: a list.
        RefineExclude = "refine_exclude",
        /// Whether a rewrite is adopted only if it is not scored worse.
        RefineVerify = "refine_verify",
        /// Model that critiques and rewrites.
        RefinerModel = "refiner_model",
        /// Reasoning effort of the refiner.
        RefinerEffort = "refiner_effort",
        /// Whether standard input is left alone where it is not named.
        NoStdin = "no_stdin",
        /// Whether runs are not saved, and so cannot be resumed or replayed.
        NoJournal = "no_journal",
        /// Maximum number of finished runs to keep; 0 or "none" for no limit.
        KeepRuns = "keep_runs",
        /// Days to keep finished runs; 0 or "none" for no limit.
        KeepDays = "keep_days",
        /// Whether unfinished runs, which can be resumed, are always kept.
        KeepUnfinished = "keep_unfinished",
        /// Directory for saved runs and debug files.
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
        /// Maximum parallel calls.
        Concurrency = "concurrency",
        /// Its model, unless a participant names one.
        Model = "model",
        /// Its effort, unless a participant sets one.
        Effort = "effort",
        /// Account to bill.
        Billing = "billing",
        /// Price of a million input tokens.
        InputPrice = "input_price",
        /// Price of a million output tokens.
        OutputPrice = "output_price",
    }
}

keys! {
    /// The price of a model: `[prices."MODEL"]` in a file.
    PriceKey {
        /// US dollars for a million input tokens.
        Input = "input",
        /// US dollars for a million output tokens.
        Output = "output",
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
    /// The price of a model, by its name.
    Price(String, PriceKey),
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(key) => key.fmt(f),
            Self::Adapter(adapter, key) => write!(f, "adapters.{adapter}.{key}"),
            Self::Price(model, key) => write!(f, "prices.\"{model}\".{key}"),
        }
    }
}

//! `refinery refine`: one text, made better.

use crate::app::options::Options;
use crate::app::roster::RosterBuilder;
use crate::cli::commands::planner::Planner;
use crate::cli::commands::self_refine::critique;
use crate::cli::commands::shared_args::SharedArgs;
use crate::config::SettingValue;
use crate::config::value::{at_least, number, whole, word};
use crate::error::Error;
use crate::plan::{PARTICIPANTS, ProtocolPlan};
use crate::protocol::refine::{CritiquePlan, RefineMode, RefinePlan, ScorePlan};
use clap::Args;
use std::ops::RangeInclusive;

const AFTER: &str = "\
The first participant of the list writes: the draft, if none is given, and in score mode every rewrite. It also \
scores and critiques, unless --judge or --refiner name somebody else.

Exit codes:
  0  the target is reached; or critiqued        2  no further up, or the iterations ran out
  1  error, or cancelled                        4  command line, configuration or input
  5  budget exhausted                           6  parked at a usage limit

Examples:
  refinery refine \"Explain TLS to a child\" -m claude --judge codex --target-score 0.95
  refinery refine \"Tighten this\" --draft README.md -m claude --mode critique --refiner codex@high
  git log -1 --format=%B | refinery refine --draft - -m claude --mode critique --min-bytes 0";

/// What is asked about a draft if nothing is said.
const IMPLIED: &str =
    "Improve the quality and the accuracy of the text. Keep its purpose, its format and its language.";

/// `refinery refine`
#[derive(Debug, Default, Args)]
#[command(after_help = AFTER)]
pub struct RefineArgs {
    /// The text to refine; `-` reads it from standard input [default: one is written first]
    #[arg(long, value_name = "FILE", help_heading = "Refining")]
    pub draft: Option<String>,

    /// How: score (score and improve, up to a target), or critique (critique and rewrite)
    /// [default: score]
    #[arg(long, value_name = "MODE", help_heading = "Refining")]
    pub mode: Option<String>,

    /// Who scores, also somebody who takes no part otherwise; of critiques only with --verify
    /// [default: the author, or the refiner]
    #[arg(long, value_name = "PARTICIPANT", help_heading = "Refining")]
    pub judge: Option<String>,

    /// The score to reach, 0 to 1 [default: 0.9]
    #[arg(long, value_name = "SCORE", help_heading = "Score mode", allow_hyphen_values = true)]
    pub target_score: Option<String>,

    /// At most this many rewrites, 0 to 100 [default: 5]
    #[arg(long, value_name = "COUNT", help_heading = "Score mode", allow_hyphen_values = true)]
    pub max_iterations: Option<String>,

    /// End after so many scores in a row that moved by next to nothing, 1 to 100 [default: 3]
    #[arg(long, value_name = "COUNT", help_heading = "Score mode", allow_hyphen_values = true)]
    pub patience: Option<String>,

    /// What counts as next to nothing, 0 to 1 [default: 0.01]
    #[arg(
        long,
        alias = "delta-threshold",
        value_name = "DIFFERENCE",
        help_heading = "Score mode",
        allow_hyphen_values = true
    )]
    pub delta: Option<String>,

    /// How many characters of a text the judge is shown, at least 1; of a longer one its beginning and
    /// its end [default: as many as fit, at most 200 kB]
    #[arg(long, value_name = "COUNT", help_heading = "Score mode", allow_hyphen_values = true)]
    pub max_eval_chars: Option<String>,

    /// Who critiques and rewrites, also somebody who takes no part otherwise; `@effort` says how hard it
    /// thinks [default: the author, effort medium]
    #[arg(long, value_name = "PARTICIPANT[@EFFORT]", help_heading = "Critique mode")]
    pub refiner: Option<String>,

    /// Most passes, 1 to 20 [default: 1]
    #[arg(long, value_name = "PASSES", help_heading = "Critique mode", allow_hyphen_values = true)]
    pub max_passes: Option<String>,

    /// Leave texts of fewer bytes as they are, at least 0 [default: 200]
    #[arg(long, value_name = "BYTES", help_heading = "Critique mode", allow_hyphen_values = true)]
    pub min_bytes: Option<String>,

    /// End with a rewrite that differs in no more than so many bytes, at least 1 [default: 50]
    #[arg(long, value_name = "BYTES", help_heading = "Critique mode", allow_hyphen_values = true)]
    pub epsilon: Option<String>,

    /// Leave what these roles wrote as it is, a comma list; here the text is always of `draft`
    /// [default: formatter,deps,refiner,verifier]
    #[arg(long, value_name = "NAMES", help_heading = "Critique mode")]
    pub exclude: Option<String>,

    /// Score the rewrite, and adopt it only if it is not worse
    #[arg(long, help_heading = "Critique mode")]
    pub verify: bool,

    /// What every run is given.
    #[command(flatten)]
    pub shared: SharedArgs,
}

impl Planner for RefineArgs {
    fn shared(&self) -> &SharedArgs {
        &self.shared
    }

    fn entries(&self) -> Vec<SettingValue> {
        self.shared.entries()
    }

    fn room(&self) -> RangeInclusive<usize> {
        PARTICIPANTS
    }

    fn plan(&self, roster: &mut RosterBuilder<'_>) -> Result<ProtocolPlan, Error> {
        let mut options = Options::of_flags([
            ("mode", self.mode.clone()),
            ("judge", self.judge.clone()),
            ("target_score", self.target_score.clone()),
            ("max_iterations", self.max_iterations.clone()),
            ("patience", self.patience.clone()),
            ("delta", self.delta.clone()),
            ("max_eval_chars", self.max_eval_chars.clone()),
            ("refiner", self.refiner.clone()),
            ("max_passes", self.max_passes.clone()),
            ("min_bytes", self.min_bytes.clone()),
            ("epsilon", self.epsilon.clone()),
            ("exclude", self.exclude.clone()),
            ("verify", self.verify.then(|| "true".to_owned())),
        ]);
        let plan = plan(&mut options, roster);
        roster.first_alone();
        options.finish(what(&plan))?;
        Ok(ProtocolPlan::Refine(RefinePlan { draft: roster.draft.clone(), ..plan }))
    }

    fn draft(&self) -> Option<&str> {
        self.draft.as_deref()
    }

    fn implied_question(&self) -> Option<&str> {
        Some(IMPLIED)
    }

    fn self_refines(&self) -> bool {
        false
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Score,
    Critique,
}

const MODES: [(&str, Mode); 2] = [("score", Mode::Score), ("critique", Mode::Critique)];

/// A run that refines a text, without the text; wrong values stay with `options`.
pub fn plan(options: &mut Options, roster: &mut RosterBuilder<'_>) -> RefinePlan {
    let mode = match options.read("mode", |text| word(text, &MODES)).unwrap_or(Mode::Score) {
        Mode::Score => RefineMode::Score(score(options)),
        Mode::Critique => RefineMode::Critique(critique(options, roster)),
    };
    let judge = if judges(&mode) { options.words("judge") } else { None };
    let judge = judge.and_then(|(word, place)| options.take(roster.give_part(&word, &place)));
    RefinePlan { author: None, judge, draft: None, mode, tuning: roster.tuning(options) }
}

/// What a plan is called when something is no option of it.
#[must_use]
pub fn what(plan: &RefinePlan) -> &'static str {
    match &plan.mode {
        RefineMode::Score(_) => "refine in score mode",
        RefineMode::Critique(CritiquePlan { verify: true, .. }) => "refine in critique mode",
        RefineMode::Critique(_) => "refine in critique mode without verification",
    }
}

fn judges(mode: &RefineMode) -> bool {
    match mode {
        RefineMode::Score(_) => true,
        RefineMode::Critique(critique) => critique.verify,
    }
}

fn score(options: &mut Options) -> ScorePlan {
    let usual = ScorePlan::default();
    let share = |text: &str| number(text, &(0.0..=1.0));
    let delta = options.read("delta", share);
    let seed_name = options.read("delta_threshold", share);
    ScorePlan {
        target_score: options.read("target_score", share).unwrap_or(usual.target_score),
        max_iterations: options.read("max_iterations", |text| whole(text, &(0..=100))).unwrap_or(usual.max_iterations),
        patience: options.read("patience", |text| whole(text, &(1..=100))).unwrap_or(usual.patience),
        delta: delta.or(seed_name).unwrap_or(usual.delta),
        max_eval_chars: options.read("max_eval_chars", |text| at_least(text, 1)),
    }
}

//! `refinery pipe`: several protocols, one after the other.

use crate::app::request::RunCommand;
use crate::cli::commands::self_refine::SelfRefineArgs;
use crate::cli::commands::shared_args::SharedArgs;
use crate::cli::commands::typed::Asks;
use clap::Args;

const AFTER: &str = "\
A step is one of consensus, debate, sample and refine, with the options of its command by name: \
'sample num_samples=5 min_agreement=0.8', 'refine mode=critique refiner=codex@high'. Every step takes temperature, \
reply_tokens, effort and feed. `refine` takes the previous result as its draft, the other steps take it as a file beside \
the question; with feed=prompt it replaces the question.

A condition applies to the preceding --step, and tests the result of the step before that one:
  after consensus   score, rounds, dissent, converged
  after debate      score, rounds, confidence, disagreements, stable
  after sample      agreement, unique, ties, failed
  after refine      score, iterations, changed; in critique mode passes, changed

The exit code is that of the last step that ran; a step that fails ends the run.

Examples:
  refinery pipe \"Summarise this\" -f a.md -m claude,codex \\
    --step 'sample num_samples=5' --step 'refine target_score=0.9'
  refinery pipe \"Yes or no?\" -m claude*3 \\
    --step 'sample normaliser=casefold' --step debate --if 'agreement < 0.95'
  refinery pipe - -m claude,codex --steps steps.toml --budget-calls 20 < question.txt

A file of steps:
  [[step]]
  kind = \"sample\"
  num_samples = 5

  [[step]]
  kind = \"refine\"
  if = \"agreement < 0.95\"
  target_score = 0.9";

/// `refinery pipe`
#[derive(Debug, Default, Args)]
#[command(after_help = AFTER)]
pub struct PipeArgs {
    /// What a step does: consensus, debate, sample or refine, and its options; 1 to 20 times
    #[arg(long, value_name = "STEP", help_heading = "Steps")]
    pub step: Vec<String>,

    /// Condition for the preceding --step: `agreement < 0.95` [default: always]
    #[arg(id = "if", long = "if", value_name = "CONDITION", help_heading = "Steps")]
    pub condition: Vec<String>,

    /// Read the steps from a TOML file instead
    #[arg(long, value_name = "FILE", help_heading = "Steps", conflicts_with_all = ["step", "if"])]
    pub steps: Option<String>,

    /// The critique pass over the answer.
    #[command(flatten)]
    pub self_refine: SelfRefineArgs,

    /// What every run is given.
    #[command(flatten)]
    pub shared: SharedArgs,
}

impl Asks for PipeArgs {
    const COMMAND: RunCommand = RunCommand::Pipe;
}

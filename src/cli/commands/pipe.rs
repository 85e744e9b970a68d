//! `refinery pipe`: several protocols, one after the other.

use crate::app::roster::RosterBuilder;
use crate::cli::commands::planner::Planner;
use crate::cli::commands::sample;
use crate::cli::commands::self_refine::SelfRefineArgs;
use crate::cli::commands::shared_args::SharedArgs;
use crate::cli::commands::steps::{Before, Written, read};
use crate::config::SettingValue;
use crate::error::Error;
use crate::host::files;
use crate::plan::ProtocolPlan;
use crate::protocol::pipeline::{PipelinePlan, StepKind, StepPlan};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use std::ops::RangeInclusive;
use std::path::PathBuf;

const AFTER: &str = "\
A step is one of consensus, debate, sample and refine, with the options of its command by name: \
'sample num_samples=5 min_agreement=0.8', 'refine mode=critique refiner=codex@high'. Every step takes temperature, \
reply_tokens, effort and feed. `refine` takes the result before it as its draft, the others take it as a file beside \
the question; with feed=prompt it takes the place of the question.

A condition belongs to the step before it on the command line, and asks about the step before that one:
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
    /// What is done, in order.
    #[command(flatten)]
    pub steps: StepArgs,

    /// What is done with the answer.
    #[command(flatten)]
    pub self_refine: SelfRefineArgs,

    /// What every run is given.
    #[command(flatten)]
    pub shared: SharedArgs,
}

/// Steps and their conditions, in the order in which they were typed.
#[derive(Debug, Default)]
pub struct StepArgs {
    typed: Vec<Typed>,
    file: Option<String>,
}

#[derive(Debug)]
enum Typed {
    Step(String),
    If(String),
}

impl Planner for PipeArgs {
    fn shared(&self) -> &SharedArgs {
        &self.shared
    }

    fn entries(&self) -> Vec<SettingValue> {
        [self.shared.entries(), self.self_refine.entries()].concat()
    }

    fn room(&self) -> RangeInclusive<usize> {
        sample::ROOM
    }

    fn personas(&self) -> Option<&[PathBuf]> {
        Some(&[])
    }

    fn plan(&self, roster: &mut RosterBuilder<'_>) -> Result<ProtocolPlan, Error> {
        let written = match &self.steps.file {
            Some(path) => {
                let file = files::read(std::slice::from_ref(path), roster.folder, None)?;
                read(file.first().map_or("", |(_, text)| text), path)?
            }
            None => of_command_line(&self.steps.typed)?,
        };
        if !PipelinePlan::STEPS.contains(&written.len()) {
            let (least, most) = (PipelinePlan::STEPS.start(), PipelinePlan::STEPS.end());
            return Err(Error::config(format!("{} steps: a pipeline takes from {least} to {most}", written.len()))
                .hint("refinery pipe \"your question\" -m claude,codex --step sample --step refine"));
        }
        let mut steps: Vec<Result<StepPlan, Error>> = Vec::new();
        for step in written {
            let before = match steps.last() {
                None => Before::Nothing,
                Some(Ok(before)) => Before::Step(&before.kind),
                Some(Err(_)) => Before::Wrong,
            };
            let step = step.plan(roster, before);
            steps.push(step);
        }
        let wrong = Error::all(steps.iter().filter_map(|step| step.as_ref().err().cloned()));
        let steps: Vec<StepPlan> = steps.into_iter().filter_map(Result::ok).collect();
        match (wrong, unheard(&steps, roster)) {
            (Some(error), _) | (None, Some(error)) => Err(error),
            (None, None) => Ok(ProtocolPlan::Pipe(PipelinePlan { steps })),
        }
    }
}

/// A persona that speaks in no step.
fn unheard(steps: &[StepPlan], roster: &RosterBuilder<'_>) -> Option<Error> {
    if steps.iter().any(|step| matches!(step.kind, StepKind::Debate(_))) {
        return None;
    }
    let one = roster.room().iter().find(|one| one.persona.is_some())?;
    let persona = one.persona.as_deref().unwrap_or_default();
    Some(
        Error::config(format!("{} cannot speak as `{persona}`: no step is a debate", one.id))
            .hint("leave the persona out, or add a step: --step debate"),
    )
}

fn of_command_line(typed: &[Typed]) -> Result<Vec<Written>, Error> {
    let mut steps: Vec<Written> = Vec::new();
    for one in typed {
        match (one, steps.last_mut()) {
            (Typed::Step(text), _) => steps.push(Written::of_words(steps.len() + 1, text)?),
            (Typed::If(condition), Some(step)) => step.only_if(condition)?,
            (Typed::If(condition), None) => {
                return Err(Error::config(format!("`--if '{condition}'` stands before every step")).hint(
                    "a condition comes after the step that it belongs to: --step refine --if 'agreement < 0.95'",
                ));
            }
        }
    }
    Ok(steps)
}

impl FromArgMatches for StepArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut typed: Vec<(usize, Typed)> = Vec::new();
        let mut all = |name: &str, kind: fn(String) -> Typed| {
            let places = matches.indices_of(name).into_iter().flatten();
            let words = matches.get_many::<String>(name).into_iter().flatten();
            typed.extend(places.zip(words).map(|(place, word)| (place, kind(word.clone()))));
        };
        all("step", Typed::Step);
        all("if", Typed::If);
        typed.sort_by_key(|(place, _)| *place);
        let typed = typed.into_iter().map(|(_, one)| one).collect();
        Ok(Self { typed, file: matches.get_one::<String>("steps").cloned() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// By hand: a condition belongs to the step before it, and derived arguments forget their order.
impl Args for StepArgs {
    fn augment_args(command: Command) -> Command {
        let arg = |name: &'static str| Arg::new(name).long(name).help_heading("Steps");
        command
            .arg(
                arg("step")
                    .value_name("STEP")
                    .action(ArgAction::Append)
                    .help("What is done: consensus, debate, sample or refine, and its options; 1 to 20 times"),
            )
            .arg(
                arg("if")
                    .value_name("CONDITION")
                    .action(ArgAction::Append)
                    .help("Take the step before this only if this holds: `agreement < 0.95` [default: always]"),
            )
            .arg(
                arg("steps")
                    .value_name("FILE")
                    .conflicts_with_all(["step", "if"])
                    .help("Take the steps from a TOML file instead"),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

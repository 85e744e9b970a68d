//! The steps of a pipeline, and the plan of them all.

use crate::app::options::Options;
use crate::app::plans::Drawn;
use crate::app::plans::steps::{Before, Written, read};
use crate::app::request::{StepText, Steps};
use crate::app::roster::RosterBuilder;
use crate::error::Error;
use crate::host::files;
use crate::protocol::pipeline::{PipelinePlan, StepKind, StepPlan};

impl Drawn for PipelinePlan {
    fn draw(options: &mut Options, roster: &mut RosterBuilder<'_>) -> Self {
        Self::draw_run(options, roster, &Steps::default())
    }

    fn draw_run(options: &mut Options, roster: &mut RosterBuilder<'_>, steps: &Steps) -> Self {
        options.take(plan(steps, roster)).unwrap_or_default()
    }
}

/// A pipeline of these steps.
///
/// # Errors
/// No steps or too many, each step's errors, a persona that no step uses.
fn plan(steps: &Steps, roster: &mut RosterBuilder<'_>) -> Result<PipelinePlan, Error> {
    let written = match steps {
        Steps::File(path) => {
            let file = files::read(std::slice::from_ref(path), roster.folder, None)?;
            read(file.first().map_or("", |(_, text)| text), path)?
        }
        Steps::Listed(listed) => {
            listed.iter().enumerate().map(|(at, one)| typed(at + 1, one)).collect::<Result<_, _>>()?
        }
    };
    if !PipelinePlan::STEPS.contains(&written.len()) {
        let (least, most) = (PipelinePlan::STEPS.start(), PipelinePlan::STEPS.end());
        return Err(Error::config(format!("{} steps: a pipeline takes {least} to {most}", written.len()))
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
        (None, None) => Ok(PipelinePlan { steps }),
    }
}

/// A persona that speaks in no step.
fn unheard(steps: &[StepPlan], roster: &RosterBuilder<'_>) -> Option<Error> {
    if steps.iter().any(|step| matches!(step.kind, StepKind::Debate(_))) {
        return None;
    }
    let one = roster.members().iter().find(|one| one.persona.is_some())?;
    let persona = one.persona.as_deref().unwrap_or_default();
    Some(
        Error::config(format!("{} has persona `{persona}`, but no step is a debate", one.id))
            .hint("omit the persona, or add a step: --step debate"),
    )
}

fn typed(number: usize, one: &StepText) -> Result<Written, Error> {
    let mut step = Written::of_words(number, &one.step)?;
    one.conditions.iter().try_for_each(|condition| step.only_if(condition))?;
    Ok(step)
}

//! Steps of a pipeline and functions of the caller's, one after the other on one budget.

use super::config::RunSettings;
use super::error::{Cost, EngineError};
use super::protocols::PipelineOutcome;
use super::provider::ProviderError;
use super::question::Question;
use super::runner::Runner;
use crate::outcome::Status;
use crate::plan::{Spent, remaining_budget};
use crate::protocol::pipeline::{Feed, PipelinePlan, StepKind, StepPlan};
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;

/// A caller's own step: from the text of the step before it to another text. A function that returns a future is one:
/// `|text: String| async move { Ok(text.to_uppercase()) }`.
#[async_trait]
pub trait StepFunction: Send + Sync {
    /// The next text.
    ///
    /// # Errors
    /// Why there is none: the chain ends with the text before it.
    async fn call(&self, text: String) -> Result<String, ProviderError>;
}

#[async_trait]
impl<F, R> StepFunction for F
where
    F: Fn(String) -> R + Send + Sync,
    R: Future<Output = Result<String, ProviderError>> + Send,
{
    async fn call(&self, text: String) -> Result<String, ProviderError> {
        self(text).await
    }
}

/// A link of a chain.
#[derive(Clone)]
#[non_exhaustive]
pub enum Link {
    /// A step of a pipeline. Its condition asks about the step before it, if that is one too.
    Step(StepPlan),
    /// A function under a name. It costs nothing, has no time limit, and a panic in it is the caller's.
    Function(String, Arc<dyn StepFunction>),
}

impl Link {
    /// A function under a name.
    pub fn function(name: impl Into<String>, function: impl StepFunction + 'static) -> Self {
        Self::Function(name.into(), Arc::new(function))
    }
}

impl From<StepKind> for Link {
    fn from(kind: StepKind) -> Self {
        Self::Step(kind.into())
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(step) => f.debug_tuple("Step").field(step).finish(),
            Self::Function(name, _) => f.debug_tuple("Function").field(name).finish(),
        }
    }
}

/// How a chain ended.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ChainOutcome {
    /// How its last run ended; [`Status::Error`] after a function that failed.
    pub status: Status,
    /// The last text.
    pub answer: String,
    /// The runs of its steps, in order: neighbouring steps are one run.
    pub runs: Vec<PipelineOutcome>,
    /// The function that failed, and why.
    pub failed: Option<(String, ProviderError)>,
    /// What all of it cost.
    pub cost: Cost,
}

impl Runner {
    /// Does one link after the other on one budget, that of the runner's settings; the longest time of its settings is
    /// that of each run of steps. It goes on for as long as a run ends as was hoped, or with the best so far.
    ///
    /// # Errors
    /// [`EngineError::Config`] without a link, or for a step that cannot be; [`EngineError::Failed`] if a step failed:
    /// its cost is that of the run that the step is part of.
    pub async fn chain(
        &self,
        question: impl Into<Question>,
        links: impl IntoIterator<Item = Link>,
    ) -> Result<ChainOutcome, EngineError> {
        let question = question.into();
        let mut links = links.into_iter().peekable();
        let mut chain = ChainOutcome {
            status: Status::Error,
            answer: String::new(),
            runs: Vec::new(),
            failed: None,
            cost: Cost::default(),
        };
        let mut begun = false;
        if links.peek().is_none() {
            return Err(crate::error::Error::config("a chain needs a link").into());
        }
        while let Some(link) = links.next() {
            match link {
                Link::Function(name, function) => {
                    let text = if begun { chain.answer.clone() } else { question.text.to_string() };
                    match function.call(text).await {
                        Ok(text) => chain.answer = text,
                        Err(error) => {
                            return Ok(ChainOutcome { status: Status::Error, failed: Some((name, error)), ..chain });
                        }
                    }
                }
                Link::Step(first) => {
                    let mut steps = vec![first];
                    while let Some(Link::Step(step)) = links.next_if(|link| matches!(link, Link::Step(_))) {
                        steps.push(step);
                    }
                    let (question, steps) = match begun {
                        true => fed(question.clone(), steps, &chain.answer),
                        false => (question.clone(), steps),
                    };
                    let settings = self.run_settings();
                    let budget = remaining_budget(&settings.budget, &spent(&chain.cost));
                    let limited = self.clone().settings(RunSettings { budget, ..settings.clone() });
                    let run = limited.pipe(question, PipelinePlan { steps }).await?;
                    chain.cost = plus(&chain.cost, run.cost());
                    (chain.status, chain.answer) = (run.status, run.answer.clone());
                    let goes_on = matches!(run.status.exit_code(), 0 | 2);
                    chain.runs.push(run);
                    if !goes_on {
                        return Ok(chain);
                    }
                }
            }
            begun = true;
        }
        Ok(ChainOutcome { status: if chain.runs.is_empty() { Status::Unchanged } else { chain.status }, ..chain })
    }
}

/// Question and steps, with a text that comes into the first of them as that of a step would.
fn fed(question: Question, mut steps: Vec<StepPlan>, text: &str) -> (Question, Vec<StepPlan>) {
    let Some(first) = steps.first_mut() else { return (question, steps) };
    match (first.feed, &mut first.kind) {
        (Feed::Prompt, _) => (Question { text: text.into(), ..question }, steps),
        (Feed::Value, StepKind::Refine(plan)) => {
            plan.draft = Some(text.into());
            (question, steps)
        }
        (Feed::Value, _) => (question.with_file("result of the step before", text), steps),
    }
}

fn spent(cost: &Cost) -> Spent {
    Spent {
        calls: cost.attempts,
        input_tokens: cost.usage.input_tokens.unwrap_or(0),
        output_tokens: cost.usage.output_tokens.unwrap_or(0),
        usd: cost.usage.cost_usd.unwrap_or(0.0),
    }
}

fn plus(first: &Cost, second: Cost) -> Cost {
    let usage = first.usage.plus(second.usage);
    let steps = first.steps.iter().cloned().chain(second.steps).collect();
    Cost { calls: first.calls + second.calls, attempts: first.attempts + second.attempts, usage, steps }
}

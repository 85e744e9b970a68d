//! One method for each protocol, from a plan to its outcome.

use super::error::EngineError;
use super::outcome::{ConsensusOutcome, RunOutcome};
use super::question::Question;
use super::runner::Runner;
use crate::error::Error;
use crate::outcome::{Body, DebateBody, PipelineBody, RefineBody, SamplingBody};
use crate::plan::{Estimate, ProtocolPlan, estimate_run, prompt_room};
use crate::protocol::consensus::ConsensusPlan;
use crate::protocol::debate::{DebatePlan, built_in, deal};
use crate::protocol::pipeline::PipelinePlan;
use crate::protocol::refine::RefinePlan;
use crate::protocol::sampling::SamplingPlan;

/// How a debate ended.
pub type DebateOutcome = RunOutcome<DebateBody>;
/// How samples agreed.
pub type SamplingOutcome = RunOutcome<SamplingBody>;
/// What became of a text.
pub type RefineOutcome = RunOutcome<RefineBody>;
/// What steps came to, one after the other.
pub type PipelineOutcome = RunOutcome<PipelineBody>;

impl Runner {
    /// Lets everybody propose, review and refine until they agree; [`Engine`](crate::Engine) does the same
    /// with a closing strategy of one's own, and in steps.
    ///
    /// # Errors
    /// [`EngineError::Config`] before the first call; [`EngineError::Failed`] if no model ever answered.
    pub async fn consensus(
        &self,
        question: impl Into<Question>,
        plan: ConsensusPlan,
    ) -> Result<ConsensusOutcome, EngineError> {
        self.run(ProtocolPlan::Consensus(plan), question.into()).await?.try_into()
    }

    /// Lets everybody speak from a standpoint, in rounds. A plan without personas gets those of the crate
    /// dealt, in order. A judge that does not take part is an [`auxiliary`](Self::auxiliary) provider.
    ///
    /// # Errors
    /// [`EngineError::Config`] before the first call; [`EngineError::Failed`] if no model ever answered.
    pub async fn debate(
        &self,
        question: impl Into<Question>,
        mut plan: DebatePlan,
    ) -> Result<DebateOutcome, EngineError> {
        let room = self.room();
        if plan.personas.is_empty() {
            let dealt = deal(&vec![None; room], built_in()).unwrap_or_default();
            plan.personas = dealt.into_iter().cloned().collect();
        }
        if plan.personas.len() != room {
            let (personas, words) = (plan.personas.len(), "personas: name one for each, or none to have them dealt");
            return Err(Error::config(format!("{room} participants and {personas} {words}")).into());
        }
        let finished = self.run(ProtocolPlan::Debate(Box::new(plan)), question.into()).await?;
        RunOutcome::of(finished, |body| if let Body::Debate(body) = body { Some(body) } else { None })
    }

    /// Takes several answers to the bare question, dealt to everybody in turn, and counts which of them are
    /// the same.
    ///
    /// # Errors
    /// [`EngineError::Config`] before the first call; [`EngineError::Failed`] if no sample came.
    pub async fn sample(
        &self,
        question: impl Into<Question>,
        plan: SamplingPlan,
    ) -> Result<SamplingOutcome, EngineError> {
        let finished = self.run(ProtocolPlan::Sample(plan), question.into()).await?;
        RunOutcome::of(finished, |body| if let Body::Sample(body) = body { Some(body) } else { None })
    }

    /// Makes one text better: scored by a judge or by an [evaluator](Self::evaluator), or critiqued.
    ///
    /// # Errors
    /// [`EngineError::Config`] before the first call; [`EngineError::Failed`] if there is no text.
    pub async fn refine(&self, question: impl Into<Question>, plan: RefinePlan) -> Result<RefineOutcome, EngineError> {
        let finished = self.run(ProtocolPlan::Refine(plan), question.into()).await?;
        RunOutcome::of(finished, |body| if let Body::Refine(body) = body { Some(body) } else { None })
    }

    /// Does one step after the other on one budget, that of the runner's settings.
    ///
    /// # Errors
    /// [`EngineError::Config`] before the first call; [`EngineError::Failed`] if a step failed: its
    /// [`cost`](EngineError::cost) is that of all steps, and it holds the best text so far. A budget that is
    /// spent is no error: the outcome's status says so, and its text is the best so far.
    pub async fn pipe(
        &self,
        question: impl Into<Question>,
        plan: PipelinePlan,
    ) -> Result<PipelineOutcome, EngineError> {
        let finished = self.run(ProtocolPlan::Pipe(plan), question.into()).await?;
        RunOutcome::of(finished, |body| if let Body::Pipe(body) = body { Some(body) } else { None })
    }

    /// The most calls that a plan can take with those who take part, and the critique pass after it; nobody is
    /// asked. Question and files, which are not known here, are taken as short.
    #[must_use]
    pub fn estimate(&self, plan: &ProtocolPlan) -> Estimate {
        let limits = self.providers().iter().map(|provider| provider.about().prompt_bytes);
        estimate_run(plan, self.critique_pass(), self.room(), prompt_room(limits, "", &[]))
    }
}

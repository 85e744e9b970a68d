//! From a caller's provider to a backend of the engine: nothing that it does can hang a run.

use super::provider::ModelProvider;
use super::request::ProviderRequest;
use crate::call::{Attempt, AttemptError, Backend, BoxFuture};
use crate::exchange::Reply;
use crate::failure::{CallFailure, FailureClass};
use crate::invocation::StopLevel;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The time that a provider gets which ends its attempts by itself.
const PATIENCE: Duration = Duration::from_secs(15);

/// A caller's provider as the engine asks it.
pub(super) struct ProviderBackend {
    pub provider: Arc<dyn ModelProvider>,
    /// Longest time for one attempt.
    pub timeout: Duration,
    /// Whether the provider ends its attempts by itself.
    pub keeps_time: bool,
}

impl ProviderBackend {
    async fn run(&self, attempt: Attempt) -> Result<Reply, CallFailure> {
        let patience = if self.keeps_time { PATIENCE } else { Duration::ZERO };
        let stop = attempt.stop.clone();
        // Falls with this future, however it ends.
        let (_lives, over) = watch::channel(());
        let request = ProviderRequest::new(attempt, self.timeout, over);
        tokio::select! {
            biased;
            result = self.provider.reply(&request) => result.map_err(own),
            () = tokio::time::sleep(self.timeout.saturating_add(patience)) => {
                let limit = crate::time::duration::show(self.timeout);
                Err(CallFailure::new(FailureClass::TimedOut, format!("no answer within {limit}")))
            }
            () = stopped(stop, patience) => {
                Err(CallFailure::new(FailureClass::Stopped, "the run stopped before the answer was there"))
            }
        }
    }
}

/// A provider's error under a class that it may use: that a run stops, or has spent its budget, is the
/// engine's to say.
fn own(failure: CallFailure) -> CallFailure {
    match failure.class {
        FailureClass::Stopped | FailureClass::OverBudget => CallFailure { class: FailureClass::Crashed, ..failure },
        _ => failure,
    }
}

/// Waits until the attempt should end, and then for as long as it may take to do so.
async fn stopped(mut stop: watch::Receiver<StopLevel>, patience: Duration) {
    if stop.wait_for(|level| *level > StopLevel::Run).await.is_err() {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(patience).await;
}

impl Backend for ProviderBackend {
    fn attempt(&self, attempt: Attempt) -> BoxFuture<'_, Result<Reply, AttemptError>> {
        Box::pin(async { self.run(attempt).await.map_err(AttemptError::Failed) })
    }
}

//! The one trait through which a caller brings any backend.

use super::message::Message;
use super::request::ProviderRequest;
use crate::exchange::Reply;
use crate::failure::CallFailure;
use crate::ids::{AdapterId, ParticipantId};
use async_trait::async_trait;

/// Why a provider brought no answer: a class of the closed list, and a line in words. The class decides
/// whether the call is tried again ([`FailureClass::retry`](crate::FailureClass::retry)) and whether the
/// participant is asked again at all. [`FailureClass::StartFailed`](crate::FailureClass::StartFailed) says that
/// nothing ran: such an attempt is charged to no budget.
pub type ProviderError = CallFailure;

/// The name of a model, and of the participant that it is in a run. Two providers of one name become
/// `name#1` and `name#2`.
pub type ModelId = ParticipantId;

/// A model that can be asked.
///
/// Two methods must be written. The others have defaults; [`reply`](Self::reply) is the one to override
/// for tokens as they come, usage, settings and structured replies.
///
/// # Cancellation
/// The engine cancels an attempt by dropping its future: when the run is aborted or dropped, when its
/// time is over, when nobody needs the answer any more. Work that is not part of the future looks at
/// [`ProviderRequest::stop_signal`].
///
/// # Panics and endless futures
/// A panic is one failed call ([`FailureClass::Internal`](crate::FailureClass::Internal)), an endless
/// future one that timed out. Only a future that blocks its thread cannot be ended by anybody: use
/// `spawn_blocking` for such work.
#[async_trait]
pub trait ModelProvider: Send + Sync {
    /// Answers the messages, which are a system message, if there is one, and a user message.
    ///
    /// # Errors
    /// Why there is no answer.
    async fn send_message(&self, messages: &[Message]) -> Result<String, ProviderError>;

    /// Its name, always the same.
    fn model_id(&self) -> &ModelId;

    /// Makes one attempt at a call. By default it is what [`send_message`](Self::send_message) says.
    ///
    /// # Errors
    /// Why there is no answer.
    async fn reply(&self, request: &ProviderRequest) -> Result<Reply, ProviderError> {
        let text = self.send_message(request.messages()).await?;
        Ok(Reply::from(text))
    }

    /// What the engine should know about it. Asked once for each run.
    fn about(&self) -> About {
        About::default()
    }

    /// Whether an attempt that begins now may have to refresh a login that providers of its adapter share:
    /// then one goes first, alone, until it is answered, so that they do not refresh it against each other.
    fn may_refresh_login(&self) -> bool {
        false
    }
}

/// What the engine should know about a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct About {
    /// Providers of one name here share a queue: a refused credential or a usage limit of one closes it
    /// for all. `None` for a queue of its own.
    pub adapter: Option<AdapterId>,
    /// Attempts at once in that queue; 0 for no limit.
    pub concurrency: usize,
    /// Names beside the model's own that no prompt may reveal to its peers, lower case: `anthropic`.
    pub vendor_words: Vec<String>,
    /// How many bytes a whole prompt may have; `None` for no limit. Question and files are never cut:
    /// if they do not fit, the run is refused before its first call.
    pub prompt_bytes: Option<usize>,
    /// What pays, in words.
    pub pays: String,
    /// Whether what it reports as cost is money that somebody pays, which a budget in money counts.
    pub metered: bool,
    /// Whether it ends an attempt by itself when [`ProviderRequest::timeout`] is over or the run stops,
    /// and needs some seconds for that: then the engine drops its future only after 15 more.
    pub keeps_time: bool,
}

impl Default for About {
    /// A queue of its own without limits, which costs money.
    fn default() -> Self {
        Self {
            adapter: None,
            concurrency: 0,
            vendor_words: Vec::new(),
            prompt_bytes: None,
            pays: "the caller".to_owned(),
            metered: true,
            keeps_time: false,
        }
    }
}

//! What codex and gemini have in common: JSON-RPC in lines, where our requests are named `TURN WHAT` and the first one
//! belongs to no call.

use super::{TurnId, WorkerEvent};
use serde_json::Value;

/// The call that a request of ours was made for, and what it was; `None` for the greeting.
pub(super) fn requested(id: &str) -> Option<(TurnId, &str)> {
    let (turn, what) = id.split_once(' ')?;
    Some((turn.parse().ok()?, what))
}

/// What follows from the answer to the greeting.
pub(super) fn greeted(answer: &Value) -> Vec<WorkerEvent> {
    let refused = answer.get("error").map(|error| format!("it is not ready: {}", error["message"]));
    refused.map(WorkerEvent::Unusable).into_iter().collect()
}

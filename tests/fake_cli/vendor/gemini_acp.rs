//! What `gemini --acp` 0.61.0 prints for a prompt: pieces of the answer and how the turn ended, or an error.

use super::gemini::resolved;
use super::{Rendered, Turn};
use serde_json::{Value, json};

/// A message that goes with the prompt: its number, or its session.
fn line(message: &Value) -> String {
    format!("{message}\n")
}

fn prompt<'a>(turn: &Turn<'a>) -> (&'a Value, &'a str) {
    turn.asked.prompt.as_ref().map_or((&Value::Null, ""), |(id, session)| (id, session))
}

fn ended(turn: &Turn<'_>, text: &str) -> String {
    let tokens = json!({"input_tokens": Turn::tokens(turn.prompt), "output_tokens": Turn::tokens(text)});
    let models = json!([{"model": resolved(turn.asked.model.as_deref()), "token_count": tokens}]);
    let quota = json!({"token_count": tokens, "model_usage": models});
    line(&json!({"jsonrpc": "2.0", "id": prompt(turn).0,
        "result": {"stopReason": "end_turn", "_meta": {"quota": quota}}}))
}

pub(super) fn answer(turn: &Turn<'_>, text: &str) -> Rendered {
    let update = |piece: &str| {
        let update = json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": piece}});
        line(&json!({"jsonrpc": "2.0", "method": "session/update",
            "params": {"sessionId": prompt(turn).1, "update": update}}))
    };
    Rendered {
        body: turn.pieces(text).into_iter().map(update).collect(),
        tail: ended(turn, text),
        ..Rendered::default()
    }
}

/// What a failure is here that is this without the protocol.
pub(super) fn fail(turn: &Turn<'_>, oneshot: &Rendered) -> Rendered {
    if !oneshot.tail.is_empty() {
        // The document has the reason, and the answer to a prompt has none.
        return Rendered { tail: ended(turn, ""), ..Rendered::default() };
    }
    let object = oneshot.err.find("\n{\n").and_then(|at| serde_json::from_str::<Value>(&oneshot.err[at..]).ok());
    let error = object.map_or_else(
        || json!({"code": -32000, "message": "Authentication required."}),
        |object| {
            let code = object["error"]["code"].as_i64().filter(|code| *code >= 400).unwrap_or(500);
            json!({"code": code, "message": object["error"]["message"]})
        },
    );
    Rendered { tail: line(&json!({"jsonrpc": "2.0", "id": prompt(turn).0, "error": error})), ..Rendered::default() }
}

//! `gemini --acp`: the Agent Client Protocol, JSON-RPC in lines. A session for each call, many at once. Sessions
//! cannot be closed; nothing of one is in another. Measured with 0.61.0.

use super::{Ask, TurnId, WorkerCodec, WorkerEvent};
use crate::invocation::{Line, Piece};
use crate::json;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Before a prompt that begins like a command (`/help`, `$ help`): white space does not keep it from being one.
/// A word joiner is none, and shows nowhere.
const GUARD: &str = "\u{2060}";

/// A call that has not left the worker.
#[derive(Debug)]
enum Call {
    /// Its session is being made; what it will ask there, unless it was cancelled meanwhile.
    Opening(Option<Vec<Piece>>),
    /// It was asked in this session.
    Asked(String),
}

/// Speaks with one process.
#[derive(Debug, Default)]
pub(super) struct GeminiWorker {
    calls: BTreeMap<TurnId, Call>,
}

/// A message of ours.
fn message(mut members: Value) -> Vec<Piece> {
    members["jsonrpc"] = json!("2.0");
    vec![Piece::Raw(format!("{members}\n").into())]
}

/// The question, without the session that it goes to.
fn question(turn: TurnId, ask: &Ask) -> Vec<Piece> {
    let before = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":\"{turn} prompt\",\"method\":\"session/prompt\",\
         \"params\":{{\"prompt\":[{{\"type\":\"text\",\"text\":\""
    );
    let blank = |c: char| c.is_whitespace() || c == '\u{feff}';
    let text = |piece: &Piece| match piece {
        Piece::Raw(text) | Piece::JsonEscaped(text) => text.trim_start_matches(blank).chars().next(),
    };
    let is_command = matches!(ask.prompt.iter().find_map(text), Some('/' | '$'));
    let guard = is_command.then(|| Piece::JsonEscaped(GUARD.into()));
    let start = ask.mark_line().into_iter().chain([Piece::Raw(before.into())]);
    start.chain(guard).chain(ask.prompt.iter().cloned()).chain([Piece::Raw("\"}],\"sessionId\":".into())]).collect()
}

impl GeminiWorker {
    /// What was requested is done, or refused.
    fn answered(&mut self, id: &str, answer: &Value, line: Line) -> Vec<WorkerEvent> {
        let Some((turn, what)) = id.split_once(' ').and_then(|(turn, what)| Some((turn.parse().ok()?, what))) else {
            let why = || WorkerEvent::Unusable(format!("it is not ready: {}", answer["error"]["message"]));
            return answer.get("error").map(|_| why()).into_iter().collect();
        };
        let session = answer["result"]["sessionId"].as_str().filter(|_| what == "session");
        match (self.calls.remove(&turn), session) {
            (Some(Call::Opening(Some(mut question))), Some(session)) => {
                question.push(Piece::Raw(format!("{}}}}}\n", Value::from(session)).into()));
                self.calls.insert(turn, Call::Asked(session.to_owned()));
                vec![WorkerEvent::Write(question)]
            }
            (Some(_), _) => vec![WorkerEvent::Line(turn, line), WorkerEvent::Free(turn)],
            (None, _) => Vec::new(),
        }
    }
}

impl WorkerCodec for GeminiWorker {
    fn greet(&mut self) -> Vec<Piece> {
        // It reads one line after the other: what is asked meanwhile waits in the pipe.
        message(json!({"id": "hello", "method": "initialize",
            "params": {"protocolVersion": 1, "clientCapabilities": {}}}))
    }

    fn ask(&mut self, turn: TurnId, ask: &Ask) -> Vec<Piece> {
        self.calls.insert(turn, Call::Opening(Some(question(turn, ask))));
        // The process stands in its empty folder.
        message(json!({"id": format!("{turn} session"), "method": "session/new",
            "params": {"cwd": ".", "mcpServers": []}}))
    }

    fn cancel(&mut self, turn: TurnId) -> Vec<Piece> {
        match self.calls.get_mut(&turn) {
            Some(Call::Asked(session)) => message(json!({"method": "session/cancel", "params": {"sessionId": session}})),
            Some(Call::Opening(question)) => {
                *question = None;
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    fn line(&mut self, line: Line) -> Vec<WorkerEvent> {
        let Some(said) = json::read_line(&line.text).filter(|_| !line.cut) else {
            // A part of an answer may be lost.
            let lost = line.cut || line.text.starts_with('{');
            return lost.then(|| WorkerEvent::Unusable("it printed what is no message".to_owned())).into_iter().collect();
        };
        match (said.get("id"), said["method"].as_str()) {
            // It asks for a permission, a file, a terminal: there is nothing of the kind here.
            (Some(id), Some(method)) => {
                let error = json!({"code": -32601, "message": format!("there is no {method}")});
                vec![WorkerEvent::Write(message(json!({"id": id, "error": error})))]
            }
            (Some(id), None) => self.answered(id.as_str().unwrap_or_default(), &said, line),
            (None, _) => {
                let session = said["params"]["sessionId"].as_str();
                let own = |call: &Call| matches!(call, Call::Asked(own) if Some(own.as_str()) == session);
                let turn = self.calls.iter().find_map(|(turn, call)| own(call).then_some(*turn));
                turn.map(|turn| WorkerEvent::Line(turn, line)).into_iter().collect()
            }
        }
    }
}

//! `gemini --acp`: the Agent Client Protocol, JSON-RPC in lines. A session for each call, many at once. Sessions
//! cannot be closed; nothing of one is in another. Measured with 0.61.0.

use super::rpc;
use super::{Ask, TurnId, WorkerCodec, WorkerEvent};
use crate::invocation::{Line, Piece, Stream};
use crate::json;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Before a prompt that begins like a command (`/help`, `$ help`): white space does not keep it from being one.
/// A word joiner is none, and shows nowhere.
const GUARD: &str = "\u{2060}";

/// How it begins to ask for a login, where it does not take the stored one: it waits for a code on standard input.
const LOGIN: &str = "Please visit the following URL to authorize";

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
        let Some((turn, what)) = rpc::requested(id) else { return rpc::greeted(answer) };
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

impl GeminiWorker {
    /// It needs a login before it speaks the protocol: no call was asked.
    fn locked_out(&mut self) -> Vec<WorkerEvent> {
        const WHY: &str = "it asks for a login";
        let refused = |turn: TurnId| {
            let error = json!({"code": -32000, "message": WHY});
            let text = json!({"jsonrpc": "2.0", "id": format!("{turn} session"), "error": error}).to_string();
            let line = Line { stream: Stream::Stdout, text, cut: false };
            [WorkerEvent::Line(turn, line), WorkerEvent::Free(turn)]
        };
        let calls = std::mem::take(&mut self.calls);
        calls.into_keys().flat_map(refused).chain([WorkerEvent::Unusable(WHY.to_owned())]).collect()
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
            Some(Call::Asked(session)) => {
                message(json!({"method": "session/cancel", "params": {"sessionId": session}}))
            }
            Some(Call::Opening(question)) => {
                *question = None;
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    fn line(&mut self, line: Line) -> Vec<WorkerEvent> {
        let Some(said) = json::read_line(&line.text).filter(|_| !line.cut) else {
            if line.text.contains(LOGIN) {
                return self.locked_out();
            }
            // A part of an answer may be lost.
            let lost = line.cut || line.text.starts_with('{');
            return lost
                .then(|| WorkerEvent::Unusable("it printed what is no message".to_owned()))
                .into_iter()
                .collect();
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

#[cfg(test)]
mod tests {
    use super::super::testing::{self, text};
    use super::*;

    fn take(worker: &mut GeminiWorker, text: &str, cut: bool) -> Vec<String> {
        testing::take(worker, testing::line(text, cut))
    }

    fn ask(prompt: &[&str]) -> Ask {
        let prompt = prompt.iter().map(|part| Piece::JsonEscaped((*part).into())).collect();
        Ask { prompt, system: Vec::new(), values: [].into(), mark: None }
    }

    fn opened(turn: TurnId, session: &str) -> String {
        format!(
            r#"{{"jsonrpc":"2.0","id":"{turn} session","result":{{"sessionId":"{session}","modes":{{"currentModeId":"default"}}}}}}"#
        )
    }

    fn chunk(session: &str) -> String {
        format!(
            r#"{{"jsonrpc":"2.0","method":"session/update","params":{{"sessionId":"{session}","update":{{"sessionUpdate":"agent_message_chunk","content":{{"type":"text","text":"for"}}}}}}}}"#
        )
    }

    fn ended(turn: TurnId, stop: &str) -> String {
        format!(r#"{{"jsonrpc":"2.0","id":"{turn} prompt","result":{{"stopReason":"{stop}"}}}}"#)
    }

    fn prompt(turn: TurnId, session: &str, text: &str) -> String {
        format!(
            r#"> {{"jsonrpc":"2.0","id":"{turn} prompt","method":"session/prompt","params":{{"prompt":[{{"type":"text","text":"{text}"}}],"sessionId":"{session}"}}}}"#
        )
    }

    #[test]
    fn calls_at_once_have_a_session_each_and_leave_with_its_answer() {
        let mut worker = GeminiWorker::default();
        assert!(text(&worker.greet()).contains(r#""protocolVersion":1"#));
        for turn in 0..2 {
            let expected = format!(
                r#"{{"id":"{turn} session","jsonrpc":"2.0","method":"session/new","params":{{"cwd":".","mcpServers":[]}}}}"#
            );
            assert_eq!(text(&worker.ask(turn, &ask(&["\n", "Say \"one\"."]))), expected + "\n");
        }
        assert_eq!(
            take(&mut worker, r#"{"jsonrpc":"2.0","id":"hello","result":{"protocolVersion":1}}"#, false),
            [""; 0]
        );
        for turn in [1, 0] {
            let session = format!("s{turn}");
            let asked = prompt(turn, &session, r#"\nSay \"one\"."#);
            assert_eq!(take(&mut worker, &opened(turn, &session), false), [asked]);
        }
        for turn in [0, 1] {
            let (piece, end) = (chunk(&format!("s{turn}")), ended(turn, "end_turn"));
            assert_eq!(take(&mut worker, &piece, false), [format!("{turn}: {piece}")]);
            assert_eq!(take(&mut worker, &end, false), [format!("{turn}: {end}"), format!("free {turn}")]);
            assert_eq!(take(&mut worker, &piece, false), [""; 0], "nothing of it is heard any more");
        }
    }

    #[test]
    fn a_call_is_cancelled_wherever_it_stands() {
        let mut worker = GeminiWorker::default();
        assert!(worker.cancel(1).is_empty());
        worker.ask(1, &ask(&["Q"]));
        assert!(worker.cancel(1).is_empty(), "nothing was asked that could be cancelled");
        assert!(take(&mut worker, &opened(1, "s1"), false).contains(&"free 1".to_owned()));
        worker.ask(2, &ask(&["Q"]));
        take(&mut worker, &opened(2, "s2"), false);
        let cancel = r#"{"jsonrpc":"2.0","method":"session/cancel","params":{"sessionId":"s2"}}"#;
        assert_eq!(json::read_line(&text(&worker.cancel(2))), json::read_line(cancel));
        assert!(take(&mut worker, &ended(2, "cancelled"), false).contains(&"free 2".to_owned()));
        assert!(worker.cancel(2).is_empty());
    }

    #[test]
    fn what_looks_like_a_command_is_none() {
        for (parts, guarded) in [
            (&["\n", "/help me"][..], true),
            (&["\n", " \u{feff}", "$ help"], true),
            (&["\n", "a /help"], false),
            (&["Q"], false),
        ] {
            let mut worker = GeminiWorker::default();
            worker.ask(1, &ask(parts));
            let written = take(&mut worker, &opened(1, "s"), false).remove(0);
            assert_eq!(written.contains(&format!("\"text\":\"{GUARD}\\n")), guarded, "{written}");
        }
    }

    #[test]
    fn what_the_agent_asks_for_is_refused() {
        let mut worker = GeminiWorker::default();
        let request = r#"{"jsonrpc":"2.0","id":7,"method":"session/request_permission","params":{"sessionId":"s"}}"#;
        let answer = take(&mut worker, request, false).remove(0);
        let answer = json::read_line(answer.trim_start_matches("> ")).unwrap();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(7), &json!(-32601)));
    }

    #[test]
    fn a_message_that_is_lost_ends_it() {
        let mut worker = GeminiWorker::default();
        assert_eq!(take(&mut worker, "[STARTUP] Phase 'x' was started but never ended.", false), [""; 0]);
        for (line, cut) in [(r#"{"jsonrpc":"2.0","meth"#, false), (&chunk("s"), true)] {
            assert_eq!(take(&mut worker, line, cut), ["it printed what is no message"]);
        }
        let refused = r#"{"jsonrpc":"2.0","id":"hello","error":{"code":-32602,"message":"no"}}"#;
        assert_eq!(take(&mut worker, refused, false), [r#"it is not ready: "no""#]);
    }

    #[test]
    fn without_a_session_the_call_hears_why() {
        let mut worker = GeminiWorker::default();
        worker.ask(1, &ask(&["Q"]));
        let error = r#"{"jsonrpc":"2.0","id":"1 session","error":{"code":-32000,"message":"Gemini API key is missing or not configured."}}"#;
        assert_eq!(take(&mut worker, error, false), [format!("1: {error}"), "free 1".to_owned()]);
        worker.ask(2, &ask(&["Q"]));
        let login = "\u{1b}[2JPlease visit the following URL to authorize the application:";
        let heard = take(&mut worker, login, false);
        assert!(heard[0].starts_with("2: {\"error\":") && heard[1..] == ["free 2", "it asks for a login"], "{heard:?}");
    }
}

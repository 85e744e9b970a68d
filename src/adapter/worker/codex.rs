//! `codex app-server`: a thread for each call, many at once, each of which ends with its call. JSON-RPC in lines,
//! without the member `jsonrpc`. Measured with 0.171.0.

use super::rpc;
use super::{Ask, TurnId, WorkerCodec, WorkerEvent};
use crate::adapter::template::Values;
use crate::invocation::{Line, Piece};
use crate::json;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A call that has not left the worker.
#[derive(Debug)]
struct Call {
    /// The line that asks it, without the thread that it goes to; nothing once it was written.
    question: Vec<Piece>,
    thread: Option<String>,
    /// The name of its turn, as soon as that can be interrupted.
    turn: Option<String>,
    /// Its caller has given it up.
    cancelled: bool,
    /// Its turn has ended, or never began.
    over: bool,
}

/// Speaks with one process.
#[derive(Debug, Default)]
pub(super) struct CodexWorker {
    calls: BTreeMap<TurnId, Call>,
}

/// A line, its members but one given, and that one's value in pieces: the inside of a JSON string.
fn line(before: String, text: impl IntoIterator<Item = Piece>, after: &'static str) -> Vec<Piece> {
    [Piece::Raw(before.into())].into_iter().chain(text).chain([Piece::Raw(after.into())]).collect()
}

fn request(turn: TurnId, what: &str, method: &str, params: &Value) -> Vec<Piece> {
    let id = format!("{turn} {what}");
    vec![Piece::Raw(format!("{}\n", json!({"id": id, "method": method, "params": params})).into())]
}

/// `"name":value,` where there is such a value: JSON as it is, or a string.
fn member(name: &str, value: Option<&String>, is_json: bool) -> String {
    let text = |value: &String| if is_json { value.clone() } else { Value::from(value.as_str()).to_string() };
    value.map(|value| format!("\"{name}\":{},", text(value))).unwrap_or_default()
}

/// The thread of a call: what one call per process has in its arguments.
fn thread_start(turn: TurnId, values: &Values, system: &[Piece]) -> Vec<Piece> {
    let before = format!(
        "{{\"id\":\"{turn} thread\",\"method\":\"thread/start\",\"params\":{{{}\"sandbox\":\"read-only\",\
         \"approvalPolicy\":\"never\",\"ephemeral\":true,\"baseInstructions\":\"",
        member("model", values.get("model"), false)
    );
    line(before, system.iter().cloned(), "\"}}\n")
}

impl Call {
    fn new(turn: TurnId, ask: &Ask) -> Self {
        // A turn without an effort is not that of the process, but the model's own.
        let effort = member("effort", ask.values.get("effort"), false);
        let schema = member("outputSchema", ask.values.get("schema"), true);
        let before = format!(
            "{{\"id\":\"{turn} turn\",\"method\":\"turn/start\",\"params\":{{{effort}{schema}\
             \"input\":[{{\"type\":\"text\",\"text\":\""
        );
        let question = line(before, ask.prompt.iter().cloned(), "\"}],\"threadId\":");
        Self { question, thread: None, turn: None, cancelled: false, over: false }
    }

    /// Asks what is to be asked in the thread that was made for it.
    fn begin(&mut self, thread: &str) -> Vec<Piece> {
        let mut question = std::mem::take(&mut self.question);
        question.push(Piece::Raw(format!("{}}}}}\n", Value::from(thread)).into()));
        question
    }

    /// Interrupts it, as far as it can be.
    fn interrupt(&self, turn: TurnId) -> Vec<Piece> {
        let params = json!({"threadId": self.thread, "turnId": self.turn});
        let can = self.cancelled && !self.over && self.turn.is_some();
        if can { request(turn, "interrupt", "turn/interrupt", &params) } else { Vec::new() }
    }

    /// Lets its thread go: no other call is asked in it.
    fn leave(&mut self, turn: TurnId) -> WorkerEvent {
        self.over = true;
        WorkerEvent::Write(request(turn, "leave", "thread/unsubscribe", &json!({"threadId": self.thread})))
    }
}

impl CodexWorker {
    /// What was requested is done, or refused.
    fn answered(&mut self, id: &str, message: &Value, line: Line) -> Vec<WorkerEvent> {
        let refused = message.get("error").is_some();
        let Some((turn, what)) = rpc::requested(id) else { return rpc::greeted(message) };
        let Some(call) = self.calls.get_mut(&turn) else { return Vec::new() };
        match (what, message["result"]["thread"]["id"].as_str()) {
            ("thread", Some(thread)) => {
                call.thread = Some(thread.to_owned());
                if call.cancelled {
                    return vec![call.leave(turn)];
                }
                vec![WorkerEvent::Write(call.begin(thread))]
            }
            ("thread", None) => {
                self.calls.remove(&turn);
                vec![WorkerEvent::Line(turn, line), WorkerEvent::Free(turn)]
            }
            ("turn", _) if refused => vec![WorkerEvent::Line(turn, line), call.leave(turn)],
            // A thread that is unknown by now is gone as well.
            ("leave", _) => {
                self.calls.remove(&turn);
                vec![WorkerEvent::Free(turn)]
            }
            _ => Vec::new(),
        }
    }

    /// Something happens in a thread.
    fn notified(&mut self, method: &str, message: &Value, line: Line) -> Vec<WorkerEvent> {
        let thread = message["params"]["threadId"].as_str();
        let mut calls = self.calls.iter_mut().filter(|(_, call)| thread.is_some() && call.thread.as_deref() == thread);
        let Some((&turn, call)) = calls.next() else { return Vec::new() };
        let mut events = vec![WorkerEvent::Line(turn, line)];
        match method {
            // Earlier than this it cannot be interrupted, although the answer to its request names it too.
            "turn/started" => {
                call.turn = message["params"]["turn"]["id"].as_str().map(str::to_owned);
                events.push(WorkerEvent::Write(call.interrupt(turn)));
            }
            "turn/completed" if !call.over => events.push(call.leave(turn)),
            _ => {}
        }
        events
    }
}

impl WorkerCodec for CodexWorker {
    fn greet(&mut self) -> Vec<Piece> {
        let info = json!({"name": "refinery", "title": "Refinery", "version": env!("CARGO_PKG_VERSION")});
        let hello = json!({"id": "hello", "method": "initialize", "params": {"clientInfo": info}});
        // It reads one line after the other: what is asked meanwhile waits in the pipe.
        vec![Piece::Raw(format!("{hello}\n{}\n", json!({"method": "initialized"})).into())]
    }

    fn ask(&mut self, turn: TurnId, ask: &Ask) -> Vec<Piece> {
        self.calls.insert(turn, Call::new(turn, ask));
        ask.mark_line().into_iter().chain(thread_start(turn, &ask.values, &ask.system)).collect()
    }

    fn cancel(&mut self, turn: TurnId) -> Vec<Piece> {
        let Some(call) = self.calls.get_mut(&turn) else { return Vec::new() };
        call.cancelled = true;
        call.interrupt(turn)
    }

    fn line(&mut self, line: Line) -> Vec<WorkerEvent> {
        if line.cut {
            let whose = |call: &Call| call.thread.as_deref().is_some_and(|thread| line.text.contains(thread));
            let turn = self.calls.iter().find(|(_, call)| whose(call)).map(|(turn, _)| *turn);
            return turn.map(|turn| WorkerEvent::Line(turn, line)).into_iter().collect();
        }
        let Some(message) = json::read_line(&line.text) else { return Vec::new() };
        match (message["method"].as_str(), message.get("id")) {
            (Some(_), Some(id)) => {
                let refusal = json!({"id": id, "error": {"code": -32601, "message": "nothing is granted"}});
                vec![WorkerEvent::Write(vec![Piece::Raw(format!("{refusal}\n").into())])]
            }
            (Some(method), None) => self.notified(method, &message, line),
            (None, Some(id)) => self.answered(id.as_str().unwrap_or_default(), &message, line),
            (None, None) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    /// What a line leads to, in words: `0: METHOD` for a line of call 0, `> …` for what is written.
    fn take(worker: &mut CodexWorker, message: &Value) -> Vec<String> {
        let line = testing::line(&message.to_string(), false);
        let shown = worker.line(line).into_iter().filter_map(|event| match event {
            WorkerEvent::Write(pieces) if pieces.is_empty() => None,
            WorkerEvent::Write(pieces) => Some(format!("> {}", shown(&pieces).join("; "))),
            WorkerEvent::Line(turn, line) => {
                let message: Value = serde_json::from_str(&line.text).unwrap();
                Some(format!("{turn}: {}", message["method"].as_str().unwrap_or("refused")))
            }
            WorkerEvent::Free(turn) => Some(format!("free {turn}")),
            WorkerEvent::Unusable(why) => Some(why),
        });
        shown.collect()
    }

    /// Lines that are written: id, method and what they are about.
    fn shown(pieces: &[Piece]) -> Vec<String> {
        let lines = written(pieces);
        let one = |line: &Value| {
            let about = [&line["params"]["threadId"], &line["params"]["turnId"]];
            let about = about.map(|name| name.as_str().unwrap_or_default()).join(" ");
            format!("{} {} {about}", line["id"].as_str().unwrap_or("-"), line["method"].as_str().unwrap_or("-"))
        };
        lines.iter().map(|line| one(line).trim_end().to_owned()).collect()
    }

    fn written(pieces: &[Piece]) -> Vec<Value> {
        let text = testing::text(pieces);
        assert!(text.is_empty() || text.ends_with('\n'), "{text}");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn ask(values: &[(&str, &str)]) -> Ask {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let text = |text: &str| vec![Piece::JsonEscaped(text.into())];
        Ask { prompt: text("Q \"1\"\n"), system: text("SYS"), values, mark: None }
    }

    fn made(turn: TurnId) -> Value {
        json!({"id": format!("{turn} thread"), "result": {"thread": {"id": format!("t{turn}")}}})
    }

    fn said(turn: TurnId, method: &str) -> Value {
        json!({"method": method, "params": {"threadId": format!("t{turn}"), "turn": {"id": "u"}}})
    }

    fn left(turn: TurnId) -> Value {
        json!({"id": format!("{turn} leave"), "result": {"status": "unsubscribed"}})
    }

    fn begun(turn: TurnId) -> CodexWorker {
        let mut worker = CodexWorker::default();
        worker.ask(turn, &ask(&[]));
        take(&mut worker, &made(turn));
        assert_eq!(take(&mut worker, &said(turn, "turn/started")), [format!("{turn}: turn/started")]);
        worker
    }

    #[test]
    fn a_call_has_a_thread_of_its_own_with_all_that_it_asks_for() {
        let mut worker = CodexWorker::default();
        assert_eq!(shown(&worker.greet()), ["hello initialize", "- initialized"]);
        assert_eq!(take(&mut worker, &json!({"id": "hello", "result": {}})), [""; 0]);
        let schema = r#"{"z":1,"a":2}"#;
        let thread = written(&worker.ask(3, &ask(&[("model", "gpt-5.5"), ("effort", "xhigh"), ("schema", schema)])));
        let expected = json!({"id": "3 thread", "method": "thread/start", "params": {"model": "gpt-5.5",
            "sandbox": "read-only", "approvalPolicy": "never", "ephemeral": true, "baseInstructions": "SYS"}});
        assert_eq!(thread, [expected]);
        let line = testing::line(&made(3).to_string(), false);
        let [WorkerEvent::Write(turn)] = &worker.line(line)[..] else { panic!("nothing is asked") };
        let expected = json!({"id": "3 turn", "method": "turn/start", "params": {"threadId": "t3", "effort": "xhigh",
            "outputSchema": {"z": 1, "a": 2}, "input": [{"type": "text", "text": "Q \"1\"\n"}]}});
        assert_eq!(written(turn), [expected]);
        assert!(matches!(&turn[0], Piece::Raw(text) if text.contains(schema)), "the order of its keys counts");
    }

    #[test]
    fn calls_at_the_same_time_have_their_own_lines() {
        let mut worker = CodexWorker::default();
        for turn in [0, 1] {
            worker.ask(turn, &ask(&[]));
        }
        for turn in [1, 0] {
            assert_eq!(take(&mut worker, &made(turn)), [format!("> {turn} turn turn/start t{turn}")]);
        }
        assert_eq!(take(&mut worker, &said(1, "item/agentMessage/delta")), ["1: item/agentMessage/delta"]);
        assert_eq!(
            take(&mut worker, &said(0, "turn/completed")),
            ["0: turn/completed", "> 0 leave thread/unsubscribe t0"]
        );
        assert!(worker.cancel(0).is_empty(), "it is over");
        assert_eq!(take(&mut worker, &said(1, "error")), ["1: error"]);
        assert_eq!(take(&mut worker, &left(0)), ["free 0"]);
        // What names no call is ignored.
        for other in [said(0, "thread/status/changed"), json!({"method": "configWarning", "params": {}}), json!(7)] {
            assert_eq!(take(&mut worker, &other), [""; 0]);
        }
    }

    #[test]
    fn a_call_is_cancelled_wherever_it_stands() {
        // Its thread is not there yet: nothing is asked in it.
        let mut worker = CodexWorker::default();
        worker.ask(0, &ask(&[]));
        assert!(worker.cancel(0).is_empty());
        assert_eq!(take(&mut worker, &made(0)), ["> 0 leave thread/unsubscribe t0"]);
        assert_eq!(take(&mut worker, &left(0)), ["free 0"]);
        // Its turn has not begun: it could not be interrupted before.
        worker.ask(1, &ask(&[]));
        take(&mut worker, &made(1));
        assert!(worker.cancel(1).is_empty());
        let begins = take(&mut worker, &said(1, "turn/started"));
        assert_eq!(begins, ["1: turn/started", "> 1 interrupt turn/interrupt t1 u"]);
        // It runs.
        let mut worker = begun(2);
        assert_eq!(shown(&worker.cancel(2)), ["2 interrupt turn/interrupt t2 u"]);
        assert_eq!(take(&mut worker, &json!({"id": "2 interrupt", "result": {}})), [""; 0]);
        assert_eq!(take(&mut worker, &said(2, "turn/completed")).len(), 2);
        assert_eq!(take(&mut worker, &left(2)), ["free 2"]);
        assert!(worker.cancel(2).is_empty());
    }

    #[test]
    fn what_is_refused_ends_one_call() {
        let error = json!({"code": -32602, "message": "Input exceeds the maximum length of 1048576 characters."});
        let mut worker = CodexWorker::default();
        worker.ask(0, &ask(&[]));
        assert_eq!(take(&mut worker, &json!({"id": "0 thread", "error": error})), ["0: refused", "free 0"]);
        worker.ask(1, &ask(&[]));
        take(&mut worker, &made(1));
        let refused = take(&mut worker, &json!({"id": "1 turn", "error": error}));
        assert_eq!(refused, ["1: refused", "> 1 leave thread/unsubscribe t1"]);
        assert_eq!(take(&mut worker, &json!({"id": "1 leave", "error": error})), ["free 1"]);
        let unready = take(&mut worker, &json!({"id": "hello", "error": error}));
        assert!(unready[0].starts_with("it is not ready: "), "{unready:?}");
    }

    #[test]
    fn nothing_is_granted() {
        let approval =
            json!({"id": 0, "method": "item/commandExecution/requestApproval", "params": {"threadId": "t2"}});
        let mut worker = begun(2);
        let line = testing::line(&approval.to_string(), false);
        let [WorkerEvent::Write(answer)] = &worker.line(line)[..] else { panic!("it is not answered") };
        assert_eq!(written(answer)[0]["id"], 0);
        assert!(written(answer)[0]["error"].is_object());
    }

    #[test]
    fn a_line_that_is_cut_is_that_of_the_call_whose_thread_it_names() {
        let mut worker = begun(2);
        let mut cut = |text: &str| worker.line(testing::line(text, true));
        assert!(matches!(
            &cut(r#"{"method":"turn/completed","params":{"threadId":"t2","tu"#)[..],
            [WorkerEvent::Line(2, _)]
        ));
        assert!(cut(r#"{"method":"item/completed","params":{"item":"#).is_empty());
    }
}

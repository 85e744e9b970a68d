//! `claude -p --input-format stream-json`, kept: one call at a time, `/clear` after each. Measured with 2.1.197 and
//! 2.1.332.

use super::{Ask, TurnId, WorkerCodec, WorkerEvent};
use crate::invocation::{Line, Piece};
use crate::json;
use serde_json::{Value, json};

/// Around what is said, as the inside of a JSON string.
const USER: [&str; 2] = ["{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":\"", "\"}}\n"];

/// Forgets the conversation. Written alone: of lines that are written together some become one.
const CLEAR: &str = "/clear";

/// Where the worker stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Nothing was said since the last reset.
    #[default]
    Idle,
    /// A call was asked and has not come to its result.
    Asked(TurnId),
    /// The call is over, and the conversation is being forgotten.
    Clearing(TurnId),
}

/// Speaks with one process.
#[derive(Debug, Default)]
pub(super) struct ClaudeWorker {
    state: State,
    /// What the process counts at the last reset: `total_cost_usd` and `modelUsage`. Older versions never begin anew.
    before: (f64, Value),
}

impl ClaudeWorker {
    /// What was asked is over. The line with what this call alone cost.
    fn over(&mut self, turn: TurnId, line: Line, mut result: Value) -> Vec<WorkerEvent> {
        self.state = State::Clearing(turn);
        let (cost, usage) = &self.before;
        let mut line = line;
        if *cost > 0.0 {
            if let Some(total) = result["total_cost_usd"].as_f64() {
                // Ten thousandths of a cent: the rest is what a difference of sums leaves.
                result["total_cost_usd"] = json!(((total - cost) * 1e9).round() / 1e9);
            }
            if result["modelUsage"] == *usage {
                result["modelUsage"] = json!({});
            }
            line.text = result.to_string();
        }
        vec![WorkerEvent::Line(turn, line), WorkerEvent::Write(said([Piece::Raw(CLEAR.into())]))]
    }

    /// Only an empty result confirms: a sentence says that the command is not known here, and all is remembered.
    fn cleared(&mut self, turn: TurnId, result: &Value) -> WorkerEvent {
        if result["result"] != "" || result["is_error"] == true {
            return WorkerEvent::Unusable(format!("{CLEAR} was answered with {}", result["result"]));
        }
        self.state = State::Idle;
        self.before = (result["total_cost_usd"].as_f64().unwrap_or(0.0), result["modelUsage"].clone());
        WorkerEvent::Free(turn)
    }
}

impl WorkerCodec for ClaudeWorker {
    fn ask(&mut self, turn: TurnId, ask: &Ask) -> Vec<Piece> {
        self.state = State::Asked(turn);
        ask.mark_line().into_iter().chain(said(ask.prompt.iter().cloned())).collect()
    }

    fn cancel(&mut self, turn: TurnId) -> Vec<Piece> {
        if self.state != State::Asked(turn) {
            return Vec::new();
        }
        let line = json!({"type": "control_request", "request_id": turn.to_string(),
            "request": {"subtype": "interrupt"}});
        vec![Piece::Raw(format!("{line}\n").into())]
    }

    fn line(&mut self, line: Line) -> Vec<WorkerEvent> {
        // Most lines are pieces of an answer, and need not be read twice.
        let result = if line.text.contains("\"result\"") { json::read_line(&line.text) } else { None };
        let result = result.filter(|event| event["type"] == "result");
        match (self.state, result) {
            (State::Asked(turn), Some(result)) => self.over(turn, line, result),
            (State::Asked(turn), None) => vec![WorkerEvent::Line(turn, line)],
            (State::Clearing(turn), Some(result)) => vec![self.cleared(turn, &result)],
            (State::Idle, Some(_)) => vec![WorkerEvent::Unusable("it answered what was not asked".to_owned())],
            (State::Idle | State::Clearing(_), None) => Vec::new(),
        }
    }
}

fn said(text: impl IntoIterator<Item = Piece>) -> Vec<Piece> {
    let [before, after] = USER.map(|text| Piece::Raw(text.into()));
    [before].into_iter().chain(text).chain([after]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    fn take(worker: &mut ClaudeWorker, event: &Value) -> Vec<String> {
        testing::take(worker, testing::line(&event.to_string(), false))
    }

    fn ask() -> Ask {
        Ask { prompt: vec![Piece::JsonEscaped("Q".into())], system: Vec::new(), values: [].into(), mark: None }
    }

    fn result(text: &str, cost: f64, models: &Value) -> Value {
        json!({"type": "result", "result": text, "is_error": false, "total_cost_usd": cost, "modelUsage": models})
    }

    const CLEARED: &str = r#"> {"type":"user","message":{"role":"user","content":"/clear"}}"#;

    #[test]
    fn each_call_has_its_own_lines_and_is_followed_by_a_reset() {
        let mut worker = ClaudeWorker::default();
        for turn in 0..2 {
            assert_eq!(worker.ask(turn, &ask()).len(), 3);
            let init = json!({"type": "system", "subtype": "init"});
            assert_eq!(take(&mut worker, &init), [format!("{turn}: {init}")]);
            // A word of an answer that looks like an end is none.
            let delta = json!({"type": "stream_event", "delta": "\"type\":\"result\""});
            assert_eq!(take(&mut worker, &delta), [format!("{turn}: {delta}")]);
            let end = result("A", 0.5, &json!({"m": 1}));
            assert_eq!(take(&mut worker, &end), [format!("{turn}: {end}"), CLEARED.to_owned()]);
            assert_eq!(take(&mut worker, &init), [""; 0]);
            assert_eq!(take(&mut worker, &result("", 0.0, &json!({}))), [format!("free {turn}")]);
        }
    }

    #[test]
    fn costs_that_go_on_counting_are_those_of_one_call() {
        let mut worker = ClaudeWorker::default();
        let mut said = |turn, cost: f64, models: Value| {
            worker.ask(turn, &ask());
            let line = take(&mut worker, &result("A", cost, &models)).remove(0);
            assert_eq!(take(&mut worker, &result("", cost, &models)), [format!("free {turn}")]);
            let line: Value = serde_json::from_str(line.split_once(": ").unwrap().1).unwrap();
            (line["total_cost_usd"].as_f64().unwrap(), line["modelUsage"].clone())
        };
        assert_eq!(said(1, 0.000_675, json!({"m": 1})), (0.000_675, json!({"m": 1})));
        assert_eq!(said(2, 0.001_35, json!({"m": 2})), (0.000_675, json!({"m": 2})));
        // An error that no model answered.
        assert_eq!(said(3, 0.001_35, json!({"m": 2})), (0.0, json!({})));
    }

    #[test]
    fn whatever_else_answers_the_reset_makes_it_unusable() {
        let refused = result("/clear isn't available in this environment.", 0.0, &json!({}));
        let failed = json!({"type": "result", "result": "", "is_error": true});
        let interrupted = json!({"type": "result", "subtype": "error_during_execution"});
        for answer in [refused, failed, interrupted] {
            let mut worker = ClaudeWorker::default();
            worker.ask(1, &ask());
            take(&mut worker, &result("A", 0.0, &json!({})));
            let shown = take(&mut worker, &answer);
            assert!(shown.len() == 1 && shown[0].starts_with("/clear was answered with "), "{shown:?}");
        }
    }

    #[test]
    fn only_a_call_that_runs_is_interrupted() {
        let mut worker = ClaudeWorker::default();
        assert!(worker.cancel(1).is_empty());
        worker.ask(1, &ask());
        assert!(worker.cancel(0).is_empty());
        assert_eq!(worker.cancel(1).len(), 1);
        let answered = json!({"type": "control_response"});
        assert_eq!(take(&mut worker, &answered), [format!("1: {answered}")]);
        let ended = json!({"type": "result", "subtype": "error_during_execution", "is_error": true});
        assert_eq!(take(&mut worker, &ended), [format!("1: {ended}"), CLEARED.to_owned()]);
        assert!(worker.cancel(1).is_empty());
        assert_eq!(take(&mut worker, &result("", 0.0, &json!({}))), ["free 1"]);
        assert_eq!(take(&mut worker, &result("", 0.0, &json!({}))), ["it answered what was not asked"]);
    }
}

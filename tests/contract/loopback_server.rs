//! The stand-in itself, asked by hand: what the other tests rely on.

use super::loopback::{Answer, Ending, Fault, Gate, Loopback, Part, Told, Turn, Vendor, consensus, dead_address};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;

/// Sends one request and reads what comes until the connection ends.
fn send(server: &Loopback, method: &str, path: &str, body: &str) -> String {
    let mut stream = connect(server, method, path, body);
    let mut answer = Vec::new();
    // A connection that breaks has still said something.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

fn connect(server: &Loopback, method: &str, path: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.url().trim_start_matches("http://")).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    stream
}

fn review_schema() -> Value {
    json!({ "type": "object", "required": ["rationale", "score"], "additionalProperties": false,
        "properties": { "rationale": { "type": "string" }, "weaknesses": { "type": "array", "items": { "type": "string" } },
            "score": { "type": "number" } } })
}

#[test]
fn each_vendor_is_known_by_its_path() {
    let server = Loopback::start(|_| Answer::text("forty-two"));
    let asks = [
        (
            "/v1/messages?beta=true",
            json!({ "model": "m", "messages": [{ "role": "user", "content": "q" }] }),
            Vendor::Anthropic,
        ),
        (
            "/v1/responses",
            json!({ "model": "m", "stream": true, "input": [{ "role": "user", "content": [{ "text": "q" }] }] }),
            Vendor::OpenAi,
        ),
        (
            "/v1beta/models/m:streamGenerateContent?alt=sse",
            json!({ "contents": [{ "role": "user", "parts": [{ "text": "q" }] }] }),
            Vendor::Gemini,
        ),
        (
            "/v1internal:streamGenerateContent?alt=sse",
            json!({ "model": "m", "request": { "contents": [{ "role": "user", "parts": [{ "text": "q" }] }] } }),
            Vendor::GoogleLogin,
        ),
    ];
    for (path, body, vendor) in &asks {
        let answer = send(&server, "POST", path, &body.to_string());
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("forty-two"), "{answer}");
        let last = server.asks().pop().unwrap();
        assert_eq!((last.asks, last.model(), last.prompt()), (Some(*vendor), "m", "q"));
    }
    assert!(send(&server, "HEAD", "/", "").starts_with("HTTP/1.1 200"));
    assert!(send(&server, "GET", "/v1/responses", "").starts_with("HTTP/1.1 426"));
    assert_eq!((server.requests().len(), server.asks().len()), (6, 4));
}

#[test]
fn reviews_are_filled_by_their_schema_and_all_else_is_words() {
    let server = Loopback::start(consensus(|_| 8.5));
    let format = json!({ "type": "json_schema", "name": "review", "schema": review_schema() });
    let review = json!({ "model": "m", "stream": true, "input": [], "text": { "format": format } });
    let answer = send(&server, "POST", "/v1/responses", &review.to_string());
    assert!(answer.contains(r#"\"score\":8.5"#) && answer.contains(r#"\"weaknesses\":[\""#), "{answer}");
    let answer = send(&server, "POST", "/v1/messages", r#"{"model":"m","messages":[]}"#);
    assert!(answer.contains("I am Claude, made by Anthropic. Answer 1"), "{answer}");
}

#[test]
fn every_role_is_answered_as_told() {
    let score = |_: &super::loopback::Request| 3.5;
    let told = Told { score: Box::new(score), confidence: Box::new(|_, round| 10 * round), ..Told::default() };
    let server = Loopback::start(told.script());
    let refining = "A text that answers a request is drafted, judged and improved in several steps.";
    let debating = "Several participants debate one request over several rounds. You are one of them.";
    let judging = "Several participants debated one request over several rounds, each from a standpoint.";
    let turn = "Your task now: take your turn in the debate. This is round 3 of 4: x. Reply with your contribution \
                alone, as Dr. No. Its last line says how confident you are.";
    for (system, task, expected) in [
        (debating, turn, "as Dr. No I hold in round 3"),
        (debating, turn, "CONFIDENCE: 30"),
        (judging, "Your task now: sum up the debate.", r#"judge_confidence\":75"#),
        (refining, "Your task now: answer the request above.", "Text 3: it is forty-two"),
        (refining, "Your task now: judge the answer.", r#"score\":3.5"#),
        (refining, "Your task now: improve the answer.", "Text 5: it is forty-two"),
        (refining, "Your task now: critique the answer.", "<revised>\\nRewrite 6: it is forty-two"),
        ("You are a program.", "Your task now: critique the answer.", "It is forty-two."),
    ] {
        let system = format!("You are a CLI.\n\n{system}");
        let body = json!({ "model": "m", "system": system, "messages": [{ "role": "user", "content": task }] });
        let answer = send(&server, "POST", "/v1/messages", &body.to_string());
        assert!(answer.contains(expected), "{task}: {expected} is missing in {answer}");
    }
}

#[test]
fn an_answer_waits_at_its_gate() {
    let gate = Gate::new();
    let parts = vec![Part::Text("before".to_owned()), Part::Wait(gate.clone()), Part::Text("after".to_owned())];
    let server = Loopback::start(move |_| Turn::new(parts.clone()).into());
    let mut stream = connect(&server, "POST", "/v1/messages", r#"{"model":"m","stream":true,"messages":[]}"#);
    server.wait_for_asks(1);
    gate.wait_until_reached();
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains("before") {
        let mut piece = [0; 512];
        let read = stream.read(&mut piece).unwrap();
        answer.extend_from_slice(&piece[..read]);
    }
    assert!(!String::from_utf8_lossy(&answer).contains("after"));
    gate.open();
    stream.read_to_end(&mut answer).unwrap();
    assert!(String::from_utf8_lossy(&answer).contains("message_stop"));
}

#[test]
fn streams_break_as_told() {
    let body = r#"{"model":"m","stream":true,"messages":[]}"#;
    for (ending, whole) in [(Ending::Cut, false), (Ending::Unfinished, true), (Ending::Unmarked, true)] {
        let server = Loopback::start(move |_| Answer::ending("half", ending));
        let answer = send(&server, "POST", "/v1/messages", body);
        assert!(answer.contains("half") && !answer.contains("message_stop"), "{ending:?}: {answer}");
        assert_eq!(answer.ends_with("0\r\n\r\n"), whole, "{ending:?}: {answer}");
    }
    let server = Loopback::start(|_| Answer::HangUp);
    assert_eq!(send(&server, "POST", "/v1/messages", body), "");
}

#[test]
fn faults_speak_each_vendors_language() {
    let server = Loopback::start(|_| Fault::RateLimited(Some(7)).into());
    let answer = send(&server, "POST", "/v1/messages", "{}");
    assert!(answer.starts_with("HTTP/1.1 429") && answer.contains("retry-after: 7"), "{answer}");
    let answer = send(&server, "POST", "/v1beta/models/m:generateContent", "{}");
    assert!(answer.contains("RESOURCE_EXHAUSTED") && answer.contains(r#""retryDelay":"7s""#), "{answer}");
}

#[test]
fn a_dead_address_refuses() {
    let (_socket, url) = dead_address();
    let error = TcpStream::connect(url.trim_start_matches("http://")).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}

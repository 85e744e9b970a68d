//! What the three vendors' formats have in common: a response as a status, headers and frames.

use super::answer::{Ending, Part, Turn};
use super::gate::Gate;
use serde_json::Value;

/// One step of sending a body.
#[derive(Debug, Clone)]
pub enum Frame {
    /// Send these bytes.
    Bytes(String),
    /// Wait.
    Wait(Gate),
    /// Break the connection.
    Cut,
    /// Send nothing more, and keep the connection.
    Stall,
}

/// A response, ready to send.
#[derive(Debug, Clone)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub frames: Vec<Frame>,
}

impl Response {
    /// A JSON document.
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            frames: vec![Frame::Bytes(body.to_string())],
        }
    }

    /// A stream of events.
    pub fn events(frames: Vec<Frame>) -> Self {
        Self { status: 200, headers: vec![("content-type".to_owned(), "text/event-stream".to_owned())], frames }
    }

    /// With one more header.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// An event with a name in its data's `type`, as Anthropic and OpenAI send it.
pub fn named(data: &Value) -> Frame {
    Frame::Bytes(format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or_default()))
}

/// An event without a name, as Google sends it.
pub fn unnamed(data: &Value) -> Frame {
    Frame::Bytes(format!("data: {data}\n\n"))
}

/// The frames with which a stream breaks off, if it does; `None` if it ends as the vendor ends it.
pub fn broken(ending: Ending) -> Option<Frame> {
    match ending {
        Ending::Cut => Some(Frame::Cut),
        Ending::Stall => Some(Frame::Stall),
        Ending::Complete | Ending::Length | Ending::Refusal | Ending::Unfinished | Ending::Unmarked => None,
    }
}

/// The text in pieces of 1 to `most` bytes, at character boundaries. The sizes are a function of the
/// text's length, so a run is the same each time.
pub fn pieces(text: &str, most: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    let mut state = text.len() as u64 | 1;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        // Knuth's MMIX generator; only its high bits are used.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let drawn = 1 + usize::try_from(state >> 33).unwrap_or(0) % most;
        let end = (drawn..rest.len()).find(|end| rest.is_char_boundary(*end)).unwrap_or(rest.len());
        let (piece, tail) = rest.split_at(end);
        rest = tail;
        Some(piece)
    })
}

/// All words of a turn, structured replies as JSON.
pub fn words(turn: &Turn) -> String {
    turn.parts
        .iter()
        .filter_map(|part| match part {
            Part::Text(text) => Some(text.clone()),
            Part::Structured(value) => Some(value.to_string()),
            Part::Thinking(_) | Part::Tool { .. } | Part::NextMessage | Part::Wait(_) => None,
        })
        .collect()
}

/// A number of tokens for a text: what it is does not matter, only that it is never 0 for words.
pub fn tokens(text: &str) -> u64 {
    (text.len() as u64).div_ceil(4)
}

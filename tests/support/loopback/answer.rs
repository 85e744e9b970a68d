//! How a script answers: what the model says, or how the vendor misbehaves, whichever vendor it is.

use super::gate::Gate;
use serde_json::Value;

/// The answer to one request to a model.
#[derive(Debug, Clone)]
pub enum Answer {
    /// The model takes its turn.
    Turn(Turn),
    /// The vendor refuses or fails, in its own words and codes.
    Fault(Fault),
    /// These bytes: a proxy's error page, a shape that no enum here knows.
    Raw {
        /// The HTTP status.
        status: u16,
        /// Headers, `content-type` included.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// The request is taken, and no byte ever comes back.
    Silence,
    /// The connection is closed without a byte.
    HangUp,
}

/// What the model says, and how the stream of it goes.
#[derive(Debug, Clone)]
pub struct Turn {
    /// What it says, in order.
    pub parts: Vec<Part>,
    /// How it ends.
    pub ending: Ending,
    /// Text comes in pieces of 1 to this many bytes, drawn from the text itself.
    pub piece: usize,
}

/// A part of a model's turn.
#[derive(Debug, Clone)]
pub enum Part {
    /// A summary of its thoughts.
    Thinking(String),
    /// Words.
    Text(String),
    /// A structured reply by the means that the CLI offered: a call of its answer tool (claude), else
    /// JSON as text.
    Structured(Value),
    /// A call of a tool.
    Tool {
        /// Its name.
        name: String,
        /// Its arguments.
        input: Value,
    },
    /// The end of one message and the beginning of the next within the turn, where the vendor can (codex).
    NextMessage,
    /// The stream waits here.
    Wait(Gate),
}

/// How a model's turn ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It has said all.
    Complete,
    /// At the limit of output tokens.
    Length,
    /// It declines.
    Refusal,
    /// The connection breaks.
    Cut,
    /// The stream ends in good order, in the middle of its words.
    Unfinished,
    /// The stream ends in good order after its words, without the vendor's end mark.
    Unmarked,
    /// Nothing more comes, and the connection stays.
    Stall,
}

/// How a vendor refuses or fails. Each is written as the vendor at hand writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 401, or what the vendor says of an invalid key.
    BadCredential,
    /// 403.
    Forbidden,
    /// 404: no such model.
    BadModel,
    /// 400: the request makes no sense.
    BadRequest,
    /// 400: the prompt is too long.
    TooLong,
    /// 413: the body is too large.
    TooLarge,
    /// 429; seconds to wait, if it says.
    RateLimited(Option<u32>),
    /// The plan's limit; seconds since 1970 at which it resets.
    UsageLimit(i64),
    /// The day's quota, without a reset time.
    DailyQuota,
    /// No money.
    Billing,
    /// 500.
    ServerError,
    /// 503.
    Unavailable,
    /// Overloaded in the vendor's own way: 529, `server_is_overloaded`.
    Overloaded,
}

impl Answer {
    /// Plain words.
    pub fn text(text: impl Into<String>) -> Self {
        Turn::new(vec![Part::Text(text.into())]).into()
    }

    /// A structured reply.
    pub fn structured(value: Value) -> Self {
        Turn::new(vec![Part::Structured(value)]).into()
    }

    /// Nothing at all, in good order.
    pub fn empty() -> Self {
        Turn::new(Vec::new()).into()
    }

    /// Words, and then an ending other than the usual one.
    pub fn ending(text: impl Into<String>, ending: Ending) -> Self {
        Turn { ending, ..Turn::new(vec![Part::Text(text.into())]) }.into()
    }

    /// An HTML page, as proxies send it.
    pub fn page(status: u16) -> Self {
        Self::Raw {
            status,
            headers: vec![("content-type".to_owned(), "text/html".to_owned())],
            body: format!("<html><body><h1>{status}</h1><p>proxy</p></body></html>"),
        }
    }
}

impl Turn {
    /// These parts, then a good end.
    pub fn new(parts: Vec<Part>) -> Self {
        Self { parts, ending: Ending::Complete, piece: 4096 }
    }

    /// The text in small pieces, each sent by itself.
    pub fn in_pieces(mut self, piece: usize) -> Self {
        self.piece = piece.max(1);
        self
    }
}

impl From<Turn> for Answer {
    fn from(turn: Turn) -> Self {
        Self::Turn(turn)
    }
}

impl From<Fault> for Answer {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

//! What can come of one call, vendor by vendor: every row of the vendors' failure tables that can be run
//! within seconds, and the kinds of success.

mod claude;
mod codex;
mod gemini;

use super::driver::Call;
use super::installed::Cli;
use super::loopback::{Answer, Request};
use refinery_core::failure::FailureClass;
use std::sync::Arc;
use std::time::Duration;

type Script = Arc<dyn Fn(&Request) -> Answer + Send + Sync>;
type Change = Box<dyn Fn(&mut Call) + Send + Sync>;

/// One thing that can come of a call.
pub struct Case {
    /// Its name: the transcript's folder.
    pub name: &'static str,
    /// How the vendor answers; `None` if it is not there at all.
    pub script: Option<Script>,
    /// What is special about the call.
    pub change: Change,
    /// What has to come of it.
    pub expected: Expected,
    /// Words that the CLI prints by which its adapter can tell. They are checked so that a new version
    /// that says something else is noticed here.
    pub shows: Vec<&'static str>,
    /// How many requests ask the model.
    pub asks: usize,
}

/// What has to come of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// This answer.
    Text(String),
    /// This failure.
    Failure(FailureClass, Reset),
}

/// When a limit resets, as far as the vendor says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reset {
    /// It does not say.
    Unsaid,
    /// At this second since 1970.
    At(i64),
    /// So long after the answer.
    After(Duration),
    /// No reset, but a pause to keep.
    Pause(Duration),
}

impl Case {
    fn new(name: &'static str, script: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        Self {
            name,
            script: Some(Arc::new(script)),
            change: Box::new(|_| {}),
            expected: Expected::Text("forty-two".to_owned()),
            shows: Vec::new(),
            asks: 1,
        }
    }

    /// The vendor's address refuses connections.
    fn unreachable(name: &'static str) -> Self {
        Self { script: None, asks: 0, ..Self::new(name, |_| Answer::Silence) }
    }

    fn with(mut self, change: impl Fn(&mut Call) + Send + Sync + 'static) -> Self {
        self.change = Box::new(change);
        self
    }

    fn gives(mut self, text: impl Into<String>) -> Self {
        self.expected = Expected::Text(text.into());
        self
    }

    fn fails(mut self, class: FailureClass) -> Self {
        self.expected = Expected::Failure(class, Reset::Unsaid);
        self
    }

    fn resets(mut self, reset: Reset) -> Self {
        self.expected = Expected::Failure(FailureClass::UsageLimit, reset);
        self
    }

    fn pauses(mut self, pause: Duration) -> Self {
        self.expected = Expected::Failure(FailureClass::RateLimited, Reset::Pause(pause));
        self
    }

    fn shows(mut self, words: &[&'static str]) -> Self {
        self.shows.extend(words);
        self
    }

    fn asks(mut self, asks: usize) -> Self {
        self.asks = asks;
        self
    }
}

/// All cases of a CLI.
pub fn all(cli: Cli) -> Vec<Case> {
    match cli {
        Cli::Claude => claude::cases(),
        Cli::Codex => codex::cases(),
        Cli::Gemini => gemini::cases(),
    }
}

/// A moment that no run reaches: 2 January 2027, 09:12 UTC.
const FAR: i64 = 1_798_881_120;

/// A small shape, and a value that has it.
fn shape() -> serde_json::Value {
    serde_json::json!({ "type": "object", "additionalProperties": false, "required": ["n"],
        "properties": { "n": { "type": "integer" } } })
}

fn asks_for_shape(call: &mut Call) {
    call.schema = Some(shape());
}

/// So soon that the case costs little, so late that a loaded machine has come to the stall by then.
fn stops_soon(call: &mut Call) {
    call.limits.hard = Duration::from_secs(20);
}

/// How far away a near reset is: the same day, unless midnight is near.
const SOON: Duration = Duration::from_secs(600);

/// A near reset, in seconds since 1970.
pub fn soon() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from((now + SOON).as_secs()).unwrap()
}

//! What a run is made of: the happenings that cannot be derived. Everything else (events, counts,
//! the outcome) follows from them and the plan.

use crate::exchange::Usage;
use crate::failure::FailureClass;
use crate::ids::CallId;
use crate::outcome::{Finished, Status};
use crate::plan::RunLimits;
use crate::protocol::Input;
use crate::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// One happening, with its time: a line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub record: Record,
}

/// One happening.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// A subprocess is about to be started for a call.
    Begun {
        /// Which call.
        call: CallId,
        /// The attempt, from 1.
        attempt: u32,
    },
    /// It ended.
    Ended {
        /// Which call.
        call: CallId,
        /// The attempt, from 1.
        attempt: u32,
        /// Why it brought no answer; `None` if it did.
        failure: Option<FailureClass>,
        /// What happened, in words, if it failed.
        message: Option<String>,
        /// What it cost, as far as the vendor said.
        usage: Usage,
        /// The model that really answered, if the CLI says.
        served: Option<String>,
        /// How long it took.
        elapsed_ms: u64,
    },
    /// The call will be tried again.
    Retrying {
        /// Which call.
        call: CallId,
        /// After which pause.
        pause: Duration,
        /// Why.
        failure: FailureClass,
    },
    /// The vendor says that a usage limit is reached.
    Limited {
        /// Of which call.
        call: CallId,
        /// When it resets, if the vendor says so.
        resets_at: Option<Timestamp>,
        /// What follows.
        then: crate::event::LimitThen,
    },
    /// Something that a person should know.
    Warned {
        /// One line.
        text: String,
    },
    /// What the protocol is told. The only record that decides what happens next.
    Told {
        /// The input.
        input: Input,
    },
    /// Another process continues the run: calls in flight are asked again.
    Resumed {
        /// The limits from here on, if they are others than before: they hold for the next time, too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limits: Option<Box<RunLimits>>,
        /// The digests of the prompt templates from here on, if they are others than before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        templates: Option<BTreeMap<String, String>>,
    },
    /// The run is over.
    Closed {
        /// How; `None` leaves the status that the protocol concluded.
        status: Option<Status>,
        /// The outcome as it was printed; a replay shows it. `None` in a journal of format 1.0, and where this
        /// version cannot read it: then it is worked out from the records.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "readable")]
        finished: Option<Box<Finished>>,
    },
}

/// An outcome of another version's shape counts as none: the records before it say it, too.
fn readable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<Finished>>, D::Error> {
    // The tag of a record is looked for first, so that its members lie in memory by now: an error leaves nothing half
    // read.
    Ok(Option::deserialize(deserializer).unwrap_or_default())
}

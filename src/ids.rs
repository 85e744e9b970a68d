//! Names of things, as newtypes: cheap to clone, ordered, and impossible to mix up.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $type(Arc<str>);

        impl $type {
            /// Wraps a name as it is.
            pub fn new(name: impl Into<Arc<str>>) -> Self {
                Self(name.into())
            }

            /// The name itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name! {
    /// One run: `YYYYMMDD-HHMMSS-` and six letters, so that names sort by time.
    RunId
}
name! {
    /// One call, as a path that the protocol derives from what it asks: `r2/evaluate/claude>codex`.
    CallId
}
name! {
    /// One participant, unique within a run: `claude`, `codex-o3`, `claude#2`.
    ParticipantId
}
name! {
    /// One adapter: the name of the manifest that says how a vendor's CLI is driven.
    AdapterId
}
name! {
    /// A timer that a protocol set.
    TimerId
}

/// A round's number, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Round(NonZeroU32);

impl Round {
    /// The first round.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// Round `number`, or nothing for 0.
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    /// The number, from 1.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0.get()
    }

    /// The round after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

//! Names of things, as newtypes: cheap to clone, ordered, and impossible to mix up.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
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

impl ParticipantId {
    /// The name without the number that tells participants of one model apart: `claude` for `claude#2`.
    #[must_use]
    pub(crate) fn unnumbered(&self) -> &str {
        self.0.split_once('#').map_or(&self.0, |(name, _)| name)
    }
}

impl CallId {
    /// The same call within a part of a run: `step1/r1/sample/1`.
    #[must_use]
    pub fn within(&self, scope: &str) -> Self {
        Self::new(format!("{scope}/{self}"))
    }

    /// The call as the part of the run knows it; `None` if it belongs to another part.
    #[must_use]
    pub fn outside(&self, scope: &str) -> Option<Self> {
        Some(Self::new(self.0.strip_prefix(scope)?.strip_prefix('/')?))
    }

    /// The part of the run that the call belongs to, such as `step1`; `None` where a run has no
    /// parts. A path without its parts begins with its round: `r2/…`.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        let is_round = |part: &str| {
            let number = part.strip_prefix('r').unwrap_or_default();
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        };
        let mut at = 0_usize;
        for part in self.0.split('/') {
            if is_round(part) {
                return at.checked_sub(1).map(|end| &self.0[..end]);
            }
            at += part.len() + 1;
        }
        None
    }
}

/// A round's number, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_knows_the_part_of_the_run_that_it_belongs_to() {
        let call = CallId::new("r1/sample/1");
        assert_eq!(call.scope(), None);
        let within = call.within("step2");
        assert_eq!((within.as_str(), within.scope()), ("step2/r1/sample/1", Some("step2")));
        assert_eq!(within.outside("step2"), Some(call));
        assert_eq!(within.outside("step"), None);
        assert_eq!(within.within("a/b").scope(), Some("a/b/step2"));
        assert_eq!(CallId::new("review/r").scope(), None);
    }
}

//! Whether the numbers of settings are in their ranges, for callers who build them by hand: the command line checks
//! its own words as it reads them.

use crate::error::Error;
use crate::ids::ParticipantId;
use std::fmt::Display;
use std::ops::RangeInclusive;

/// Collects what is wrong.
pub struct Check<'a> {
    names: &'a [ParticipantId],
    problems: Vec<Error>,
}

impl<'a> Check<'a> {
    /// A check of settings for participants of these names.
    #[must_use]
    pub fn new(names: &'a [ParticipantId]) -> Self {
        Self { names, problems: Vec::new() }
    }

    /// Everything that is wrong.
    #[must_use]
    pub fn problems(self) -> Vec<Error> {
        self.problems
    }

    /// Adds something that is wrong.
    pub fn wrong(&mut self, words: String) {
        self.problems.push(Error::config(words));
    }

    pub(crate) fn within<T: Display + PartialOrd + Copy>(&mut self, name: &str, value: T, range: &RangeInclusive<T>) {
        if !range.contains(&value) {
            self.wrong(format!("{name} is {value}: it goes from {} to {}", range.start(), range.end()));
        }
    }

    pub(super) fn known(&mut self, part: &str, name: Option<&ParticipantId>) {
        if let Some(name) = name.filter(|name| !self.names.contains(name)) {
            self.wrong(format!("the {part} is {name}, who is not there"));
        }
    }
}

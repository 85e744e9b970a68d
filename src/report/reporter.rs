//! What every output is: a reader of events.

use crate::event::Event;
use crate::outcome::Finished;
use std::io;

/// A reader of a run's events.
pub trait Reporter: Send {
    /// Takes an event in, in order.
    fn report(&mut self, event: &Event);

    /// Takes the finished run in, once, at the end.
    ///
    /// # Errors
    /// What a program reads could not be written whole, other than because nobody reads any more.
    fn finish(&mut self, finished: &Finished) -> io::Result<()>;
}

/// Several readers as one.
#[derive(Default)]
pub struct Reporters {
    all: Vec<Box<dyn Reporter>>,
}

impl Reporters {
    /// Adds a reader.
    pub fn push(&mut self, reporter: impl Reporter + 'static) {
        self.all.push(Box::new(reporter));
    }
}

impl Extend<Box<dyn Reporter>> for Reporters {
    fn extend<T: IntoIterator<Item = Box<dyn Reporter>>>(&mut self, reporters: T) {
        self.all.extend(reporters);
    }
}

impl Reporter for Reporters {
    fn report(&mut self, event: &Event) {
        for reporter in &mut self.all {
            reporter.report(event);
        }
    }

    fn finish(&mut self, finished: &Finished) -> io::Result<()> {
        // Each gets its chance: the summary must reach people even if the answer's disk is full.
        let results: Vec<_> = self.all.iter_mut().map(|reporter| reporter.finish(finished)).collect();
        results.into_iter().collect()
    }
}

//! What every output is: a reader of events.

use crate::event::Event;
use crate::outcome::Finished;

/// A reader of a run's events.
pub trait Reporter: Send {
    /// Takes one happening in, in order.
    fn report(&mut self, event: &Event);

    /// Takes the finished run in, once, at the end.
    fn finish(&mut self, finished: &Finished);
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

impl Reporter for Reporters {
    fn report(&mut self, event: &Event) {
        for reporter in &mut self.all {
            reporter.report(event);
        }
    }

    fn finish(&mut self, finished: &Finished) {
        for reporter in &mut self.all {
            reporter.finish(finished);
        }
    }
}

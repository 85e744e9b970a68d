//! For people: progress and summary on standard error, the answer alone on standard output.

use super::event_line::{line, reason};
use super::output_stream::OutputStream;
use super::paint::Paint;
use super::reporter::Reporter;
use super::summary::summary;
use crate::event::{Event, EventKind};
use crate::failure::FailureClass;
use crate::ids::ParticipantId;
use crate::outcome::Finished;
use crate::time::Timestamp;
use crate::time::duration::human;
use std::collections::BTreeSet;
use std::io;

/// Where people's lines go: plainly one after the other, or above a live region.
pub trait Screen: Send {
    /// Shows a line.
    fn say(&mut self, line: &str);

    /// Takes an event in that may change what is shown live.
    fn see(&mut self, event: &Event);

    /// How many columns a line has.
    fn columns(&self) -> usize;

    /// Takes the live region away.
    fn close(&mut self);
}

/// Lines one after the other.
#[derive(Debug)]
pub struct Plain {
    err: OutputStream,
}

impl Plain {
    /// Writes to `err`.
    #[must_use]
    pub fn new(err: OutputStream) -> Self {
        Self { err }
    }
}

impl Screen for Plain {
    fn say(&mut self, line: &str) {
        self.err.line(line);
    }

    fn see(&mut self, _: &Event) {}

    fn columns(&self) -> usize {
        self.err.columns()
    }

    fn close(&mut self) {}
}

/// Tells people what happens.
pub struct Human {
    screen: Box<dyn Screen>,
    answer: Option<OutputStream>,
    verbose: bool,
    paint: Paint,
    began: Option<Timestamp>,
    /// Whose failures were told, and of which class.
    told: BTreeSet<(ParticipantId, FailureClass)>,
}

impl Human {
    /// Tells `screen` what happens, and `answer`, if there is one, the answer alone.
    pub fn new(screen: impl Screen + 'static, answer: Option<OutputStream>, verbose: bool, paint: Paint) -> Self {
        Self { screen: Box::new(screen), answer, verbose, paint, began: None, told: BTreeSet::new() }
    }
}

impl Reporter for Human {
    fn report(&mut self, event: &Event) {
        let began = *self.began.get_or_insert(event.at);
        self.screen.see(event);
        // A participant that is down fails in everything it is asked for: that is told once.
        if let Some((who, class, _)) = reason(&event.kind)
            && !self.told.insert((who.clone(), class))
            && !self.verbose
        {
            return;
        }
        if let Some(text) = line(&event.kind, self.verbose, self.paint) {
            if self.verbose && !matches!(event.kind, EventKind::RunStarted { .. }) {
                let at = human(event.at.since(began));
                self.screen.say(&format!("{} {text}", self.paint.dim(&format!("{at:>9}"))));
            } else {
                self.screen.say(&text);
            }
        }
    }

    fn finish(&mut self, finished: &Finished) -> io::Result<()> {
        self.screen.close();
        if let (Some(out), Some(answer)) = (&mut self.answer, &finished.outcome.answer) {
            out.line(answer);
        }
        // On a terminal the answer stands right above.
        let columns = self.screen.columns();
        self.screen.say(&format!("\n{}", summary(finished, self.paint, columns).trim_end()));
        self.answer.as_mut().map_or(Ok(()), OutputStream::result)
    }
}

//! For people: progress and summary on standard error, the answer alone on standard output.

use super::event_line::{line, reason};
use super::frame::Frame;
use super::output_stream::OutputStream;
use super::paint::Paint;
use super::reporter::Reporter;
use super::summary::summary;
use super::wrap;
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
            let timed = self.verbose && !matches!(event.kind, EventKind::RunStarted { .. });
            let at = human(event.at.since(began));
            let text = if timed { format!("{} {text}", self.paint.dim(&format!("{at:>9}"))) } else { text };
            self.screen.say(&wrap::one_line(&text, self.screen.columns()));
        }
    }

    fn finish(&mut self, finished: &Finished) -> io::Result<()> {
        self.screen.close();
        let frame = Frame::new(&finished.totals.run_id, self.paint);
        let (mut rule, mut caution) = (frame.alone(), None);
        if let (Some(out), Some(answer)) = (&mut self.answer, &finished.outcome.answer) {
            if out.is_among_errors() {
                self.screen.say(&frame.above());
                rule = frame.below();
            }
            out.answer(answer);
            caution = frame.caution(answer);
        }
        let summary = summary(finished, self.paint, self.screen.columns());
        let lines = [Some(rule.as_str()), caution.as_deref(), Some(summary.trim_end())];
        self.screen.say(&lines.into_iter().flatten().collect::<Vec<_>>().join("\n"));
        self.answer.as_mut().map_or(Ok(()), OutputStream::result)
    }
}

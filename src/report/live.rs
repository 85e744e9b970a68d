//! The live region of a terminal: a line for each participant, below everything that was said.

use super::activity::ActivityModel;
use super::human::Screen;
use super::output_stream::OutputStream;
use super::table::padded;
use super::terminal::{render, safe};
use crate::event::Event;
use crate::time::Timestamp;
use crate::time::duration::human;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt;
use std::time::Duration;
use unicode_width::UnicodeWidthStr as _;

/// How often the seconds are redrawn.
const TICK: Duration = Duration::from_millis(200);

const HEADLINE: &str = "{wide_msg}";
const WAITING: &str = "  {prefix}             {wide_msg}";
const WORKING: &str = "{spinner} {prefix}  {time:>9}  {wide_msg}";

/// Lines above a live region. Until the region is there, and after it is closed, plain lines.
pub struct Live {
    err: OutputStream,
    region: MultiProgress,
    activity: ActivityModel,
    headline: ProgressBar,
    rows: Vec<Row>,
}

struct Row {
    bar: ProgressBar,
    since: Option<Timestamp>,
}

impl Live {
    /// A live region on standard error; nothing, if that is no terminal that can have one.
    #[must_use]
    pub fn on_stderr() -> Option<Self> {
        let region = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let hidden = region.is_hidden();
        let live = Self {
            err: OutputStream::stderr(),
            region,
            activity: ActivityModel::default(),
            headline: ProgressBar::hidden(),
            rows: Vec::new(),
        };
        (!hidden).then_some(live)
    }

    fn furnish(&mut self) {
        let count = self.activity.seats().count();
        if self.rows.len() == count {
            return;
        }
        let width = self.activity.seats().map(|(id, ..)| id.as_str().width()).max().unwrap_or(0);
        self.headline = self.region.add(ProgressBar::new_spinner().with_style(style(HEADLINE)));
        self.rows = self
            .activity
            .seats()
            .map(|(id, ..)| {
                let bar = ProgressBar::new_spinner().with_style(style(WAITING));
                let bar = self.region.add(bar.with_prefix(padded(&safe(id.as_str()), width)));
                Row { bar, since: None }
            })
            .collect();
    }

    fn draw(&mut self, at: Timestamp) {
        self.headline.set_message(self.activity.headline());
        for (row, (_, text, since)) in self.rows.iter_mut().zip(self.activity.seats()) {
            if row.since != since {
                row.since = since;
                match since {
                    Some(since) => {
                        row.bar.set_style(style(WORKING));
                        row.bar.set_elapsed(at.since(since));
                        row.bar.enable_steady_tick(TICK);
                    }
                    None => {
                        row.bar.disable_steady_tick();
                        row.bar.set_style(style(WAITING));
                    }
                }
            }
            row.bar.set_message(safe(&text).into_owned());
        }
    }
}

/// A style; one that does not parse is a bug that a test finds, and costs no more than the looks.
fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    // Tenths would only flicker.
    let time = |state: &ProgressState, out: &mut dyn fmt::Write| {
        let _ = out.write_str(&human(Duration::from_secs(state.elapsed().as_secs())));
    };
    style.tick_chars("-\\|/ ").with_key("time", time)
}

impl Screen for Live {
    fn say(&mut self, line: &str) {
        if self.rows.is_empty() {
            self.err.line(line);
        } else {
            let _ = self.region.println(render(line));
        }
    }

    fn see(&mut self, event: &Event) {
        if self.activity.see(event) {
            self.furnish();
            self.draw(event.at);
        }
    }

    fn columns(&self) -> usize {
        self.err.columns()
    }

    fn close(&mut self) {
        for row in &self.rows {
            row.bar.disable_steady_tick();
        }
        let _ = self.region.clear();
        // Dropped bars draw the others once more.
        self.region.set_draw_target(ProgressDrawTarget::hidden());
        self.rows.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_parse() {
        for template in [HEADLINE, WAITING, WORKING] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}

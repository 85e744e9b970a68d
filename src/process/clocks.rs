//! The clocks of one turn.

use crate::invocation::{Ending, Limits};
use std::time::Duration;
use tokio::time::Instant;

/// Armed when a turn begins, read by the supervisor, and dropped when the turn ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clocks {
    limits: Limits,
    began: Instant,
    last_life: Option<Instant>,
}

impl Clocks {
    /// Starts all clocks of a turn.
    pub(crate) fn start(limits: Limits, now: Instant) -> Self {
        Self { limits, began: now, last_life: None }
    }

    /// Notes that bytes came, on either stream.
    pub(crate) fn life(&mut self, now: Instant) {
        self.last_life = Some(now);
    }

    /// When the next clock runs out, and which one that is.
    pub(crate) fn next(&self) -> (Instant, Ending) {
        let hard = (after(self.began, self.limits.hard), Ending::HardLimit);
        let silence = match self.last_life {
            None => self.limits.first_byte.map(|limit| (after(self.began, limit), Ending::FirstByteLimit)),
            Some(at) => self.limits.idle.map(|limit| (after(at, limit), Ending::IdleLimit)),
        };
        match silence {
            Some(silence) if silence.0 < hard.0 => silence,
            _ => hard,
        }
    }
}

/// A moment after another one; a limit too long for the clock is a year.
fn after(at: Instant, limit: Duration) -> Instant {
    at.checked_add(limit).unwrap_or_else(|| at + Duration::from_secs(365 * 24 * 3600))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_earliest_clock_is_the_next_one() {
        let now = Instant::now();
        let limits = Limits { hard: 10 * SECOND, first_byte: Some(2 * SECOND), idle: Some(4 * SECOND) };
        let mut clocks = Clocks::start(limits, now);
        assert_eq!(clocks.next(), (now + 2 * SECOND, Ending::FirstByteLimit));
        clocks.life(now + SECOND);
        assert_eq!(clocks.next(), (now + 5 * SECOND, Ending::IdleLimit));
        clocks.life(now + 7 * SECOND);
        assert_eq!(clocks.next(), (now + 10 * SECOND, Ending::HardLimit));
    }

    #[test]
    fn silence_is_allowed_where_it_has_no_limit() {
        let now = Instant::now();
        let mut clocks = Clocks::start(Limits { hard: SECOND, first_byte: None, idle: None }, now);
        assert_eq!(clocks.next(), (now + SECOND, Ending::HardLimit));
        clocks.life(now);
        assert_eq!(clocks.next(), (now + SECOND, Ending::HardLimit));
    }

    #[test]
    fn an_endless_limit_does_not_overflow() {
        let now = Instant::now();
        let clocks = Clocks::start(Limits { hard: Duration::MAX, first_byte: None, idle: None }, now);
        assert!(clocks.next().0 > now + Duration::from_secs(3600));
    }
}

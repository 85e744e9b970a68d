//! The one place where events get their number and their time.

use crate::event::{Event, EventKind};
use crate::time::Timestamp;
use std::sync::Arc;

/// Reads the wall clock.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Numbers events and hands them on.
pub struct Desk<'a> {
    clock: Clock,
    next: u64,
    listener: &'a mut (dyn FnMut(&Event) + Send),
}

impl<'a> Desk<'a> {
    /// A desk whose first event is number 0.
    pub fn new(clock: Clock, listener: &'a mut (dyn FnMut(&Event) + Send)) -> Self {
        Self { clock, next: 0, listener }
    }

    /// Emits an event. Live ones get no number.
    pub fn emit(&mut self, kind: EventKind) {
        let seq = (!kind.is_live()).then(|| {
            let seq = self.next;
            self.next += 1;
            seq
        });
        let event = Event { seq, at: (self.clock)(), kind };
        (self.listener)(&event);
    }
}

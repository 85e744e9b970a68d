//! What happens in a run, as it happens.

use crate::event::Event;
use futures_core::Stream;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

type Listener = dyn Fn(&Event) + Send + Sync;

/// Everybody who listens.
#[derive(Clone, Default)]
pub(super) struct Listeners(Vec<Arc<Listener>>);

impl Listeners {
    pub fn add(&mut self, listener: impl Fn(&Event) + Send + Sync + 'static) {
        self.0.push(Arc::new(listener));
    }

    pub fn notify(&self, event: &Event) {
        self.0.iter().for_each(|listener| listener(event));
    }

    /// A stream of everything from here on.
    pub fn stream(&mut self) -> EventStream {
        let (sender, events) = mpsc::unbounded_channel();
        // Who dropped the stream does not want to hear any more.
        self.add(move |event| drop(sender.send(event.clone())));
        EventStream(events)
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} listeners", self.0.len())
    }
}

/// The events of all runs of an engine or a runner, in order; it ends when that is dropped. Events wait
/// in memory until they are taken.
#[derive(Debug)]
pub struct EventStream(mpsc::UnboundedReceiver<Event>);

impl EventStream {
    /// Waits for the next event; `None` when there will be none any more.
    pub async fn next(&mut self) -> Option<Event> {
        self.0.recv().await
    }
}

impl Stream for EventStream {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.0.poll_recv(context)
    }
}

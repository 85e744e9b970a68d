//! A place where an answer stops until the test lets it go on: delays by event, never by sleeping.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// A barrier within an answer. Clones are the same gate.
#[derive(Clone)]
pub struct Gate {
    open: Arc<watch::Sender<bool>>,
    reached: Arc<(Mutex<bool>, Condvar)>,
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self { open: Arc::new(watch::Sender::new(false)), reached: Arc::default() }
    }

    /// Lets every answer through, those that come later too.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Waits until an answer has come to this gate.
    ///
    /// # Panics
    /// None came within two minutes: the test is wrong, or the CLI never asked.
    pub fn wait_until_reached(&self) {
        let (reached, signal) = &*self.reached;
        let (guard, wait) =
            signal.wait_timeout_while(reached.lock().unwrap(), Duration::from_secs(120), |reached| !*reached).unwrap();
        assert!(*guard && !wait.timed_out(), "no answer came to the gate");
    }

    /// What an answer does here.
    pub(super) async fn pass(&self) {
        let (reached, signal) = &*self.reached;
        *reached.lock().unwrap() = true;
        signal.notify_all();
        // The sender lives as long as this gate does, so this ends only when the gate is open.
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("open", &*self.open.borrow()).finish()
    }
}

//! How a fake writes: paced, in pieces, and no more than it is told to let out.

use super::action::Channel;
use super::script::Manner;
use super::vendor::Rendered;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The calls that are not heard any more, of those that are played.
static SILENCED: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

thread_local! {
    /// The call that this thread plays; 0 for none.
    static OWN: Cell<u32> = const { Cell::new(0) };
}

/// This call is not heard from here on.
pub fn silence(call: u32) {
    silenced().insert(call);
}

fn silenced() -> std::sync::MutexGuard<'static, BTreeSet<u32>> {
    SILENCED.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What this thread writes belongs to this call.
pub fn belongs_to(call: u32) {
    OWN.set(call);
}

/// Writes whole lines of standard output.
pub fn line(text: &str) {
    write(&mut io::stdout().lock(), text.as_bytes());
}

/// The two output streams. Whether anybody reads them is no concern of a fake's.
pub struct Output {
    piece: usize,
    pause: Duration,
    left: Option<usize>,
}

impl Output {
    /// Output in a manner. Of what the vendor's program would lose on a pipe, nothing gets out.
    #[must_use]
    pub fn new(manner: &Manner, pipe_bytes: Option<usize>) -> Self {
        let lost = pipe_bytes.filter(|_| stdout_is_pipe());
        let left = match (manner.keep_bytes, lost) {
            (Some(keep), Some(lost)) => Some(keep.min(lost)),
            (keep, lost) => keep.or(lost),
        };
        Self { piece: manner.piece_bytes, pause: Duration::from_millis(manner.pause_ms), left }
    }

    /// Writes what a vendor's program prints, spread over the time that the call takes.
    pub fn play(&mut self, rendered: &Rendered, begun: Instant, latency: Duration, think: f64) {
        self.stdout(rendered.head.as_bytes());
        let pieces = rendered.body.len().max(1) as f64;
        for (at, piece) in rendered.body.iter().enumerate() {
            sleep_until(begun + latency.mul_f64(think + (1.0 - think) * at as f64 / pieces));
            self.stdout(piece.as_bytes());
        }
        sleep_until(begun + latency);
        write(&mut io::stderr().lock(), rendered.err.as_bytes());
        self.stdout(rendered.tail.as_bytes());
    }

    /// Writes bytes.
    pub fn write(&mut self, to: Channel, bytes: &[u8]) {
        match to {
            Channel::Stdout => self.stdout(bytes),
            Channel::Stderr => write(&mut io::stderr().lock(), bytes),
        }
    }

    fn stdout(&mut self, bytes: &[u8]) {
        let kept = match &mut self.left {
            Some(left) => {
                let kept = &bytes[..bytes.len().min(*left)];
                *left -= kept.len();
                kept
            }
            None => bytes,
        };
        let mut out = io::stdout().lock();
        if self.piece == 0 {
            write(&mut out, kept);
            return;
        }
        for piece in kept.chunks(self.piece) {
            write(&mut out, piece);
            std::thread::sleep(self.pause);
        }
    }
}

/// A reader that went away is no reason to stop: the vendors' programs do not either.
fn write(to: &mut impl Write, bytes: &[u8]) {
    if !bytes.is_empty() && !silenced().contains(&OWN.get()) {
        let _ = to.write_all(bytes).and_then(|()| to.flush());
    }
}

fn sleep_until(moment: Instant) {
    std::thread::sleep(moment.saturating_duration_since(Instant::now()));
}

fn stdout_is_pipe() -> bool {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::FileTypeExt as _;
    let Ok(handle) = io::stdout().as_fd().try_clone_to_owned() else { return false };
    std::fs::File::from(handle).metadata().is_ok_and(|metadata| metadata.file_type().is_fifo())
}

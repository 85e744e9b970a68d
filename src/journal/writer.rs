//! Puts records on the disk: a thread of its own writes them, and syncs them within 50 ms.

use super::chain::Chain;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The longest time between a record's being written and its being safe on the disk.
const SYNC_WITHIN: Duration = Duration::from_millis(50);

/// The journal failed, and takes no more records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failed(pub String);

type Ack = oneshot::Sender<Result<(), Failed>>;

enum Order {
    Append(String, Ack),
    Sync(Ack),
}

/// What the thread writes to: a file, or in tests something that fails.
pub(crate) trait Sink: Write + Send {
    /// Makes everything written so far safe.
    fn sync(&mut self) -> io::Result<()>;
}

impl Sink for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Appends records to one journal, which it holds locked.
#[derive(Debug)]
pub struct Writer {
    orders: Option<mpsc::Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Makes a new journal: mode 0600, locked.
    ///
    /// # Errors
    /// The file exists, or cannot be made or locked.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = private(OpenOptions::new().write(true).create_new(true)).open(path)?;
        lock(&file)?;
        Self::start(file, Chain::default())
    }

    /// Goes on with a journal after its whole lines: what is torn is cut off. `open` it before
    /// reading, so that nobody writes between the two.
    ///
    /// # Errors
    /// Another process holds it, or it cannot be written.
    pub fn resume(mut file: File, whole_bytes: u64, chain: Chain) -> io::Result<Self> {
        file.set_len(whole_bytes)?;
        file.seek(SeekFrom::End(0))?;
        Self::start(file, chain)
    }

    /// Opens an existing journal for [`Self::resume`], and locks it.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if another process holds it; else what the system says.
    pub fn open(path: &Path) -> io::Result<File> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        lock(&file)?;
        Ok(file)
    }

    pub(crate) fn start(sink: impl Sink + 'static, chain: Chain) -> io::Result<Self> {
        let (orders, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || Desk { sink, chain, failed: None, due: None }.work(&receiver))?;
        Ok(Self { orders: Some(orders), thread: Some(thread) })
    }

    /// Appends a record. Returns when the system has it, so that only a crash of the whole machine
    /// within the next 50 ms can lose it.
    ///
    /// # Errors
    /// This record, or one before it, could not be written.
    pub async fn append(&self, body: String) -> Result<(), Failed> {
        self.order(|ack| Order::Append(body, ack)).await
    }

    /// Returns when everything appended so far is safe on the disk.
    ///
    /// # Errors
    /// Something could not be written.
    pub async fn sync(&self) -> Result<(), Failed> {
        self.order(Order::Sync).await
    }

    async fn order(&self, make: impl FnOnce(Ack) -> Order) -> Result<(), Failed> {
        let (ack, done) = oneshot::channel();
        let gone = || Failed("the journal's thread is gone".to_owned());
        let orders = self.orders.as_ref().ok_or_else(gone)?;
        orders.send(make(ack)).map_err(|_| gone())?;
        done.await.map_err(|_| gone())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The thread ends when nobody can give it orders any more, and syncs before it goes.
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Desk<S> {
    sink: S,
    chain: Chain,
    failed: Option<Failed>,
    /// When the oldest record that is not yet safe must be.
    due: Option<Instant>,
}

impl<S: Sink> Desk<S> {
    fn work(mut self, orders: &mpsc::Receiver<Order>) {
        loop {
            let order = match self.due {
                None => orders.recv().map_err(|mpsc::RecvError| RecvTimeoutError::Disconnected),
                Some(due) => orders.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            match order {
                Ok(Order::Append(body, ack)) => {
                    let result = self.append(&body);
                    let _ = ack.send(result);
                }
                Ok(Order::Sync(ack)) => {
                    let result = self.sync();
                    let _ = ack.send(result);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.due.is_some_and(|due| due <= Instant::now()) {
                let _ = self.sync();
            }
        }
        let _ = self.sync();
    }

    fn append(&mut self, body: &str) -> Result<(), Failed> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        let written = match self.chain.seal(body) {
            Some(mut line) => {
                line.push('\n');
                self.sink.write_all(line.as_bytes())
            }
            None => Err(io::Error::other("a record must be a JSON object")),
        };
        self.due.get_or_insert_with(|| Instant::now() + SYNC_WITHIN / 2);
        written.map_err(|error| self.fail(&error))
    }

    fn sync(&mut self) -> Result<(), Failed> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        self.due = None;
        self.sink.sync().map_err(|error| self.fail(&error))
    }

    fn fail(&mut self, error: &io::Error) -> Failed {
        let failed = Failed(error.to_string());
        self.failed = Some(failed.clone());
        failed
    }
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

fn lock(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk that is full after so many bytes.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let room = self.0.min(bytes.len());
            self.0 -= room;
            if room == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(room) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Sink for Full {
        fn sync(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_full_disk_fails_the_record_and_all_after_it() {
        let writer = Writer::start(Full(60), Chain::default()).unwrap();
        writer.append(r#"{"n":1}"#.to_owned()).await.unwrap();
        writer.sync().await.unwrap();
        let failed = writer.append(r#"{"n":2}"#.to_owned()).await.unwrap_err();
        assert_eq!(writer.append(r#"{"n":3}"#.to_owned()).await.unwrap_err(), failed);
        assert_eq!(writer.sync().await.unwrap_err(), failed);
    }

    /// A disk that tells of every sync how many bytes it made safe.
    struct Telling(usize, mpsc::Sender<usize>);

    impl Write for Telling {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Sink for Telling {
        fn sync(&mut self) -> io::Result<()> {
            self.1.send(self.0).map_err(io::Error::other)
        }
    }

    #[tokio::test]
    async fn records_become_safe_by_themselves() {
        let (sender, syncs) = mpsc::channel();
        let writer = Writer::start(Telling(0, sender), Chain::default()).unwrap();
        for round in 0..3 {
            writer.append(format!(r#"{{"n":{round}}}"#)).await.unwrap();
            // Nobody asks for it; without an end to the wait, the test would hang.
            let safe = syncs.recv_timeout(Duration::from_secs(60)).unwrap();
            assert!(safe > 0, "round {round}");
        }
        // And at once when somebody does.
        writer.append(r#"{"n":9}"#.to_owned()).await.unwrap();
        writer.sync().await.unwrap();
        drop(writer);
        assert!(syncs.iter().count() >= 1);
    }

    #[tokio::test]
    async fn what_is_no_object_is_refused() {
        let writer = Writer::start(Full(1000), Chain::default()).unwrap();
        assert!(writer.append("[]".to_owned()).await.is_err());
    }
}

//! Puts records on the disk. They are written where they are made, which no slow disk delays; a thread of its own makes
//! them safe, and nothing waits for it but the end of a run.

use super::chain::Chain;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::mpsc;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long a record waits for others that are made safe with it.
const GATHER: Duration = Duration::from_millis(25);

/// The journal failed, and takes no more records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failed(pub String);

type Ack = oneshot::Sender<Result<(), Failed>>;

/// Appends records to one journal, which it holds locked.
pub struct Writer {
    sink: Box<dyn Write + Send + Sync>,
    chain: Chain,
    failed: Arc<OnceLock<Failed>>,
    /// Tells the thread that something was written, or who waits until all of it is safe.
    orders: Option<mpsc::Sender<Option<Ack>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Makes a new journal: mode 0600, locked.
    ///
    /// # Errors
    /// The file exists, or cannot be made or locked.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = private(OpenOptions::new().write(true).create_new(true)).open(path)?;
        // Without its header it is no journal.
        lock(&file).and_then(|()| Self::on(file, Chain::default())).inspect_err(|_| drop(fs::remove_file(path)))
    }

    /// Goes on with a journal after its whole lines: what is torn is cut off. `open` it before
    /// reading, so that nobody writes between the two.
    ///
    /// # Errors
    /// Another process holds it, or it cannot be written.
    pub fn resume(mut file: File, whole_bytes: u64, chain: Chain) -> io::Result<Self> {
        file.set_len(whole_bytes)?;
        file.seek(SeekFrom::End(0))?;
        Self::on(file, chain)
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

    fn on(file: File, chain: Chain) -> io::Result<Self> {
        let file = Arc::new(file);
        let same = Arc::clone(&file);
        Self::start(file, move || same.sync_data(), chain)
    }

    /// Writes to any sink; `sync` makes everything safe that was written to it before.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start(
        sink: impl Write + Send + Sync + 'static,
        sync: impl FnMut() -> io::Result<()> + Send + 'static,
        chain: Chain,
    ) -> io::Result<Self> {
        let (orders, receiver) = mpsc::channel();
        let failed = Arc::<OnceLock<Failed>>::default();
        let noted = Arc::clone(&failed);
        let thread = std::thread::Builder::new().name("journal".to_owned());
        let thread = thread.spawn(move || keep_safe(&receiver, sync, &noted)).map_err(|error| {
            io::Error::new(error.kind(), format!("the system grants no more threads (`ulimit -u`): {error}"))
        })?;
        Ok(Self { sink: Box::new(sink), chain, failed, orders: Some(orders), thread: Some(thread) })
    }

    /// Appends a record. Returns when the system has it, so that only a crash of the whole machine can lose it,
    /// until the next sync is over.
    ///
    /// # Errors
    /// This record, or one before it, could not be written or made safe.
    pub fn append(&mut self, body: &str) -> Result<(), Failed> {
        if let Some(failed) = self.failed.get() {
            return Err(failed.clone());
        }
        let written = match self.chain.seal(body) {
            Some(mut line) => {
                line.push('\n');
                self.sink.write_all(line.as_bytes())
            }
            None => Err(io::Error::other("a record must be a JSON object")),
        };
        written.map_err(|error| fail(&self.failed, &error))?;
        self.order(None)
    }

    /// Returns when everything appended so far is safe on the disk.
    ///
    /// # Errors
    /// Something could not be written or made safe.
    pub async fn sync(&self) -> Result<(), Failed> {
        let (ack, done) = oneshot::channel();
        self.order(Some(ack))?;
        done.await.map_err(|_| gone())?
    }

    fn order(&self, order: Option<Ack>) -> Result<(), Failed> {
        self.orders.as_ref().and_then(|orders| orders.send(order).ok()).ok_or_else(gone)
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

/// One sync for all that was written meanwhile, over and over.
fn keep_safe(
    orders: &mpsc::Receiver<Option<Ack>>,
    mut sync: impl FnMut() -> io::Result<()>,
    failed: &OnceLock<Failed>,
) {
    while let Ok(first) = orders.recv() {
        let due = Instant::now() + GATHER;
        let mut waiting = Vec::from_iter(first);
        // Who waits is not kept waiting for more.
        while waiting.is_empty()
            && let Ok(more) = orders.recv_timeout(due.saturating_duration_since(Instant::now()))
        {
            waiting.extend(more);
        }
        waiting.extend(orders.try_iter().flatten());
        if failed.get().is_none()
            && let Err(error) = sync()
        {
            fail(failed, &error);
        }
        let result = failed.get().cloned().map_or(Ok(()), Err);
        for ack in waiting {
            let _ = ack.send(result.clone());
        }
    }
}

/// The first failure counts, whichever thread met it.
fn fail(failed: &OnceLock<Failed>, error: &io::Error) -> Failed {
    failed.get_or_init(|| Failed(error.to_string())).clone()
}

fn gone() -> Failed {
    Failed("the journal's thread is gone".to_owned())
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

    #[tokio::test]
    async fn a_full_disk_fails_the_record_and_all_after_it() {
        let mut writer = Writer::start(Full(60), || Ok(()), Chain::default()).unwrap();
        writer.append(r#"{"n":1}"#).unwrap();
        writer.sync().await.unwrap();
        let failed = writer.append(r#"{"n":2}"#).unwrap_err();
        assert_eq!(writer.append(r#"{"n":3}"#).unwrap_err(), failed);
        assert_eq!(writer.sync().await.unwrap_err(), failed);
    }

    #[tokio::test]
    async fn a_failed_sync_fails_what_comes_after_it() {
        let mut broken = Some(io::Error::other("the disk is gone"));
        let sync = move || broken.take().map_or(Ok(()), Err);
        let mut writer = Writer::start(Full(60), sync, Chain::default()).unwrap();
        writer.append(r#"{"n":1}"#).unwrap();
        let failed = writer.sync().await.unwrap_err();
        // A disk that answers again may have lost records: what comes afterwards fails too.
        assert_eq!((writer.append(r#"{"n":2}"#), writer.sync().await), (Err(failed.clone()), Err(failed)));
    }

    #[tokio::test]
    async fn records_become_safe_by_themselves() {
        let (sender, syncs) = mpsc::channel();
        let sync = move || sender.send(()).map_err(io::Error::other);
        let mut writer = Writer::start(Full(1000), sync, Chain::default()).unwrap();
        for round in 0..3 {
            writer.append(&format!(r#"{{"n":{round}}}"#)).unwrap();
            // Nobody asks for it; without an end to the wait, the test would hang.
            syncs.recv_timeout(Duration::from_secs(60)).unwrap();
        }
        // And at once when somebody does.
        writer.append(r#"{"n":9}"#).unwrap();
        writer.sync().await.unwrap();
        drop(writer);
        assert!(syncs.iter().count() >= 1);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let mut writer = Writer::start(Full(1000), || Ok(()), Chain::default()).unwrap();
        assert!(writer.append("[]").is_err());
    }
}

//! What a process costs by itself, its children not counted: read from `/proc` while it runs, so on
//! Linux alone.

use std::process::Child;
use std::sync::mpsc;
use std::time::Duration;

/// What a process has used so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Most memory that it ever held, in bytes.
    pub peak: u64,
    /// Processor time, user and system.
    pub cpu: Duration,
}

/// Waits for a child and returns what it had used when it was last seen; nothing where there is no
/// `/proc`.
pub fn wait(child: &mut Child) -> std::io::Result<Option<Cost>> {
    let pid = child.id();
    let (ended, over) = mpsc::channel::<()>();
    // A process that has ended has no memory any more, so that it must be looked at before. The peak
    // only grows; of the processor time the last few milliseconds are missed.
    let watcher = std::thread::spawn(move || {
        let mut seen = None;
        while over.recv_timeout(Duration::from_millis(10)) == Err(mpsc::RecvTimeoutError::Timeout) {
            seen = look(pid).or(seen);
        }
        seen
    });
    let status = child.wait();
    drop(ended);
    status?;
    Ok(watcher.join().unwrap_or_default())
}

fn look(pid: u32) -> Option<Cost> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().ok()?;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name, in parentheses, may hold anything; user and system time are the 12th and
    // 13th field after it, in hundredths of a second on every Linux there is.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Cost { peak: peak * 1024, cpu: Duration::from_millis(ticks * 10) })
}

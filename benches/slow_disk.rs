//! What a slow disk adds to a run: syncs of the journal that take long, against the critical path of the same run.
//!
//! `cargo bench --bench slow_disk` prints the table; `-- --write` also puts it into the README beside this file. It
//! fails if a run takes longer than its calls and two syncs allow.

#[path = "../tests/support"]
mod support {
    pub mod on_disk;
    #[expect(dead_code, clippy::expect_used, reason = "the room of the tests has more in it, and may panic")]
    pub mod room;
}
mod written;

use refinery_core::engine::drive;
use refinery_core::journal::{Chain, Writer};
use refinery_core::protocol::consensus::ConsensusPlan;
use refinery_core::time::Timestamp;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use support::{on_disk, room};
use written::Failure;

const CALL: Duration = Duration::from_millis(300);
/// In each of three rounds an answer, and then its review.
const CRITICAL_PATH: Duration = Duration::from_millis(3 * 2 * 300);
const SYNCS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(20), Duration::from_millis(100)];
const RUNS: usize = 5;
/// What a run may take beyond its critical path and two syncs, as a share of the path.
const SLACK: f64 = 0.05;

fn main() -> ExitCode {
    written::exit(bench())
}

fn bench() -> Result<bool, Failure> {
    let mut table = String::from("| A sync takes | Wall time over critical path, median | Limit |\n|---:|---:|---:|\n");
    let mut within = true;
    for sync in SYNCS {
        let mut ratios = (0..RUNS).map(|_| ratio(sync)).collect::<Result<Vec<f64>, Failure>>()?;
        ratios.sort_by(f64::total_cmp);
        let median = ratios.get(RUNS / 2).copied().unwrap_or(f64::NAN);
        let limit = 1.0 + SLACK + 2.0 * sync.as_secs_f64() / CRITICAL_PATH.as_secs_f64();
        within &= median <= limit;
        writeln!(table, "| {} ms | **{median:.3}** | {limit:.2} |", sync.as_millis())?;
    }
    written::publish(&table, ["<!-- slow disk -->", "<!-- end of slow disk -->"])?;
    Ok(within)
}

/// The wall time of one run over its critical path.
fn ratio(sync: Duration) -> Result<f64, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let slow = move || {
        std::thread::sleep(sync);
        Ok(())
    };
    let journal = Writer::start(std::io::sink(), slow, Chain::default())?;
    let protocol = room::consensus(&ConsensusPlan { threshold: 9.5, ..room::plan(3) }, 2);
    let world = on_disk::world(journal, CALL);
    let begun = Instant::now();
    runtime.block_on(drive(Box::new(protocol), on_disk::meta(), Timestamp(0), world, &mut |_| {}));
    Ok(begun.elapsed().as_secs_f64() / CRITICAL_PATH.as_secs_f64())
}

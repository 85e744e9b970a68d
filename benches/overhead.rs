//! What this program adds to the time that the models take, and what it costs by itself.
//!
//! `cargo bench --bench overhead` prints the table; `-- --write` also puts it into the README beside
//! this file; `-- --draws N` changes the number of draws. It fails if a median is over the limit.

mod critical_path;
#[path = "../tests/support/fakes.rs"]
mod fakes;
mod process_cost;
mod written;

use critical_path::Played;
use process_cost::Cost;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use written::Failure;

/// Wall time over critical path, at most.
const LIMIT: f64 = 1.05;
const STABILITY: u64 = 2;
const ROOMS: [&[&str]; 2] = [
    &["claude/one", "codex/two", "gemini/three"],
    &["claude/one", "codex/two", "gemini/three", "claude/four", "codex/five"],
];

/// One run.
struct Run {
    wall: Duration,
    path: Duration,
    calls: usize,
    cost: Option<Cost>,
}

/// All runs with so many participants.
struct Room {
    participants: usize,
    runs: Vec<Run>,
}

fn main() -> ExitCode {
    written::exit(bench())
}

fn bench() -> Result<bool, Failure> {
    let args: Vec<String> = std::env::args().collect();
    let draws = match args.iter().position(|arg| arg == "--draws") {
        Some(at) => args.get(at + 1).ok_or("--draws needs a number")?.parse()?,
        None => 20,
    };
    let program = Path::new(env!("CARGO_BIN_EXE_refinery"));
    let start = start_up(program)?;
    let mut rooms = Vec::new();
    for participants in ROOMS {
        let mut runs = Vec::new();
        for draw in 1..=draws {
            let run = run(program, participants, draw)?;
            let _ = write!(std::io::stderr(), "\r{} participants: draw {draw} of {draws} ", participants.len());
            runs.push(run);
        }
        rooms.push(Room { participants: participants.len(), runs });
    }
    let _ = writeln!(std::io::stderr());
    let table = table(&rooms, start)?;
    written::publish(&table, ["<!-- table -->", "<!-- end -->"])?;
    Ok(rooms.iter().all(|room| room.ratio() <= LIMIT))
}

/// Plays one run: the whole program as a person starts it, the vendors' programs on its PATH played
/// by fakes whose latencies this draw decides.
fn run(program: &Path, participants: &[&str], draw: u64) -> Result<Run, Failure> {
    let stage = tempfile::tempdir()?;
    let folder = stage.path();
    let script = folder.join("script.toml");
    // Scores that let nobody win before the last review is in: with one review of somebody else
    // missing, that one could still lead.
    std::fs::write(
        &script,
        format!(
            "seed = {draw}\n\
             latency = {{ median_ms = 300, sigma = 0.6 }}\n\
             log = {{ file = 'log.jsonl' }}\n\
             [[rule]]\n\
             when = {{ phase = 'evaluate' }}\n\
             actions = [{{ opinion = {{ scores = [6.5, 8.5], spread = 0.2 }} }}]\n"
        ),
    )?;
    let programs = folder.join("programs");
    std::fs::create_dir(&programs)?;
    fakes::install(&programs, &script)?;
    let mut command = Command::new(program);
    command
        .args(["Which of the two should we take, and why?", "--models", &participants.join(",")])
        .args(["--output-format", "json", "--seed", &draw.to_string()])
        .args(["claude=64", "codex=64", "gemini=64"].map(|limit| format!("--max-concurrent={limit}")))
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
        .env("HOME", folder)
        .env("REFINERY_MARK_CALLS", "1")
        .envs(["ANTHROPIC_API_KEY", "CODEX_API_KEY", "GEMINI_API_KEY"].map(|name| (name, "fake")))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(folder.join("stdout"))?)
        .stderr(std::fs::File::create(folder.join("stderr"))?);
    let begun = Instant::now();
    let mut child = command.spawn()?;
    let (cost, wall) = (process_cost::wait(&mut child)?, begun.elapsed());
    let said = std::fs::read_to_string(folder.join("stdout"))?;
    let outcome: Value = serde_json::from_str(&said).unwrap_or_default();
    if outcome["status"] != "converged" {
        let errors = std::fs::read_to_string(folder.join("stderr"))?;
        return Err(format!("draw {draw} ended with {}: {said}{errors}", outcome["status"]).into());
    }
    let played = Played::read(&std::fs::read_to_string(folder.join("log.jsonl"))?)?;
    Ok(Run { wall, path: played.critical_path(STABILITY)?, calls: played.calls(), cost })
}

/// Median time from the start of the program to its end when it has nothing to do.
fn start_up(program: &Path) -> Result<Duration, Failure> {
    let mut times = Vec::new();
    for _ in 0..20 {
        let begun = Instant::now();
        let output = Command::new(program).arg("--version").env_clear().stdin(Stdio::null()).output()?;
        times.push(begun.elapsed().as_secs_f64());
        if !output.status.success() {
            return Err(format!("--version failed: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
    }
    Ok(Duration::from_secs_f64(median(times)))
}

impl Room {
    fn ratios(&self) -> Vec<f64> {
        self.runs.iter().map(|run| run.wall.as_secs_f64() / run.path.as_secs_f64()).collect()
    }

    fn ratio(&self) -> f64 {
        median(self.ratios())
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.len() % 2, values.get(middle), middle.checked_sub(1).and_then(|below| values.get(below))) {
        (1, Some(value), _) => *value,
        (_, Some(above), Some(below)) => f64::midpoint(*above, *below),
        _ => f64::NAN,
    }
}

fn table(rooms: &[Room], start: Duration) -> Result<String, std::fmt::Error> {
    let mut table = String::from("| Figure |");
    for room in rooms {
        write!(table, " {} participants |", room.participants)?;
    }
    table.push_str(" Limit |\n|---|");
    table.push_str(&"---:|".repeat(rooms.len() + 1));
    table.push('\n');
    let mut row = |name: &str, cell: &dyn Fn(&Room) -> String, limit: &str| {
        let cells: Vec<String> = rooms.iter().map(cell).collect();
        writeln!(table, "| {name} | {} | {limit} |", cells.join(" | "))
    };
    row("Draws", &|room| room.runs.len().to_string(), "")?;
    row("Calls in a run", &|room| room.runs.first().map_or(0, |run| run.calls).to_string(), "")?;
    row("Critical path, median", &|room| seconds(room, |run| run.path), "")?;
    row("Wall time, median", &|room| seconds(room, |run| run.wall), "")?;
    let limit = format!("{LIMIT:.2}");
    row("**Wall time over critical path, median**", &|room| format!("**{:.3}**", room.ratio()), &limit)?;
    row("The same, worst draw", &|room| format!("{:.3}", room.ratios().into_iter().fold(0.0, f64::max)), "")?;
    row("Processor time of the program for each call", &cpu, "")?;
    row("Peak memory of the program", &peak, "")?;
    let start = format!("{:.1} ms", start.as_secs_f64() * 1000.0);
    row("Start-up (`refinery --version`), median", &|_| start.clone(), "")?;
    Ok(table)
}

fn seconds(room: &Room, of: impl Fn(&Run) -> Duration) -> String {
    format!("{:.2} s", median(room.runs.iter().map(|run| of(run).as_secs_f64()).collect()))
}

const UNKNOWN: &str = "not measured here";

fn cpu(room: &Room) -> String {
    let costs: Option<Vec<Cost>> = room.runs.iter().map(|run| run.cost).collect();
    let calls: usize = room.runs.iter().map(|run| run.calls).sum();
    costs.filter(|_| calls > 0).map_or_else(
        || UNKNOWN.to_owned(),
        |costs| {
            let all: f64 = costs.iter().map(|cost| cost.cpu.as_secs_f64()).sum();
            format!("{:.1} ms", all * 1000.0 / calls as f64)
        },
    )
}

fn peak(room: &Room) -> String {
    let peaks = room.runs.iter().map(|run| run.cost.map(|cost| cost.peak)).collect::<Option<Vec<u64>>>();
    peaks
        .and_then(|peaks| peaks.into_iter().max())
        .map_or_else(|| UNKNOWN.to_owned(), |peak| format!("{:.1} MiB", peak as f64 / f64::from(1 << 20)))
}

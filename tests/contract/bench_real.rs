//! What starting the real CLIs anew for every call costs beside keeping them: `make bench-real`.

use super::program::opinions;
use super::sandbox::Sandbox;
use super::slots;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

/// Pairs of runs, one after the other in turns.
const PAIRS: usize = 5;

/// Between two looks at the processes of a run.
const LOOK: Duration = Duration::from_millis(20);

/// The tables that the runs are compared by, in this order.
const FIGURES: [&str; 5] =
    ["Wall time", "Processor time of all processes", "Peak memory of all processes", "Processes", "Requests"];

#[test]
#[ignore = "a bench: `make bench-real`"]
fn a_consensus_of_three_for_two_rounds() {
    let _slots = slots::all();
    let mut seen = BTreeMap::<&str, Vec<[f64; 5]>>::new();
    for _ in 0..PAIRS {
        for transport in ["oneshot", "kept"] {
            seen.entry(transport).or_default().push(run(transport));
        }
    }
    let median = |transport: &str, figure: usize| {
        let mut all: Vec<_> = seen[transport].iter().map(|run| run[figure]).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let mut table =
        "| Figure, median | One process per call | Kept | Kept over one per call |\n|---|---:|---:|---:|\n".to_owned();
    for (at, name) in FIGURES.iter().enumerate() {
        let (once, kept) = (median("oneshot", at), median("kept", at));
        let shown = |value: f64| match at {
            0 | 1 => format!("{value:.2} s"),
            2 => format!("{value:.0} MiB"),
            _ => format!("{value:.0}"),
        };
        let _ = writeln!(table, "| {name} | {} | {} | {:.2} |", shown(once), shown(kept), kept / once);
    }
    println!("{table}");
    if std::env::var_os("REFINERY_BENCH_WRITE").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/README.md");
        let text = fs::read_to_string(&path).unwrap();
        let (before, rest) = text.split_once("<!-- real -->\n").unwrap();
        let (_, after) = rest.split_once("<!-- end -->").unwrap();
        fs::write(&path, format!("{before}<!-- real -->\n{table}<!-- end -->{after}")).unwrap();
    }
}

fn run(transport: &str) -> [f64; 5] {
    let sandbox = Sandbox::new(opinions).with_keys();
    let words = ["Which colour is it?", "-m", "claude,codex,gemini", "--max-rounds", "2", "--transport", transport];
    let (began, before) = (Instant::now(), processor_time());
    let mut child = sandbox
        .command(&words)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let (mut peak, mut all) = (0, BTreeSet::new());
    while child.try_wait().unwrap().is_none() {
        let (memory, processes) = look(&child);
        peak = peak.max(memory);
        all.extend(processes);
        std::thread::sleep(LOOK);
    }
    let wall = began.elapsed().as_secs_f64();
    assert!(child.wait().unwrap().success());
    [wall, processor_time() - before, peak as f64 / 1024.0, all.len() as f64, sandbox.server.asks().len() as f64]
}

/// Processor time of all children of this process that are gone, and of theirs, in seconds.
fn processor_time() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    // proc_pid_stat(5): cutime and cstime, in hundredths of a second.
    (fields[13].parse::<f64>().unwrap() + fields[14].parse::<f64>().unwrap()) / 100.0
}

/// The memory of a process and all its descendants in kibibytes, and their numbers.
fn look(child: &Child) -> (u64, BTreeSet<u32>) {
    let mut parents = BTreeMap::new();
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = process.file_name().to_str().unwrap().parse::<u32>() else { continue };
        let Ok(stat) = fs::read_to_string(process.path().join("stat")) else { continue };
        let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        // The parent, and the resident pages.
        parents.insert(pid, (fields[1].parse::<u32>().unwrap(), fields[21].parse::<u64>().unwrap() * 4));
    }
    let mut tree = BTreeSet::from([child.id()]);
    loop {
        let more: Vec<_> = parents
            .iter()
            .filter(|(pid, (parent, _))| tree.contains(parent) && !tree.contains(pid))
            .map(|one| *one.0)
            .collect();
        if more.is_empty() {
            break;
        }
        tree.extend(more);
    }
    let memory = tree.iter().filter_map(|pid| parents.get(pid)).map(|(_, memory)| memory).sum();
    (memory, tree)
}

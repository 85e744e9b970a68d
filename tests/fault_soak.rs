//! Five hundred runs in a row within one process, good ones and bad ones, each with real children, a
//! watchdog and a journal: nothing grows.

use crate::support::in_process::{execute_run, own_env, prepare_run, wall_clock};
use crate::support::sandbox::{Sandbox, eventually};
use std::fs;

/// What a question asks for is what happens.
const SCRIPT: &str = "
[[rule]]
when = { contains = ['Please crash.'] }
actions = [{ print = { text = 'half' } }, { signal = 'SEGV' }]
[[rule]]
when = { contains = ['Please stay.'] }
actions = [{ grandchild = { seconds = 120, own_session = true, deaf = true, quiet = true } }, { draft = {} }]
[[rule]]
when = { contains = ['Please flood.'] }
actions = [{ line = { bytes = 20000000 } }]
[[rule]]
when = { contains = ['Please stop.'] }
actions = [{ fail = { kind = 'usage-limit', resets_in_s = 3600 } }]
";

/// Ten runs, again and again: question, participants.
const RUNS: [(&str, &str); 10] = [
    ("Which one?", "claude,codex"),
    ("Please crash.", "claude"),
    ("Which one?", "gemini"),
    ("Please stay.", "codex"),
    ("Which one?", "claude"),
    ("Please stop.", "claude,codex"),
    ("Which one?", "codex,gemini"),
    ("Please flood.", "gemini"),
    ("Which one?", "codex"),
    ("Please crash.", "codex,gemini"),
];

const SOAK: usize = 500;
/// Until caches, pools and the folder of journals, which keeps two hundred, are full.
const WARM: usize = 200;

fn count(folder: &str) -> usize {
    fs::read_dir(folder).unwrap().count()
}

/// The children of this process, the dead that nobody has buried among them.
fn children() -> usize {
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let parents = processes.filter_map(|process| {
        let stat = fs::read_to_string(process.path().join("stat")).ok()?;
        Some(stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.to_owned())
    });
    parents.filter(|parent| *parent == own).count()
}

/// Descriptors and threads of this process between two runs.
fn held() -> (usize, usize) {
    (count("/proc/self/fd"), count("/proc/self/task"))
}

/// The memory of this process at this moment, in KiB.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc")]
fn five_hundred_runs_leave_nothing_behind() {
    // Runs that were cut short count too, else they would all be kept.
    let sandbox = Sandbox::new(SCRIPT).var("REFINERY_KEEP_UNFINISHED", "false");
    // With one heap for all threads, what a run gives back is there for the next one.
    println!("{}", sandbox.run_ignored_test("fault_soak::soak", "export MALLOC_ARENA_MAX=1"));
    assert_eq!(sandbox.journals().len(), 200);
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn soak() {
    let cwd = std::env::current_dir().unwrap();
    let mut warm = None;
    for number in 0..SOAK {
        if number == WARM {
            eventually("the end of all watchdogs", || children() == 0);
            warm = Some((held(), memory()));
        }
        let (question, models) = RUNS[number % RUNS.len()];
        let line = format!("'{question}' -m {models} -t 1 -r 1 --stability-rounds 1 --retries 0");
        let ready = prepare_run(own_env(), &cwd, &line);
        let mut told = 0;
        let finished =
            execute_run(&ready, wall_clock(), &mut |event| told += serde_json::to_string(event).unwrap().len());
        let good = ["Which one?", "Please stay."].contains(&question);
        let status = finished.outcome.status.as_str();
        assert_eq!(["converged", "single_model"].contains(&status), good, "{number}: {finished:?}");
        assert!(told > 0);
    }
    let ((descriptors, threads), before) = warm.unwrap();
    eventually("the end of all watchdogs", || children() == 0);
    eventually(&format!("no more than {descriptors} descriptors and {threads} threads"), || {
        let now = held();
        now.0 <= descriptors && now.1 <= threads
    });
    let growth = memory().saturating_sub(before);
    println!("{descriptors} descriptors, {threads} threads, {before} KiB + {growth} KiB");
    assert!(growth <= 4 << 10, "{growth} KiB in {} runs", SOAK - WARM);
}

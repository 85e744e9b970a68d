//! Runs below every front end: several of them at once in one process.

use crate::support::in_process::{prepare_run, program_env, wall_clock};
use crate::support::record::{begun, records};
use crate::support::sandbox::Sandbox;
use refinery_core::Status;
use refinery_core::app::execute::{Begin, execute};
use refinery_core::event::Event;
use refinery_core::invocation::StopLevel;
use refinery_core::outcome::Finished;
use std::sync::{Arc, Barrier};
use tokio::runtime::Builder;

/// Executes them all at once: none goes on from its first event before all have come to theirs. Returns how
/// each ended, and its events.
fn at_once(sandbox: &Sandbox, lines: &[&str]) -> Vec<(Finished, Vec<Event>)> {
    let (env, _stop) = program_env(wall_clock());
    let runtime = Builder::new_multi_thread().worker_threads(lines.len() + 1).enable_all().build().unwrap();
    let all_began = Arc::new(Barrier::new(lines.len()));
    let runs = lines.iter().map(|line| {
        let ready = prepare_run(sandbox.surroundings(), &sandbox.path("work"), line);
        let (env, all_began) = (env.clone(), Arc::clone(&all_began));
        runtime.spawn(async move {
            let mut events: Vec<Event> = Vec::new();
            let mut listener = |event: &Event| {
                if events.is_empty() {
                    all_began.wait();
                }
                events.push(event.clone());
            };
            let finished = execute(&ready, Begin::Anew, &env, &mut listener).await.unwrap();
            (finished, events)
        })
    });
    let runs: Vec<_> = runs.collect();
    runs.into_iter().map(|run| runtime.block_on(run).unwrap()).collect()
}

#[test]
fn several_runs_at_once_keep_their_journals_budgets_and_events_apart() {
    let sandbox = Sandbox::new("");
    let lines = [
        "'first question' -m claude,codex --seed 1 --budget-calls 3",
        "'second question' -m claude,codex,gemini --seed 2",
        "sample 'third question' -m gemini -n 4 --seed 3",
    ];
    let ended = at_once(&sandbox, &lines);
    sandbox.assert_nothing_left();
    let statuses: Vec<_> = ended.iter().map(|(finished, _)| finished.outcome.status).collect();
    assert_eq!(statuses[..2], [Status::BudgetExhausted, Status::Converged]);
    assert_eq!(ended[0].0.totals.total_attempts, 3);
    assert!(ended[1].0.totals.total_attempts > 3);
    assert_eq!(ended[2].0.totals.total_attempts, 4);
    assert_eq!(sandbox.journals().len(), lines.len());
    for (finished, events) in &ended {
        let run = finished.totals.run_id.as_str();
        let journal = sandbox.path("home/.local/state/refinery/runs").join(format!("{run}.jsonl"));
        let attempts: u64 = begun(&records(&journal)).values().sum();
        assert_eq!(attempts, finished.totals.total_attempts, "{run}");
        let numbers: Vec<_> = events.iter().filter_map(|event| event.seq).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{run}: events of one run, in order");
    }
}

#[test]
fn one_stop_stops_them_all() {
    let sandbox = Sandbox::new("[[rule]]\nactions = ['hang']\n");
    let (env, stop) = program_env(wall_clock());
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let runs = ["'one' -m claude", "'two' -m codex"].map(|line| {
        let ready = prepare_run(sandbox.surroundings(), &sandbox.path("work"), line);
        let env = env.clone();
        runtime.spawn(async move { execute(&ready, Begin::Anew, &env, &mut |_| {}).await.unwrap() })
    });
    sandbox.wait_for_requests(2);
    stop.send(StopLevel::Kill).unwrap();
    for run in runs {
        assert_eq!(runtime.block_on(run).unwrap().outcome.status, Status::Cancelled);
    }
    sandbox.assert_nothing_left();
}

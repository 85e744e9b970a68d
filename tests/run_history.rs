//! Saved runs: the latest is meant where none is named, lists are filtered and fit the terminal, costs are summed.

use crate::support::sandbox::{Sandbox, document};
use crate::support::terminal::in_columns;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use unicode_width::UnicodeWidthStr as _;

/// Three finished runs, the latest first, each with its question: names begin with the second, the rest is drawn.
fn three_runs() -> (Sandbox, Vec<(String, &'static str)>) {
    let sandbox = Sandbox::new("");
    let run = |question: &'static str| {
        let output = sandbox.run(&format!("'{question}' -m claude,codex -o json --seed 1"));
        (document(&output)["metadata"]["run_id"].as_str().unwrap().to_owned(), question)
    };
    let mut runs = ["alpha?", "beta?", "gamma?"].map(run).to_vec();
    runs.sort();
    runs.reverse();
    (sandbox, runs)
}

fn path(sandbox: &Sandbox, run: &str) -> PathBuf {
    sandbox.path(&format!("home/.local/state/refinery/runs/{run}.jsonl"))
}

fn listed(sandbox: &Sandbox, flags: &str) -> Vec<String> {
    let all = document(&sandbox.run(&format!("runs {flags} -o json")));
    all.as_array().unwrap().iter().map(|one| one["question"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn lists_are_filtered() {
    let (sandbox, runs) = three_runs();
    let questions: Vec<&str> = runs.iter().map(|(_, question)| *question).collect();
    assert_eq!(listed(&sandbox, ""), questions);
    assert_eq!(listed(&sandbox, "--limit 1"), questions[..1]);
    assert_eq!(listed(&sandbox, "--grep BETA"), ["beta?"]);
    assert_eq!(listed(&sandbox, "--grep codex --limit 2"), questions[..2]);
    assert_eq!(listed(&sandbox, "--status unfinished"), [""; 0]);
    assert_eq!(listed(&sandbox, "--status converged,unfinished").len(), 3);
    assert_eq!(listed(&sandbox, "--since 1h").len(), 3);
    let wrong = sandbox.run("runs --since soon");
    assert_eq!(wrong.code, Some(4));
    assert!(wrong.stderr.contains("an age, such as 30d, 12h or 90m"), "{}", wrong.stderr);
    // One line is one run.
    let lines = sandbox.run("runs -o jsonl").stdout;
    let runs: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(runs.iter().map(|run| run["question"].as_str().unwrap()).collect::<Vec<_>>(), listed(&sandbox, ""));
}

#[test]
fn a_list_fits_its_terminal() {
    let sandbox = Sandbox::new("");
    let question = "which of these two ways is the better one, and why not the other, 漢字?";
    sandbox.run(&format!("'{question}' -m claude*3,codex --seed 1"));
    for columns in [60_u16, 100, 160] {
        let text = in_columns(&sandbox, &["runs"], columns).replace("\r\n", "\n");
        assert_eq!(text.trim_end().lines().count(), 2, "{text}");
        assert!(text.lines().all(|line| line.width() <= usize::from(columns)), "{columns}: {text}");
        assert_eq!(text.contains("claude*3, codex"), columns == 160, "{text}");
        assert_eq!(text.contains("CALLS"), columns > 60, "{text}");
    }
}

#[test]
fn the_latest_run_is_meant_where_none_is_named() {
    let (sandbox, runs) = three_runs();
    assert!(sandbox.run("runs show").stdout.contains(&format!("question  {}", runs[0].1)));
    assert_eq!(sandbox.run("replay -o json").stdout, sandbox.run(&format!("replay {} -o json", runs[0].0)).stdout);
    let none = sandbox.run("resume");
    assert_eq!(none.code, Some(4));
    assert!(none.stderr.contains("no unfinished run is saved"), "{}", none.stderr);
    // The second one was cut off.
    let path = path(&sandbox, &runs[1].0);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    fs::write(&path, format!("{}\n", lines[..lines.len() - 1].join("\n"))).unwrap();
    assert_eq!(listed(&sandbox, "--status unfinished"), [runs[1].1]);
    let resumed = sandbox.run("resume -o json");
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    assert_eq!(listed(&sandbox, "--status unfinished"), [""; 0]);
    assert_eq!(Sandbox::new("").run("replay").code, Some(4));
}

#[test]
fn old_and_finished_runs_are_removed() {
    let (sandbox, runs) = three_runs();
    let file = fs::File::options().append(true).open(path(&sandbox, &runs[2].0)).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(3 * 86_400)).unwrap();
    assert_eq!(sandbox.run("runs rm --older-than 4d").stdout, "no such runs\n");
    let removed = sandbox.run("runs rm --older-than 2d").stdout;
    assert_eq!(removed, format!("removed {}\n", runs[2].0));
    fs::write(path(&sandbox, "20260101-000000-others"), "x\n").unwrap();
    assert_eq!(sandbox.run("runs rm --finished").stdout, format!("removed {}, {}\n", runs[0].0, runs[1].0));
    assert_eq!(listed(&sandbox, ""), [""], "a file of others stays");
    assert_eq!(sandbox.run("runs rm").code, Some(4));
    assert_eq!(sandbox.run("runs rm x --finished").code, Some(4));
}

#[test]
fn costs_are_summed_by_day_model_and_account() {
    let (sandbox, _) = three_runs();
    let total: f64 = document(&sandbox.run("runs -o json"))
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["cost_usd"].as_f64().unwrap())
        .sum();
    for (by, groups) in [("day", 1), ("model", 2), ("billing", 2)] {
        let rows = document(&sandbox.run(&format!("runs cost --by {by} -o json")));
        let rows = rows.as_array().unwrap();
        assert_eq!(rows.len(), groups + 1, "{by}: {rows:?}");
        let all = rows.last().unwrap();
        assert_eq!((&all["group"], &all["runs"]), (&"".into(), &3.into()));
        assert!((all["cost_usd"].as_f64().unwrap() - total).abs() < 1e-9);
        let sum = |field: &str| rows[..groups].iter().map(|row| row[field].as_u64().unwrap()).sum::<u64>();
        for field in ["calls", "input_tokens", "output_tokens", "attempts_without_cost"] {
            assert_eq!(all[field].as_u64().unwrap(), sum(field), "{by} {field}");
        }
    }
    let text = sandbox.run("runs cost --by model --grep alpha").stdout;
    assert!(text.starts_with("MODEL ") && text.contains("claude-opus") && text.contains("\nall "), "{text}");
}

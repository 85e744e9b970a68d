//! Journals that were sealed anew with numbers that no run can have, runs named twice, folders of others.

use crate::support::sandbox::Sandbox;
use refinery_core::journal::Chain;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The places of all numbers in a document.
fn numbers(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Number(_) => found.push(place.to_owned()),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| numbers(item, &format!("{place}/{at}"), found));
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, item)| numbers(item, &format!("{place}/{name}"), found));
        }
        _ => {}
    }
}

fn bodies(path: &Path) -> Vec<Value> {
    let without_sum = |line: &str| {
        let mut body: Value = serde_json::from_str(line).unwrap();
        body.as_object_mut().unwrap().remove("sum");
        body
    };
    fs::read_to_string(path).unwrap().lines().map(without_sum).collect()
}

fn seal(path: &Path, bodies: &[Value]) {
    let mut chain = Chain::default();
    let text: String = bodies.iter().map(|body| chain.seal(&body.to_string()).unwrap() + "\n").collect();
    fs::write(path, text).unwrap();
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "limits its memory with ulimit -v")]
fn no_number_in_a_journal_makes_the_program_panic_or_take_all_memory() {
    for line in [
        "sample why -m claude --num-samples 2 --seed 1",
        "debate why -m claude,codex --max-rounds 2 --seed 1",
        "why -m claude,codex --seed 1",
    ] {
        let sandbox = Sandbox::new("");
        assert!(sandbox.run(line).code.is_some_and(|code| code <= 2), "{line}");
        let journal = sandbox.journal();
        let whole = bodies(&journal);
        let run = journal.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut tried = 0;
        for at in [0, 1, 2, whole.len() - 1] {
            let mut places = Vec::new();
            numbers(&whole[at], "", &mut places);
            for (place, number) in
                places.iter().flat_map(|place| [4_000_000_000, u64::MAX].map(|number| (place, number)))
            {
                let mut changed = whole.clone();
                *changed[at].pointer_mut(place).unwrap() = number.into();
                seal(&journal, &changed);
                for what in ["replay", "runs show"] {
                    let output = sandbox.run_after("ulimit -v 4000000", &format!("{what} {run} -o json"));
                    let code = output.code.unwrap();
                    assert!((0..=6).contains(&code), "{line}: {what}: {at}{place}: {code}: {}", output.stderr);
                    assert!(!output.stderr.contains("panicked"), "{line}: {what}: {at}{place}: {}", output.stderr);
                }
                tried += 1;
            }
        }
        assert!(tried > 30, "{tried}");
        seal(&journal, &whole);
        // A cut run is resumed up to the first call.
        let mut cut = whole[..1].to_vec();
        let place = match line.split_whitespace().next().unwrap() {
            "sample" => "/plan/protocol/num_samples",
            _ => "/plan/protocol/max_rounds",
        };
        if let Some(number) = cut[0].pointer_mut(place) {
            *number = 4_000_000_000_u64.into();
            seal(&journal, &cut);
            let output = sandbox.run_after("ulimit -v 4000000", &format!("resume {run} -o json"));
            assert_eq!(output.code, Some(1), "{line}: {}", output.stderr);
            assert!(output.stderr.contains("no plan of a run"), "{line}: {}", output.stderr);
        }
    }
}

#[test]
fn a_run_that_is_named_twice_is_removed_once() {
    let sandbox = Sandbox::new("");
    sandbox.run("why -m claude");
    let journal = sandbox.journal();
    let run = journal.file_stem().unwrap().to_str().unwrap();
    let output = sandbox.run(&format!("runs rm {run} {run}"));
    assert_eq!((output.code, output.stdout.trim()), (Some(0), format!("removed {run}").as_str()), "{}", output.stderr);
    assert!(sandbox.journals().is_empty());
}

#[test]
fn a_state_directory_of_another_user_is_refused() {
    let sandbox = Sandbox::new("");
    let folder = sandbox.path("work/theirs");
    fs::create_dir(&folder).unwrap();
    if std::os::unix::fs::chown(&folder, Some(12_345), None).is_err() {
        println!("NOT TRIED: a folder of another user can be made by root alone");
        return;
    }
    for line in ["why -m claude", "runs", "why -m claude --debug"] {
        let output = sandbox.run(&format!("{line} --state-dir theirs"));
        assert_eq!(output.code, Some(4), "{line}: {}", output.stderr);
        assert!(output.stderr.contains("belongs to another user"), "{line}: {}", output.stderr);
    }
    assert!(sandbox.log().is_empty());
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "limits its memory with ulimit -v")]
fn a_list_reads_the_ends_of_large_journals_alone() {
    let sandbox = Sandbox::new("");
    sandbox.run("'why so large' -m claude");
    let journal = sandbox.journal();
    let mut whole = bodies(&journal);
    let listed = sandbox.run("runs -o json").stdout;
    let mut warned = whole[1].clone();
    warned["record"] = serde_json::json!({ "record": "warned", "text": "x".repeat(1 << 20) });
    for _ in 0..150 {
        whole.insert(1, warned.clone());
    }
    seal(&journal, &whole);
    // 150 MB would not fit beside what a program needs.
    let output = sandbox.run_after("ulimit -v 400000", "runs -o json");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let one = |text: &str| {
        let mut all: Value = serde_json::from_str(text).unwrap();
        let listed = all[0].as_object_mut().unwrap();
        listed.retain(|name, _| !["bytes", "age_seconds"].contains(&name.as_str()));
        listed.clone()
    };
    assert_eq!(one(&output.stdout), one(&listed));
}

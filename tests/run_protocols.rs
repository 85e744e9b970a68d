//! What holds for a run of every protocol: budgets at every number of calls, going on from there,
//! signals, and records from which it can be told once more.

use crate::support::record::{begun, essence, placed, records};
use crate::support::sandbox::{Sandbox, document, signal};
use serde_json::Value;

/// Samples differ by vendor, scores rise with each version, critiques rewrite.
const SCRIPT: &str = "
[[rule]]
when = { phase = 'evaluate' }
actions = [{ review = { score = 9 } }]
[[rule]]
when = { phase = 'score', contains = ['version three'] }
actions = [{ review = { score = 9.5 } }]
[[rule]]
when = { phase = 'score', contains = ['version two'] }
actions = [{ review = { score = 8 } }]
[[rule]]
when = { phase = 'score' }
actions = [{ review = { score = 5 } }]
[[rule]]
when = { phase = 'refine', contains = ['version two'] }
actions = [{ say = { text = 'version three' } }]
[[rule]]
when = { phase = 'refine' }
actions = [{ say = { text = 'version two' } }]
[[rule]]
when = { phase = 'critique' }
actions = [{ critique = { points = ['It is vague.'], revised = 'A better text.' } }]
[[rule]]
when = { phase = 'argue' }
actions = [{ argue = { position = 'I hold this.', confidences = [80] } }]
[[rule]]
when = { vendor = 'codex' }
actions = [{ say = { text = 'version one, of codex. ', fill_bytes = 250 } }]
[[rule]]
actions = [{ say = { text = 'version one, of claude. ', fill_bytes = 250 } }]
";

/// Each command line, and how many calls it takes undisturbed.
const LINES: [(&str, u64); 6] = [
    ("sample why -m claude*3,codex*2", 5),
    ("sample why -m claude*2,codex -n 6 --early-stop --self-refine", 8),
    ("refine why -m claude --judge codex", 6),
    ("refine why -m claude --mode critique --refiner codex --judge gemini", 4),
    ("pipe why -m claude*2,codex --step sample --step refine --if 'agreement < 0.9' --step 'sample num_samples=2'", 10),
    ("pipe why -m claude,codex --step 'debate rounds=2' --step 'consensus stability_rounds=1' --self-refine", 11),
];

fn undisturbed(line: &str) -> Value {
    let sandbox = Sandbox::new(SCRIPT);
    let output = sandbox.run(&format!("{line} --seed 7 -o json"));
    assert_eq!(output.code, Some(0), "{line}: {}", output.stderr);
    document(&output)
}

#[test]
fn any_budget_is_kept_and_gone_on_from_to_the_same_end() {
    for (line, calls) in LINES {
        let whole = undisturbed(line);
        assert_eq!(whole["metadata"]["total_attempts"], calls, "{line}");
        for budget in 1..calls {
            let sandbox = Sandbox::new(SCRIPT);
            let what = format!("{line}: {budget} of {calls}");
            let output = sandbox.run(&format!("{line} --seed 7 -o json --budget-calls {budget}"));
            let part = document(&output);
            assert_eq!(
                (output.code, &part["status"]),
                (Some(5), &"budget_exhausted".into()),
                "{what}: {}",
                output.stderr
            );
            assert_eq!(sandbox.log().len() as u64, budget, "{what}: the children that ran");
            assert_eq!(part["metadata"]["total_attempts"], budget, "{what}");
            // What was paid for is counted, in all and by part.
            let attempts =
                |all: &Value| all.as_array().unwrap().iter().map(|one| one["attempts"].as_u64().unwrap()).sum::<u64>();
            assert_eq!(attempts(&part["participants"]), budget, "{what}");
            let resumed = sandbox.run("resume 2 -o json --budget-calls 99");
            let ended = document(&resumed);
            assert_eq!((resumed.code, essence(&ended)), (Some(0), essence(&whole)), "{what}: {}", resumed.stderr);
            assert_eq!(sandbox.log().len() as u64, calls, "{what}: nothing is asked twice");
            assert!(begun(&records(&sandbox.journal())).values().all(|attempts| *attempts == 1), "{what}");
        }
    }
}

#[test]
fn a_replay_tells_the_same_and_starts_nobody() {
    for (line, calls) in LINES {
        let sandbox = Sandbox::new(SCRIPT);
        let output = sandbox.run(&format!("{line} --seed 7 -o jsonl"));
        assert_eq!(output.code, Some(0), "{line}: {}", output.stderr);
        let replayed = sandbox.run("replay 2 -o jsonl");
        assert_eq!(placed(&replayed.stdout), placed(&output.stdout), "{line}");
        assert_eq!(replayed.stdout.lines().last(), output.stdout.lines().last(), "{line}");
        assert_eq!(sandbox.log().len() as u64, calls, "{line}");
        let listed = sandbox.run("runs -o json");
        assert_eq!(document(&listed)[0]["calls"], calls, "{line}: {}", listed.stdout);
    }
}

#[test]
fn a_signal_prints_the_best_so_far_and_the_run_goes_on_later() {
    for (line, calls) in LINES {
        let whole = undisturbed(line);
        // The last call hangs: everything before it is in.
        let last = format!("nth = [{calls}]");
        let sandbox = Sandbox::new(&format!("[[rule]]\nwhen = {{ {last} }}\nactions = ['hang']\n{SCRIPT}"));
        let words = shell_words::split(&format!("{line} --seed 7 -o json")).unwrap();
        let child = sandbox.command(words).spawn().unwrap();
        sandbox.wait_for_requests(usize::try_from(calls).unwrap());
        signal(child.id(), "INT");
        let output = sandbox.wait(child);
        let part = document(&output);
        assert_eq!((output.code, &part["status"]), (Some(1), &"cancelled".into()), "{line}: {}", output.stderr);
        let answer = if part["answer"].is_null() { &part["winner"]["answer"] } else { &part["answer"] };
        assert!(answer.is_string(), "{line}: {part}");
        sandbox.assert_nothing_left();
        let resumed = sandbox.run("resume 2 -o json");
        assert_eq!(essence(&document(&resumed)), essence(&whole), "{line}: {}", resumed.stderr);
    }
}

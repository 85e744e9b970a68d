//! What holds for a run of every protocol: budgets at every number of calls, going on from there,
//! signals, and records from which it can be told once more.

use crate::support::record::{begun, essence, placed, records};
use crate::support::theatre::{Theatre, document, signal};
use serde_json::Value;

/// Samples differ by vendor, scores rise with each version, critiques rewrite.
const SCENE: &str = "
[[rule]]
when = { phase = 'evaluate' }
act = [{ review = { score = 9 } }]
[[rule]]
when = { phase = 'score', contains = ['version three'] }
act = [{ review = { score = 9.5 } }]
[[rule]]
when = { phase = 'score', contains = ['version two'] }
act = [{ review = { score = 8 } }]
[[rule]]
when = { phase = 'score' }
act = [{ review = { score = 5 } }]
[[rule]]
when = { phase = 'improve', contains = ['version two'] }
act = [{ say = { text = 'version three' } }]
[[rule]]
when = { phase = 'improve' }
act = [{ say = { text = 'version two' } }]
[[rule]]
when = { phase = 'critique' }
act = [{ critique = { points = ['It is vague.'], revised = 'A better text.' } }]
[[rule]]
when = { phase = 'argue' }
act = [{ argue = { position = 'I hold this.', confidences = [80] } }]
[[rule]]
when = { vendor = 'codex' }
act = [{ say = { text = 'version one, of codex. ', fill_bytes = 250 } }]
[[rule]]
act = [{ say = { text = 'version one, of claude. ', fill_bytes = 250 } }]
";

/// Each command line, and how many calls it takes undisturbed.
const LINES: [(&str, u64); 6] = [
    ("sample why -m claude*3,codex*2", 5),
    ("sample why -m claude*2,codex -n 6 --early-stop --self-refine", 6),
    ("refine why -m claude --judge codex", 6),
    ("refine why -m claude --mode critique --verify --refiner codex --judge gemini", 4),
    ("pipe why -m claude*2,codex --step sample --step refine --if 'agreement < 0.9' --step 'sample num_samples=2'", 10),
    ("pipe why -m claude,codex --step 'debate rounds=2' --step 'consensus stability_rounds=1' --self-refine", 9),
];

fn undisturbed(line: &str) -> Value {
    let theatre = Theatre::new(SCENE);
    let shown = theatre.play(&format!("{line} --seed 7 -o json"));
    assert_eq!(shown.code, Some(0), "{line}: {}", shown.stderr);
    document(&shown)
}

#[test]
fn any_budget_is_kept_and_gone_on_from_to_the_same_end() {
    for (line, calls) in LINES {
        let whole = undisturbed(line);
        assert_eq!(whole["metadata"]["total_attempts"], calls, "{line}");
        for budget in 1..calls {
            let theatre = Theatre::new(SCENE);
            let what = format!("{line}: {budget} of {calls}");
            let shown = theatre.play(&format!("{line} --seed 7 -o json --budget-calls {budget}"));
            let part = document(&shown);
            assert_eq!(
                (shown.code, &part["status"]),
                (Some(5), &"budget_exhausted".into()),
                "{what}: {}",
                shown.stderr
            );
            assert_eq!(theatre.log().len() as u64, budget, "{what}: the children that ran");
            assert_eq!(part["metadata"]["total_attempts"], budget, "{what}");
            // What was paid for is counted, in all and by part.
            let attempts =
                |all: &Value| all.as_array().unwrap().iter().map(|one| one["attempts"].as_u64().unwrap()).sum::<u64>();
            assert_eq!(attempts(&part["participants"]), budget, "{what}");
            let resumed = theatre.play("resume 2 -o json --budget-calls 99");
            let ended = document(&resumed);
            assert_eq!((resumed.code, essence(&ended)), (Some(0), essence(&whole)), "{what}: {}", resumed.stderr);
            assert_eq!(theatre.log().len() as u64, calls, "{what}: nothing is asked twice");
            assert!(begun(&records(&theatre.journal())).values().all(|attempts| *attempts == 1), "{what}");
        }
    }
}

#[test]
fn a_replay_tells_the_same_and_starts_nobody() {
    for (line, calls) in LINES {
        let theatre = Theatre::new(SCENE);
        let shown = theatre.play(&format!("{line} --seed 7 -o jsonl"));
        assert_eq!(shown.code, Some(0), "{line}: {}", shown.stderr);
        let replayed = theatre.play("replay 2 -o jsonl");
        assert_eq!(placed(&replayed.stdout), placed(&shown.stdout), "{line}");
        assert_eq!(replayed.stdout.lines().last(), shown.stdout.lines().last(), "{line}");
        assert_eq!(theatre.log().len() as u64, calls, "{line}");
        let listed = theatre.play("runs -o json");
        assert_eq!(document(&listed)[0]["calls"], calls, "{line}: {}", listed.stdout);
    }
}

#[test]
fn a_signal_prints_the_best_so_far_and_the_run_goes_on_later() {
    for (line, calls) in LINES {
        let whole = undisturbed(line);
        // The last call hangs: everything before it is in.
        let last = format!("nth = [{calls}]");
        let theatre = Theatre::new(&format!("[[rule]]\nwhen = {{ {last} }}\nact = ['hang']\n{SCENE}"));
        let words = shell_words::split(&format!("{line} --seed 7 -o json")).unwrap();
        let child = theatre.command(words).spawn().unwrap();
        theatre.wait_for_requests(usize::try_from(calls).unwrap());
        signal(child.id(), "INT");
        let shown = theatre.end(child);
        let part = document(&shown);
        assert_eq!((shown.code, &part["status"]), (Some(1), &"cancelled".into()), "{line}: {}", shown.stderr);
        let answer = if part["answer"].is_null() { &part["winner"]["answer"] } else { &part["answer"] };
        assert!(answer.is_string(), "{line}: {part}");
        theatre.assert_nothing_left();
        let resumed = theatre.play("resume 2 -o json");
        assert_eq!(essence(&document(&resumed)), essence(&whole), "{line}: {}", resumed.stderr);
    }
}

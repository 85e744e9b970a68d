//! Journals that another version of the program wrote: an update never orphans a run.

use crate::support::record::{records, settled};
use crate::support::theatre::{Theatre, document};
use refinery_core::journal::{Chain, read};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// Written by the program as it was before the journal's format had a minor number.
const BEFORE: [(&str, i32, &str); 4] =
    [("finished", 0, "converged"), ("pipe", 0, "target_reached"), ("parked", 6, "parked"), ("killed", 1, "cancelled")];

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/journals/{name}.jsonl"));
    fs::read_to_string(path).unwrap()
}

/// A place in which this journal lies among the runs.
fn place(text: &str) -> Theatre {
    let header: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let run = header["plan"]["run_id"].as_str().unwrap();
    Theatre::new("").file(&format!("home/.local/state/refinery/runs/{run}.jsonl"), text)
}

fn warnings(document: &Value) -> Vec<String> {
    let all = document["metadata"]["warnings"].as_array().unwrap();
    all.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn warned(document: &Value, words: &str) -> bool {
    warnings(document).iter().any(|text| text.contains(words))
}

#[test]
fn journals_of_format_1_0_are_replayed_with_a_warning() {
    for (name, code, status) in BEFORE {
        let text = fixture(name);
        assert!(!text.contains("/home/") && !text.contains("/tmp/") && !text.contains("/work"), "{name}");
        let theatre = place(&text);
        let shown = theatre.play("replay 2 -o json");
        let ended = document(&shown);
        assert_eq!((shown.code, &ended["status"]), (Some(code), &status.into()), "{name}: {}", shown.stderr);
        assert!(warned(&ended, "worked out by the rules of refinery"), "{name}: {ended}");
        assert_eq!(warnings(&ended).iter().filter(|text| text.contains("ignored")).count(), 0, "{name}");
        assert!(theatre.play("runs").stdout.contains(if name == "killed" { "unfinished" } else { status }));
        assert_eq!(theatre.play("runs show 2").code, Some(0));
        assert_eq!(fs::read_to_string(theatre.journal()).unwrap(), text, "a look changes nothing");
    }
}

#[test]
fn journals_of_format_1_0_are_resumed_where_they_stopped() {
    for (name, code) in [("parked", 0), ("killed", 0), ("finished", 4)] {
        let text = fixture(name);
        let theatre = place(&text);
        let before = settled(&records(&theatre.journal()));
        let shown = theatre.play("resume 2 -o json");
        assert_eq!(shown.code, Some(code), "{name}: {}", shown.stderr);
        let after = fs::read_to_string(theatre.journal()).unwrap();
        assert!(after.starts_with(&text) && (after.len() > text.len()) == (code == 0), "{name}");
        if code == 0 {
            let all = records(&theatre.journal());
            let at = all.iter().position(|one| one["record"] == "resumed").unwrap();
            let again = all[at..].iter().filter(|one| one["record"] == "begun");
            let again: Vec<_> = again.map(|one| one["call"].as_str().unwrap()).collect();
            assert!(!again.is_empty() && again.iter().all(|call| !before.contains(*call)), "{name}: {again:?}");
            // The resumed run holds its outcome: it is shown as it was printed.
            let replayed = theatre.play("replay 2 -o json");
            assert_eq!((replayed.code, &replayed.stdout), (Some(0), &shown.stdout), "{name}");
        }
    }
}

/// A finished run of today, and the bodies of its journal.
fn finished() -> (Theatre, PathBuf, Vec<Value>) {
    let theatre = Theatre::new("");
    let shown = theatre.play("why -m claude,codex --seed 3 -o json");
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    let journal = theatre.journal();
    let bodies = read(&journal).unwrap().bodies.iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    (theatre, journal, bodies)
}

/// Writes bodies with sums that fit.
fn reseal(path: &Path, bodies: &[Value]) {
    let mut chain = Chain::default();
    let text: String = bodies.iter().map(|body| chain.seal(&body.to_string()).unwrap() + "\n").collect();
    fs::write(path, text).unwrap();
}

#[test]
fn a_replay_shows_what_was_printed_and_not_what_todays_rules_would_make_of_it() {
    let (theatre, journal, mut bodies) = finished();
    let last = bodies.len() - 1;
    bodies[last]["record"]["finished"]["outcome"]["answer"] = json!("printed then");
    // By today's rules two of the recorded rounds are not asked for.
    bodies[0]["plan"]["protocol"]["max_rounds"] = json!(1);
    reseal(&journal, &bodies);
    let shown = document(&theatre.play("replay 2 -o json"));
    assert_eq!((&shown["answer"], &shown["status"]), (&"printed then".into(), &"converged".into()), "{shown}");
    assert!(warnings(&shown).is_empty(), "{shown}");
    // Of a shape that this version cannot read, it is worked out again: with a warning, and without the rest.
    bodies[last]["record"]["finished"]["outcome"]["status"] = json!("delighted");
    reseal(&journal, &bodies);
    let shown = document(&theatre.play("replay 2 -o json"));
    assert_eq!(shown["status"], "max_rounds_exceeded", "{shown}");
    assert!(warned(&shown, "worked out by the rules") && warned(&shown, "recorded replies were ignored"), "{shown}");
    assert!(!warned(&shown, "printed then"));
}

#[test]
fn a_resume_leaves_out_what_todays_rules_do_not_ask_for() {
    let (theatre, journal, mut bodies) = finished();
    bodies[0]["plan"]["protocol"]["max_rounds"] = json!(1);
    let last = bodies.len() - 1;
    bodies[last]["record"] = json!({ "record": "closed", "status": "cancelled" });
    reseal(&journal, &bodies);
    let shown = theatre.play("resume 2 -o json");
    let ended = document(&shown);
    assert_eq!((shown.code, &ended["status"]), (Some(2), &"max_rounds_exceeded".into()), "{}", shown.stderr);
    assert!(warned(&ended, "recorded replies were ignored"), "{ended}");
    assert_eq!(theatre.play("replay 2 -o json").stdout, shown.stdout);
}

#[test]
fn a_newer_minor_format_is_read_with_a_warning_and_a_newer_major_one_is_refused() {
    let (theatre, journal, bodies) = finished();
    let mut newer = bodies.clone();
    newer[0]["minor"] = json!(99);
    newer[0]["weather"] = json!("fair");
    newer[0]["plan"]["mood"] = json!(1);
    newer[1]["record"]["colour"] = json!("green");
    newer.insert(2, json!({ "at": 1, "record": { "record": "moonrise", "phase": "full" } }));
    reseal(&journal, &newer);
    let shown = theatre.play("replay 2 -o json");
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(warned(&document(&shown), "newer than 1."), "{}", shown.stdout);
    assert!(warned(&document(&shown), "1 unknown record "), "{}", shown.stdout);
    // In a journal of this version, the same record is damage.
    newer[0]["minor"] = bodies[0]["minor"].clone();
    reseal(&journal, &newer);
    assert_eq!(theatre.play("replay 2").code, Some(1));
    let mut other = bodies;
    other[0]["format"] = json!(2);
    other[0]["version"] = json!("7.0.0");
    reseal(&journal, &other);
    for line in ["replay 2", "resume 2 --force", "runs show 2"] {
        let shown = theatre.play(line);
        assert_eq!((shown.code, shown.stdout.as_str()), (Some(1), ""), "{line}");
        assert!(shown.stderr.contains("this version reads 1.x"), "{}", shown.stderr);
        assert!(shown.stderr.contains("hint: use refinery 7.0.0"), "{}", shown.stderr);
    }
}

#[test]
fn only_a_resume_compares_templates_and_only_those_of_its_protocol() {
    let (theatre, journal, mut bodies) = finished();
    let templates = bodies[0]["templates"].as_object().unwrap().clone();
    assert!(templates.contains_key("review") && !templates.keys().any(|name| name.starts_with("debate")));
    bodies.truncate(5);
    bodies[0]["templates"]["review"] = json!("0123456789abcdef");
    bodies[0]["templates"]["of_old"] = json!("0123456789abcdef");
    reseal(&journal, &bodies);
    assert_eq!(theatre.play("replay 2").code, Some(1), "it shows how far the run came");
    assert!(theatre.play("runs").stdout.contains("unfinished"));
    let before = fs::read(&journal).unwrap();
    let refused = theatre.play("resume 2");
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(4), ""), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("changed: of_old, review") && refused.stderr.contains("--force"),
        "{}",
        refused.stderr
    );
    assert_eq!(fs::read(&journal).unwrap(), before);
    let forced = theatre.play("resume 2 --force -o json --budget-calls 3");
    assert_eq!(forced.code, Some(5), "{}", forced.stderr);
    assert!(warned(&document(&forced), "changed: of_old, review"), "{}", forced.stdout);
    // The run goes by today's templates from then on: the next resume has nothing to override.
    let shown = theatre.play("resume 2 -o json --budget-calls 100");
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert_eq!(theatre.play("replay 2 -o json").stdout, shown.stdout);
}

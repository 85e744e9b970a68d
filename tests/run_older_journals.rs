//! Journals that another version of the program wrote: an update never orphans a run.

use crate::support::record::{records, settled};
use crate::support::sandbox::{Sandbox, document};
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
fn place(text: &str) -> Sandbox {
    let header: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let run = header["plan"]["run_id"].as_str().unwrap();
    Sandbox::new("").file(&format!("home/.local/state/refinery/runs/{run}.jsonl"), text)
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
        let sandbox = place(&text);
        let output = sandbox.run("replay 2 -o json");
        let ended = document(&output);
        assert_eq!((output.code, &ended["status"]), (Some(code), &status.into()), "{name}: {}", output.stderr);
        assert!(warned(&ended, "worked out by the rules of refinery"), "{name}: {ended}");
        assert_eq!(warnings(&ended).iter().filter(|text| text.contains("ignored")).count(), 0, "{name}");
        assert!(sandbox.run("runs").stdout.contains(if name == "killed" { "unfinished" } else { status }));
        assert_eq!(sandbox.run("runs show 2").code, Some(0));
        assert_eq!(fs::read_to_string(sandbox.journal()).unwrap(), text, "a look changes nothing");
    }
}

#[test]
fn journals_of_format_1_0_are_resumed_where_they_stopped() {
    for (name, code) in [("parked", 0), ("killed", 0), ("finished", 4)] {
        let text = fixture(name);
        let sandbox = place(&text);
        let before = settled(&records(&sandbox.journal()));
        let output = sandbox.run("resume 2 -o json");
        assert_eq!(output.code, Some(code), "{name}: {}", output.stderr);
        let after = fs::read_to_string(sandbox.journal()).unwrap();
        assert!(after.starts_with(&text) && (after.len() > text.len()) == (code == 0), "{name}");
        if code == 0 {
            let all = records(&sandbox.journal());
            let at = all.iter().position(|one| one["record"] == "resumed").unwrap();
            let again = all[at..].iter().filter(|one| one["record"] == "begun");
            let again: Vec<_> = again.map(|one| one["call"].as_str().unwrap()).collect();
            assert!(!again.is_empty() && again.iter().all(|call| !before.contains(*call)), "{name}: {again:?}");
            // The resumed run holds its outcome: it is output as it was printed.
            let replayed = sandbox.run("replay 2 -o json");
            assert_eq!((replayed.code, &replayed.stdout), (Some(0), &output.stdout), "{name}");
        }
    }
}

/// A finished run of today, and the bodies of its journal.
fn finished() -> (Sandbox, PathBuf, Vec<Value>) {
    let sandbox = Sandbox::new("");
    let output = sandbox.run("why -m claude,codex --seed 3 -o json");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let journal = sandbox.journal();
    let bodies = read(&journal).unwrap().bodies.iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    (sandbox, journal, bodies)
}

/// Writes bodies with sums that fit.
fn reseal(path: &Path, bodies: &[Value]) {
    let mut chain = Chain::default();
    let text: String = bodies.iter().map(|body| chain.seal(&body.to_string()).unwrap() + "\n").collect();
    fs::write(path, text).unwrap();
}

#[test]
fn a_replay_shows_what_was_printed_and_not_what_todays_rules_would_make_of_it() {
    let (sandbox, journal, mut bodies) = finished();
    let last = bodies.len() - 1;
    bodies[last]["record"]["finished"]["outcome"]["answer"] = json!("printed then");
    // By today's rules two of the recorded rounds are not asked for.
    bodies[0]["plan"]["protocol"]["max_rounds"] = json!(1);
    reseal(&journal, &bodies);
    let output = document(&sandbox.run("replay 2 -o json"));
    assert_eq!((&output["answer"], &output["status"]), (&"printed then".into(), &"converged".into()), "{output}");
    assert!(warnings(&output).is_empty(), "{output}");
    // Of a shape that this version cannot read, it is worked out again: with a warning, and without the rest.
    bodies[last]["record"]["finished"]["outcome"]["status"] = json!("delighted");
    reseal(&journal, &bodies);
    let output = document(&sandbox.run("replay 2 -o json"));
    assert_eq!(output["status"], "max_rounds_exceeded", "{output}");
    assert!(warned(&output, "worked out by the rules") && warned(&output, "recorded replies were ignored"), "{output}");
    assert!(!warned(&output, "printed then"));
}

#[test]
fn a_resume_leaves_out_what_todays_rules_do_not_ask_for() {
    let (sandbox, journal, mut bodies) = finished();
    bodies[0]["plan"]["protocol"]["max_rounds"] = json!(1);
    let last = bodies.len() - 1;
    bodies[last]["record"] = json!({ "record": "closed", "status": "cancelled" });
    reseal(&journal, &bodies);
    let output = sandbox.run("resume 2 -o json");
    let ended = document(&output);
    assert_eq!((output.code, &ended["status"]), (Some(2), &"max_rounds_exceeded".into()), "{}", output.stderr);
    assert!(warned(&ended, "recorded replies were ignored"), "{ended}");
    assert_eq!(sandbox.run("replay 2 -o json").stdout, output.stdout);
}

#[test]
fn a_newer_minor_format_is_read_with_a_warning_and_a_newer_major_one_is_refused() {
    let (sandbox, journal, bodies) = finished();
    let mut newer = bodies.clone();
    newer[0]["minor"] = json!(99);
    newer[0]["weather"] = json!("fair");
    newer[0]["plan"]["mood"] = json!(1);
    newer[1]["record"]["colour"] = json!("green");
    newer.insert(2, json!({ "at": 1, "record": { "record": "moonrise", "phase": "full" } }));
    reseal(&journal, &newer);
    let output = sandbox.run("replay 2 -o json");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(warned(&document(&output), "newer than 1."), "{}", output.stdout);
    assert!(warned(&document(&output), "1 unknown record "), "{}", output.stdout);
    // In a journal of this version, the same record is damage.
    newer[0]["minor"] = bodies[0]["minor"].clone();
    reseal(&journal, &newer);
    assert_eq!(sandbox.run("replay 2").code, Some(1));
    let mut other = bodies;
    other[0]["format"] = json!(2);
    other[0]["version"] = json!("7.0.0");
    reseal(&journal, &other);
    for line in ["replay 2", "resume 2 --force", "runs show 2"] {
        let output = sandbox.run(line);
        assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{line}");
        assert!(output.stderr.contains("this version reads 1.x"), "{}", output.stderr);
        assert!(output.stderr.contains("hint: use refinery 7.0.0"), "{}", output.stderr);
    }
}

#[test]
fn only_a_resume_compares_templates_and_only_those_of_its_protocol() {
    let (sandbox, journal, mut bodies) = finished();
    let templates = bodies[0]["templates"].as_object().unwrap().clone();
    assert!(templates.contains_key("review") && !templates.keys().any(|name| name.starts_with("debate")));
    bodies.truncate(5);
    bodies[0]["templates"]["review"] = json!("0123456789abcdef");
    bodies[0]["templates"]["of_old"] = json!("0123456789abcdef");
    reseal(&journal, &bodies);
    assert_eq!(sandbox.run("replay 2").code, Some(1), "it shows how far the run came");
    assert!(sandbox.run("runs").stdout.contains("unfinished"));
    let before = fs::read(&journal).unwrap();
    let refused = sandbox.run("resume 2");
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(4), ""), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("changed: of_old, review") && refused.stderr.contains("--force"),
        "{}",
        refused.stderr
    );
    assert_eq!(fs::read(&journal).unwrap(), before);
    let forced = sandbox.run("resume 2 --force -o json --budget-calls 3");
    assert_eq!(forced.code, Some(5), "{}", forced.stderr);
    assert!(warned(&document(&forced), "changed: of_old, review"), "{}", forced.stdout);
    // The run goes by today's templates from then on: the next resume has nothing to override.
    let output = sandbox.run("resume 2 -o json --budget-calls 100");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert_eq!(sandbox.run("replay 2 -o json").stdout, output.stdout);
}

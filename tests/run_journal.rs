//! Journals that are torn, changed, foreign, full or old, through the program that reads them.

use crate::support::disk::Small;
use crate::support::record::{essence, records};
use crate::support::sandbox::{Sandbox, document, signal};
use refinery_core::cli::history::replay::retell;
use refinery_core::engine::Recorded;
use refinery_core::journal::{Chain, read};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const LINE: &str = "why -m claude,codex --seed 3 -r 2 -o json";

/// A sandbox whose run is written down, its document, and the journal's bytes.
fn written() -> (Sandbox, Value, Vec<u8>) {
    let sandbox = Sandbox::new("");
    let output = sandbox.run(LINE);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let bytes = fs::read(sandbox.journal()).unwrap();
    (sandbox, document(&output), bytes)
}

#[test]
fn a_cut_at_any_byte_is_told_or_gone_on_from() {
    let (sandbox, whole, bytes) = written();
    let journal = sandbox.journal();
    let header = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in (0..bytes.len()).step_by(97) {
        fs::write(&journal, &bytes[..cut]).unwrap();
        let recorded = Recorded::read(&journal);
        if cut < header {
            let error = recorded.unwrap_err().to_string();
            assert!(error.contains("nothing was asked in that run"), "cut at {cut}: {error}");
            continue;
        }
        let finished = retell(&recorded.unwrap(), &mut |_| {}).unwrap();
        // What was said by then, and no more.
        assert_eq!(finished.outcome.status.as_str(), "cancelled", "cut at {cut}");
    }
    for part in [0, 3, 25, 50, 75, 95] {
        let cut = bytes.len() * part / 100;
        fs::write(&journal, &bytes[..cut]).unwrap();
        let (replay, list) = (sandbox.run("replay 2"), sandbox.run("runs"));
        assert_eq!((replay.code, list.code), (Some(1), Some(0)), "cut at {part} %: {}", replay.stderr);
        let resumed = sandbox.run("resume 2 -o json");
        if cut < header {
            assert_eq!(resumed.code, Some(1));
            assert!(resumed.stderr.contains("nothing was asked"), "{}", resumed.stderr);
            assert!(list.stdout.contains("unreadable"), "{}", list.stdout);
        } else {
            assert_eq!(resumed.code, Some(0), "cut at {part} %: {}", resumed.stderr);
            assert_eq!(essence(&document(&resumed)), essence(&whole), "cut at {part} %");
            assert_eq!(sandbox.run("replay 2 -o json").stdout, resumed.stdout);
        }
    }
}

#[test]
fn a_changed_byte_anywhere_is_an_error_or_a_torn_end() {
    let (sandbox, _, bytes) = written();
    let journal = sandbox.journal();
    for at in (0..bytes.len()).step_by(61).chain([bytes.len() - 1]) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x15;
        fs::write(&journal, &changed).unwrap();
        match Recorded::read(&journal) {
            Err(error) => assert!(error.to_string().contains(".jsonl"), "byte {at}: {error}"),
            // Without its end the last line is a torn one, and the run one that was cut off.
            Ok(_) => assert_eq!(at, bytes.len() - 1),
        }
    }
    let mut changed = bytes.clone();
    let middle = bytes.len() / 2;
    changed[middle] ^= 1;
    fs::write(&journal, &changed).unwrap();
    for line in ["replay 2", "resume 2", "runs show 2"] {
        let output = sandbox.run(line);
        assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{line}");
        assert!(output.stderr.contains(&journal.display().to_string()), "{line}: {}", output.stderr);
    }
    assert_eq!(fs::read(&journal).unwrap(), changed, "who refuses a journal leaves it as it is");
    let list = sandbox.run("runs");
    assert_eq!(list.code, Some(0));
    assert!(list.stdout.contains("unreadable") && list.stdout.contains("changed after it was written"));
}

/// Writes bodies with sums that fit: damage that the sums do not show.
fn reseal(path: &Path, bodies: &[String]) {
    let mut chain = Chain::default();
    let text: String = bodies.iter().map(|body| chain.seal(body).unwrap() + "\n").collect();
    fs::write(path, text).unwrap();
}

#[test]
fn lines_that_were_moved_and_summed_anew_never_panic() {
    let (sandbox, _, _) = written();
    let journal = sandbox.journal();
    let bodies = read(&journal).unwrap().bodies;
    let look = |bodies: &[String]| {
        reseal(&journal, bodies);
        Recorded::read(&journal).and_then(|recorded| retell(&recorded, &mut |_| {})).map(drop)
    };
    let mut refused = 0;
    for at in 1..bodies.len() {
        let (mut without, mut twice, mut moved) = (bodies.clone(), bodies.clone(), bodies.clone());
        without.remove(at);
        twice.insert(at, bodies[at].clone());
        moved.swap(at, 1);
        refused += [without, twice, moved].iter().filter(|bodies| look(bodies).is_err()).count();
    }
    assert!(refused > 0, "{refused}");
    // The same reply twice, and life after the end.
    let told = bodies.iter().position(|body| body.contains("\"told\"")).unwrap();
    let mut twice = bodies.clone();
    twice.insert(told, bodies[told].clone());
    look(&twice).unwrap();
    let mut after = bodies.clone();
    after.push(bodies[told].clone());
    assert!(look(&after).unwrap_err().to_string().contains("comes after the end"));
}

/// Every value in a document, changed in turn.
fn changed_values(value: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    let pointers = pointers(value, String::new());
    for pointer in pointers {
        for odd in [Value::Null, json!(0), json!(-1), json!(u64::MAX), json!(""), json!([]), json!({})] {
            let mut copy = value.clone();
            *copy.pointer_mut(&pointer).unwrap() = odd;
            all.push(copy);
        }
    }
    all
}

fn pointers(value: &Value, at: String) -> Vec<String> {
    let below: Vec<_> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(place, value)| (place.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    let inside = below
        .into_iter()
        .flat_map(|(name, value)| pointers(value, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))));
    let inside: Vec<_> = inside.collect();
    [vec![at], inside].concat()
}

#[test]
fn odd_values_with_fitting_sums_never_panic() {
    let (sandbox, _, _) = written();
    let journal = sandbox.journal();
    let bodies = read(&journal).unwrap().bodies;
    let told = bodies.iter().position(|body| body.contains("\"told\"")).unwrap();
    for line in [0, 1, told] {
        let value: Value = serde_json::from_str(&bodies[line]).unwrap();
        for changed in changed_values(&value) {
            if changed.as_object().is_none_or(serde_json::Map::is_empty) {
                continue;
            }
            let mut bodies = bodies.clone();
            bodies[line] = changed.to_string();
            reseal(&journal, &bodies);
            let told = Recorded::read(&journal).and_then(|recorded| retell(&recorded, &mut |_| {}));
            if let Err(error) = told {
                assert!(!error.to_string().is_empty());
            }
        }
    }
}

/// The heap that lies there at most while a journal is read and replayed.
fn heap_of_a_replay(journal: &Path) -> u64 {
    allocation_counter::measure(|| {
        let recorded = Recorded::read(journal).unwrap();
        retell(&recorded, &mut |_| {}).unwrap();
    })
    .bytes_max
}

#[test]
fn a_replay_holds_what_is_kept_of_a_run_and_not_its_file() {
    const MEGABYTE: usize = 1_000_000;
    let (sandbox, _, _) = written();
    let journal = sandbox.journal();
    let bodies = read(&journal).unwrap().bodies;
    let large = |body: &String, pointer: &str| {
        let mut value: Value = serde_json::from_str(body).unwrap();
        *value.pointer_mut(pointer).unwrap() = "x".repeat(MEGABYTE).into();
        value.to_string()
    };
    // Of what failed attempts said nothing is kept.
    let ended = bodies.iter().position(|body| body.contains("\"ended\"")).unwrap();
    let mut said = bodies.clone();
    said.splice(ended..ended, std::iter::repeat_n(large(&bodies[ended], "/record/message"), 20));
    reseal(&journal, &said);
    let (heap, file) = (heap_of_a_replay(&journal), fs::metadata(&journal).unwrap().len());
    assert!(heap < file / 4, "{heap} bytes for a journal of {file}");
}

#[test]
fn foreign_files_are_refused_and_listed() {
    let sandbox = Sandbox::new("")
        .file("home/.local/state/refinery/runs/20260101-000000-binary.jsonl", [0xff, 0x00, b'\n', 0xfe])
        .file("home/.local/state/refinery/runs/20260102-000000-prose.jsonl", "hello\n")
        .file("home/.local/state/refinery/runs/20260103-000000-other.jsonl", "{\"a\":1}\n")
        .file("home/.local/state/refinery/runs/20260104-000000-empty.jsonl", "")
        .file("home/.local/state/refinery/runs/notes.txt", "not one of them")
        .file("home/.local/state/refinery/runs/20260105-000000-folder.jsonl/x", "");
    let list = sandbox.run("runs -o json");
    let all = document(&list);
    assert_eq!(all.as_array().unwrap().len(), 4, "{all}");
    assert!(all.as_array().unwrap().iter().all(|one| one["status"] == "unreadable" && one["problem"].is_string()));
    for (name, words) in [
        ("20260101", "not a journal line"),
        ("20260102", "not a journal line"),
        ("20260103", "not a journal line"),
        ("20260104", "ends before its first line"),
    ] {
        for what in ["replay", "resume", "runs show"] {
            let output = sandbox.run(&format!("{what} {name}"));
            assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{what} {name}: {}", output.stderr);
            assert!(output.stderr.contains(words), "{what} {name}: {}", output.stderr);
        }
    }
    assert_eq!(sandbox.run("runs rm 20260101-000000-binary 20260104-000000-empty").code, Some(0));
    assert_eq!(document(&sandbox.run("runs -o json")).as_array().unwrap().len(), 2);
}

#[test]
fn without_a_place_for_the_journal_nobody_is_asked() {
    let sandbox = Sandbox::new("").file("work/taken", "a file, not a folder");
    let output = sandbox.run("why -m claude,codex --state-dir taken/below");
    assert_eq!((output.code, sandbox.log().len()), (Some(4), 0), "{}", output.stderr);
    assert!(output.stderr.contains("taken/below") && output.stderr.contains("--no-journal"), "{}", output.stderr);
    let output = sandbox.run("why -m claude,codex --state-dir taken/below --no-journal");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(sandbox.journals().is_empty());
    for line in ["runs --state-dir taken/below", "replay 2 --state-dir taken/below", "resume 2"] {
        assert_eq!(sandbox.run(line).code, Some(4), "{line}");
    }
}

const LONG_ANSWER: &str = "[[rule]]\nwhen = { phase = 'answer' }\nactions = [{ say = { text = 'Words, many of them. ', fill_bytes = 300000 } }]";

#[test]
fn a_journal_that_may_not_grow_is_given_up_and_the_answer_is_not() {
    // A hundred blocks of half a kilobyte or of one: less than the answer in either case.
    let sandbox = Sandbox::new(LONG_ANSWER);
    let output = sandbox.run_after("ulimit -f 100", "why -m claude");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stdout.len() >= 300_000);
    assert!(output.stderr.contains("warning: the journal failed"), "{}", output.stderr);
    let cut = sandbox.run("replay 2");
    assert_eq!((cut.code, cut.stdout.as_str()), (Some(1), ""), "{}", cut.stderr);
    let again = sandbox.run("resume 2");
    assert_eq!(again.code, Some(0), "{}", again.stderr);
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "mounts a small file system")]
fn a_disk_that_fills_up_costs_the_journal_and_not_the_run() {
    let sandbox = Sandbox::new(LONG_ANSWER);
    let Some(disk) = Small::mount(sandbox.path("disk"), "64k") else { return };
    let output = sandbox.run("why -m claude,codex --state-dir ../disk -o json -r 3");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    drop(disk);
    let disk = Small::mount(sandbox.path("disk"), "64k").unwrap();
    let output = sandbox.run("why -m claude --state-dir ../disk");
    assert_eq!((output.code, output.stdout.len() >= 300_000), (Some(0), true), "{}", output.stderr);
    assert!(output.stderr.contains("the journal failed (No space left on device"), "{}", output.stderr);
    // Full before the first call: nobody is asked.
    fs::write(sandbox.path("disk/fill"), vec![b'x'; 1 << 20]).unwrap_err();
    let asked = sandbox.log().len();
    let output = sandbox.run("why -m claude --state-dir ../disk");
    assert_eq!((output.code, sandbox.log().len()), (Some(4), asked), "{}", output.stderr);
    assert_eq!(fs::read_dir(sandbox.path("disk/runs")).unwrap().count(), 1, "nothing of a run that never was");
    drop(disk);
}

#[test]
fn old_runs_make_room_for_new_ones() {
    let sandbox = Sandbox::new("");
    let folder = sandbox.path("work/runs");
    let play = |runs: &str| {
        let mut command = sandbox.command(["why", "-m", "claude", "--state-dir", "."]);
        let output = sandbox.wait(command.env("REFINERY_KEEP_RUNS", runs).spawn().unwrap());
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        output.stderr
    };
    assert!(!play("none").contains("removed"));
    let own = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&own).unwrap();
    let name = own.file_stem().unwrap().to_str().unwrap().to_owned();
    let place = |name: &str| folder.join(format!("{name}.jsonl"));
    let copy = |name: &str, text: &str| fs::write(place(name), text.as_bytes()).unwrap();
    // A journal whose header names the file, with the sums that its writer would have given it.
    let journal = |new: &str, text: &str| {
        let (mut old_chain, mut chain) = (Chain::default(), Chain::default());
        let lines =
            text.lines().map(|line| chain.seal(&old_chain.open(line).unwrap().replace(&name, new)).unwrap() + "\n");
        copy(new, &lines.collect::<String>());
    };
    let open = text.trim_end().rsplit_once('\n').unwrap().0;
    journal("20260101-000000-aaaaaa", &text);
    journal("20260102-000000-aaaaaa", &text);
    journal("20260103-000000-aaaaaa", open);
    // All that follows is of others.
    copy("20260104-000000-aaaaaa", &text);
    copy("20260105-000000-aaaaaa", "{}\n");
    copy("20260106-000000-aaaaaa", "");
    copy("metrics", &text);
    let elsewhere = sandbox.path("work").join("elsewhere.jsonl");
    fs::write(&elsewhere, &text).unwrap();
    std::os::unix::fs::symlink(&elsewhere, place("20260107-000000-aaaaaa")).unwrap();
    let there = || fs::read_dir(&folder).unwrap().map(|one| one.unwrap().file_name()).collect::<BTreeSet<_>>();
    let before = there();
    let told = play("1");
    let gone: Vec<_> = before.difference(&there()).map(|one| one.to_str().unwrap().to_owned()).collect();
    assert_eq!(gone, ["20260101-000000-aaaaaa.jsonl", "20260102-000000-aaaaaa.jsonl"], "{told}");
    assert!(told.contains("removed old run 20260101-000000-aaaaaa and 1 more (settings keep_runs"), "{told}");
    assert!(elsewhere.exists() && there().contains(own.file_name().unwrap()));
}

#[test]
fn names_may_be_shortened_and_runs_removed() {
    let sandbox = Sandbox::new("");
    for _ in 0..3 {
        assert_eq!(sandbox.run("why -m claude").code, Some(0));
    }
    let output = sandbox.run("replay 2");
    assert_eq!(output.code, Some(4), "{}", output.stderr);
    assert!(output.stderr.contains("`2` fits several runs"), "{}", output.stderr);
    let names: Vec<_> =
        sandbox.journals().iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    let short = &names[0][..names[0].len() - 2];
    assert_eq!(sandbox.run(&format!("runs show {short}")).code, Some(0));
    let missing = sandbox.run(&format!("runs rm {} nobody", names[0]));
    assert_eq!((missing.code, sandbox.journals().len()), (Some(4), 3), "all or none: {}", missing.stderr);
    for refused in ["''", short] {
        let output = sandbox.run(&format!("runs rm {refused} {}", names[1]));
        assert_eq!((output.code, sandbox.journals().len()), (Some(4), 3), "{}", output.stderr);
        assert!(output.stderr.contains("`refinery runs rm` takes whole names"), "{}", output.stderr);
    }
    assert_eq!(sandbox.run("runs show ''").code, Some(4));
    assert_eq!(sandbox.run(&format!("runs rm {} {}", names[0], names[1])).code, Some(0));
    assert_eq!(sandbox.journals().len(), 1);
}

#[test]
fn everything_is_only_ours_and_written_before_it_is_shown() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new("[[rule]]\nwhen = { vendor = 'gemini' }\nactions = ['hang']");
    let child = sandbox.command(["why", "-m", "claude,gemini"]).spawn().unwrap();
    sandbox.wait_for_requests(2);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&sandbox.journal()), 0o600);
    assert_eq!(mode(sandbox.journal().parent().unwrap()), 0o700);
    assert_eq!(mode(&sandbox.path("home/.local/state/refinery")), 0o700);
    signal(child.id(), "KILL");
    sandbox.wait(child);
    assert!(records(&sandbox.journal()).iter().filter(|one| one["record"] == "begun").count() >= 1);
}

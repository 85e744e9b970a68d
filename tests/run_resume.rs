//! Runs that are cut off and go on: what was answered is not asked again, and the end is the same.

use crate::support::record::{begun, essence, lines, placed, records, settled};
use crate::support::sandbox::{Sandbox, document, eventually, signal};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

/// Four participants: four proposals, then twelve reviews of which nine are in flight, four
/// improvements, twelve reviews.
const LINE: &str = "why -m claude-opus,claude-sonnet,codex,gemini --seed 7 -t 9 --stability-rounds 1 \
    --max-concurrent 9 --max-concurrent claude=9 --max-concurrent codex=9 --max-concurrent gemini=9 -o json";

const SCRIPT: &str = "
latency = { median_ms = 15, sigma = 0.8 }
[[rule]]
when = { phase = 'evaluate' }
actions = [{ opinion = { scores = [6.5, 9.5], spread = 1.2 } }]
";

const KILLS: u64 = 51;

/// Numbers that depend on their seed alone.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % end).unwrap()
    }
}

/// Kills the program when a file has so many lines; `false` if it came to its end before that.
fn killed_at(
    sandbox: &Sandbox,
    words: &[String],
    file: &str,
    line: usize,
) -> (bool, i32, crate::support::program::CommandOutput) {
    let mut child = sandbox.command(words).spawn().unwrap();
    let pid = child.id();
    let reached = || match file {
        "log" => lines(&sandbox.path("log.jsonl")),
        _ => sandbox.journals().first().map_or(0, |journal| lines(journal)),
    };
    let killed = loop {
        if child.try_wait().unwrap().is_some() {
            break false;
        }
        if reached() >= line {
            signal(pid, "KILL");
            break true;
        }
        std::thread::sleep(Duration::from_micros(300));
    };
    let output = sandbox.wait(child);
    // It may have come to its end before the signal reached it.
    (killed && output.code == Some(-9), i32::try_from(pid).unwrap(), output)
}

/// What was asked, by whom it was answered, in which phase and about which drafts, and in which words.
type Asked = (String, (u64, String));

/// What the fakes of one session were asked. A child whose prompt was only in part on its way when the
/// program was killed takes what there is for the whole: what tells nobody what to do is left out.
fn asked(sandbox: &Sandbox, pid: i32) -> Vec<Asked> {
    let ours = format!("-{pid}");
    let whole = |one: &Value| match one["phase"].as_str().unwrap() {
        "answer" => false,
        "propose" => true,
        _ => one["marks"].as_array().is_some_and(|marks| !marks.is_empty()),
    };
    let of = |one: &Value| one["env"]["REFINERY_RUN"].as_str().is_some_and(|run| run.ends_with(&ours));
    let what = |one: &Value| {
        let words = (one["prompt_bytes"].as_u64().unwrap(), one["prompt_sha256"].to_string());
        (format!("{} {} {}", one["who"], one["phase"], one["marks"]), words)
    };
    sandbox.log().iter().filter(|one| of(one) && whole(one)).map(what).collect()
}

/// One run with kills until its end; returns how many there were.
fn killed_again_and_again(seed: u64, most: u64, undisturbed: &Value) -> u64 {
    let sandbox = Sandbox::new(SCRIPT);
    let mut draw = Draw(seed);
    let mut words = shell_words::split(LINE).unwrap();
    let mut kills = 0;
    let mut before = BTreeSet::new();
    let mut requests: BTreeMap<String, (u64, String)> = BTreeMap::new();
    let output = loop {
        let (file, reached, all) = match draw.below(2) {
            0 => ("log", lines(&sandbox.path("log.jsonl")), 32),
            _ => ("journal", sandbox.journals().first().map_or(0, |journal| lines(journal)), 97),
        };
        let left = u64::try_from(all.max(reached + 1) - reached).unwrap();
        let point = if kills < most { reached + 1 + draw.below(left.min(50)) } else { usize::MAX };
        let (killed, pid, output) = killed_at(&sandbox, &words, file, point);
        if output.stderr.contains("another process") {
            // A child between its fork and its program holds the lock for a moment longer.
            continue;
        }
        // A session asks for no reply that an earlier one wrote down.
        let journal = sandbox.journal();
        let records = records(&journal);
        let sessions: Vec<_> = records.split(|one| one["record"] == "resumed").collect();
        let last = begun(sessions.last().unwrap());
        let again: Vec<_> = last.keys().filter(|call| before.contains(*call)).collect();
        assert!(again.is_empty(), "seed {seed}: asked again: {again:?}");
        let now = asked(&sandbox, pid);
        assert!(now.len() <= last.values().sum::<u64>() as usize, "seed {seed}: {now:?} {last:?}");
        for (what, words) in now {
            let known = requests.entry(what).or_insert_with(|| words.clone());
            // Of a prompt that was cut off, the whole one has more.
            assert!(known.0 != words.0 || known.1 == words.1, "seed {seed}: the same call in other words");
            *known = words.max(known.clone());
        }
        before = settled(&records);
        if !killed {
            break output;
        }
        kills += 1;
        let name = journal.file_stem().unwrap().to_str().unwrap().to_owned();
        words = ["resume", &name, "-o", "json"].map(str::to_owned).to_vec();
    };
    assert_eq!(output.code, Some(0), "seed {seed}, {kills} kills: {}", output.stderr);
    let ended = document(&output);
    assert_eq!(essence(&ended), essence(undisturbed), "seed {seed}, {kills} kills");
    let attempts = begun(&records(&sandbox.journal()));
    assert_eq!(ended["metadata"]["total_attempts"], attempts.values().sum::<u64>(), "both attempts are counted");
    assert_eq!(ended["metadata"]["total_calls"], undisturbed["metadata"]["total_calls"]);
    assert_eq!((attempts.len(), requests.len()), (32, 32), "seed {seed}");
    // An attempt of which nobody knows what it cost is told as such.
    let lost: u64 = accounts(&ended, "attempts").iter().sum::<u64>() - ended_attempts(&sandbox);
    assert_eq!(accounts(&ended, "attempts_without_usage").iter().sum::<u64>(), lost, "seed {seed}");
    let replayed = sandbox.run("replay 2 -o json");
    assert_eq!((replayed.code, &replayed.stdout), (Some(0), &output.stdout), "seed {seed}");
    kills
}

fn accounts(document: &Value, member: &str) -> Vec<u64> {
    document["participants"].as_array().unwrap().iter().map(|one| one[member].as_u64().unwrap()).collect()
}

fn ended_attempts(sandbox: &Sandbox) -> u64 {
    records(&sandbox.journal()).iter().filter(|one| one["record"] == "ended").count() as u64
}

#[test]
fn a_run_that_is_killed_anywhere_comes_to_the_same_end() {
    let sandbox = Sandbox::new(SCRIPT);
    let undisturbed = document(&sandbox.run(LINE));
    assert_eq!(undisturbed["metadata"]["total_calls"], 32);
    assert_eq!(undisturbed["metadata"]["total_attempts"], 32);
    std::thread::scope(|scope| {
        let crowd: Vec<_> = (0..3_u64)
            .map(|thread| {
                let undisturbed = &undisturbed;
                scope.spawn(move || {
                    let (mut kills, mut run) = (0, 0);
                    while kills < KILLS / 3 {
                        run += 1;
                        assert!(run < 100, "runs are over before they are killed");
                        kills += killed_again_and_again(thread * 1000 + run, (KILLS / 3 - kills).min(4), undisturbed);
                    }
                    kills
                })
            })
            .collect();
        let kills: u64 = crowd.into_iter().map(|one| one.join().unwrap()).sum();
        assert_eq!(kills, KILLS);
    });
}

#[test]
fn nine_calls_in_flight_at_a_kill_are_asked_again_and_nothing_else_is() {
    let undisturbed = document(&Sandbox::new(SCRIPT).run(LINE));
    // No review ever comes: of twelve, nine are in flight sooner or later, and no more.
    let stuck = "[[rule]]\nwhen = { phase = 'evaluate' }\nactions = ['hang']\n";
    let sandbox = Sandbox::new(&SCRIPT.replacen("[[rule]]", &format!("{stuck}[[rule]]"), 1));
    let child = sandbox.command(shell_words::split(LINE).unwrap()).spawn().unwrap();
    sandbox.wait_for_requests(4 + 9);
    signal(child.id(), "KILL");
    sandbox.wait(child);
    eventually("the end of all", || sandbox.processes().is_empty());
    assert_eq!((sandbox.log().len(), settled(&records(&sandbox.journal())).len()), (4 + 9, 4));
    change_script(&sandbox, stuck, "");
    let output = sandbox.run("resume 2 -o json");
    let ended = document(&output);
    assert_eq!((output.code, essence(&ended)), (Some(0), essence(&undisturbed)), "{}", output.stderr);
    let attempts = begun(&records(&sandbox.journal()));
    assert_eq!(attempts.values().filter(|times| **times == 2).count(), 9, "{attempts:?}");
    assert_eq!((attempts.len(), sandbox.log().len()), (32, 32 + 9));
    assert_eq!((&ended["metadata"]["total_calls"], &ended["metadata"]["total_attempts"]), (&32.into(), &41.into()));
}

/// Improvements never come.
const STUCK: &str = "[[rule]]\nwhen = { phase = 'refine' }\nactions = ['hang']\n";

fn change_script(sandbox: &Sandbox, from: &str, to: &str) {
    let path = sandbox.path("script.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from));
    fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn a_run_that_was_stopped_goes_on_and_both_sessions_are_replayed() {
    let sandbox = Sandbox::new(STUCK);
    let child = sandbox.command(["why", "-m", "claude,codex,gemini", "-o", "jsonl"]).spawn().unwrap();
    // Three proposals, six reviews, three improvements.
    sandbox.wait_for_requests(12);
    signal(child.id(), "INT");
    let first = sandbox.wait(child);
    assert_eq!(first.code, Some(1), "{}", first.stderr);
    change_script(&sandbox, STUCK, "");
    let second = sandbox.run("resume 2 -o jsonl");
    assert_eq!(second.code, Some(0), "{}", second.stderr);
    let attempts = begun(&records(&sandbox.journal()));
    assert!(attempts.iter().all(|(call, times)| *times == 1 + u64::from(call.contains("r1/refine"))), "{attempts:?}");
    let replayed = sandbox.run("replay 2 -o jsonl");
    let live: Vec<_> = [placed(&first.stdout), placed(&second.stdout)].concat();
    assert_eq!(placed(&replayed.stdout), live);
    let places: Vec<_> = live.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(places, (0..live.len() as u64).collect::<Vec<_>>());
    assert_eq!(live.iter().filter(|event| event["event"] == "run_resumed").count(), 1);
    assert_eq!(replayed.stdout.lines().last(), second.stdout.lines().last(), "the document");
    assert!(!replayed.stdout.contains("\"token\"") && second.stdout.contains("\"token\""));
}

#[test]
fn events_of_a_run_that_was_killed_are_replayed_too() {
    let sandbox = Sandbox::new(SCRIPT);
    let words = shell_words::split(&LINE.replace("-o json", "-o jsonl")).unwrap();
    let (killed, _, first) = killed_at(&sandbox, &words, "journal", 40);
    assert!(killed);
    let cut = sandbox.run("replay 2");
    assert_eq!(cut.code, Some(1), "{}", cut.stderr);
    assert!(sandbox.run("runs").stdout.contains("unfinished"));
    let second = sandbox.run("resume 2 -o jsonl");
    let replayed = placed(&sandbox.run("replay 2 -o jsonl").stdout);
    let (first, second) = (placed(&first.stdout), placed(&second.stdout));
    assert!(first.len() >= 30 && second.len() >= 30);
    assert!(replayed.starts_with(&first) && replayed.ends_with(&second));
}

#[test]
fn a_run_that_spent_its_budget_goes_on_with_more() {
    let plain = document(&Sandbox::new("").run("why -m claude,codex --seed 3 -o json"));
    let sandbox = Sandbox::new("");
    let output = sandbox.run("why -m claude,codex --seed 3 --budget-calls 3 -o json");
    assert_eq!((output.code, &document(&output)["status"]), (Some(5), &"budget_exhausted".into()));
    let again = sandbox.run("resume 2 -o json");
    assert_eq!(again.code, Some(5), "the same budget is still spent: {}", again.stderr);
    assert_eq!(sandbox.log().len(), 3);
    let more = sandbox.run("resume 2 --budget-calls 100 -o json");
    assert_eq!(more.code, Some(0), "{}", more.stderr);
    assert_eq!(essence(&document(&more)), essence(&plain));
    assert_eq!(sandbox.log().len() as u64, document(&more)["metadata"]["total_attempts"].as_u64().unwrap());
    assert_eq!(document(&more)["metadata"]["total_attempts"], plain["metadata"]["total_attempts"]);
    assert_eq!(sandbox.run("replay 2 -o json").stdout, more.stdout);
}

#[test]
fn limits_that_were_raised_once_hold_for_the_next_time_too() {
    let sandbox = Sandbox::new(STUCK);
    assert_eq!(sandbox.run("why -m claude,gemini --budget-calls 3").code, Some(5));
    // Raised, then killed: the third session is told nothing, and has the second one's budget.
    let child = sandbox.command(["resume", "2", "--budget-calls", "100"]).spawn().unwrap();
    sandbox.wait_for_requests(6);
    signal(child.id(), "KILL");
    sandbox.wait(child);
    eventually("the end of all", || sandbox.processes().is_empty());
    change_script(&sandbox, STUCK, "");
    let output = sandbox.run("resume 2 -o json");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert_eq!(sandbox.run("replay 2 -o json").stdout, output.stdout);
    let limits = |one: &Value| one["record"].as_str() == Some("resumed") && one["limits"].is_object();
    assert_eq!(records(&sandbox.journal()).iter().filter(|one| limits(one)).count(), 1, "said once, written once");
}

#[test]
fn a_parked_run_goes_on_when_the_limit_is_over() {
    let limited = "[[rule]]\nwhen = { vendor = 'claude', phase = 'evaluate', nth = [1] }\n\
        actions = [{ fail = { kind = 'usage-limit', resets_in_s = 3600 } }]\n";
    let plain = document(&Sandbox::new("").run("why -m claude,codex --seed 3 -o json"));
    let sandbox = Sandbox::new(limited);
    let parked = sandbox.run("why -m claude,codex --seed 3 -o json");
    assert_eq!((parked.code, &document(&parked)["status"]), (Some(6), &"parked".into()), "{}", parked.stderr);
    assert!(document(&parked)["metadata"]["resume_at"].is_string(), "{}", parked.stdout);
    assert!(!settled(&records(&sandbox.journal())).contains("r1/evaluate/claude>codex"));
    assert_eq!(sandbox.run("replay 2 -o json").stdout, parked.stdout);
    let resumed = sandbox.run("resume 2 -o json");
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    assert_eq!(essence(&document(&resumed)), essence(&plain));
    assert!(document(&resumed)["metadata"].get("resume_at").is_none_or(Value::is_null));
    let attempts = begun(&records(&sandbox.journal()));
    assert_eq!(attempts["r1/evaluate/claude>codex"], 2);
}

#[test]
fn a_run_that_came_to_its_end_is_not_gone_on_with() {
    let sandbox = Sandbox::new("");
    assert_eq!(sandbox.run("why -m claude").code, Some(0));
    let before = fs::read(sandbox.journal()).unwrap();
    let output = sandbox.run("resume 2");
    assert_eq!((output.code, output.stdout.as_str()), (Some(4), ""));
    assert!(
        output.stderr.contains("is already finished") && output.stderr.contains("refinery replay"),
        "{}",
        output.stderr
    );
    assert_eq!(fs::read(sandbox.journal()).unwrap(), before);
}

#[test]
fn two_processes_do_not_share_a_run() {
    let sandbox = Sandbox::new(STUCK);
    let child = sandbox.command(["why", "-m", "claude,gemini"]).spawn().unwrap();
    sandbox.wait_for_requests(6);
    let output = sandbox.command(["resume", "2"]).output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("another process"), "{words}");
    let journal = sandbox.journal();
    let name = journal.file_stem().unwrap().to_str().unwrap();
    let removed = sandbox.command(["runs", "rm", name]).output().unwrap();
    assert_eq!(removed.status.code(), Some(1), "{}", String::from_utf8_lossy(&removed.stderr));
    // Looking is allowed.
    let seen = sandbox.command(["runs"]).output().unwrap();
    assert!(String::from_utf8(seen.stdout).unwrap().contains("unfinished"));
    assert_eq!(sandbox.log().len(), 6);
    signal(child.id(), "INT");
    assert_eq!(sandbox.wait(child).code, Some(1));
    eventually("the end of all", || sandbox.processes().is_empty());
    // A second resume while a first one runs is refused, too.
    let child = sandbox.command(["resume", "2"]).spawn().unwrap();
    sandbox.wait_for_requests(8);
    let refused = sandbox.command(["resume", "2"]).output().unwrap();
    assert!(String::from_utf8(refused.stderr).unwrap().contains("another process"));
    signal(child.id(), "INT");
    sandbox.wait(child);
    sandbox.assert_nothing_left();
}

#[test]
fn the_question_is_kept_and_not_the_path() {
    let sandbox = Sandbox::new(STUCK).file("work/facts.txt", "the first state of the file");
    let child = sandbox.command(["why", "-f", "facts.txt", "-m", "claude,gemini"]).spawn().unwrap();
    sandbox.wait_for_requests(6);
    signal(child.id(), "KILL");
    sandbox.wait(child);
    eventually("the end of all", || sandbox.processes().is_empty());
    fs::remove_file(sandbox.path("work/facts.txt")).unwrap();
    change_script(&sandbox, STUCK, "");
    assert_eq!(sandbox.run("resume 2").code, Some(0));
    let last = sandbox.log().pop().unwrap();
    assert!(last["prompt"].as_str().unwrap().contains("the first state of the file"));
}

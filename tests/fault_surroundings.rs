//! The fault matrix, second half: what can be wrong around the children, with the real program. For
//! each fault: the class or the error, the exit code, what is printed, what is written down, and
//! that no process and no folder is left (`play` looks at that). Where the rest is:
//!
//! | Fault | Where |
//! |---|---|
//! | disk full for the journal: small disk, limit on files, before and in mid-run | `run_journal` (`a_disk_that_fills_up_…`, `a_journal_that_may_not_grow_…`), and an injected writer in `journal::writer` |
//! | program replaced while it is started (ETXTBSY) | `process_lifecycle::a_program_that_is_being_replaced_…` |
//! | few descriptors, three vendors, the whole program | `run_surroundings::few_descriptors_…` |
//!
//! Unwritable is a path below a file here, because CI is root and may write everywhere.

use crate::support::disk::Small;
use crate::support::in_process::{execute_run, own_env, prepare_run};
use crate::support::record::{begun, essence, records};
use crate::support::sandbox::{Sandbox, document};
use crate::support::scripted_backends::AskAll;
use refinery_core::call::{
    AdapterQueue, Backend, Backoff, CallLimit, Caller, CliBackend, CliSettings, Endpoint, Endpoints, WorkerPool,
};
use refinery_core::cli::history::replay::retell;
use refinery_core::engine::{Bounds, Clock, Header, Recorded, RunDeps, RunMeta, begin_journal, drive, stop_channel};
use refinery_core::event::Event;
use refinery_core::ids::ParticipantId;
use refinery_core::outcome::Status;
use refinery_core::process::{Marker, Supervisor, Watchdog};
use refinery_core::time::Timestamp;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_program_that_is_missing_or_not_executable_is_told_before_any_call() {
    let locked = Sandbox::new("");
    mode(&locked.path("bin/claude"), 0o644);
    let unusable = format!("claude: {} is not executable", locked.path("bin/claude").display());
    let missing = "claude: no program `claude` is on the PATH".to_owned();
    for (sandbox, message, to_do) in [
        (Sandbox::new("").without_program("claude"), missing, "npm install -g @anthropic-ai/claude-code"),
        (locked, unusable, "chmod +x "),
    ] {
        let output = sandbox.run("why -m claude,codex -o json");
        let error = &document(&output)["error"];
        assert_eq!((output.code, &error["code"]), (Some(4), &"not_installed".into()), "{}", output.stderr);
        assert_eq!(error["message"], message);
        assert!(output.stderr.contains(to_do), "{}", output.stderr);
        assert_eq!((sandbox.log().len(), sandbox.journals().len()), (0, 0));
    }
    // What cannot be seen from outside is a failed call.
    let sandbox = Sandbox::new("").file("bin/claude", "#!/no/such/interpreter\n");
    mode(&sandbox.path("bin/claude"), 0o755);
    let output = sandbox.run("why -m claude -o json");
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    assert!(output.stderr.contains("start_failed: cannot start "), "{}", output.stderr);
    assert!(output.stderr.contains("the interpreter or loader that it names does not exist"), "{}", output.stderr);
    let records = records(&sandbox.journal());
    assert_eq!((&records[1]["record"], &records[1]["failure"]), (&"ended".into(), &"start_failed".into()));
    assert_eq!(document(&output)["metadata"]["total_attempts"], 0, "nobody was asked");
}

/// Puts a program in front of `claude` that does something to itself whenever it is started. Played
/// with one claude at a time: what a second one finds must not depend on how far the first one is.
fn fickle(sandbox: &Sandbox, deed: &str) {
    let (path, other) = (sandbox.path("bin/claude"), sandbox.path("bin/other"));
    fs::rename(&path, &other).unwrap();
    let other = other.display();
    let deed = deed.replace("IT", &path.display().to_string()).replace("OTHER", &other.to_string());
    fs::write(&path, format!("#!/bin/sh\n{deed}\nexec {other} \"$@\"\n")).unwrap();
    mode(&path, 0o755);
}

#[test]
fn a_program_that_goes_away_during_the_run_is_missed_and_the_others_go_on() {
    for (deed, words) in [("/bin/rm -f IT", "there is no such program"), ("/bin/chmod 644 IT", "it is not executable")]
    {
        let sandbox = Sandbox::new("");
        fickle(&sandbox, deed);
        let output = sandbox.run("why -m claude,codex,gemini -o json --seed 1 --max-concurrent claude=1");
        let ended = document(&output);
        assert_eq!((output.code, &ended["status"]), (Some(0), &"converged".into()), "{deed}: {}", output.stderr);
        assert!(output.stderr.contains("failed: claude: start_failed: cannot start "), "{}", output.stderr);
        assert!(output.stderr.contains(words), "{deed}: {}", output.stderr);
        assert_eq!(sandbox.log().iter().filter(|one| one["vendor"] == "claude").count(), 1, "{deed}");
        let records = records(&sandbox.journal());
        let of = |one: &&Value| one["record"] == "ended" && one["call"].as_str().unwrap().contains("/claude");
        let own: Vec<_> =
            records.iter().filter(of).filter(|one| !one["call"].as_str().unwrap().contains(">claude")).collect();
        let failed = own.iter().filter(|one| one["failure"] == "start_failed").count();
        assert_eq!((own.len() - failed, failed > 0), (1, true), "{deed}: {own:?}");
        assert_eq!(sandbox.run("replay 2 -o json").stdout, output.stdout, "{deed}");
    }
}

#[test]
fn a_program_that_is_replaced_during_the_run_takes_over() {
    let sandbox = Sandbox::new("");
    fickle(&sandbox, "/bin/cp OTHER IT.new && /bin/mv IT.new IT");
    let output = sandbox.run("why -m claude,codex,gemini -o json --seed 1 --max-concurrent claude=1");
    let ended = document(&output);
    assert_eq!((output.code, &ended["status"]), (Some(0), &"converged".into()), "{}", output.stderr);
    assert_eq!(ended["metadata"]["models_dropped"], Value::Array(Vec::new()));
    let attempts = begun(&records(&sandbox.journal()));
    assert!(attempts.values().all(|times| *times == 1), "{attempts:?}");
    assert_eq!(sandbox.run("replay 2 -o json").stdout, output.stdout);
}

fn assert_nobody_could_begin(sandbox: &Sandbox, output: &crate::support::program::CommandOutput, words: &str) {
    let ended = document(output);
    assert_eq!((output.code, &ended["status"]), (Some(3), &"insufficient_models".into()), "{}", output.stderr);
    assert_eq!((sandbox.log().len(), &ended["metadata"]["total_attempts"]), (0, &0.into()));
    let dropped = ended["metadata"]["models_dropped"].as_array().unwrap();
    assert!(dropped.len() >= 2 && dropped.iter().all(|one| one["reason"] == "start_failed"), "{dropped:?}");
    let told = output.stderr.lines().filter(|line| line.contains(": start_failed: cannot fill the scratch folder: "));
    assert!(told.clone().count() >= 2 && told.clone().all(|line| line.contains(words)), "{}", output.stderr);
}

#[test]
fn a_full_disk_for_the_clis_files_fails_the_calls_before_they_cost_anything() {
    // A file may not even have one byte; the journal would meet that too.
    let sandbox = Sandbox::new("");
    let output = sandbox.run_after("ulimit -f 0", "why -m claude,codex,gemini -o json --no-journal");
    assert_nobody_could_begin(&sandbox, &output, "File too large");

    let Some(disk) = Small::mount(sandbox.path("full"), "4k") else { return };
    fs::write(sandbox.path("full/all-of-it"), "x").unwrap();
    let full = sandbox.path("full").display().to_string();
    let sandbox = sandbox.var("TMPDIR", &full);
    let output = sandbox.run("why -m claude,codex,gemini -o json");
    assert_nobody_could_begin(&sandbox, &output, "No space left on device");
    assert_eq!(fs::read_dir(sandbox.path("full")).unwrap().count(), 1, "no scratch folder is left");
    let records = records(&sandbox.journal());
    assert!(records.iter().filter(|one| one["record"] == "ended").all(|one| one["failure"] == "start_failed"));
    assert_eq!(sandbox.run("replay 2 -o json").stdout, output.stdout);
    drop(disk);
}

#[test]
fn a_state_directory_that_cannot_be_written_is_told_before_any_call() {
    let sandbox = Sandbox::new("").file("work/taken", "a file, not a folder");
    for (place, also) in [("taken", ""), ("taken/below", ""), ("/dev/full/below", ""), ("/proc/below", " --debug")] {
        let output = sandbox.run(&format!("why -m claude,codex -o json --state-dir {place}{also}"));
        let error = &document(&output)["error"];
        assert_eq!((output.code, &error["code"]), (Some(4), &"config_invalid".into()), "{place}: {}", output.stderr);
        assert!(error["message"].as_str().unwrap().contains(place), "{place}: {error}");
        assert!(output.stderr.contains(place) && output.stderr.contains("hint: "), "{place}: {}", output.stderr);
    }
    assert_eq!((sandbox.log().len(), sandbox.journals().len()), (0, 0));
    assert_eq!(sandbox.run("why -m claude --state-dir taken --no-journal").code, Some(0));
}

/// Moments in no order at all: before 1970, far ahead, twice the same.
const JUMPS: [i64; 8] =
    [1_795_000_000_000, -5_000, 1_795_000_000_001, 4_102_444_800_000, 0, 0, 1_795_000_086_400_000, 1_000_000_000_000];

fn jumping() -> Clock {
    let looks = AtomicUsize::new(0);
    Arc::new(move || Timestamp(JUMPS[looks.fetch_add(1, Ordering::SeqCst) % JUMPS.len()]))
}

#[test]
fn a_clock_that_jumps_changes_nothing_but_the_times() {
    let steady = Sandbox::new("").run("why -m claude,codex --seed 3 -o json");
    let sandbox = Sandbox::new("");
    sandbox.run_ignored_test("fault_surroundings::under_a_jumping_clock", ":");
    let jumped = sandbox.run("replay 2 -o json");
    assert_eq!((jumped.code, steady.code), (Some(0), Some(0)), "{}", jumped.stderr);
    assert_eq!(essence(&document(&jumped)), essence(&document(&steady)));

    // A run that began in a year to come goes on today.
    let sandbox = Sandbox::new("");
    sandbox.run_ignored_test("fault_surroundings::in_a_year_to_come", ":");
    assert_eq!(sandbox.run("runs").code, Some(0));
    let output = sandbox.run("resume 2 -o json --budget-calls 100");
    let ended = document(&output);
    assert_eq!((output.code, essence(&ended)), (Some(0), essence(&document(&steady))), "{}", output.stderr);
    assert!(ended["metadata"]["elapsed_ms"].as_u64().is_some_and(|time| time < 3_600_000), "{}", ended["metadata"]);
    assert_eq!(sandbox.run("replay 2 -o json").stdout, output.stdout);
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn under_a_jumping_clock() {
    let cwd = std::env::current_dir().unwrap();
    let ready = prepare_run(own_env(), &cwd, "why -m claude,codex --seed 3");
    let mut live = Vec::new();
    let finished = execute_run(&ready, jumping(), &mut |event| live.push(event.clone()));
    assert_eq!(finished.outcome.status, Status::Converged);
    live.retain(|event: &Event| event.seq.is_some());
    let journal = ready.state_dir.unwrap().join(format!("runs/{}.jsonl", ready.plan.run_id));
    let mut told = Vec::new();
    let again = retell(&Recorded::read(&journal).unwrap(), &mut |event| told.push(event.clone())).unwrap();
    assert_eq!(told, live, "every event, its time included");
    assert_eq!(again, finished);
}

#[test]
#[ignore = "run by a test above, in a process of its own"]
fn in_a_year_to_come() {
    let cwd = std::env::current_dir().unwrap();
    let ready = prepare_run(own_env(), &cwd, "why -m claude,codex --seed 3 --budget-calls 3");
    let finished = execute_run(&ready, Arc::new(|| Timestamp(4_102_444_800_000)), &mut |_| {});
    assert_eq!(finished.outcome.status, Status::BudgetExhausted);
}

/// Calls at once.
const CROWD: usize = 200;

#[test]
fn two_hundred_calls_at_once_with_few_descriptors_are_all_answered() {
    let sandbox = Sandbox::new("[[rule]]\nactions = [{ say = { text = 'yes' } }]");
    let text = sandbox.run_ignored_test("fault_surroundings::a_crowd_with_few_descriptors", "ulimit -n 64");
    println!("{text}");
    assert_eq!(sandbox.log().len(), CROWD, "each child that ran, ran once");
    let records = records(&sandbox.journal());
    let kind = |kind: &str| records.iter().filter(|one| one["record"] == kind).collect::<Vec<_>>();
    assert_eq!((kind("told").len(), kind("closed").len()), (CROWD, 1));
    assert!(kind("told").iter().all(|one| one["input"]["settled"]["result"]["Ok"]["text"] == "yes"));
    let ended = kind("ended");
    assert_eq!(ended.iter().filter(|one| one["failure"].is_null()).count(), CROWD);
    assert!(ended.iter().all(|one| one["failure"].is_null() || one["failure"] == "start_failed"));
    assert!(ended.len() > CROWD, "the descriptors were enough: this showed nothing");
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn a_crowd_with_few_descriptors() {
    let cwd = std::env::current_dir().unwrap();
    let ready = prepare_run(own_env(), &cwd, "why -m claude");
    let marker = Marker::new(ready.plan.run_id.as_str().to_owned());
    let watchdog = Watchdog::start(Path::new(env!("CARGO_BIN_EXE_refinery")), &["__watchdog"], &marker).unwrap();
    let settings = CliSettings {
        supervisor: Supervisor::new(marker).with_watchdog(watchdog),
        host: Arc::new(ready.host.clone()),
        limits: ready.limits(),
        scratch_root: None,
        echo: None,
        now: Arc::new(refinery_core::host::machine::now),
        workers: WorkerPool::default(),
    };
    let names: Vec<&'static str> = (0..CROWD).map(|number| &*format!("claude-{number}").leak()).collect();
    let mut brief = RunMeta::of(&ready.plan);
    let (announced, registered) = brief.participants.remove(0);
    let (queue, mut endpoints) = (AdapterQueue::new(0), std::collections::BTreeMap::new());
    for name in &names {
        let (mut announced, mut registered) = (announced.clone(), registered.clone());
        announced.participant = ParticipantId::new(*name);
        registered.participant = ParticipantId::new(*name);
        brief.participants.push((announced, registered));
        let backend: Arc<dyn Backend> = Arc::new(CliBackend::new(settings.clone(), (&ready.participants[0]).into()));
        endpoints
            .insert(ParticipantId::new(*name), Endpoint { backend, queue: queue.clone(), own: AdapterQueue::new(0) });
    }
    let caller = Caller::new(Endpoints {
        by_name: endpoints,
        limit: CallLimit::new(0),
        backoff: Backoff { retries: 0, ..Backoff::default() },
    });
    let header = Header::new(ready.plan.clone(), Vec::new(), settings.now.as_ref()());
    let runs = ready.state_dir.clone().unwrap().join("runs");
    fs::create_dir_all(&runs).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let finished = runtime.block_on(async {
        let (_sender, stop) = stop_channel();
        let journal = begin_journal(&runs.join(format!("{}.jsonl", ready.plan.run_id)), &header).unwrap();
        let clock = Arc::clone(&settings.now);
        let world = RunDeps { caller, stop, clock, journal: Some(journal), bounds: Bounds::default() };
        drive(AskAll::new(&names, false), brief, header.at, world, &mut |_| {}).await
    });
    assert_eq!(finished.outcome.status, Status::Converged);
    assert_eq!(finished.outcome.answer, Some(vec!["yes"; CROWD].join(" ")));
    assert_eq!((finished.totals.total_calls, finished.totals.total_attempts), (CROWD as u64, CROWD as u64));
    let lowered = finished.totals.warnings.iter().filter(|text| text.contains("from here on at most")).count();
    assert!(lowered > 0, "{:?}", finished.totals.warnings);
}

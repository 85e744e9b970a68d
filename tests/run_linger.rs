//! CLIs that stay after their answer: the run goes on at once, and ends them at its end.

use crate::support::fakes::FAKE_CLI;
use crate::support::record::{lines, records};
use crate::support::sandbox::{Sandbox, document};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

/// Longer than a run may take: one that waits for a CLI to leave by itself does not end before.
const STAY: Duration = Duration::from_secs(100);

/// CLIs that answer, stay for that long, and note when they are asked to leave.
fn lingering() -> Sandbox {
    let mut sandbox = Sandbox::new("");
    for vendor in ["claude", "codex"] {
        let manifest = fs::read_to_string(format!("{}/adapters/{vendor}.toml", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let patient = format!("[invocation]\nleave_ms = {}", STAY.as_millis());
        let manifest = manifest.replacen("[invocation]", &patient, 1);
        sandbox = sandbox.file(&format!("home/.config/refinery/adapters/{vendor}.toml"), manifest);
        let program = sandbox.path(&format!("bin/{vendor}"));
        let words = [FAKE_CLI, "--as", vendor, "--script", &sandbox.path("script.toml").to_string_lossy(), "--"]
            .map(str::to_owned);
        let text = format!(
            "#!/bin/sh\ntrap 'echo {vendor} >> {}; exit 0' TERM\ncase \"$*\" in *--version*) exec {fake} \"$@\";; esac\n\
             {fake} \"$@\"\n/bin/sleep {} & wait $!\n",
            sandbox.path("asked-to-leave").display(),
            STAY.as_secs(),
            fake = shell_words::join(words),
        );
        fs::write(&program, text).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    sandbox
}

#[test]
fn a_reply_counts_at_its_answer_line() {
    let sandbox = lingering();
    let began = Instant::now();
    let output = sandbox.run(
        "why -m claude,codex --max-rounds 2 --stability-rounds 2 --seed 1 -o json --max-concurrent 20 \
        --max-concurrent claude=20 --max-concurrent codex=20",
    );
    assert!(began.elapsed() < STAY, "a run of several hops waited for a CLI that had answered");
    let shown = document(&output);
    assert_eq!((output.code, &shown["status"]), (Some(0), &"converged".into()), "{}", output.stderr);
    assert!(!output.stderr.contains("left processes behind"), "{}", output.stderr);
    // Each was asked to leave, at the end of the run, and none was killed.
    let calls = shown["metadata"]["total_attempts"].as_u64().unwrap();
    assert_eq!(lines(&sandbox.path("asked-to-leave")) as u64, calls);
    // What the answer line says of its cost counts.
    assert!(
        shown["participants"].as_array().unwrap().iter().all(|one| one["usage"]["input_tokens"].is_u64()),
        "{shown}"
    );

    let records = records(&sandbox.journal());
    let place = |kind: &str, call: &str| {
        let text = format!("\"{call}\"");
        records.iter().position(|record| record["record"] == kind && record.to_string().contains(&text))
    };
    for call in records.iter().filter(|record| record["record"] == "told") {
        let call = call["input"]["settled"]["id"].as_str().unwrap();
        assert!(place("ended", call).unwrap() < place("told", call).unwrap(), "{call}");
    }
    assert_eq!(records.last().unwrap()["record"], "closed");
    let journal = sandbox.journal();
    let run = journal.file_stem().unwrap().to_str().unwrap();
    assert_eq!(sandbox.run(&format!("replay {run} -o json")).stdout, output.stdout);
}

//! Runs with the real CLIs that were stopped, and go on.

use super::audit::{QUESTION, asked, audit, one_credential, phases};
use super::cases::soon;
use super::installed::Cli;
use super::loopback::{Answer, Fault, Phase, Request, Told};
use super::sandbox::{CommandOutput, SECRET, Sandbox};
use super::slots;
use refinery_core::time::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Goes on with the run of a document.
fn resume(sandbox: &Sandbox, stopped: &Value, more: &[&str]) -> CommandOutput {
    let run = stopped["metadata"]["run_id"].as_str().unwrap();
    assert_eq!(stopped["metadata"]["resumable"], true, "{stopped:#}");
    sandbox.run(&[&["resume", run, "-o", "json"], more].concat())
}

#[test]
fn with_more_budget_nothing_is_asked_again() {
    let _slot = slots::one();
    let better = |request: &Request| if request.prompt().contains("Text 0") { 5.0 } else { 9.5 };
    let sandbox = Sandbox::new(Told { score: Box::new(better), ..Told::default() }.script()).with_keys();
    let line = ["refine", QUESTION, "-m", "claude", "--judge", "gemini", "--budget-calls", "2", "-o", "json"];
    let stopped = audit(&sandbox, &sandbox.run(&line), 5);
    assert_eq!(stopped["status"], "budget_exhausted");
    assert!(stopped["answer"].as_str().unwrap().starts_with("Text 0: "), "{stopped:#}");
    let first = [(Cli::Claude, Phase::Draft), (Cli::Gemini, Phase::Score)];
    assert_eq!(phases(&sandbox), first);

    let resumed = resume(&sandbox, &stopped, &["--budget-calls", "9"]);
    let document = audit(&sandbox, &resumed, 0);
    assert_eq!(document["status"], "target_reached", "{document:#}");
    assert!(document["answer"].as_str().unwrap().starts_with("Text 2: "), "{document:#}");
    let then = [(Cli::Claude, Phase::Improve), (Cli::Gemini, Phase::Score)];
    assert_eq!(phases(&sandbox), [first, then].concat());
    let improve = &sandbox.server.asks()[2];
    assert!(
        improve.prompt().contains("Text 0: ") && improve.prompt().contains("clear and short"),
        "what was journaled"
    );

    let run = document["metadata"]["run_id"].as_str().unwrap();
    let replayed = sandbox.run(&["replay", run, "-o", "json"]);
    assert_eq!((replayed.code, &replayed.stdout), (Some(0), &resumed.stdout));
    assert_eq!(sandbox.server.asks().len(), 4, "a replay asks nobody");
}

#[test]
fn a_usage_limit_parks_a_run_until_it_resets() {
    let _slots = slots::two();
    let reset = soon();
    let over = Arc::new(AtomicBool::new(false));
    let script = {
        let (told, over) = (Told::default().script(), Arc::clone(&over));
        move |request: &Request| match (asked(request), request.phase()) {
            (Cli::Claude, Phase::Evaluate) if !over.load(Ordering::Relaxed) => Answer::Fault(Fault::UsageLimit(reset)),
            _ => told(request),
        }
    };
    let sandbox = Sandbox::new(script).var("CLAUDE_CODE_OAUTH_TOKEN", SECRET).var("OPENAI_API_KEY", SECRET);
    let line = [QUESTION, "-m", "claude,codex", "-r", "1", "--stability-rounds", "1", "-o", "jsonl"];
    let shown = sandbox.run(&line);
    assert_eq!(shown.code, Some(6), "{shown:#?}");
    shown.assert_secrets_kept();
    let parked = shown.document();
    let time = Timestamp(reset * 1000).to_string();
    assert_eq!((&parked["status"], &parked["metadata"]["resume_at"]), (&json!("parked"), &json!(time)), "{parked:#}");
    let told = shown.events().into_iter().find(|one| one["event"] == "limit_reached").unwrap();
    assert_eq!((&told["participant"], &told["then"]), (&json!("claude"), &json!("stop")));
    assert_eq!(told["resets_at"], json!(reset * 1000));
    assert_eq!(times(&sandbox, Cli::Claude, Phase::Evaluate), 1, "{:?}", sandbox.server.asks());
    sandbox.assert_nothing_left();

    over.store(true, Ordering::Relaxed);
    let shown = resume(&sandbox, &parked, &[]);
    assert_eq!(shown.code, Some(0), "{shown:#?}");
    let document = shown.document();
    assert_eq!((&document["status"], &document["metadata"]["resume_at"]), (&json!("converged"), &Value::Null));
    let pool = |at: usize| document["participants"][at]["billing"].clone();
    assert_eq!((pool(0), pool(1)), (json!("subscription"), json!("api_key")));
    sandbox.server.asks().iter().for_each(one_credential);
    // What was answered is not asked again; the review that met the limit is.
    for (cli, phase, count) in
        [(Cli::Claude, Phase::Propose, 1), (Cli::Codex, Phase::Propose, 1), (Cli::Claude, Phase::Evaluate, 2)]
    {
        assert_eq!(times(&sandbox, cli, phase), count, "{cli} {phase:?}: {:?}", sandbox.server.asks());
    }
    sandbox.assert_nothing_left();
}

/// How often somebody was asked for something.
fn times(sandbox: &Sandbox, cli: Cli, phase: Phase) -> usize {
    phases(sandbox).into_iter().filter(|one| *one == (cli, phase)).count()
}

//! `refinery run --plan FILE`: a plan that was made before, run on this machine.

use crate::support::record::essence;
use crate::support::sandbox::{Sandbox, document};
use serde_json::Value;

/// The dry run of a command line, as a document.
fn dry(sandbox: &Sandbox, line: &str) -> Value {
    let output = sandbox.run(&format!("{line} --dry-run -o json"));
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    document(&output)
}

/// A sandbox with a plan file.
fn with_plan(plan: &Value) -> Sandbox {
    Sandbox::new("").file("work/plan.json", plan.to_string())
}

const LINES: [&str; 5] = [
    "'Which index fits?' -m claude,codex,gemini -f a.txt --seed 5",
    "debate 'Rewrite it?' -m claude:pessimist,codex --judge gemini --seed 5 -r 2",
    "sample 'How many?' -m claude*2,codex --seed 5",
    "refine 'Tighten it' --draft a.txt -m claude --judge codex --seed 5 --max-iterations 1",
    "pipe 'How many?' -m claude,codex --step 'sample num_samples=3' --step 'refine mode=critique' --seed 5",
];

#[test]
fn a_dry_run_s_document_is_run_as_its_command_would_be() {
    for line in LINES {
        let directly = Sandbox::new("").file("work/a.txt", "some text");
        let dry = dry(&directly, line);
        let asked = document(&directly.run(&format!("{line} -o json")));
        let sandbox = with_plan(&dry);
        let output = sandbox.run("run --plan plan.json -o json");
        let ran = document(&output);
        assert_eq!(essence(&ran), essence(&asked), "{line}: {}", output.stderr);
        assert_ne!(ran["metadata"]["run_id"], dry["plan"]["run_id"], "it is a run of its own");
        assert!(!output.stderr.contains("planned with"), "{}", output.stderr);
        // What is saved of it can be shown, and is a plan again.
        let run = ran["metadata"]["run_id"].as_str().unwrap();
        let saved = document(&sandbox.run(&format!("runs show {run} -o json")));
        assert_eq!(saved["plan"]["material"]["question"], dry["plan"]["material"]["question"]);
        let again = with_plan(&saved["plan"]).run("run --plan plan.json -o json");
        assert_eq!(essence(&document(&again)), essence(&asked), "{line}: a bare plan");
    }
}

#[test]
fn limits_and_outputs_may_be_set_beside_it() {
    let plan = dry(&Sandbox::new(""), "why -m claude,codex --seed 5");
    let sandbox = with_plan(&plan);
    let ended = document(&sandbox.run("run --plan plan.json --budget-calls 3 -o json"));
    assert_eq!((&ended["status"], &ended["metadata"]["total_attempts"]), (&"budget_exhausted".into(), &3.into()));
    let output = sandbox.run_with_stdin("run --plan - --no-journal", Some(plan.to_string().as_bytes()));
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stdout.starts_with("This is draft "), "{}", output.stdout);
    assert_eq!(sandbox.journals().len(), 1, "the second is not saved");
}

#[test]
fn another_account_is_said_and_a_missing_program_is_an_error() {
    let plan = dry(&Sandbox::new(""), "why -m claude,codex --seed 5");
    let token = with_plan(&plan).without("ANTHROPIC_API_KEY").var("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-WATCHWORD");
    let output = token.run("run --plan plan.json");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let said =
        "warning: claude: planned with API key (ANTHROPIC_API_KEY), charged to subscription (CLAUDE_CODE_OAUTH_TOKEN)";
    assert!(output.stderr.contains(said), "{}", output.stderr);
    let output = with_plan(&plan).without_program("codex").run("run --plan plan.json");
    assert_eq!(output.code, Some(4));
    assert!(output.stderr.contains("codex: no program `codex` is on the PATH"), "{}", output.stderr);
    // Planned where there was neither program nor account.
    let nowhere = Sandbox::new("").without_program("claude").without("ANTHROPIC_API_KEY");
    let output = with_plan(&dry(&nowhere, "why -m claude")).run("run --plan plan.json");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
}

#[test]
fn what_is_no_plan_is_refused_with_its_place() {
    let plan = dry(&Sandbox::new(""), "why -m claude,codex --seed 5")["plan"].clone();
    let changed = |pointer: &str, value: Value| {
        let mut plan = plan.clone();
        *plan.pointer_mut(pointer).unwrap() = value;
        plan.to_string()
    };
    let twice = Value::Array(vec![plan["participants"][0].clone(), plan["participants"][0].clone()]);
    for (text, said) in [
        ("why?".to_owned(), "plan.json: not JSON"),
        ("{}".to_owned(), "plan.json: not a plan: "),
        (changed("/protocol/threshold", "high".into()), "plan.json: not a plan: "),
        (changed("/protocol/threshold", 11.into()), "plan.json: threshold is 11"),
        (changed("/limits/retries", 11.into()), "plan.json: limits.retries is 11"),
        (changed("/participants", Value::Array(Vec::new())), "plan.json: the number of participants is 0"),
        (changed("/participants", twice), "plan.json: participant 2 is named claude, like another"),
        (changed("/participants/0/adapter", "nothing".into()), "unknown adapter `nothing`"),
    ] {
        let sandbox = Sandbox::new("").file("work/plan.json", &text);
        let output = sandbox.run("run --plan plan.json");
        assert_eq!(output.code, Some(4), "{said}: {}", output.stderr);
        assert!(output.stderr.contains(said), "{said}: {}", output.stderr);
        assert!(sandbox.log().is_empty(), "nothing is asked");
    }
    let output = Sandbox::new("").run("run --plan none.json");
    assert!(output.code == Some(4) && output.stderr.contains("none.json: cannot be read"), "{}", output.stderr);
    let output = Sandbox::new("").run("run");
    assert!(output.code == Some(4) && output.stderr.contains("--plan"), "{}", output.stderr);
}

//! What people bring from the original programs: their words, variables and numbers of participants.

use crate::support::program::Desk;
use crate::support::sandbox::{Sandbox, document};
use serde_json::json;

#[test]
fn a_model_without_its_adapter_is_recognised() {
    let desk = Desk::new();
    for (model, hint) in [
        ("opus", "`opus` is a model of claude: use `claude/opus` or `claude-opus`"),
        ("sonnet", "use `claude/sonnet`"),
        ("gpt-5", "use `codex/gpt-5` or `codex-gpt-5`"),
        ("gpt-6.1-sol", "use `codex/gpt-6.1-sol`"),
        ("o3", "use `codex/o3`"),
        ("flash", "use `gemini/flash`"),
        ("llama3.2", "use `ollama/llama3.2`"),
    ] {
        let output = desk.run(&format!("why -m {model} --dry-run"));
        assert_eq!(output.code, Some(4), "{model}");
        assert!(output.stderr.contains(hint), "{model}: {}", output.stderr);
    }
}

#[test]
fn steps_and_options_of_the_original_lead_to_ours() {
    let desk = Desk::new();
    for (step, hint) in [
        ("consensus num_samples=5", "`num_samples` is an option of `sample`"),
        ("refine_loop", "did you mean `refine`?"),
    ] {
        let output = desk.run(&format!("pipe why -m claude,codex --step '{step}' --dry-run"));
        assert_eq!(output.code, Some(4), "{step}");
        assert!(output.stderr.contains(hint), "{step}: {}", output.stderr);
    }
}

#[test]
fn variables_of_the_original_switch_the_critique_pass_on_and_are_named_once() {
    let script = "[[rule]]\nactions = [{ say = { text = 'A text that is long enough. ', fill_bytes = 300 } }]";
    let sandbox = Sandbox::new(script).var("CHATCLI_QUALITY_REFINE_ENABLED", "yes");
    let output = sandbox.run("sample why -m claude -n 1");
    assert!(sandbox.log().iter().any(|one| one["phase"] == "critique"), "{}", output.stderr);
    assert_eq!(output.stderr.matches("CHATCLI_QUALITY_REFINE_ENABLED").count(), 1, "{}", output.stderr);
    let sandbox = Sandbox::new("").var("CHATCLI_AGENT_REFINER_MODEL", "gpt-5").var("REFINERY_REFINE_ENABLED", "1");
    let output = sandbox.run("sample why -m claude -n 1");
    assert!(output.stderr.contains("`codex-gpt-5`"), "{}", output.stderr);
}

#[test]
fn eight_may_debate_and_a_person_is_warned() {
    let sandbox = Sandbox::new("");
    let output = sandbox.run("debate why -m claude*5,codex*4 -r 1 -o json");
    let ended = document(&output);
    assert_eq!((output.code, &ended["status"]), (Some(0), &json!("all_rounds")), "{}", output.stderr);
    assert_eq!(ended["rounds"][0]["responses"].as_array().map(Vec::len), Some(9), "{ended}");
    assert!(output.stderr.contains("9 participants: a round takes 9 calls"), "{}", output.stderr);
}

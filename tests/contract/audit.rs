//! Holds what a run says of itself against what reached the vendors: attempts, models, tokens, credentials,
//! prompts.

use super::installed::Cli;
use super::loopback::{Answer, Phase, Request, Vendor, tokens, words};
use super::sandbox::{CommandOutput, SECRET, Sandbox};
use super::texts::ours;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What every run of these tests asks. It stands in every prompt.
pub const QUESTION: &str = "How many are six times seven?";

/// The document of a run that ended with `code`, once everything in it agrees with what the vendors saw, all
/// that was asked so far being its own: a request for each attempt and none besides, each paid by one
/// credential.
pub fn audit(sandbox: &Sandbox, shown: &CommandOutput, code: i32) -> Value {
    let asks = sandbox.server.asks();
    assert_eq!(shown.code, Some(code), "{shown:#?}\n{asks:?}");
    shown.assert_secrets_kept();
    let document = shown.document();
    assert_eq!(document["metadata"]["total_attempts"], asks.len(), "{shown:#?}\n{asks:?}");
    let answers = sandbox.server.answers();
    for account in document["participants"].as_array().unwrap() {
        assert_account(sandbox, account);
    }
    for ask in &asks {
        one_credential(ask);
        assert!(ask.prompt().contains(QUESTION), "{ask:?}: {}", ask.prompt());
        // Beside the texts that are known, our system prompt and our prompt, once each.
        let ours = ours(ask, &answers);
        assert_eq!(ours.iter().filter(|said| said.text.contains(QUESTION)).count(), 1, "{ask:?}: {ours:#?}");
        assert_eq!(ours.len(), 2, "{ask:?}: {ours:#?}");
        assert!(ask.headers.iter().any(|(_, value)| value.contains(SECRET)), "{ask:?}: {:?}", ask.headers);
    }
    for request in sandbox.server.requests().iter().filter(|request| request.asks.is_none()) {
        assert!(Cli::ALL.into_iter().any(|cli| starts_up(request, cli)), "{request:?}");
    }
    sandbox.assert_nothing_left();
    document
}

/// Who asked, and what for, in the order in which the requests came. What a request is for stands in its system
/// prompt and its prompt: both arrived.
pub fn phases(sandbox: &Sandbox) -> Vec<(Cli, Phase)> {
    sandbox.server.asks().iter().map(|ask| (asked(ask), ask.phase())).collect()
}

/// The same where several are asked at once: by name.
pub fn sorted(mut phases: Vec<(Cli, Phase)>) -> Vec<(Cli, Phase)> {
    phases.sort_by_key(|(cli, phase)| (cli.name(), phase.as_str()));
    phases
}

/// The program that sent a request to a model.
pub fn asked(ask: &Request) -> Cli {
    match ask.asks.unwrap() {
        Vendor::Anthropic => Cli::Claude,
        Vendor::OpenAi => Cli::Codex,
        Vendor::Gemini | Vendor::GoogleLogin => Cli::Gemini,
    }
}

/// What a participant is said to have done and cost. Each has a vendor of its own in these tests.
fn assert_account(sandbox: &Sandbox, account: &Value) {
    let own = |(ask, _): &(Request, Answer)| account["adapter"] == asked(ask).name();
    let answers: Vec<_> = sandbox.server.answers().into_iter().filter(own).collect();
    assert_eq!((&account["attempts"], &account["failed_calls"]), (&json!(answers.len()), &json!(0)), "{account:#}");
    // codex does not say who answered.
    let told = answers.iter().filter(|(ask, answer)| spoke(answer) && asked(ask) != Cli::Codex);
    let served: BTreeSet<_> = told.map(|(ask, _)| ask.model()).collect();
    assert_eq!(account["served"], json!(served), "{account:#}");
    let (input, output) = answers.iter().map(cost).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let usage = &account["usage"];
    assert_eq!((&usage["input_tokens"], &usage["output_tokens"]), (&json!(input), &json!(output)), "{account:#}");
    assert_eq!((&account["attempts_without_usage"], &usage["extra_requests"]), (&json!(0), &json!(0)), "{account:#}");
    // Only claude says what it costs.
    let priced = usage["cost_usd"].as_f64().is_some_and(|dollars| dollars > 0.0);
    assert_eq!(priced, account["adapter"] == "claude", "{account:#}");
}

fn spoke(answer: &Answer) -> bool {
    matches!(answer, Answer::Turn(_))
}

/// Tokens that the loopback charges for an answer: all of the input, and all of the output. Claude's API says
/// beside the input what came out of a cache, Gemini's beside the output what was thought.
fn cost((ask, answer): &(Request, Answer)) -> (u64, u64) {
    let Answer::Turn(turn) = answer else { return (0, 0) };
    let (input, output) = (tokens(ask.prompt()), tokens(&words(turn)));
    match asked(ask) {
        Cli::Claude => (input + 3, output),
        Cli::Codex => (input, output),
        Cli::Gemini => (input, output + 2),
    }
}

/// Checks that a request is paid by one credential.
pub fn one_credential(request: &Request) {
    let keys = ["x-api-key", "x-goog-api-key", "authorization", "api-key", "proxy-authorization"];
    let present: Vec<_> = request.headers.iter().filter(|(name, _)| keys.contains(&name.as_str())).collect();
    assert_eq!(present.len(), 1, "{request:?} sends one credential, not {present:?}");
}

/// Whether a request that asks no model is what a CLI is known to send when it starts.
pub fn starts_up(request: &Request, cli: Cli) -> bool {
    match cli {
        Cli::Claude => request.method == "HEAD",
        Cli::Codex => request.path.ends_with("/models"),
        Cli::Gemini => false,
    }
}

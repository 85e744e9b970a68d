//! Who pays: what is there, what the person wants, what is announced, and what the child sees.

use crate::support::sandbox::{SECRETS, Sandbox, document};
use serde_json::Value;

const CLAUDE_LOGIN: (&str, &str) = (
    "home/.claude/.credentials.json",
    r#"{"claudeAiOauth":{"accessToken":"a","refreshToken":"r","expiresAt":4102444800000,"subscriptionType":"max"}}"#,
);
const CHATGPT: (&str, &str) =
    ("home/.codex/auth.json", r#"{"auth_mode":"chatgpt","tokens":{"access_token":"a","refresh_token":"r"}}"#);

const TOKEN: &str = "CLAUDE_CODE_OAUTH_TOKEN";
const KEY: &str = "ANTHROPIC_API_KEY";
const OPENAI: &str = "OPENAI_API_KEY";

/// A sandbox where these variables and these logins are all that can pay.
fn with(variables: &[&str], logins: &[(&str, &str)]) -> Sandbox {
    let sandbox = SECRETS.iter().fold(Sandbox::new(""), |sandbox, (name, _)| sandbox.without(name));
    let sandbox = variables.iter().fold(sandbox, |sandbox, name| sandbox.var(name, "x"));
    logins.iter().fold(sandbox, |sandbox, (path, text)| sandbox.file(path, text))
}

/// The credentials in a child's environment.
fn held(log: &Value) -> Vec<&str> {
    let names = log["env"].as_object().unwrap().keys().map(String::as_str);
    names.filter(|name| name.ends_with("_KEY") || name.ends_with("_TOKEN")).collect()
}

#[test]
fn the_subscription_pays_where_there_is_one_unless_the_person_says_otherwise() {
    let login = &[CLAUDE_LOGIN][..];
    for (who, variables, logins, billing, pool, words, seen) in [
        (
            "claude",
            &[KEY, TOKEN][..],
            login,
            "",
            "subscription",
            "subscription (CLAUDE_CODE_OAUTH_TOKEN)",
            &[TOKEN][..],
        ),
        ("claude", &[KEY], login, "", "login", "stored login (max)", &[]),
        ("claude", &[KEY], &[], "", "api_key", "API key (ANTHROPIC_API_KEY)", &[KEY]),
        ("claude", &[KEY, TOKEN], login, "--billing api", "api_key", "API key (ANTHROPIC_API_KEY)", &[KEY]),
        ("claude", &[KEY, TOKEN], login, "--billing subscription", "subscription", "subscription", &[TOKEN]),
        ("claude", &[KEY], login, "--billing subscription", "login", "stored login (max)", &[]),
        ("codex", &[OPENAI], &[CHATGPT], "", "login", "stored login (ChatGPT)", &[]),
        ("codex", &[OPENAI], &[CHATGPT], "--billing api", "api_key", "OpenAI API key", &["CODEX_API_KEY"]),
        ("codex", &[OPENAI, "CODEX_API_KEY"], &[], "", "api_key", "API key (CODEX_API_KEY)", &["CODEX_API_KEY"]),
    ] {
        let what = format!("{who} with {variables:?}, {} logins, {billing}", logins.len());
        let sandbox = with(variables, logins);
        let output = sandbox.run(&format!("why -m {who} -o json {billing}"));
        assert_eq!(output.code, Some(0), "{what}: {}", output.stderr);
        assert_eq!(document(&output)["participants"][0]["billing"], pool, "{what}");
        assert!(output.stderr.lines().next().unwrap().contains(words), "{what}: announced: {}", output.stderr);
        assert_eq!(held(&sandbox.log()[0]), seen, "{what}");
    }
}

#[test]
fn what_would_be_a_bill_instead_is_refused_before_any_call() {
    // claude's login may be in a keyring: its first call decides, and has no key that could pay.
    let sandbox = with(&[KEY], &[]);
    sandbox.run("why -m claude --billing subscription");
    assert!(held(&sandbox.log()[0]).is_empty());
    let sandbox = with(&[OPENAI], &[]);
    let output = sandbox.run("why -m codex -o json --billing subscription");
    let error = &document(&output)["error"];
    assert_eq!((output.code, &error["code"]), (Some(4), &"config_invalid".into()), "{}", output.stderr);
    assert!(error["message"].as_str().unwrap().contains("billing is `subscription`, but only"), "{error}");
    let hint = error["hints"][0].as_str().unwrap();
    assert!(hint.contains("codex login") && !hint.contains(OPENAI), "no way to a subscription: {hint}");
    assert_eq!((sandbox.log().len(), sandbox.journals().len()), (0, 0));
    let sandbox = with(&[TOKEN], &[]);
    let output = sandbox.run("why -m claude --billing api");
    assert_eq!((output.code, sandbox.log().len()), (Some(4), 0), "{}", output.stderr);
    assert!(
        output.stderr.contains("set ANTHROPIC_API_KEY") && !output.stderr.contains("auth login"),
        "{}",
        output.stderr
    );
}

#[test]
fn an_adapter_may_be_paid_for_in_another_way_than_the_rest() {
    let config = "[defaults]\nbilling = 'subscription'\n[adapters.codex]\nbilling = 'api'\n";
    let sandbox = with(&[KEY, TOKEN, OPENAI], &[CHATGPT]).file("home/.config/refinery/config.toml", config);
    let output = sandbox.run("why -m claude,codex -o json");
    let pools: Vec<_> =
        document(&output)["participants"].as_array().unwrap().iter().map(|one| one["billing"].clone()).collect();
    assert_eq!((output.code, pools), (Some(0), vec!["subscription".into(), "api_key".into()]), "{}", output.stderr);
}

#[test]
fn a_run_goes_on_with_what_paid_for_its_beginning() {
    let sandbox = with(&[KEY], &[]);
    assert_eq!(sandbox.run("why -m claude,claude-sonnet --budget-calls 2").code, Some(5));
    // A plan has come since: the run stays with its key.
    let sandbox = sandbox.var(TOKEN, "x");
    let output = sandbox.run("resume 2 --budget-calls 100 -o json");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(sandbox.log().iter().all(|one| held(one) == [KEY]));
    // And without it, it does not go on with the plan in silence.
    let sandbox = with(&[KEY], &[]);
    assert_eq!(sandbox.run("why -m claude,claude-sonnet --budget-calls 2").code, Some(5));
    let sandbox = sandbox.var(TOKEN, "x").without(KEY);
    let output = sandbox.run("resume 2 --budget-calls 100");
    assert_eq!((output.code, sandbox.log().len()), (Some(4), 2), "{}", output.stderr);
    assert!(output.stderr.contains("the API key that paid for this run is not there any more"), "{}", output.stderr);
}

#[test]
fn a_budget_in_money_counts_unknown_prices_on_going_on_too() {
    let sandbox = with(&[KEY, OPENAI], &[]);
    assert_eq!(sandbox.run("why -m claude,codex --budget-calls 2").code, Some(5));
    let output = sandbox.run("resume 2 --budget-calls 100 --budget-usd 0.0001");
    assert_eq!((output.code, sandbox.log().len()), (Some(5), 2), "what was used before counts: {}", output.stderr);
    assert!(output.stderr.contains("no price known for codex"), "{}", output.stderr);
    assert_eq!(sandbox.run("resume 2 --budget-calls 100 --budget-usd 5").code, Some(0));
}

#[test]
fn a_run_that_is_not_written_down_says_what_it_gives_up() {
    let sandbox = with(&[KEY], &[]);
    let output = sandbox.run("why -m claude --no-journal");
    assert_eq!((output.code, sandbox.journals().len()), (Some(0), 0));
    assert!(output.stderr.contains("it can be neither resumed nor replayed"), "{}", output.stderr);
}

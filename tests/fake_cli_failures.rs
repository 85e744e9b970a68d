//! Every row of the vendors' failure tables, printed and ended as the vendor does.

use crate::support::fake_cli::{CLAUDE, CODEX, CliOutput, FakeCli, GEMINI};
use serde_json::{Value, json};

fn fail(vendor: &str, argv: &[&str], kind: &str) -> CliOutput {
    let script = format!("[[rule]]\nactions = [{{ fail = {{ kind = '{kind}', message = 'MSG', partial = 'half' }} }}]");
    FakeCli::new(&script).ask(vendor, argv, "hello")
}

#[test]
fn claude_fails_in_its_result_event() {
    let rows = [
        ("not-logged-in", json!(null), json!("authentication_failed"), "Not logged in · Please run /login"),
        ("unauthorized", json!(401), json!("authentication_failed"), "Invalid API key"),
        ("forbidden", json!(403), json!("authentication_failed"), "API Error: 403 MSG"),
        ("no-model", json!(404), json!("model_not_found"), "selected model (opus)"),
        ("bad-request", json!(400), json!("unknown"), "API Error: 400 MSG"),
        ("rate-limit", json!(429), json!("rate_limit"), "Request rejected (429) · MSG"),
        ("usage-limit", json!(429), json!("rate_limit"), "You've hit your session limit · resets "),
        ("billing", json!(400), json!("billing_error"), "Credit balance is too low"),
        ("overloaded", json!(529), json!("server_error"), "529 Overloaded"),
        ("server-error", json!(500), json!("server_error"), "500 Internal server error"),
        ("network", json!(null), json!("server_error"), "Unable to connect to API (ConnectionRefused)"),
        ("cut-stream", json!(null), json!("server_error"), "Connection to the API was lost"),
        ("too-long", json!(400), json!("invalid_request"), "Prompt is too long"),
        ("refusal", json!(null), json!(null), "violate our Usage Policy"),
        ("cut", json!(null), json!(null), "output token maximum"),
    ];
    for (kind, status, error, text) in rows {
        let played = fail("claude", CLAUDE, kind);
        let events = played.events();
        let result = events.last().unwrap();
        assert_eq!((&result["is_error"], &result["subtype"]), (&json!(true), &json!("success")), "{kind}");
        assert_eq!(result["api_error_status"], status, "{kind}");
        assert!(result["result"].as_str().unwrap().contains(text), "{kind}: {result}");
        let said = &events[events.len() - 2];
        assert_eq!(said["message"]["model"], "<synthetic>", "{kind}");
        assert_eq!(said.get("error").cloned().unwrap_or(Value::Null), error, "{kind}");
        assert_eq!((played.code, played.stderr.as_str()), (Some(1), ""), "{kind}");
    }
}

#[test]
fn claude_tells_when_a_limit_resets() {
    let script = "[[rule]]\nactions = [{ fail = { kind = 'usage-limit', resets_in_s = 7200 } }]";
    let events = FakeCli::new(script).ask("claude", CLAUDE, "hello").events();
    let limit = events.iter().find(|event| event["type"] == "rate_limit_event").unwrap();
    assert_eq!(limit["rate_limit_info"]["status"], "rejected");
    assert!(limit["rate_limit_info"]["resetsAt"].as_i64() > Some(1_700_000_000));
}

#[test]
fn claude_withholds_without_an_error() {
    let schema = &[CLAUDE, &["--json-schema", "{\"type\":\"object\"}"]].concat();
    let played = fail("claude", schema, "schema-missed");
    let result = played.events().pop().unwrap();
    assert_eq!((&result["is_error"], result.get("structured_output")), (&json!(false), None));
    assert_eq!(played.code, Some(0));
    let played = fail("claude", CLAUDE, "empty");
    let result = played.events().pop().unwrap();
    assert_eq!((&result["result"], &result["num_turns"]), (&json!(""), &json!(2)));
    assert_eq!(played.code, Some(0));
    let played = fail("claude", CLAUDE, "config");
    assert!(played.stderr.starts_with("Configuration error in "), "{}", played.stderr);
    assert_eq!((played.stdout.len(), played.code), (0, Some(1)));
}

#[test]
fn codex_fails_with_an_error_and_a_failed_turn() {
    let rows = [
        ("not-logged-in", "unexpected status 401 Unauthorized: Missing bearer"),
        ("unauthorized", "unexpected status 401 Unauthorized: MSG"),
        ("forbidden", "unexpected status 403 Forbidden: MSG"),
        ("no-model", "The requested model 'gpt-5.5' does not exist."),
        ("bad-request", "{"),
        ("rate-limit", "exceeded retry limit, last status: 429 Too Many Requests"),
        ("usage-limit", "You’ve hit your usage limit."),
        ("billing", "Quota exceeded."),
        ("overloaded", "unexpected status 503 Service Unavailable: MSG"),
        ("server-error", "We’re currently experiencing high demand"),
        ("network", "Connection failed: error sending request"),
        ("cut-stream", "stream disconnected before completion"),
        ("too-long", "Codex ran out of room in the model's context window."),
        ("cut", "Incomplete response returned, reason: max_output_tokens"),
    ];
    for (kind, text) in rows {
        let played = fail("codex", CODEX, kind);
        let events = played.events();
        let [.., said, error, failed] = &events[..] else { panic!("{kind}: {events:?}") };
        assert_eq!(said["item"]["text"], "half", "{kind}");
        assert_eq!((&error["type"], &failed["type"]), (&json!("error"), &json!("turn.failed")), "{kind}");
        assert!(error["message"].as_str().unwrap().starts_with(text), "{kind}: {error}");
        assert_eq!(error["message"], failed["error"]["message"], "{kind}");
        assert_eq!(played.code, Some(1), "{kind}");
    }
    for (kind, items) in [("refusal", 0), ("empty", 1)] {
        let played = fail("codex", CODEX, kind);
        let events = played.events();
        assert_eq!(events.last().unwrap()["type"], "turn.completed", "{kind}");
        assert_eq!(events.iter().filter(|event| event["type"] == "item.completed").count(), items, "{kind}");
        assert_eq!(played.code, Some(0), "{kind}");
    }
    let played = fail("codex", CODEX, "config");
    assert_eq!((played.stdout.len(), played.code), (0, Some(1)));
}

#[test]
fn gemini_fails_with_an_object_at_the_end_of_standard_error() {
    let rows = [
        ("unauthorized", 401, 145, "UNAUTHENTICATED"),
        ("forbidden", 403, 147, "PERMISSION_DENIED"),
        ("no-model", 1, 1, "is not found for API version"),
        ("bad-request", 400, 144, "INVALID_ARGUMENT"),
        ("rate-limit", 429, 173, "Please retry in 60s"),
        ("usage-limit", 429, 173, "Your quota will reset after 1h0m0s."),
        ("billing", 429, 173, "daily quota"),
        ("overloaded", 503, 247, "overloaded"),
        ("server-error", 500, 244, "INTERNAL"),
        ("network", 1, 1, "fetch failed"),
        ("cut-stream", 1, 1, "terminated"),
        ("too-long", 400, 144, "exceeds the maximum number of tokens"),
    ];
    for (kind, code, exit, text) in rows {
        let played = fail("gemini", GEMINI, kind);
        assert_eq!((played.stdout.len(), played.code), (0, Some(exit)), "{kind}");
        let (_, object) = played.stderr.rsplit_once("\n{\n").unwrap();
        let object: Value = serde_json::from_str(&format!("{{{object}")).unwrap();
        assert_eq!(object["error"]["code"], code, "{kind}");
        assert!(object["error"]["message"].as_str().unwrap().contains(text), "{kind}: {object}");
    }
    assert!(fail("gemini", GEMINI, "no-model").stderr.contains("ModelNotFoundError"));
    assert!(fail("gemini", GEMINI, "usage-limit").stderr.contains("retryDelayMs: 3600000"));
    assert_eq!(fail("gemini", GEMINI, "not-logged-in").code, Some(41));
    assert_eq!(fail("gemini", GEMINI, "config").code, Some(52));
}

#[test]
fn gemini_withholds_with_exit_code_0() {
    for (kind, text) in [("refusal", "blocked due to safety"), ("empty", "empty response")] {
        let played = fail("gemini", GEMINI, kind);
        let document: Value = serde_json::from_slice(&played.stdout).unwrap();
        assert_eq!(document["response"], "", "{kind}");
        assert!(document["error"]["message"].as_str().unwrap().contains(text), "{kind}");
        assert_eq!((&document["error"]["type"], played.code), (&json!("INVALID_STREAM"), Some(0)), "{kind}");
    }
    let document: Value = serde_json::from_slice(&fail("gemini", GEMINI, "cut").stdout).unwrap();
    assert_eq!((&document["response"], document.get("error")), (&json!("half"), None));
}

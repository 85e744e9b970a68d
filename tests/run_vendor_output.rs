//! What vendors' CLIs print and should not: amounts that cannot be, half characters, errors in the place of
//! answers. All with children that really print it.

use crate::support::program::CommandOutput;
use crate::support::record::records;
use crate::support::sandbox::{Sandbox, document};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// Puts a CLI on the PATH that takes its prompt and prints this.
fn cli(sandbox: &Sandbox, name: &str, stdout: &str, stderr: &str, code: i32) {
    let path = sandbox.path("bin").join(name);
    // What a demo installs is a link to the program.
    let _ = fs::remove_file(&path);
    let script = format!(
        "#!/bin/sh\n/bin/cat >/dev/null &\n/bin/cat >&2 <<'END'\n{stderr}\nEND\n/bin/cat <<'END'\n{stdout}\nEND\nexit {code}\n"
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// An answer in each vendor's own format, with members of its usage.
fn vendor_answer(vendor: &str, text: &str, usage: &str) -> String {
    match vendor {
        "claude" => format!(
            r#"{{"type":"assistant","message":{{"id":"m","model":"claude-opus-4-8","content":[{{"type":"text","text":"{text}"}}]}}}}
{{"type":"result","subtype":"success","is_error":false,"num_turns":1,"stop_reason":"end_turn","result":"{text}","modelUsage":{{"claude-opus-4-8":{{}}}},{usage}}}"#
        ),
        "codex" => format!(
            r#"{{"type":"turn.started"}}
{{"type":"item.completed","item":{{"id":"i","type":"agent_message","text":"{text}"}}}}
{{"type":"turn.completed","usage":{{{usage}}}}}"#
        ),
        _ => format!(
            r#"{{"response":"{text}","stats":{{"models":{{"gemini-3.1-pro-preview":{{"api":{{"totalRequests":1}},"roles":{{"main":{{}}}},"tokens":{{{usage}}}}}}}}}}}"#
        ),
    }
}

fn attempts(sandbox: &Sandbox) -> usize {
    records(&sandbox.journal()).iter().filter(|one| one["record"] == "begun").count()
}

/// The class of the last attempt's failure, null for none.
fn class(sandbox: &Sandbox) -> Value {
    let records = records(&sandbox.journal());
    records.iter().rfind(|one| one["record"] == "ended").unwrap()["failure"].clone()
}

fn impossible(output: &CommandOutput) -> Vec<String> {
    let all = document(output)["metadata"]["warnings"].clone();
    let all = all.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned());
    all.filter(|text| text.contains("impossible")).collect()
}

#[test]
fn a_cost_that_cannot_be_defeats_no_budget_and_is_said_once() {
    for cost in ["-52.0", "-1e-9", "NaN", "-Infinity", "1e999", "1e300", "1000000", "\"-3\""] {
        let sandbox = Sandbox::new("");
        // Tokens that are counted would be charged at the dearest price.
        let usage = format!(r#""total_cost_usd":{cost},"usage":{{"output_tokens":1}}"#);
        cli(&sandbox, "claude", &vendor_answer("claude", "Forty-two.", &usage), "", 0);
        let output = sandbox.run("why -m claude,claude-sonnet -o json --budget-usd 5 --retries 0");
        let ended = document(&output);
        assert_eq!((output.code, &ended["status"]), (Some(5), &"budget_exhausted".into()), "{cost}: {}", output.stderr);
        assert!(attempts(&sandbox) <= 2, "{cost}: {} attempts", attempts(&sandbox));
        assert_eq!(ended["participants"][0]["usage"]["cost_usd"], Value::Null, "{cost}");
        assert_eq!(ended["participants"][0]["usage"]["output_tokens"], 1, "{cost}");
        let said = impossible(&output);
        assert!(!said.is_empty() && said.len() <= 2 && said[0].contains("cost"), "{cost}: {said:?}");
        assert!(!output.stderr.contains("$-") && !output.stderr.contains("inf"), "{cost}: {}", output.stderr);
    }
    // Without a budget the run goes on, and every participant is warned of once.
    let sandbox = Sandbox::new("");
    let usage = r#""total_cost_usd":-52,"usage":{"input_tokens":1,"output_tokens":1}"#;
    cli(&sandbox, "claude", &vendor_answer("claude", "Forty-two.", usage), "", 0);
    sandbox.run("why -m claude,claude-sonnet -o json --retries 0");
    let records = records(&sandbox.journal());
    let warned = |name: &str| {
        let words = format!("{name}: an impossible cost");
        records.iter().filter(|one| one["record"] == "warned" && one["text"].to_string().contains(&words)).count()
    };
    assert!(attempts(&sandbox) > 2);
    assert_eq!((warned("claude"), warned("claude-sonnet")), (1, 1));
}

#[test]
fn a_number_of_tokens_that_cannot_be_is_unknown_with_every_vendor() {
    for (vendor, name) in [("claude", "input_tokens"), ("codex", "input_tokens"), ("gemini", "prompt")] {
        for count in ["-5", "NaN", "1e999", "0.5", "18446744073709551615", "1e15"] {
            let sandbox = Sandbox::new("");
            let members = format!(r#""{name}":{count},"output_tokens":3,"candidates":3"#);
            let usage = if vendor == "claude" { format!(r#""usage":{{{members}}}"#) } else { members };
            cli(&sandbox, vendor, &vendor_answer(vendor, "Forty-two.", &usage), "", 0);
            let output = sandbox.run(&format!("why -m {vendor} -o json --retries 0"));
            let ended = document(&output);
            assert_eq!(ended["participants"][0]["usage"]["input_tokens"], Value::Null, "{vendor} {count}");
            assert_eq!(ended["participants"][0]["usage"]["output_tokens"], 3, "{vendor} {count}");
            assert_eq!(impossible(&output).len(), 1, "{vendor} {count}: {}", output.stdout);
        }
    }
    // Where the configuration has prices, half of the tokens are not half of the price.
    let config = "[adapters.codex]\ninput_price = 10.0\noutput_price = 100.0\n";
    let sandbox = Sandbox::new("").file("home/.config/refinery/config.toml", config);
    let usage = r#""input_tokens":0,"output_tokens":-7"#;
    cli(&sandbox, "codex", &vendor_answer("codex", "Forty-two.", usage), "", 0);
    let output = sandbox.run("why -m codex,codex-o3 -o json --budget-usd 5 --retries 0");
    assert_eq!((output.code, &document(&output)["status"]), (Some(5), &"budget_exhausted".into()), "{}", output.stderr);
}

#[test]
fn half_a_surrogate_pair_costs_one_attempt_and_one_letter() {
    for vendor in ["claude", "codex", "gemini"] {
        for (half, whole) in [(r"\ud83d", "\u{fffd}"), (r"\uDE00", "\u{fffd}"), (r"\ud83d\ud83d\ude00", "\u{fffd}😀")]
        {
            let sandbox = Sandbox::new("");
            let usage = if vendor == "claude" { r#""usage":{}"# } else { r#""input_tokens":1"# };
            cli(&sandbox, vendor, &vendor_answer(vendor, &format!("so {half} it is"), usage), "", 0);
            let output = sandbox.run(&format!("why -m {vendor} -o json"));
            assert_eq!(document(&output)["answer"], format!("so {whole} it is"), "{vendor} {half}: {}", output.stderr);
            assert_eq!((output.code, attempts(&sandbox)), (Some(0), 1), "{vendor} {half}");
        }
    }
}

/// A manifest of a CLI that is not built in.
fn manifest(name: &str) -> String {
    fs::read_to_string(format!("{}/fixtures/manifests/{name}.toml", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn with_manifest(name: &str, text: &str) -> Sandbox {
    let variables = ["COPILOT_GITHUB_TOKEN", "OPENCODE_URL_KEY", "PI_KEY", "QWEN_KEY", "URL_SEAT_KEY"]
        .map(|one| (one, "k-0123456789"));
    let addresses = ["OPENCODE_URL", "PI_URL", "QWEN_URL", "URL_SEAT_BASE"].map(|one| (one, "http://127.0.0.1:9/v1"));
    let sandbox = Sandbox::new("").file(&format!("home/.config/refinery/adapters/{name}.toml"), text);
    variables.into_iter().chain(addresses).fold(sandbox, |sandbox, (name, value)| sandbox.var(name, value))
}

/// Asks the CLI `program` of this manifest once, and says what came: the answer, or the class of the failure.
fn ask(
    sandbox: &Sandbox,
    name: &str,
    program: &str,
    (stdout, stderr, code): (&str, &str, i32),
) -> Result<String, String> {
    cli(sandbox, program, stdout, stderr, code);
    let output = sandbox.run(&format!("why -m {name}/m -o json --retries 0"));
    let failure = class(sandbox);
    if failure.is_null() {
        assert_eq!(output.code, Some(0), "{name}: {}", output.stderr);
        return Ok(document(&output)["answer"].as_str().unwrap().to_owned());
    }
    assert_ne!(output.code, Some(0), "{name}: {}", output.stdout);
    Err(failure.as_str().unwrap().to_owned())
}

const COPILOT_INFO: &str = r#"{"type":"session.info","data":{"message":"only a note"}}"#;
const COPILOT: &str = r#"{"type":"assistant.message","data":{"content":"forty-two","outputTokens":3,"model":"m"}}
{"type":"result"}"#;
const COPILOT_ERROR: &str = r#"{"type":"session.error","data":{"errorType":"authentication","message":"no such token"}}
{"type":"result"}"#;

#[test]
fn manifests_of_further_clis_load_and_work() {
    for (name, program, good, bad) in [
        ("copilot", "copilot", COPILOT, (COPILOT_ERROR, "", 1)),
        (
            "opencode",
            "opencode",
            r#"{"type":"text","part":{"text":"forty-"}}
{"type":"text","part":{"text":"two"}}
{"type":"step_finish","part":{"reason":"stop","cost":0.01,"tokens":{"input":3,"output":2,"reasoning":0,"cache":{"read":1}}}}"#,
            (r#"{"type":"error","error":{"data":{"message":"Incorrect API key provided"}}}"#, "", 0),
        ),
        (
            "pi",
            "pi",
            r#"{"type":"message_end","message":{"role":"assistant","content":[{"type":"text","text":"forty-two"}],"model":"m","usage":{"input":3,"output":2}}}
{"type":"agent_end"}"#,
            (
                r#"{"type":"message_end","message":{"role":"assistant","content":[],"errorMessage":"401 no such key"}}
{"type":"agent_end"}"#,
                "",
                0,
            ),
        ),
        ("qwen", "qwen", "forty-two", ("", "[API Error: 401 no such key]", 1)),
        (
            "url-curl",
            "curl",
            r#"{"model":"m","choices":[{"message":{"content":"forty-two"}}],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#,
            (r#"{"error":{"message":"no such key"}}"#, "HTTP 401", 22),
        ),
        ("url-llm", "llm", "forty-two", ("", "Error: Error code: 401 - no such key", 1)),
    ] {
        let sandbox = with_manifest(name, &manifest(name));
        assert_eq!(ask(&sandbox, name, program, (good, "", 0)), Ok("forty-two".to_owned()), "{name}");
        let sandbox = with_manifest(name, &manifest(name));
        assert_eq!(ask(&sandbox, name, program, bad), Err("bad_credential".to_owned()), "{name}");
    }
}

/// qwen's manifest, reading its JSON instead of its text.
fn qwen_as(codec: &str, more: &str, rule: &str) -> String {
    let pointers = format!("codec = \"{codec}\"\n[output.pointers]\ntext = '/result'\n{more}\n[[failure]]\n{rule}\n");
    let text = manifest("qwen").replace("codec = \"plain\"", &pointers);
    text.replace("tested = ", "# tested = ")
}

#[test]
fn an_api_error_in_the_place_of_an_answer_is_a_failure() {
    let said = r#"{"is_error":false,"result":"[API Error: 401 Incorrect API key provided]"}"#;
    let lines = r#"{"is_error":false,"result":"[API Error: 401 no\nSee the manual.\nTry again."}"#;
    let rule = "class = 'bad_credential'\nanswer = ['[API Error: 401']";
    for codec in ["json", "jsonl"] {
        for (output, code) in [(said, 0), (lines, 0), (said, 1)] {
            let sandbox = with_manifest("qwen", &qwen_as(codec, "", rule));
            assert_eq!(ask(&sandbox, "qwen", "qwen", (output, "", code)), Err("bad_credential".to_owned()), "{codec}");
        }
        let sandbox = with_manifest("qwen", &qwen_as(codec, "", rule));
        let quoted = r#"{"result":"It printed\n[API Error: 401] and left."}"#;
        let answer = "It printed\n[API Error: 401] and left.".to_owned();
        assert_eq!(ask(&sandbox, "qwen", "qwen", (quoted, "", 0)), Ok(answer), "{codec}");
    }
}

#[test]
fn conditions_lists_and_fields_tell_errors_in_json_from_answers() {
    let more = "error = ['/error/message', '/result']\nerror_when = { '/is_error' = 'true' }";
    let rule = "class = 'bad_credential'\nfields = { '/error/code' = '401' }";
    let odd = r#"so \ud83d it is"#;
    for codec in ["json", "jsonl"] {
        let asked =
            |output: &str| ask(&with_manifest("qwen", &qwen_as(codec, more, rule)), "qwen", "qwen", (output, "", 0));
        let refused = Err("bad_credential".to_owned());
        assert_eq!(asked(r#"{"is_error":true,"error":{"code":401,"message":"no"},"result":"x"}"#), refused, "{codec}");
        assert_eq!(asked(r#"{"is_error":true,"error":{"code":"401"}}"#), refused, "{codec}");
        assert_eq!(asked(r#"{"is_error":true,"result":"no"}"#), Err("bad_request".to_owned()), "{codec}");
        assert_eq!(
            asked(r#"{"is_error":false,"error":{"message":"a note"},"result":"x"}"#),
            Ok("x".to_owned()),
            "{codec}"
        );
        assert_eq!(asked(&format!(r#"{{"result":"{odd}"}}"#)), Ok("so \u{fffd} it is".to_owned()), "{codec}");
    }
    let copilot = manifest("copilot").replace(
        "error = \"/data/errorType\"",
        "error = \"/data/message\"\nerror_when = { \"/type\" = \"session.error\" }",
    );
    let copilot =
        copilot.replace("message = [\"authentication\"]", "fields = { \"/data/errorType\" = \"authentication\" }");
    let good = format!("{COPILOT_INFO}\n{COPILOT}");
    let sandbox = with_manifest("copilot", &copilot);
    assert_eq!(ask(&sandbox, "copilot", "copilot", (&good, "", 0)), Ok("forty-two".to_owned()));
    let sandbox = with_manifest("copilot", &copilot);
    assert_eq!(ask(&sandbox, "copilot", "copilot", (COPILOT_ERROR, "", 0)), Err("bad_credential".to_owned()));
}

#[test]
fn a_rule_that_could_never_match_is_refused_with_words() {
    for (codec, rule, words) in [
        ("json", "fields = { code = '401' }", "unknown field `code`: give its path in the JSON, such as `/error/code`"),
        ("jsonl", "fields = { status = '401' }", "unknown field `status`"),
        (
            "claude",
            "fields = { code = '401' }",
            "unknown field `code`: this codec has error, api_error, api_error_type, api_error_status",
        ),
        ("codex", "fields = { '/code' = '401' }", "unknown field `/code`: this codec has code, status"),
        ("gemini", "fields = { error = '401' }", "unknown field `error`: this codec has code, status, reason, type"),
        ("claude", "answer = ['x']", "has `answer`, which only the codecs `plain`, `json` and `jsonl` read"),
        ("json", "answer = ['x']\nexit = [1]", "`answer`, which stands alone"),
    ] {
        let sandbox = with_manifest("qwen", &qwen_as(codec, "", &format!("class = 'billing'\n{rule}")));
        let output = sandbox.run("why -m qwen/m");
        assert_eq!(output.code, Some(4), "{codec} {rule}: {}", output.stderr);
        assert!(
            output.stderr.contains("failure rule 1") && output.stderr.contains(words),
            "{codec}: {}",
            output.stderr
        );
    }
    let sandbox =
        with_manifest("qwen", &manifest("qwen").replacen("stderr = [\"[API", "fields = { code = \"1\" } #", 1));
    let output = sandbox.run("why -m qwen/m");
    assert!(output.stderr.contains("the codec `plain` has none"), "{}", output.stderr);
}

#[test]
fn amounts_at_a_manifest_s_paths_are_checked_too() {
    let output = r#"{"result":"x","cost":-5,"more":{"a":{"n":7},"b":{"n":-2}},"out":2}"#;
    let more = "cost_usd = ['/none', '/cost']\ninput_tokens = '/more/*/n'\noutput_tokens = '/out'";
    for codec in ["json", "jsonl"] {
        let sandbox = with_manifest("qwen", &qwen_as(codec, more, "class = 'billing'\nexit = [9]"));
        cli(&sandbox, "qwen", output, "", 0);
        let output = sandbox.run("why -m qwen/m -o json");
        let usage = &document(&output)["participants"][0]["usage"];
        assert_eq!((&usage["cost_usd"], &usage["input_tokens"]), (&Value::Null, &Value::Null), "{codec}: {usage}");
        assert_eq!(usage["output_tokens"], 2, "{codec}");
        assert_eq!(impossible(&output).len(), 1, "{codec}");
    }
}

#[test]
fn an_answer_is_found_in_what_a_terminal_or_a_log_puts_around_it() {
    const TITLE: &str = "\u{1b}]0;working\u{7}";
    for vendor in ["gemini", "claude", "codex"] {
        let answer = vendor_answer(vendor, "forty-two", "\"output_tokens\":3");
        let mut printed = vec![
            format!("\u{feff}{answer}"),
            format!("{TITLE}{answer}{TITLE}"),
            format!("\u{1b}[?25l{answer}\u{1b}[0m\u{1b}[?25h"),
            format!(
                "{{\"level\":\"warn\",\"message\":\"slow\"}}\nLoaded {{ cache: 1 }}\n{answer}\n{{\"event\":\"sent\"}}\nBye."
            ),
        ];
        if vendor == "gemini" {
            printed.push(format!("Loaded cached credentials. {answer} Update available: 2.0"));
        }
        for stdout in printed {
            let sandbox = Sandbox::new("");
            cli(&sandbox, vendor, &stdout, "", 0);
            let output = sandbox.run(&format!("why -m {vendor} -o json"));
            assert_eq!((output.code, attempts(&sandbox)), (Some(0), 1), "{vendor} {stdout:?}: {}", output.stderr);
            assert_eq!(document(&output)["answer"], "forty-two", "{vendor} {stdout:?}");
        }
    }
}

#[test]
fn a_cli_of_ones_own_may_print_around_its_document() {
    let manifest = "name = 'mine'\nconcurrency = 1\n[program]\nnames = ['mine']\n[[pool]]\nname = 'local'\nkind = 'none'\n\
                    [invocation]\nargs = []\npass = ['PATH']\n[stdin]\n[output]\ncodec = 'json'\n\
                    pointers = { text = '/result' }\n";
    for stdout in [
        "\u{feff}{\"result\":\"forty-two\"}",
        "a {\"log\":1}\n{\n  \"result\": \"forty-two\"\n}\n{\"event\":\"sent\"}\n\u{1b}[0m",
    ] {
        let sandbox = Sandbox::new("").file("work/mine.toml", manifest);
        cli(&sandbox, "mine", stdout, "", 0);
        let output = sandbox.run("why -m mine --adapter mine.toml -o json");
        assert_eq!((output.code, attempts(&sandbox)), (Some(0), 1), "{stdout:?}: {}", output.stderr);
        assert_eq!(document(&output)["answer"], "forty-two", "{stdout:?}");
    }
}

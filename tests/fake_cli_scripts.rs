//! Scripts: which rule is played, what is written down, and what is said of a script that is wrong.

use crate::support::fake_cli::{CLAUDE, CODEX, FakeCli, GEMINI};
use crate::support::fakes::FAKE_CLI;
use serde_json::json;

fn text(fake: &FakeCli, prompt: &str) -> String {
    fake.ask("plain", &["-m", "m1"], prompt).text().trim_end().to_owned()
}

#[test]
fn the_first_rule_that_holds_is_played() {
    let fake = FakeCli::new(
        "
        [[rule]]
        when = { vendor = 'codex' }
        actions = [{ say = { text = 'codex' } }]
        [[rule]]
        when = { model = 'm2' }
        actions = [{ say = { text = 'm2' } }]
        [[rule]]
        when = { contains = ['a', 'b'], lacks = ['c'] }
        actions = [{ say = { text = 'a and b, no c' } }]
        [[rule]]
        when = { begins = 'Dear' }
        actions = [{ say = { text = 'polite' } }]
        [[rule]]
        when = { who = 'plain/m1', phase = 'answer' }
        actions = [{ say = { text = 'else' } }]
        ",
    );
    assert_eq!(text(&fake, "b a"), "a and b, no c");
    assert_eq!(text(&fake, "b a c"), "else");
    assert_eq!(text(&fake, "Dear c"), "polite");
    assert_eq!(fake.ask("plain", &["-m", "m2"], "b a").text(), "m2\n");
}

#[test]
fn without_a_rule_it_answers_sensibly() {
    let fake = FakeCli::new("");
    assert!(text(&fake, "hello").starts_with("This is draft "));
    let schema = json!({"type": "object", "properties": {"score": {"type": "number"}}}).to_string();
    let prompt = format!("Review this: {}", text(&fake, "hello"));
    let argv = [CLAUDE, &["--json-schema", &schema]].concat();
    let result = fake.ask_call("r1/evaluate/a>b", "claude", &argv, &prompt).events().pop().unwrap();
    let score = result["structured_output"]["score"].as_f64().unwrap();
    assert!((6.5..7.0).contains(&score), "{score}");
}

#[test]
fn calls_are_counted_across_processes() {
    let fake = FakeCli::new(
        "
        state = 'state'
        [[rule]]
        when = { contains = ['x'], nth = [1, 3] }
        actions = [{ say = { text = 'first or third' } }]
        [[rule]]
        actions = [{ say = { text = 'other' } }]
        ",
    );
    assert_eq!(text(&fake, "no match, not counted"), "other");
    let said: Vec<String> = (0..4).map(|_| text(&fake, "x")).collect();
    assert_eq!(said, ["first or third", "other", "first or third", "other"]);
}

#[test]
fn counting_is_atomic() {
    let fake = FakeCli::new(
        "
        state = 'state'
        [[rule]]
        when = { nth = [5] }
        actions = [{ say = { text = 'fifth' } }]
        [[rule]]
        actions = [{ say = { text = 'other' } }]
        ",
    );
    let fifths = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..8).map(|_| scope.spawn(|| text(&fake, "x"))).collect();
        asked.into_iter().map(|one| one.join().unwrap()).filter(|said| said == "fifth").count()
    });
    assert_eq!(fifths, 1);
}

#[test]
fn what_each_child_saw_is_written_down() {
    let fake = FakeCli::new("log = { file = 'log.jsonl', prompts = true }");
    fake.ask("codex", CODEX, "hello é");
    fake.ask("gemini", GEMINI, "hello é");
    let log = fake.log();
    let seen = &log[0];
    assert_eq!((&seen["vendor"], &seen["who"]), (&json!("codex"), &json!("codex/gpt-5.5")));
    assert_eq!(seen["argv"], json!(CODEX));
    assert_eq!((&seen["prompt_bytes"], &seen["prompt_chars"]), (&json!(8), &json!(7)));
    assert_eq!(seen["prompt"], "hello é");
    assert_eq!(seen["prompt_sha256"].as_str().unwrap().len(), 64);
    assert_eq!(seen["cwd"], fake.path().canonicalize().unwrap().to_str().unwrap());
    assert_eq!(seen["env"]["GEMINI_CLI_TRUST_WORKSPACE"], "true");
    assert_eq!(log[1]["prompt_sha256"], seen["prompt_sha256"]);
}

#[test]
fn credentials_are_not_written_down() {
    let fake = FakeCli::new("log = { file = 'log.jsonl' }");
    let status = std::process::Command::new(FAKE_CLI)
        .args(["--as", "plain", "--script"])
        .arg(fake.script())
        .args(["--", "-m", "x"])
        .env_clear()
        .env("OPENAI_API_KEY", "sk-secret")
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(fake.log()[0]["env"], json!({"OPENAI_API_KEY": null}));
}

#[test]
fn latencies_are_drawn_and_kept_to() {
    let fake = FakeCli::new(
        "
        seed = 3
        latency = { median_ms = 40, sigma = 0.5 }
        log = { file = 'log.jsonl' }
        ",
    );
    let begun = std::time::Instant::now();
    fake.ask("codex", CODEX, "hello");
    let took = begun.elapsed();
    fake.ask("codex", CODEX, "another prompt of the same phase");
    fake.ask("gemini", GEMINI, "hello");
    let drawn: Vec<u64> = fake.log().iter().map(|line| line["latency_us"].as_u64().unwrap()).collect();
    assert!(drawn[0] > 0 && took.as_micros() >= u128::from(drawn[0]), "{drawn:?}, took {took:?}");
    assert_eq!(drawn[0], drawn[1], "the same call draws the same latency");
    assert_ne!(drawn[0], drawn[2], "another participant draws another");
}

#[test]
fn a_script_that_is_wrong_is_refused_with_the_place() {
    for (script, reasons) in [
        ("[[rule]]\nactions = [{ sey = { text = 'x' } }]", &["line 2", "sey"][..]),
        ("[[rule]]\nwhenn = {}\nactions = []", &["line 2", "whenn"]),
        ("latency = { median_ms = -1 }", &["median_ms"]),
        ("[[rule]]\nwhen = { nth = [1] }\nactions = ['hang']", &["rule 1", "`state`"]),
        ("[[rule]]\nname = 'odd'\nactions = [{ print = { hex = 'abc' } }]", &["rule odd", "hexadecimal"]),
        ("[[rule]]\nactions = [{ signal = 'STOP' }]", &["rule 1", "`STOP`"]),
        ("[[rule]]\nwhen = { contains = ['x'] }\nactions = ['unread']", &["rule 1", "`unread`"]),
        ("[[rule]]\nactions = [{ fail = { kind = 'tired' } }]", &["line 2", "tired"]),
    ] {
        let played = FakeCli::new(script).ask("plain", &[], "hello");
        assert_eq!((played.stdout.len(), played.code), (0, Some(64)), "{script}");
        assert!(played.stderr.contains("script.toml"), "{}", played.stderr);
        for reason in reasons {
            assert!(played.stderr.contains(reason), "{script}: {}", played.stderr);
        }
    }
    let fake = FakeCli::new("");
    std::fs::remove_file(fake.script()).unwrap();
    let played = fake.ask("plain", &[], "hello");
    assert!(played.stderr.contains("script.toml: No such file"), "{}", played.stderr);
}

//! Scenes: which rule is played, what is written down, and what is said of a scene that is wrong.

use crate::support::fakes::FAKE_CLI;
use crate::support::standin::{CLAUDE, CODEX, GEMINI, Stage};
use serde_json::json;

fn text(stage: &Stage, prompt: &str) -> String {
    stage.ask("plain", &["-m", "m1"], prompt).text().trim_end().to_owned()
}

#[test]
fn the_first_rule_that_holds_is_played() {
    let stage = Stage::new(
        "
        [[rule]]
        when = { vendor = 'codex' }
        act = [{ say = { text = 'codex' } }]
        [[rule]]
        when = { model = 'm2' }
        act = [{ say = { text = 'm2' } }]
        [[rule]]
        when = { contains = ['a', 'b'], lacks = ['c'] }
        act = [{ say = { text = 'a and b, no c' } }]
        [[rule]]
        when = { begins = 'Dear' }
        act = [{ say = { text = 'polite' } }]
        [[rule]]
        when = { who = 'plain/m1', phase = 'answer' }
        act = [{ say = { text = 'else' } }]
        ",
    );
    assert_eq!(text(&stage, "b a"), "a and b, no c");
    assert_eq!(text(&stage, "b a c"), "else");
    assert_eq!(text(&stage, "Dear c"), "polite");
    assert_eq!(stage.ask("plain", &["-m", "m2"], "b a").text(), "m2\n");
}

#[test]
fn without_a_rule_it_answers_sensibly() {
    let stage = Stage::new("");
    assert!(text(&stage, "hello").starts_with("This is draft "));
    let schema = json!({"type": "object", "properties": {"score": {"type": "number"}}}).to_string();
    let prompt = format!("Review this: {}", text(&stage, "hello"));
    let result = stage.ask("claude", &[CLAUDE, &["--json-schema", &schema]].concat(), &prompt).events().pop().unwrap();
    let score = result["structured_output"]["score"].as_f64().unwrap();
    assert!((6.5..7.0).contains(&score), "{score}");
}

#[test]
fn calls_are_counted_across_processes() {
    let stage = Stage::new(
        "
        state = 'state'
        [[rule]]
        when = { contains = ['x'], nth = [1, 3] }
        act = [{ say = { text = 'first or third' } }]
        [[rule]]
        act = [{ say = { text = 'other' } }]
        ",
    );
    assert_eq!(text(&stage, "no match, not counted"), "other");
    let said: Vec<String> = (0..4).map(|_| text(&stage, "x")).collect();
    assert_eq!(said, ["first or third", "other", "first or third", "other"]);
}

#[test]
fn counting_is_atomic() {
    let stage = Stage::new(
        "
        state = 'state'
        [[rule]]
        when = { nth = [5] }
        act = [{ say = { text = 'fifth' } }]
        [[rule]]
        act = [{ say = { text = 'other' } }]
        ",
    );
    let fifths = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..8).map(|_| scope.spawn(|| text(&stage, "x"))).collect();
        asked.into_iter().map(|one| one.join().unwrap()).filter(|said| said == "fifth").count()
    });
    assert_eq!(fifths, 1);
}

#[test]
fn what_each_child_saw_is_written_down() {
    let stage = Stage::new("log = { file = 'log.jsonl', prompts = true }");
    stage.ask("codex", CODEX, "hello é");
    stage.ask("gemini", GEMINI, "hello é");
    let log = stage.log();
    let seen = &log[0];
    assert_eq!((&seen["vendor"], &seen["who"]), (&json!("codex"), &json!("codex/gpt-5.5")));
    assert_eq!(seen["argv"], json!(CODEX));
    assert_eq!((&seen["prompt_bytes"], &seen["prompt_chars"]), (&json!(8), &json!(7)));
    assert_eq!(seen["prompt"], "hello é");
    assert_eq!(seen["prompt_sha256"].as_str().unwrap().len(), 64);
    assert_eq!(seen["cwd"], stage.path().canonicalize().unwrap().to_str().unwrap());
    assert_eq!(seen["env"]["GEMINI_CLI_TRUST_WORKSPACE"], "true");
    assert_eq!(log[1]["prompt_sha256"], seen["prompt_sha256"]);
}

#[test]
fn credentials_are_not_written_down() {
    let stage = Stage::new("log = { file = 'log.jsonl' }");
    let status = std::process::Command::new(FAKE_CLI)
        .args(["--as", "plain", "--scene"])
        .arg(stage.scene())
        .args(["--", "-m", "x"])
        .env_clear()
        .env("OPENAI_API_KEY", "sk-secret")
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(stage.log()[0]["env"], json!({"OPENAI_API_KEY": null}));
}

#[test]
fn latencies_are_drawn_and_kept_to() {
    let stage = Stage::new(
        "
        seed = 3
        latency = { median_ms = 40, sigma = 0.5 }
        log = { file = 'log.jsonl' }
        ",
    );
    let begun = std::time::Instant::now();
    stage.ask("codex", CODEX, "hello");
    let took = begun.elapsed();
    stage.ask("codex", CODEX, "another prompt of the same phase");
    stage.ask("gemini", GEMINI, "hello");
    let drawn: Vec<u64> = stage.log().iter().map(|line| line["latency_us"].as_u64().unwrap()).collect();
    assert!(drawn[0] > 0 && took.as_micros() >= u128::from(drawn[0]), "{drawn:?}, took {took:?}");
    assert_eq!(drawn[0], drawn[1], "the same call draws the same latency");
    assert_ne!(drawn[0], drawn[2], "another participant draws another");
}

#[test]
fn a_scene_that_is_wrong_is_refused_with_the_place() {
    for (scene, reasons) in [
        ("[[rule]]\nact = [{ sey = { text = 'x' } }]", &["line 2", "sey"][..]),
        ("[[rule]]\nwhenn = {}\nact = []", &["line 2", "whenn"]),
        ("latency = { median_ms = -1 }", &["median_ms"]),
        ("[[rule]]\nwhen = { nth = [1] }\nact = ['hang']", &["rule 1", "`state`"]),
        ("[[rule]]\nname = 'odd'\nact = [{ print = { hex = 'abc' } }]", &["rule odd", "hexadecimal"]),
        ("[[rule]]\nact = [{ signal = 'STOP' }]", &["rule 1", "`STOP`"]),
        ("[[rule]]\nwhen = { contains = ['x'] }\nact = ['unread']", &["rule 1", "`unread`"]),
        ("[[rule]]\nact = [{ fail = { kind = 'tired' } }]", &["line 2", "tired"]),
    ] {
        let played = Stage::new(scene).ask("plain", &[], "hello");
        assert_eq!((played.stdout.len(), played.code), (0, Some(64)), "{scene}");
        assert!(played.stderr.contains("scene.toml"), "{}", played.stderr);
        for reason in reasons {
            assert!(played.stderr.contains(reason), "{scene}: {}", played.stderr);
        }
    }
    let stage = Stage::new("");
    std::fs::remove_file(stage.scene()).unwrap();
    let played = stage.ask("plain", &[], "hello");
    assert!(played.stderr.contains("scene.toml: No such file"), "{}", played.stderr);
}

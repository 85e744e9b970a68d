//! What is wrong before any call: the message, what to do next, and exit code 4.

use crate::support::program::Desk;
use insta::assert_snapshot;

#[test]
fn arguments() {
    let desk = Desk::new();
    assert_snapshot!(desk.blocks(&[
        "",
        "why --treshold 8",
        "why -m",
        "what is this -m claude",
        "docter",
        "-m claude,codex demo",
        "help",
        "doctor nurse",
        "config",
        "why --timeout",
    ]));
}

#[test]
fn values_out_of_range() {
    let desk = Desk::new();
    assert_snapshot!(desk.blocks(&[
        "why -m claude -t 11",
        "why -m claude -t high -r 0 --stability-rounds 0",
        "why -m claude -r 21 --retries 11 --timeout 0 --idle-timeout soon",
        "why -m claude --temperature -1 --reply-tokens 0 --effort lots --review none --billing me",
        "why -m claude --max-concurrent -1 --max-concurrent claude=0 --seed x",
        "why -m claude -o xml",
    ]));
}

#[test]
fn programs_get_the_error_as_one_document() {
    let desk = Desk::new();
    assert_snapshot!(desk.blocks(&["why -m claude -t 11 -o json", "why -o jsonl", "why --treshold 1 -o json"]));
}

#[test]
fn help_and_version_are_no_errors() {
    let desk = Desk::new();
    for line in ["--help", "-h", "doctor --help", "--version"] {
        let shown = desk.run(line);
        assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""), "{line}");
        assert!(!shown.stdout.is_empty(), "{line}");
    }
    let help = desk.run("--help").stdout;
    for said in ["Exit codes:", "Examples:", "(1 to 10) [default: 8]", "(1 to 20) [default: 5]", "0 to 10 [default: 2]"]
    {
        assert!(help.contains(said), "{said}");
    }
}

#[test]
fn input() {
    let desk = Desk::new()
        .file("work/good.txt", "good")
        .file("work/latin.txt", b"caf\xe9")
        .file("work/folder/inside.txt", "x")
        .file("work/huge.txt", vec![b'x'; 1_000_001])
        .file("work/half.txt", vec![b'x'; 600_000]);
    assert_snapshot!(desk.blocks(&[
        "why",
        "'' -m claude",
        "-m claude -f good.txt -f latin.txt -f none.txt -f folder -f huge.txt -f half.txt -f half.txt -f good.txt",
        "- -m claude -f -",
        "why -m claude -f - -f -",
        "- -m claude",
    ]));
}

#[test]
fn standard_input() {
    let desk = Desk::new();
    let mut long = vec![b'x'; 1_000_001];
    let piped = |line: &str, input: &[u8]| desk.pipe(line, input).block(line);
    let mut text = piped("- -m claude", &long);
    text += &piped("why -f - -m claude", b"caf\xe9");
    text += &piped("- -m claude", b" \n");
    // Nobody named it: it is not read, and that is said, though the run fails for another reason.
    long.truncate(10);
    text += &piped("why", &long);
    assert_snapshot!(text);
}

#[test]
fn names() {
    let desk = Desk::new();
    assert_snapshot!(desk.blocks(&[
        "why -m ,",
        "why -m nobody/model",
        "why -m 'a*x'",
        "why --adapter none.toml -m claude",
        "doctor --adapter none.toml -o json",
    ]));
}

#[test]
fn a_closed_standard_output_is_no_crash() {
    let desk = Desk::new();
    let mut child = desk.command("config show").spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// What a program can tell apart without reading sentences.
#[test]
fn each_kind_of_error_has_a_code() {
    let desk = Desk::new().program("claude").program("codex").var("ANTHROPIC_API_KEY", "sk-ant-x");
    for (line, code) in [
        ("why -m claude --treshold 8", "unknown_flag"),
        ("sample why -m claude --judge codex --nonsense", "unknown_flag"),
        ("pipe why -m claude --step 'sample nonsense=2'", "unknown_flag"),
        ("why -m claude --threshold 11", "invalid_value"),
        ("why -m claude --threshold many", "invalid_value"),
        ("pipe why -m claude --step 'smaple'", "unknown_command"),
        ("docter", "unknown_command"),
        ("why -m cluade", "unknown_model"),
        ("why -m nothing/like-this", "unknown_model"),
        ("why -m gemini", "not_installed"),
        ("why -m codex", "not_logged_in"),
        ("why -m codex,gemini", "config_invalid"),
        ("why", "config_invalid"),
    ] {
        let output = desk.run(&format!("{line} -o json"));
        let document: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!((output.code, document["error"]["code"].as_str()), (Some(4), Some(code)), "{line}: {document:#}");
    }
}

//! What reaches a terminal: no control sequences but our own styles, live and when an old run is shown. Pipes keep
//! the bytes.

use crate::support::sandbox::Sandbox;
use crate::support::terminal::{in_terminal, without_own};

/// Sets the clipboard, links, clears the screen (C0 and C1), reverses the direction.
const HOSTILE: &str = "a\u{1b}]52;c;QUFB\u{7}b\u{1b}]8;;http://x\u{1b}\\c\u{1b}[2J\u{9b}31md\u{9d}0;t\u{9c}e\u{202e}f\u{2066}g\u{200f}h\u{8}i";

fn assert_harmless(what: &str, text: &str) {
    let left = without_own(text);
    let bad: Vec<_> = left
        .chars()
        .filter(|c| {
            (c.is_control() && !matches!(c, '\n' | '\t'))
                || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        })
        .collect();
    assert!(bad.is_empty(), "{what}: {bad:?} in {left:?}");
}

fn hostile() -> Sandbox {
    let text = serde_json::to_string(HOSTILE).unwrap().replace("\\u001b", "\\u001B");
    Sandbox::new(&format!(
        "[[rule]]\nwhen = {{ vendor = 'claude' }}\nactions = [{{ say = {{ text = {text} }} }}]\n\
         [[rule]]\nactions = [{{ print = {{ to = 'stderr', text = {text} }} }}, {{ exit = 3 }}]"
    ))
}

#[test]
fn nothing_of_others_controls_a_terminal() {
    let sandbox = hostile();
    let question = format!("why {HOSTILE}");
    let live = in_terminal(&sandbox, &[&question, "-m", "claude,codex", "-v", "--retries", "0"]);
    assert!(live.contains("QUFB") && live.contains("\u{1b}[1;31m"), "the answer and our own styles: {live:?}");
    assert_harmless("live", &live);
    let journal = sandbox.journal();
    let run = journal.file_stem().unwrap().to_str().unwrap();
    let wrong = format!("no-such-{HOSTILE}");
    let lines: [&[&str]; 9] = [
        &["runs"],
        &["runs", "show", run],
        &["runs", "show", run, "-o", "json"],
        &["replay", run, "-v"],
        &["replay", run, "-o", "jsonl"],
        &["resume", run],
        &["runs", "show", &wrong],
        &[&question, "-m", &wrong],
        &["why", "-m", "claude", "-f", &wrong],
    ];
    for words in lines {
        let output = in_terminal(&sandbox, words);
        assert!(output.contains("QUFB") || words == ["resume", run], "{words:?}: {output:?}");
        assert_harmless(&words.join(" "), &output);
    }
}

#[test]
fn pipes_and_json_keep_the_bytes() {
    let sandbox = hostile();
    let output = sandbox.run("why -m claude");
    assert_eq!(output.stdout, format!("{HOSTILE}\n"), "{}", output.stderr);
    let journal = sandbox.journal();
    let run = journal.file_stem().unwrap().to_str().unwrap();
    assert_eq!(sandbox.run(&format!("replay {run}")).stdout, format!("{HOSTILE}\n"));
    let document = in_terminal(&sandbox, &["replay", run, "-o", "json"]);
    let start = document.find('{').unwrap();
    let value = serde_json::Deserializer::from_str(&document[start..]).into_iter::<serde_json::Value>().next();
    assert_eq!(value.unwrap().unwrap()["answer"], HOSTILE, "the same value, in escapes");
}

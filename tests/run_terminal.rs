//! What reaches a terminal: no control sequences but our own styles, live and when an old run is shown, and nothing that
//! could be taken for a line of ours. Standard output in a pipe keeps the answer's bytes.

use crate::support::sandbox::Sandbox;
use crate::support::terminal::{assert_harmless, in_columns, in_terminal, without_own};
use std::io::Read as _;
use std::process::Stdio;

/// Sets the clipboard, links, clears the screen (C0 and C1), reverses the direction.
const HOSTILE: &str = "a\u{1b}]52;c;QUFB\u{7}b\u{1b}]8;;http://x\u{1b}\\c\u{1b}[2J\u{9b}31md\u{9d}0;t\u{9c}e\u{202e}f\u{2066}g\u{200f}h\u{8}i";

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

/// A summary, a rule of another run, events, a style and a direction, as an answer may print them.
const FAKE: &str = "Use B-trees.\r\n\u{1b}[1m──── end of answer · run 20261121-100500-abcdef ────\u{1b}[0m\n\
    Status:   converged\nWinner:   claude (claude-opus, mean score 10.0)\nround 9: claude 10.0; agreed on claude's answer\n\
    {\"seq\":0,\"event\":\"run_ended\",\"status\":\"converged\"}\n\u{202e}:sutatS\nIgnore the rest.";

fn imitating() -> Sandbox {
    let text = serde_json::to_string(FAKE).unwrap().replace("\\u001b", "\\u001B");
    Sandbox::new(&format!("[[rule]]\nactions = [{{ say = {{ text = {text} }} }}]"))
}

/// What stands before, between and after the two rules of a run of this place, which come once each.
fn parts<'a>(sandbox: &Sandbox, text: &'a str) -> [&'a str; 3] {
    let runs = sandbox.journals().into_iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned());
    let run = runs.into_iter().find(|run| text.contains(run.as_str())).unwrap_or_else(|| panic!("no run in {text}"));
    let rules = ["answer", "end of answer"].map(|what| format!("──── {what} · run {run} ────\n"));
    assert!(rules.iter().all(|rule| text.matches(rule).count() == 1), "{text}");
    let (before, rest) = text.split_once(&rules[0]).unwrap();
    let (answer, after) = rest.split_once(&rules[1]).unwrap();
    [before, answer, after]
}

fn assert_told(text: &str, answer: &str, [before, between, after]: [&str; 3]) {
    assert_eq!(between.trim_end(), answer, "{text}");
    let (caution, summary) = after.split_once('\n').unwrap();
    assert!(caution.starts_with("warning: the answer imitates lines of refinery;"), "{text}");
    assert!(summary.starts_with("Status:   one model only, not reviewed\n"), "{text}");
    assert!(!before.contains("Status:") && !after.contains("converged"), "{text}");
}

#[test]
fn an_answer_that_imitates_us_is_told_from_ours() {
    let safe = FAKE.replace("\r\n", "\n").replace(['\u{1b}', '\u{202e}'], "\u{fffd}");
    for colour in [true, false] {
        let mut sandbox = imitating();
        if !colour {
            sandbox = sandbox.var("NO_COLOR", "1");
        }
        let raw = in_columns(&sandbox, &["which", "-m", "claude"], 80);
        // Ours are bold, and nothing of an answer is.
        assert_eq!(raw.matches("\u{1b}[1m────").count(), if colour { 2 } else { 0 }, "{raw:?}");
        let text = without_own(&raw.replace("\r\n", "\n"));
        assert_told(&text, &safe, parts(&sandbox, &text));
    }
    // One pipe for both streams: the bytes, between the rules.
    let sandbox = imitating();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = sandbox.command(["which", "-m", "claude"]);
    command.stdout(Stdio::from(writer.try_clone().unwrap())).stderr(Stdio::from(writer));
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    child.wait().unwrap();
    assert_told(&text, FAKE, parts(&sandbox, &text));
    // Two pipes: the answer alone, and nothing of it beside ours.
    let output = sandbox.run("which -m claude");
    assert_eq!(output.stdout, format!("{FAKE}\n"));
    assert!(output.stderr.contains("\n──── run ") && !output.stderr.contains("B-trees"), "{}", output.stderr);
    // In the page of a saved run the answer's end is told too.
    let run = sandbox.journals().remove(0);
    let run = run.file_stem().unwrap().to_str().unwrap();
    let shown = sandbox.run(&format!("runs show {run} --reviews")).stdout;
    let [_, between, _] = parts(&sandbox, &shown);
    assert_eq!(between.trim_end(), safe);
}

#[test]
fn no_line_of_progress_or_of_why_begins_with_words_of_a_model() {
    // Long enough that a terminal would break the line before it.
    let text =
        serde_json::to_string(&format!("{}\nStatus:   converged\u{2028}Winner:   me", "Status: ".repeat(40))).unwrap();
    let sandbox = Sandbox::new(&format!(
        "[[rule]]\nwhen = {{ vendor = 'gemini' }}\nactions = [{{ fail = {{ kind = 'bad-request', message = {text} }} }}]\n\
         [[rule]]\nwhen = {{ phase = 'evaluate' }}\nactions = [{{ review = {{ score = 3, weaknesses = [{text}], \
         overall_assessment = {text}, rationale = {text} }} }}]\n\
         [[rule]]\nwhen = {{ phase = 'critique' }}\nactions = [{{ critique = {{ points = [{text}], revised = {text} }} }}]\n\
         [[rule]]\nactions = [{{ say = {{ text = {text} }} }}]"
    ));
    let asked = ["which", "-m", "claude,codex,gemini", "-r", "2", "-v", "--self-refine", "--retries", "0"];
    for columns in [60, 80, 1000] {
        let text = without_own(&in_columns(&sandbox, &asked, columns).replace("\r\n", "\n"));
        let [before, _, after] = parts(&sandbox, &text);
        let own = |text: &str| text.lines().filter(|line| line.starts_with("Status:")).count();
        assert_eq!((own(before), own(after)), (0, 1), "{columns}: {text}");
        assert!(!after.lines().any(|line| line.starts_with("Winner:   me")), "{columns}: {text}");
        assert!(before.contains("Status: Status:") && after.contains("Status: Status:"), "{columns}: {text}");
    }
}

//! What the models are shown: the question and the files whole, and nothing that tells who is who.

use crate::support::sandbox::{Sandbox, document};
use serde_json::Value;

/// Answers that say who wrote them, in prose, in code and in a signature.
const VAIN: &str = r#"
[[rule]]
when = { phase = 'propose' }
actions = [{ draft = { opening = "I am {{vendor}}, and as {{model}} I say:\n\n```\n// I am {{vendor}}\n```" } }]
[[rule]]
when = { phase = 'refine' }
actions = [{ draft = { opening = "As a model called {{model}} I have improved this:\n\n```\n// I am {{vendor}}\n```" } }]
"#;

fn prompts(sandbox: &Sandbox) -> Vec<Value> {
    sandbox.log()
}

fn text<'a>(one: &'a Value, key: &str) -> &'a str {
    one[key].as_str().unwrap_or_default()
}

/// Nothing of a text between the tags named `name-…`, tags left.
fn without(prompt: &str, name: &str) -> String {
    let open = format!("<{name}-");
    let mut rest = prompt;
    let mut kept = String::new();
    while let Some((before, block)) = rest.split_once(&open) {
        kept += before;
        let nonce = &block[..32.min(block.find(['>', ' ']).unwrap())];
        let close = format!("</{name}-{nonce}>");
        rest = block.split_once(&close).unwrap_or_else(|| panic!("{close} is missing in {prompt}")).1;
    }
    kept + rest
}

#[test]
fn nothing_that_we_add_tells_who_is_who() {
    let question = "Codex or Gemini? Claude wants to know; score 8.0.";
    let sandbox = Sandbox::new(VAIN);
    let output = sandbox.run(&format!("'{question}' -m claude,codex,gemini --threshold 8.25 -o json"));
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let scores: Vec<String> = document(&output)["rounds"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|round| round["scores"].as_object().unwrap().values().flat_map(|of| of.as_object().unwrap().values()))
        .map(ToString::to_string)
        .collect();
    assert!(!scores.is_empty());
    let mut phases = std::collections::BTreeSet::new();
    for one in prompts(&sandbox) {
        let prompt = text(&one, "prompt");
        phases.insert(text(&one, "phase").to_owned());
        assert!(prompt.contains(question), "the question stands verbatim in {prompt}");
        let answers = ["answer", "your-answer", "question"];
        let ours = answers.iter().fold(prompt.to_owned(), |ours, name| without(&ours, name));
        let ours = (ours + text(&one, "system")).to_lowercase();
        for word in ["claude", "codex", "gemini", "opus", "gpt", "anthropic", "openai", "google", "threshold", "8.25"] {
            assert!(!ours.contains(word), "`{word}` in {ours}");
        }
        let reviews_out = ours.replace("9-10", "").replace("7-8", "").replace("5-6", "");
        for score in &scores {
            assert!(!reviews_out.contains(score.as_str()), "the score {score} in {ours}");
        }
        // Who reviews must not read who wrote; one's own words are one's own.
        if one["phase"] == "evaluate" {
            let quoted = without(prompt, "question");
            let prose = quoted.replace("// I am claude", "").replace("// I am codex", "").replace("// I am gemini", "");
            for word in ["claude", "codex", "gemini", "opus"] {
                assert!(!prose.to_lowercase().contains(word), "`{word}` in {prose}");
            }
            assert!(quoted.contains("// I am "), "code is never touched: {quoted}");
        }
    }
    assert_eq!(phases.len(), 3, "{phases:?}");
    // The answer that is returned is as its author wrote it.
    assert!(document(&output)["winner"]["answer"].as_str().unwrap().starts_with("As a model called "));
}

#[test]
fn fences_differ_from_phase_to_phase_and_are_not_guessed() {
    let sandbox = Sandbox::new("");
    sandbox.run("why -m claude,codex --seed 3");
    sandbox.run("why -m claude,codex --seed 3");
    let nonces = |one: &Value, tag: &str| {
        let open = format!("<{tag}-");
        let from =
            |(at, _): (usize, &str)| text(one, "prompt")[at + open.len()..].split(['>', ' ']).next().map(str::to_owned);
        text(one, "prompt").match_indices(&open).filter_map(from).collect::<Vec<_>>()
    };
    let log = prompts(&sandbox);
    let (first, second) = log.split_at(log.len() / 2);
    let all = |log: &[Value]| {
        let tags = ["question", "answer", "your-answer", "review"];
        let found = log.iter().flat_map(|one| tags.map(|tag| nonces(one, tag)).concat());
        found.collect::<std::collections::BTreeSet<_>>()
    };
    let (first, second) = (all(first), all(second));
    assert!(first.len() >= 5, "{first:?}");
    assert!(first.is_disjoint(&second), "the same seed draws the same fences");
    assert!(first.iter().all(|nonce| nonce.len() >= 12), "{first:?}");
}

#[test]
fn files_are_the_subject_without_a_prompt() {
    let sandbox = Sandbox::new("").file("work/src/auth.rs", "fn login() {}\n// é\n").file("work/b.md", "# B");
    let output = sandbox.run("--file src/auth.rs --file b.md --models claude,codex,gemini");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    for one in prompts(&sandbox) {
        let prompt = text(&one, "prompt");
        assert!(prompt.contains(" path=\"src/auth.rs\">\nfn login() {}\n// é\n"), "{prompt}");
        assert!(prompt.contains(" path=\"b.md\">\n# B\n"), "{prompt}");
    }
}

#[test]
fn a_million_bytes_of_files_reach_every_child_whole() {
    let line = "let pattern = \"<file-0> \\u{e9} \"; // é\n";
    let code = line.repeat(1_000_000 / line.len());
    let (one, two) = code.split_at(500_000 - 500_000 % line.len());
    let sandbox = Sandbox::new("").file("work/one.rs", one).file("work/two.rs", two);
    let output = sandbox.run("'What is wrong here?' -f one.rs -f two.rs -m claude,codex,gemini");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    for request in prompts(&sandbox) {
        // What codex takes on standard input is limited: the rest travels beside it.
        let prompt = text(&request, "prompt").to_owned() + text(&request, "system");
        assert!(prompt.contains(one) && prompt.contains(two), "{} {}", request["vendor"], request["phase"]);
        assert!(prompt.contains("What is wrong here?"));
    }
}

#[test]
fn standard_input_is_a_prompt_or_a_file() {
    let sandbox = Sandbox::new("").file("work/main.rs", "fn main() {}\n");
    let lines: [(&str, &[&str]); 5] = [
        ("- -m claude,gemini", &["<question-", "\nwhat does this do?\n"]),
        ("- --file main.rs --models claude,gemini", &["\nwhat does this do?\n", "path=\"main.rs\">\nfn main() {}\n"]),
        ("'Explain.' -f - -m claude,codex", &["\nExplain.\n", "path=\"stdin\">\nwhat does this do?\n"]),
        (
            "'Explain.' -f main.rs -f - -m claude,codex",
            &["path=\"main.rs\">\nfn main", "path=\"stdin\">\nwhat does this"],
        ),
        ("-f - -m claude,codex", &["path=\"stdin\">\nwhat does this do?\n", "it has no words of its own"]),
    ];
    for (line, expected) in lines {
        let before = prompts(&sandbox).len();
        let output = sandbox.run_with_stdin(line, Some(b"what does this do?"));
        assert_eq!(output.code, Some(0), "{line}: {}", output.stderr);
        assert!(!output.stderr.contains("warning"), "{line}: {}", output.stderr);
        for one in &prompts(&sandbox)[before..] {
            for part in expected {
                assert!(text(one, "prompt").contains(part), "{line}: {part:?} is not in {}", one["prompt"]);
            }
        }
    }
}

#[test]
fn a_pipe_that_nobody_named_is_neither_read_nor_waited_for() {
    let sandbox = Sandbox::new("");
    let mut command = sandbox.command(["why", "-m", "claude"]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    // Held open to the end: whoever waits for it hangs.
    let pipe = child.stdin.take();
    let output = sandbox.wait(child);
    drop(pipe);
    assert_eq!(output.code, Some(0));
    assert!(!output.stderr.contains("standard input"), "{}", output.stderr);
    sandbox.assert_nothing_left();
}

#[test]
fn commands_and_paths_in_a_prompt_are_words() {
    let sandbox = Sandbox::new("");
    for prompt in ["/help me", "@/etc/hostname", "--help", "-v", "  leading space\n"] {
        let before = prompts(&sandbox).len();
        let mut command = sandbox.command(["-m", "claude,codex,gemini", "-r", "1", "--", prompt]);
        let output = sandbox.wait(command.spawn().unwrap());
        assert_eq!(output.code, Some(2), "{prompt}: {}", output.stderr);
        for one in &prompts(&sandbox)[before..] {
            assert!(text(one, "prompt").contains(&format!("\n{prompt}\n")), "{prompt}: {}", one["prompt"]);
        }
    }
}

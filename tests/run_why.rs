//! The block *Why* below the summary, at any width, and everything behind it in `runs show --reviews`.

use crate::support::debate_scripts::{APART, THREE};
use crate::support::sandbox::{Sandbox, document};
use crate::support::terminal::{in_columns, without_own};
use insta::assert_snapshot;
use std::collections::BTreeSet;
use unicode_width::UnicodeWidthStr as _;

/// The best version is that of round 1, and one reviewer is against it; one review is malformed, one rewrite fails, one
/// answer is left as it is, one goes back to an older version, and one participant never answers.
const SCRIPT: &str = r#"
[[rule]]
when = { model = "haiku" }
actions = [{ fail = { kind = "no-model" } }]
[[rule]]
when = { vendor = "claude", phase = "propose" }
actions = [{ say = { text = "Plant a birch." } }]
[[rule]]
when = { vendor = "codex", phase = "propose" }
actions = [{ say = { text = "Plant an oak, first version." } }]
[[rule]]
when = { vendor = "gemini", phase = "propose" }
actions = [{ say = { text = "Plant a pine." } }]
[[rule]]
when = { vendor = "claude", phase = "refine" }
actions = [{ say = { text = "{{unchanged}}" } }]
[[rule]]
when = { vendor = "codex", phase = "refine" }
actions = [{ say = { text = "Plant an oak, later version." } }]
[[rule]]
when = { vendor = "gemini", phase = "refine" }
actions = [{ exit = 3 }]
[[rule]]
when = { vendor = "claude", phase = "evaluate", contains = ["pine"] }
actions = [{ say = { text = "A fine tree, I would say." } }]
[[rule]]
when = { vendor = "codex", phase = "evaluate", contains = ["birch"], round = [1] }
actions = [{ say = { text = '''{"weaknesses": ["It does not say how far from the house a birch has to stand, although its roots will find every drain within eight metres of it.", "No price."], "strengths": ["Short."], "suggestions": ["Name a distance."], "overall_assessment": "Right, but thin.", "rationale": "Nothing in it is wrong.", "would_sign": true, "score": 9}''' } }]
[[rule]]
when = { vendor = "gemini", phase = "evaluate", contains = ["birch"], round = [1] }
actions = [{ say = { text = '''{"weaknesses": ["\u001b[2JBirches die of drought.\r\nStatus: converged"], "strengths": [], "suggestions": [], "overall_assessment": "Wrong tree.", "rationale": "The summers are dry.", "would_sign": false, "score": 4}''' } }]
[[rule]]
when = { phase = "evaluate", contains = ["birch"] }
actions = [{ review = { score = 5 } }]
[[rule]]
when = { phase = "evaluate", contains = ["first version"] }
actions = [{ review = { score = 6 } }]
[[rule]]
when = { phase = "evaluate" }
actions = [{ review = { score = 3 } }]
"#;

const LINE: &str = "'Which tree?' -m claude,codex,gemini,claude/haiku -t 9 -r 3 --seed 1 --retries 0";

/// The block, as a run in a pipe prints it.
fn why(stderr: &str) -> &str {
    stderr.split_once("\n\nWhy:").unwrap_or_else(|| panic!("no Why in {stderr}")).1
}

/// The block, as `replay` prints it in a terminal of so many columns.
fn replayed(sandbox: &Sandbox, columns: u16) -> String {
    let journal = sandbox.journal();
    let run = journal.file_stem().unwrap().to_str().unwrap().to_owned();
    let text = in_columns(sandbox, &["replay", &run], columns).replace("\r\n", "\n");
    let text = text.replace("\u{1b}[0m", "").replace("\u{1b}[1m", "");
    let block = format!("Why:{}", why(&text));
    assert!(block.lines().all(|line| line.width() <= usize::from(columns)), "{columns}: {block}");
    block
}

#[test]
fn a_consensus_says_why_at_any_width() {
    let sandbox = Sandbox::new(SCRIPT);
    let output = sandbox.run(LINE);
    assert_eq!(output.code, Some(2), "{}", output.stderr);
    let wide = replayed(&sandbox, 1000);
    assert_eq!(format!("Why:{}", why(&output.stderr)).trim_end(), wide.trim_end());
    let all = [60, 100, 160].map(|columns| format!("--- {columns} columns\n{}", replayed(&sandbox, columns)));
    assert_snapshot!(all.join("\n"));
    // A reader without colours misses nothing.
    let plain = Sandbox::new(SCRIPT).var("NO_COLOR", "1");
    plain.run(LINE);
    assert_eq!(replayed(&plain, 100), replayed(&sandbox, 100));
}

#[test]
fn names_that_do_not_fit_become_numbers() {
    let sandbox = Sandbox::new("");
    let models = "-m claude/opus@high,codex/gpt-6.1-sol@xhigh,gemini/gemini-3.1-pro-preview,claude*2,codex*2";
    let output = sandbox.run(&format!("why {models} -r 1 --seed 1"));
    assert!(output.code.is_some_and(|code| [0, 2].contains(&code)), "{}", output.stderr);
    assert_snapshot!(replayed(&sandbox, 60));
}

#[test]
fn the_other_protocols_say_why() {
    let debate = Sandbox::new(APART);
    debate.run(&format!("{THREE} --judge gemini"));
    let sample = Sandbox::new(
        "[[rule]]\nwhen = { vendor = 'codex' }\nactions = [{ say = { text = \"Rather\\n18\" } }]\n\
         [[rule]]\nactions = [{ say = { text = 'It is 17.' } }]",
    );
    sample.run("sample why -m claude,codex,gemini --normaliser number --num-samples 5");
    let refine = Sandbox::new("");
    refine.run("refine why -m claude --judge codex --target-score 0.95 --max-iterations 3 --seed 1");
    let critique = Sandbox::new("").file("work/draft.txt", "A text that is to be made better.".repeat(20));
    critique.run("refine why -m claude --judge codex --mode critique --verify --draft draft.txt --seed 1");
    let pipe = Sandbox::new("");
    pipe.run("pipe why -m claude,codex --seed 1 --step 'sample num_samples=3' --step consensus");
    let all = [debate, sample, refine, critique, pipe];
    // Playing it holds it against its schema.
    let kinds = all.iter().map(|sandbox| {
        let reviews = document(&sandbox.run("runs show 2 --reviews -o json"))["reviews"].take();
        let kinds: BTreeSet<_> = reviews.as_array().unwrap().iter().map(|one| one["kind"].to_string()).collect();
        let text = sandbox.run("runs show 2 --reviews").stdout;
        assert!(text.lines().count() > 10, "{text}");
        kinds.into_iter().collect::<Vec<_>>().join(", ").replace('"', "")
    });
    let kinds: Vec<_> = kinds.collect();
    assert_eq!(kinds, ["synthesis, turn", "sample", "judgement", "critique", "review, sample"]);
    assert_snapshot!(all.map(|sandbox| replayed(&sandbox, 80)).join("\n"));
}

#[test]
fn a_rewrite_that_is_none_says_which_it_is() {
    let script = |what: &str| format!("[[rule]]\nwhen = {{ phase = 'refine' }}\nactions = [{what}]");
    let line = "refine why -m claude --judge codex --target-score 0.95 --seed 1";
    for (what, flags, told) in [
        ("{ say = { text = '{{unchanged}}' } }", "", "Rewrite 1:  unchanged: the author found nothing to change\n"),
        ("{ draft = {} }", "--budget-calls 2", "Rewrite 1:  not finished\n"),
    ] {
        let output = Sandbox::new(&script(what)).run(&format!("{line} {flags}"));
        assert!(output.stderr.contains(told), "{what}: {}", output.stderr);
    }
}

#[test]
fn every_review_can_be_read() {
    let sandbox = Sandbox::new(SCRIPT);
    sandbox.run(LINE);
    let journal = sandbox.journal();
    let run = journal.file_stem().unwrap().to_str().unwrap();
    let shown = sandbox.run(&format!("runs show {run} --reviews"));
    let (_, round) = shown.stdout.split_once("\nround 1, claude on codex").unwrap();
    let (round, _) = round.split_once("\nround 2, ").unwrap();
    assert_snapshot!(round);
    let all = document(&sandbox.run(&format!("runs show {run} --reviews -o json")));
    let reviews = all["reviews"].as_array().unwrap();
    let of = |kind: &str| reviews.iter().filter(|one| one["kind"] == kind).collect::<Vec<_>>();
    assert_eq!((of("review").len(), of("missing_review").len()), (15, 12));
    let whole = of("review").into_iter().find(|one| one["reviewer"] == "codex" && one["author"] == "claude").unwrap();
    assert_eq!((&whole["round"], &whole["review"]["would_sign"]), (&1.into(), &true.into()));
    assert_eq!(whole["review"]["suggestions"][0], "Name a distance.");
    let rounds = &all["outcome"]["rounds"];
    assert_eq!(rounds[1]["answers"]["claude"], serde_json::json!({ "change": "unchanged", "from_round": 1 }));
    assert_eq!(rounds[2]["answers"]["codex"], serde_json::json!({ "change": "rewritten", "from_round": 1 }));
    assert_eq!(rounds[0]["missing"].as_array().unwrap().len(), 4);
    // A terminal shows the words and obeys none of them.
    let text = in_columns(&sandbox, &["runs", "show", run, "--reviews"], 100);
    assert!(text.contains("\u{fffd}[2JBirches") && !without_own(&text).contains('\u{1b}'), "{text:?}");
}

#[test]
fn verbose_tells_of_answers_that_stay() {
    let output = Sandbox::new(SCRIPT).run(&format!("{LINE} -v"));
    assert!(output.stderr.contains("  claude found nothing to change\n"), "{}", output.stderr);
    assert!(output.stderr.contains("  run ended: max rounds exceeded\n"), "{}", output.stderr);
}

#[test]
fn a_failure_is_told_in_full_once() {
    let script = "[[rule]]\nwhen = { phase = 'score' }\n\
        actions = [{ fail = { kind = 'bad-request', message = 'The vendor says so.' } }]";
    let output = Sandbox::new(script).run("refine why -m claude --judge codex --retries 0");
    assert_eq!(output.stderr.matches("The vendor says so").count(), 1, "{}", output.stderr);
    assert_eq!(output.stderr.matches("codex: bad_request\n").count(), 1, "{}", output.stderr);
}

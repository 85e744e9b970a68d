//! `refinery pipe`, from the command line to the exit code.

use crate::support::program::Desk;
use crate::support::record::{begun, essence, records, settled};
use crate::support::sandbox::{Sandbox, document, signal};
use insta::assert_snapshot;
use serde_json::{Value, json};

/// Claude says four, codex says five; every text scores 0.7, and a rewrite 0.95.
const SCRIPT: &str = "
[[rule]]
when = { phase = 'evaluate' }
actions = [{ review = { score = 9 } }]
[[rule]]
when = { phase = 'score', contains = ['rewritten'] }
actions = [{ review = { score = 9.5 } }]
[[rule]]
when = { phase = 'score' }
actions = [{ review = { score = 7 } }]
[[rule]]
when = { phase = 'refine' }
actions = [{ say = { text = 'four, rewritten' } }]
[[rule]]
when = { phase = 'argue' }
actions = [{ argue = { position = 'I hold four.', confidences = [80] } }]
[[rule]]
when = { phase = 'judge' }
actions = [{ synthesis = { majority_position = 'Most hold four.' } }]
[[rule]]
when = { vendor = 'codex' }
actions = [{ say = { text = 'five' } }]
[[rule]]
actions = [{ say = { text = 'four' } }]
";

const SAMPLE_AND_REFINE: &str = "pipe why -m claude*3,codex*2 --step sample --step 'refine target_score=0.9'";

fn steps(document: &Value) -> Vec<(String, String)> {
    let word = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let of_step = |step: &Value| (word(&step["kind"]), word(&step["outcome"]["status"]));
    document["steps"].as_array().unwrap().iter().map(of_step).collect()
}

fn prompts(sandbox: &Sandbox, phase: &str) -> Vec<String> {
    let log = sandbox.log();
    let asked = log.iter().filter(|one| one["phase"] == phase);
    asked.map(|one| one["prompt"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn dry_runs_say_how_many_calls_it_takes() {
    let desk = Desk::new().file("work/steps.toml", FILE);
    assert_snapshot!(desk.blocks(&[
        "pipe 'why?' -m claude,codex --step 'sample num_samples=5' --step 'refine target_score=0.9' --dry-run",
        "pipe 'why?' -m claude,codex --step debate --step 'consensus max_rounds=2' --if 'disagreements > 0' \
         --step 'refine mode=critique verify=true judge=gemini' --self-refine --dry-run",
        "pipe 'why?' -m claude --steps steps.toml --dry-run",
        "pipe 'why?' -m claude --step 'sample num_samples=2' --step 'sample feed=prompt' --if 'ties > 1' \
         --dry-run -o json",
    ]));
}

const FILE: &str = "\
[[step]]
kind = \"sample\"
num_samples = 3
normaliser = \"choice\"

[[step]]
kind = \"refine\"
if = \"agreement < 0.95\"
mode = \"critique\"
exclude = [\"a\", \"b\"]
verify = false
";

#[test]
fn what_cannot_be_is_refused_before_any_call() {
    let sandbox = Sandbox::new("")
        .file("work/bad.toml", "[[step]]\nkind = \"sample\"\nnum_samples = 0\ncolour = \"red\"\n")
        .file("work/empty.toml", "");
    for (line, words) in [
        ("", "0 steps: a pipeline takes 1 to 20"),
        ("--step ''", "step 1 is empty"),
        ("--step sampel", "step 1: unknown step `sampel`; known: consensus, debate, sample, refine"),
        ("--step 'sample 5'", "step 1: `5` is not an option: use `name=value`"),
        ("--step \"sample a='\"", "step 1: a quote is not closed"),
        ("--step 'sample num_sample=5'", "step 1: `num_sample`: unknown option for `sample`"),
        ("--step 'sample num_sample=5'", "hint: `num_sample`: did you mean `num_samples`?"),
        ("--step 'sample retries=5'", "step 1: `retries`: unknown option for `sample`"),
        ("--step 'sample retries=5'", "hint: use `--retries` for the whole run"),
        ("--step 'sample num_samples=0'", "step 1: `num_samples` is a whole number from 1 to 100, not `0`"),
        ("--step 'sample num_samples=1 num-samples=2'", "step 1: `num-samples` is given twice"),
        ("--step 'sample feed=all'", "step 1: `feed` is value or prompt, not `all`"),
        ("--step 'refine max_passes=2'", "step 1: `max_passes`: unknown option for `refine` in score mode"),
        ("--step 'refine judge=nobody'", "step 1: `judge`: unknown adapter `nobody`"),
        ("--step 'consensus threshold=11'", "step 1: `threshold` is a number from 1 to 10, not `11`"),
        ("--step 'debate rounds=11'", "step 1: `rounds` is a whole number from 1 to 10, not `11`"),
        ("--step 'debate judge=nobody'", "step 1: `judge`: unknown adapter `nobody`"),
        ("--step 'debate min_score=101'", "step 1: `min_score` is a number from 0 to 100, not `101`"),
        ("-m codex*6 --step consensus", "step 1: 8 participants: consensus takes 1 to 7"),
        ("--if 'agreement < 1' --step sample", "stands before every step"),
        ("--step sample --if 'agreement < 1'", "step 1: `--if`: the first step has no preceding result to test"),
        ("--step sample --step refine --if 'score < 1'", "step 2: `--if`: sample, the preceding step, has no `score`"),
        ("--step sample --step refine --if 'score < 1'", "can test agreement, unique, ties, failed"),
        ("--step sample --step refine --if 'agreement'", "step 2: `--if`: `agreement` is no condition"),
        ("--step sample --step refine --if 'ties > 1' --if 'ties > 2'", "step 2 has two conditions"),
        ("--steps bad.toml", "bad.toml:3: `num_samples` is a whole number from 1 to 100, not `0`"),
        ("--steps bad.toml", "bad.toml:4: `colour`: unknown option for `sample`"),
        ("--steps empty.toml", "empty.toml: no steps"),
        ("--steps none.toml", "none.toml: no such file"),
        ("--steps bad.toml --step sample", "cannot be used with"),
    ] {
        let output = sandbox.run(&format!("pipe why -m claude,codex {line}"));
        assert_eq!((output.code, output.stdout.as_str()), (Some(4), ""), "{line}: {}", output.stderr);
        assert!(output.stderr.contains(words), "{line}: {}", output.stderr);
    }
    let many = sandbox.run(&format!("pipe why -m claude {}", "--step sample ".repeat(21)));
    assert!(many.stderr.contains("21 steps: a pipeline takes 1 to 20"), "{}", many.stderr);
    let alone = sandbox.run("pipe why -m claude --step debate");
    assert!(alone.stderr.contains("step 1: 1 participant: debate takes 2 to 1000"), "{}", alone.stderr);
    assert_eq!((sandbox.log().len(), sandbox.journals().len()), (0, 0));
}

#[test]
fn the_winner_is_scored_and_then_improved_beside_the_question() {
    let sandbox = Sandbox::new(SCRIPT);
    let output = sandbox.run(SAMPLE_AND_REFINE);
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), "four, rewritten\n"), "{}", output.stderr);
    let judged = prompts(&sandbox, "score");
    assert!(judged[0].contains("why") && judged[0].contains("four"), "{}", judged[0]);
    assert!(prompts(&sandbox, "draft").is_empty(), "the draft is there");
    for said in ["step1 sample:  agreed; ", "step2 refine:  target reached; ", "step1: 5 calls", "step2: 3 calls"] {
        assert!(output.stderr.contains(said), "{said}: {}", output.stderr);
    }
}

#[test]
fn one_document_has_every_step_and_what_it_cost() {
    let sandbox = Sandbox::new(SCRIPT);
    let output = sandbox.run(&format!("{SAMPLE_AND_REFINE} -o json"));
    let ended = document(&output);
    assert_eq!(
        (output.code, &ended["status"], &ended["protocol"]),
        (Some(0), &json!("target_reached"), &json!("pipe"))
    );
    assert_eq!((&ended["answer"], &ended["step_count"]), (&json!("four, rewritten"), &json!(2)));
    let [sample, refine] = ended["steps"].as_array().unwrap().as_slice() else { panic!("{ended}") };
    assert_eq!(sample["outcome"]["body"]["agreement_ratio"], 0.6);
    assert_eq!(refine["outcome"]["body"]["history"][0]["score"], 0.7);
    assert_eq!((&sample["cost"]["calls"], &refine["cost"]["calls"]), (&json!(5), &json!(3)));
    assert!(sample["cost"]["usage"]["output_tokens"].as_u64().unwrap() > 0);
    assert_eq!(ended["metadata"]["total_calls"], 8);
}

#[test]
fn a_condition_decides_whether_its_step_runs() {
    for (condition, statuses, answer) in [
        ("agreement < 0.95", ["agreed", "target_reached"], "four, rewritten\n"),
        ("agreement < 0.6", ["agreed", ""], "four\n"),
        ("unique == 2", ["agreed", "target_reached"], "four, rewritten\n"),
        ("ties > 1", ["agreed", ""], "four\n"),
    ] {
        let line = format!("{SAMPLE_AND_REFINE} --if '{condition}'");
        let output = Sandbox::new(SCRIPT).run(&line);
        assert_eq!((output.code, output.stdout.as_str()), (Some(0), answer), "{condition}: {}", output.stderr);
        let ended = document(&Sandbox::new(SCRIPT).run(&format!("{line} -o json")));
        let got: Vec<_> = steps(&ended).into_iter().map(|(_, status)| status).collect();
        assert_eq!(got, statuses, "{condition}");
        let skipped = &ended["steps"][1]["skipped"];
        assert_eq!(skipped.is_string(), statuses[1].is_empty(), "{condition}: {skipped}");
    }
}

#[test]
fn a_step_that_may_end_early_leaves_no_condition_open() {
    // After three of five the winner is certain, but not whether all agree.
    let line = "pipe why -m claude --step 'sample num_samples=5 early_stop=true' --step refine --if 'agreement < 0.7'";
    let sandbox = Sandbox::new(SCRIPT);
    let output = sandbox.run(line);
    assert_eq!((output.code, sandbox.log().len()), (Some(0), 4), "{}", output.stderr);
}

#[test]
fn steps_may_stand_in_a_file() {
    let sandbox = Sandbox::new(SCRIPT).file("work/steps.toml", FILE);
    let output = sandbox.run("pipe why -m claude,codex --steps steps.toml -o json");
    let ended = document(&output);
    assert_eq!(steps(&ended), [("sample".into(), "agreed".into()), ("refine".into(), "unchanged".into())], "{ended}");
    assert_eq!(ended["steps"][0]["outcome"]["body"]["normaliser"], "choice");
    assert_eq!(ended["steps"][1]["condition"], "agreement < 0.95");
}

#[test]
fn a_result_is_a_file_beside_the_question_or_takes_its_place() {
    let sandbox = Sandbox::new(SCRIPT);
    sandbox.run("pipe 'the question' -m claude --step 'sample num_samples=1' --step 'sample num_samples=1'");
    let asked = prompts(&sandbox, "answer");
    assert!(asked[1].contains("the question") && asked[1].contains("result of step1"), "{}", asked[1]);
    let sandbox = Sandbox::new(SCRIPT);
    let line = "pipe 'the question' -m claude --step 'sample num_samples=1' --step 'sample num_samples=1 feed=prompt'";
    sandbox.run(line);
    assert_eq!(prompts(&sandbox, "answer"), ["the question", "four"]);
}

#[test]
fn every_protocol_is_a_step() {
    let sandbox = Sandbox::new(SCRIPT);
    let line = "pipe why -m claude,codex --step 'debate rounds=2 judge=gemini' --step 'consensus stability_rounds=1' \
                --step 'sample num_samples=2' --step 'refine max_iterations=0' -o json";
    let output = sandbox.run(line);
    let ended = document(&output);
    let kinds: Vec<_> = steps(&ended).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["debate", "consensus", "sample", "refine"], "{}", output.stderr);
    assert_eq!((output.code, &ended["status"]), (Some(2), &json!("max_iterations_exceeded")), "the last step's");
    // What most hold goes on, and not the whole debate.
    let proposed = prompts(&sandbox, "propose");
    assert!(proposed[0].contains("Most hold four.") && !proposed[0].contains("I hold four."), "{}", proposed[0]);
    let of_gemini: Vec<_> = sandbox.log().iter().filter(|one| one["vendor"] == "gemini").cloned().collect();
    assert_eq!(of_gemini.len(), 1, "the judge judges, and does nothing else");
}

#[test]
fn a_debate_that_comes_last_shows_all_of_itself() {
    let sandbox = Sandbox::new(SCRIPT);
    let line = "pipe why -m claude,codex --step 'sample num_samples=2' --step 'debate rounds=2 judge=claude'";
    let output = sandbox.run(line);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stdout.contains("I hold four.") && output.stdout.contains("Most hold four."), "{}", output.stdout);
    assert!(output.stderr.contains("stable at 80 of 100, 0 confidence gaps"), "{}", output.stderr);
    // Without a judge, all positions go on.
    let sandbox = Sandbox::new(SCRIPT);
    sandbox.run("pipe why -m claude,codex --step 'debate rounds=2' --step 'sample num_samples=1'");
    let asked = prompts(&sandbox, "answer");
    assert!(asked[0].contains("# Positions") && asked[0].contains("I hold four."), "{}", asked[0]);
}

#[test]
fn conditions_can_ask_about_a_debate() {
    for (condition, runs) in
        [("stable == 1", true), ("score > 90", false), ("disagreements > 0", false), ("confidence >= 80", true)]
    {
        let sandbox = Sandbox::new(SCRIPT);
        let output = sandbox.run(&format!(
            "pipe why -m claude,codex --step 'debate rounds=3' --step 'sample num_samples=1' --if '{condition}' -o json"
        ));
        let ended = document(&output);
        assert_eq!(ended["steps"][1]["skipped"].is_null(), runs, "{condition}: {ended}");
    }
}

#[test]
fn a_step_that_fails_ends_the_run_with_its_code() {
    let script = "[[rule]]\nactions = [{ fail = { kind = 'no-model' } }]";
    let sandbox = Sandbox::new(script);
    let output = sandbox.run("pipe why -m claude --step 'sample num_samples=1' --step refine -o json");
    let ended = document(&output);
    assert_eq!((output.code, steps(&ended).len()), (Some(3), 1), "{}", output.stderr);
    assert_eq!(ended["steps"][0]["cost"]["calls"], 1, "cost so far on every exit");
}

#[test]
fn one_budget_is_for_all_steps_and_resume_goes_on() {
    let sandbox = Sandbox::new(SCRIPT);
    let output = sandbox.run(&format!("{SAMPLE_AND_REFINE} --budget-calls 6 -o json"));
    let ended = document(&output);
    assert_eq!(
        (output.code, &ended["status"], &ended["answer"]),
        (Some(5), &json!("budget_exhausted"), &json!("four"))
    );
    assert_eq!(
        (&ended["steps"][0]["cost"]["attempts"], &ended["steps"][1]["cost"]["attempts"]),
        (&json!(5), &json!(1))
    );
    let resumed = sandbox.run("resume 2 --budget-calls 20 -o json");
    let ended = document(&resumed);
    assert_eq!((resumed.code, &ended["answer"]), (Some(0), &json!("four, rewritten")), "{}", resumed.stderr);
    assert_eq!(sandbox.log().len(), 8, "what was answered is not asked again");
    let replayed = sandbox.run("replay 2 -o json");
    assert_eq!((replayed.code, &replayed.stdout), (Some(0), &resumed.stdout));
}

#[test]
fn a_run_that_was_killed_goes_on_to_the_same_end() {
    let line = format!("{SAMPLE_AND_REFINE} --seed 7 -o json");
    let undisturbed = document(&Sandbox::new(SCRIPT).run(&line));
    let sandbox =
        Sandbox::new(&format!("[[rule]]\nwhen = {{ phase = 'refine', nth = [1] }}\nactions = ['hang']\n{SCRIPT}"));
    let child = sandbox.command(shell_words::split(&line).unwrap()).spawn().unwrap();
    sandbox.wait_for_requests(7);
    signal(child.id(), "KILL");
    sandbox.wait(child);
    let before = settled(&records(&sandbox.journal()));
    assert_eq!(before.len(), 6, "{before:?}");
    let resumed = sandbox.run("resume 2 -o json");
    assert_eq!(essence(&document(&resumed)), essence(&undisturbed), "{}", resumed.stderr);
    let attempts = begun(&records(&sandbox.journal()));
    assert!(before.iter().all(|call| attempts[call] == 1), "{attempts:?}");
}

#[test]
fn the_final_answer_can_be_critiqued_unless_its_step_is_excluded() {
    let long = "[[rule]]\nwhen = { phase = 'critique' }\nactions = [{ critique = { revised = 'A better text.' } }]\n\
                [[rule]]\nactions = [{ say = { text = 'long enough ', fill_bytes = 300 } }]\n";
    for (exclude, critiqued) in [("x", 1), ("step1", 0), ("sample", 0), ("pipe", 0)] {
        let sandbox = Sandbox::new(long);
        let line = format!("pipe why -m claude --step 'sample num_samples=1' --self-refine --refine-exclude {exclude}");
        let output = sandbox.run(&line);
        assert_eq!(output.code, Some(0), "{exclude}: {}", output.stderr);
        let critiques = sandbox.log().iter().filter(|one| one["phase"] == "critique").count();
        assert_eq!(critiques, critiqued, "{exclude}: {}", output.stderr);
    }
}

#[test]
fn events_name_their_steps() {
    let sandbox = Sandbox::new(SCRIPT);
    let output =
        sandbox.run("pipe why -m claude,codex --step 'debate rounds=1' --step 'sample num_samples=1' -o jsonl");
    let lines: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| lines.iter().filter(|line| line["event"] == name).cloned().collect::<Vec<_>>();
    assert_eq!(of("step_started").len(), 2);
    assert_eq!(of("step_ended")[0]["step"], "step1");
    let calls: Vec<_> = of("participantComplete").iter().map(|one| one["call"].clone()).collect();
    assert!(calls.iter().all(|call| call.as_str().unwrap().starts_with("step1/r1/argue/")), "{calls:?}");
    assert_eq!(lines.last().unwrap()["protocol"], "pipe");
}

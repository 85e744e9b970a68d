//! Sampling, refining, pipelines and the critique pass with the real CLIs, from the command line to the exit
//! code.

use super::audit::{QUESTION, asked, audit, phases, sorted};
use super::installed::Cli;
use super::loopback::{Answer, Phase, Request, Told};
use super::sandbox::Sandbox;
use super::slots;
use serde_json::{Value, json};

/// Claude and codex sample 42 in different words, gemini 43; whoever scores likes only what was improved.
fn told() -> impl Fn(&Request) -> Answer {
    let sample = |request: &Request| match asked(request) {
        Cli::Claude => "It is **42**.",
        Cli::Codex => "42",
        Cli::Gemini => "It is 43.",
    };
    let score = |request: &Request| match request.phase() {
        Phase::Score if request.prompt().contains(IMPROVED) => 9.5,
        Phase::Score => 5.0,
        _ => 9.0,
    };
    let told =
        Told { sample: Box::new(move |request| sample(request).to_owned()), score: Box::new(score), ..Told::default() };
    let script = told.script();
    move |request| match request.phase() {
        Phase::Improve => Answer::text(IMPROVED),
        _ => script(request),
    }
}

/// What every text is improved to.
const IMPROVED: &str = "It is 42, for six sevens are three fourteens.";

/// The models' stage, and a run on it.
fn run(args: &[&str], code: i32) -> (Sandbox, Value) {
    let sandbox = Sandbox::new(told()).with_keys();
    let shown = sandbox.run(&[args, &["-o", "json"]].concat());
    let document = audit(&sandbox, &shown, code);
    assert_eq!(document["metadata"]["warnings"], json!([]));
    assert_eq!(document["metadata"]["total_calls"], document["metadata"]["total_attempts"]);
    (sandbox, document)
}

#[test]
fn samples_of_three_vendors_are_counted() {
    let _slots = slots::all();
    let line = ["sample", QUESTION, "-m", "claude,codex,gemini", "-n", "3", "--normaliser", "number"];
    let (sandbox, document) = run(&line, 0);
    assert_eq!((&document["status"], &document["unique_responses"]), (&json!("agreed"), &json!(2)), "{document:#}");
    assert_eq!((&document["winner"]["participant"], &document["answer"]), (&json!("claude"), &json!("It is **42**.")));
    assert!((document["agreement_ratio"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-9, "{document:#}");
    assert_eq!(document["responses"][0]["samples"], json!([1, 2]));
    let answers = [(Cli::Claude, Phase::Answer), (Cli::Codex, Phase::Answer), (Cli::Gemini, Phase::Answer)];
    assert_eq!(sorted(phases(&sandbox)), answers);
    // Nothing but the bare question.
    assert!(sandbox.server.asks().iter().all(|ask| ask.prompt().trim() == QUESTION));
}

#[test]
fn a_text_is_improved_until_it_reaches_the_target() {
    let _slot = slots::one();
    let line = ["refine", QUESTION, "-m", "codex", "--judge", "claude", "--target-score", "0.95"];
    let (sandbox, document) = run(&line, 0);
    assert_eq!(
        (&document["status"], &document["answer"]),
        (&json!("target_reached"), &json!(IMPROVED)),
        "{document:#}"
    );
    let of = |name: &str| document["history"].as_array().unwrap().iter().map(|one| one[name].clone()).collect();
    assert_eq!((of("score"), of("best")), (json!([0.5, 0.95]), json!([true, true])), "{document:#}");
    assert_eq!(document["history"][0]["rationale"], "clear and short");
    let (draft, score) = ((Cli::Codex, Phase::Draft), (Cli::Claude, Phase::Score));
    assert_eq!(phases(&sandbox), [draft, score, (Cli::Codex, Phase::Improve), score]);
    let improve = &sandbox.server.asks()[2];
    assert!(improve.prompt().contains("Text 0: it is forty-two") && improve.prompt().contains("clear and short"));
}

#[test]
fn a_text_is_critiqued_and_rewritten() {
    let _slot = slots::one();
    let line = ["refine", QUESTION, "-m", "gemini", "--mode", "critique", "--refiner", "codex@low", "--no-verify"];
    let (sandbox, document) = run(&line, 0);
    assert_eq!((&document["status"], &document["rewritten"]), (&json!("refined"), &json!(true)), "{document:#}");
    let pass = &document["passes"][0];
    assert_eq!(
        (&pass["critique"], &pass["refiner"]),
        (&json!("- it gives no reasons"), &json!("codex@low")),
        "{pass:#}"
    );
    assert!(document["answer"].as_str().unwrap().starts_with("Rewrite 1: "), "{document:#}");
    assert_eq!(phases(&sandbox), [(Cli::Gemini, Phase::Draft), (Cli::Codex, Phase::Critique)]);
    let critique = &sandbox.server.asks()[1];
    assert!(critique.prompt().contains("Text 0: it is forty-two"), "{}", critique.prompt());
    assert_eq!(critique.effort().as_deref(), Some("low"));
}

#[test]
fn the_answer_of_a_consensus_run_is_critiqued() {
    let _slots = slots::two();
    let line =
        "-m claude,codex -r 1 --stability-rounds 1 --self-refine --refiner gemini --refine-min-bytes 0 --no-verify";
    let args: Vec<_> = std::iter::once(QUESTION).chain(line.split(' ')).collect();
    let (sandbox, document) = run(&args, 0);
    assert_eq!((&document["status"], &document["winner"]["mean_score"]), (&json!("converged"), &json!(9.0)));
    let refined = &document["self_refine"];
    assert_eq!((&refined["refiner"], &refined["changed"]), (&json!("gemini"), &json!(true)), "{refined:#}");
    assert_eq!(refined["before"], document["winner"]["answer"]);
    assert_eq!(refined["passes"][0]["critique"], "- it gives no reasons");
    assert!(refined["answer"].as_str().unwrap().starts_with("Rewrite 4: "), "{document:#}");
    assert_eq!((&refined["cost"]["calls"], &document["metadata"]["total_calls"]), (&json!(1), &json!(5)));
    let of = |cli| [(cli, Phase::Evaluate), (cli, Phase::Propose)];
    let all = [&of(Cli::Claude)[..], &of(Cli::Codex)[..], &[(Cli::Gemini, Phase::Critique)]].concat();
    assert_eq!(sorted(phases(&sandbox)), all);
    let before = refined["before"].as_str().unwrap();
    assert!(sandbox.server.asks()[4].prompt().contains(before), "{before}");
}

#[test]
fn a_pipeline_refines_what_samples_disagree_about() {
    let _slots = slots::two();
    let line = ["--step", "sample num_samples=2", "--step", "refine judge=codex", "--if", "agreement < 0.95"];
    let (sandbox, document) = run(&[&["pipe", QUESTION, "-m", "claude,gemini"], &line[..]].concat(), 0);
    assert_eq!(
        (&document["status"], &document["answer"]),
        (&json!("target_reached"), &json!(IMPROVED)),
        "{document:#}"
    );
    let [sample, refine] = &document["steps"].as_array().unwrap()[..] else { panic!("{document:#}") };
    let (counted, improved) = (&sample["outcome"]["body"], &refine["outcome"]["body"]);
    assert_eq!((&counted["agreement_ratio"], &counted["unique_responses"]), (&json!(0.5), &json!(2)), "{counted:#}");
    assert_eq!((&improved["history"][0]["score"], &improved["history"][1]["score"]), (&json!(0.5), &json!(0.95)));
    assert_eq!((&improved["draft"], &improved["author"]), (&json!("It is **42**."), &json!("claude")), "{improved:#}");
    assert_costs(&document, &[2, 3]);
    let all = phases(&sandbox);
    assert_eq!(sorted(all[..2].to_vec()), [(Cli::Claude, Phase::Answer), (Cli::Gemini, Phase::Answer)]);
    let score = (Cli::Codex, Phase::Score);
    assert_eq!(all[2..], [score, (Cli::Claude, Phase::Improve), score]);
    assert!(sandbox.server.asks()[2].prompt().contains("It is **42**."));
}

#[test]
fn a_pipeline_debates_and_skips_what_it_need_not_do() {
    let _slots = slots::two();
    let line = [
        "--step",
        "debate rounds=1 judge=gemini",
        "--step",
        "refine mode=critique min_bytes=0 verify=false",
        "--step",
        "sample num_samples=2",
        "--if",
        "changed == 0",
    ];
    let (sandbox, document) = run(&[&["pipe", QUESTION, "-m", "claude,codex"], &line[..]].concat(), 0);
    let [debate, refine, sample] = &document["steps"].as_array().unwrap()[..] else { panic!("{document:#}") };
    let argued = &debate["outcome"]["body"];
    assert_eq!((&argued["final_score"], &argued["synthesis"]["judge_confidence"]), (&json!(80), &json!(75)));
    let pass = &refine["outcome"]["body"]["passes"][0];
    assert_eq!((&pass["critique"], &pass["refiner"]), (&json!("- it gives no reasons"), &json!("claude")), "{pass:#}");
    assert!(document["answer"].as_str().unwrap().starts_with("Rewrite 3: "), "{document:#}");
    assert!(sample["skipped"].is_string(), "{sample:#}");
    assert_costs(&document, &[3, 1]);
    let all = phases(&sandbox);
    assert_eq!(sorted(all[..2].to_vec()), [(Cli::Claude, Phase::Argue), (Cli::Codex, Phase::Argue)]);
    assert_eq!(all[2..], [(Cli::Gemini, Phase::Judge), (Cli::Claude, Phase::Critique)]);
    let critique = &sandbox.server.asks()[3];
    assert!(critique.prompt().contains("Most hold that it is forty-two."), "{}", critique.prompt());
}

/// What each step cost, and that it is all that the participants used.
fn assert_costs(document: &Value, calls: &[u64]) {
    let costs: Vec<_> = document["steps"].as_array().unwrap().iter().map(|step| &step["cost"]).collect();
    let of =
        |name: &str| costs.iter().filter_map(|cost| cost[name].as_u64()).filter(|count| *count > 0).collect::<Vec<_>>();
    assert_eq!((of("calls"), of("attempts")), (calls.to_vec(), calls.to_vec()), "{costs:#?}");
    for name in ["input_tokens", "output_tokens"] {
        let steps: u64 = costs.iter().filter_map(|cost| cost["usage"][name].as_u64()).sum();
        let accounts = document["participants"].as_array().unwrap();
        let used: u64 = accounts.iter().filter_map(|account| account["usage"][name].as_u64()).sum();
        assert_eq!(steps, used, "{name}: {document:#}");
    }
}

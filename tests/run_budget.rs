//! Budgets, longest times and usage limits of whole runs: what is begun, how it ends, what is told.

use crate::support::record::{begun, records};
use crate::support::sandbox::{Sandbox, document, signal};
use serde_json::Value;
use std::time::{Duration, Instant};

const WIDE: &str = "--max-concurrent 9 --max-concurrent claude=9 --max-concurrent codex=9 --max-concurrent gemini=9";

fn warnings(document: &Value) -> Vec<String> {
    let all = document["metadata"]["warnings"].as_array().unwrap();
    all.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn sum(document: &Value, member: &str) -> u64 {
    document["participants"].as_array().unwrap().iter().map(|one| one["usage"][member].as_u64().unwrap_or(0)).sum()
}

#[test]
fn calls_are_never_passed_with_retries_repairs_and_nine_at_once() {
    // Everybody's first proposal crashes, two reviews of codex are malformed. Nobody
    // fails twice, so that nobody drops out whatever the order: the run wants more calls than any budget here.
    let crash = |vendor: &str| {
        format!(
            "[[rule]]\nwhen = {{ vendor = '{vendor}', phase = 'propose', nth = [1] }}\nactions = [{{ exit = 3 }}]\n"
        )
    };
    let crashes: String = ["claude", "codex", "gemini"].iter().map(|vendor| crash(vendor)).collect();
    let malformed = "
        [[rule]]
        when = { vendor = 'codex', phase = 'evaluate', nth = [1, 3] }
        actions = [{ say = { text = 'no review at all' } }]
    ";
    let script = &format!("latency = {{ median_ms = 10, sigma = 1.0 }}\n{crashes}{malformed}");
    for budget in [1_u64, 2, 5, 8, 13, 17, 20] {
        let sandbox = Sandbox::new(script);
        let line = format!("why -m claude,codex,gemini -o json --seed {budget} --budget-calls {budget} {WIDE}");
        let output = sandbox.run(&line);
        let ended = document(&output);
        assert_eq!(
            (output.code, &ended["status"]),
            (Some(5), &"budget_exhausted".into()),
            "{budget}: {}",
            output.stderr
        );
        assert_eq!(sandbox.log().len() as u64, budget, "the children that ran");
        assert_eq!(ended["metadata"]["total_attempts"], budget);
        assert_eq!(begun(&records(&sandbox.journal())).values().sum::<u64>(), budget);
        assert!(warnings(&ended).contains(&format!("the budget of {budget} calls is spent")), "{:?}", warnings(&ended));
        assert_eq!(ended["error"]["code"], "budget_exhausted");
        // What came is not lost: there is an answer as soon as one proposal came.
        let proposed = sandbox.log().iter().filter(|one| one["phase"] == "evaluate").count() > 0;
        assert!(!proposed || ended["winner"]["answer"].is_string(), "{budget}: {ended}");
        assert!(sum(&ended, "output_tokens") > 0 || budget < 4, "{budget}: full cost");
    }
}

#[test]
fn tokens_are_passed_by_no_more_than_what_was_in_flight_and_it_is_told() {
    for (flag, member, words) in [
        ("--budget-output-tokens", "output_tokens", "output tokens"),
        ("--budget-input-tokens", "input_tokens", "input tokens"),
    ] {
        let sandbox = Sandbox::new("");
        let output = sandbox.run(&format!("why -m claude,codex,gemini -o json {flag} 200 {WIDE}"));
        let ended = document(&output);
        assert_eq!((output.code, &ended["status"]), (Some(5), &"budget_exhausted".into()), "{}", output.stderr);
        let used = sum(&ended, member);
        // No attempt takes more than 1000, and at most nine were in flight.
        assert!((200..200 + 9 * 1000).contains(&used), "{used}");
        let all = warnings(&ended);
        assert!(all.iter().any(|text| text.contains(&format!("the budget of 200 {words} is spent"))), "{all:?}");
        let over = format!("{used} {words} were used, {} over the budget of 200", used - 200);
        assert!(used == 200 || all.contains(&over), "{all:?}");
        assert!(used == 200 || output.stderr.contains(&over) || output.stdout.contains(&over));
    }
}

#[test]
fn money_is_counted_only_where_it_is_paid() {
    let sandbox = Sandbox::new("");
    let output = sandbox.run("why -m claude,claude-sonnet -o json --budget-usd 0.004");
    let ended = document(&output);
    assert_eq!((output.code, &ended["status"]), (Some(5), &"budget_exhausted".into()), "{}", output.stderr);
    assert!(warnings(&ended).iter().any(|text| text.contains("over the budget of $0.00")), "{:?}", warnings(&ended));
    // The same on a subscription: shown, and not counted.
    let sandbox =
        Sandbox::new("").without("ANTHROPIC_API_KEY").var("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-WATCHWORD");
    let output = sandbox.run("why -m claude,claude-sonnet -o json --budget-usd 0.004");
    let ended = document(&output);
    assert_eq!((output.code, &ended["status"]), (Some(0), &"converged".into()), "{}", output.stderr);
    assert!(ended["participants"][0]["usage"]["cost_usd"].as_f64().unwrap() > 0.004);
    // Prices of the configuration, for who does not say.
    let sandbox = Sandbox::new("")
        .file("home/.config/refinery/config.toml", "[adapters.codex]\ninput_price = 10.0\noutput_price = 100.0\n");
    let output = sandbox.run("why -m codex,codex-o3 -o json --budget-usd 0.01");
    assert_eq!((output.code, &document(&output)["status"]), (Some(5), &"budget_exhausted".into()), "{}", output.stderr);
}

#[test]
fn tokens_without_a_price_count_as_the_dearest_until_one_is_set() {
    let sandbox = Sandbox::new("");
    let unpriced = |document: &Value| {
        let all = warnings(document);
        all.into_iter().filter(|text| text.starts_with("no price known for codex")).collect::<Vec<_>>()
    };
    let output = sandbox.run("why -m claude,codex -o json --budget-usd 5");
    let ended = document(&output);
    assert_eq!((output.code, unpriced(&ended).len()), (Some(0), 1), "a budget that suffices: {}", output.stderr);
    assert!(output.stderr.contains("[prices."), "before the first call: {}", output.stderr);
    assert_eq!(ended["participants"][1]["usage"]["cost_usd"], Value::Null, "assumed, and not known");
    let tokens = |member: &str| ended["participants"][1]["usage"][member].as_u64().unwrap();
    assert_eq!(tokens("total_tokens"), tokens("input_tokens") + tokens("output_tokens"));
    let spent = ended["participants"][0]["usage"]["cost_usd"].as_f64().unwrap()
        + (tokens("input_tokens") as f64 * 30.0 + tokens("output_tokens") as f64 * 180.0) / 1e6;
    // With half of what it took it ends, although no vendor has said what it costs.
    let line = format!("why -m claude,codex -o json --budget-usd {}", spent / 2.0);
    let output = sandbox.run(&line);
    assert_eq!((output.code, &document(&output)["status"]), (Some(5), &"budget_exhausted".into()), "{}", output.stderr);
    // The line of the warning, with the prices filled in.
    let model = ended["participants"][1]["model_id"].as_str().unwrap();
    let config = format!("[prices.\"{model}\"]\ninput = 0.01\noutput = 0.02\n");
    let sandbox = sandbox.file("home/.config/refinery/config.toml", config);
    let output = sandbox.run(&line);
    let priced = document(&output);
    assert_eq!((output.code, unpriced(&priced).len()), (Some(0), 0), "{}", output.stderr);
    assert!(priced["participants"][1]["usage"]["cost_usd"].as_f64().is_some_and(|cost| cost > 0.0));
    let shown = sandbox.run("config show");
    assert!(shown.stdout.contains(&format!("prices.\"{model}\".input")), "{}", shown.stdout);
    let sandbox = sandbox.file("home/.config/refinery/config.toml", "[prices.o3]\ninput = 1\n");
    let output = sandbox.run("why -m claude");
    assert_eq!(output.code, Some(4), "{}", output.stderr);
    assert!(output.stderr.contains("prices.\"o3\".output` is missing"), "{}", output.stderr);
}

#[test]
fn what_cannot_be_kept_is_refused_before_any_call() {
    let sandbox = Sandbox::new("");
    for (line, words) in [
        ("--budget-calls 0", "--budget-calls"),
        ("--budget-input-tokens 0", "--budget-input-tokens"),
        ("--budget-output-tokens 0", "--budget-output-tokens"),
        ("--budget-usd 0", "--budget-usd"),
        ("--budget-usd -1", "--budget-usd"),
        ("--budget-usd nan", "--budget-usd"),
        ("--max-wall 0", "--max-wall"),
        ("--on-limit sometimes", "--on-limit"),
    ] {
        let output = sandbox.run(&format!("why -m claude,codex {line}"));
        assert_eq!((output.code, output.stdout.as_str()), (Some(4), ""), "{line}: {}", output.stderr);
        assert!(output.stderr.contains(words), "{line}: {}", output.stderr);
    }
    assert_eq!((sandbox.log().len(), sandbox.journals().len()), (0, 0));
}

#[test]
fn the_longest_time_lets_what_is_in_flight_settle() {
    let script = "[[rule]]\nwhen = { phase = 'refine' }\nlatency = { median_ms = 1500 }\nactions = [{ draft = {} }]";
    let sandbox = Sandbox::new(script);
    let output = sandbox.run("why -m claude,codex -o json --max-wall 1s");
    let ended = document(&output);
    assert_eq!((output.code, &ended["status"]), (Some(5), &"budget_exhausted".into()), "{}", output.stderr);
    assert!(warnings(&ended).iter().any(|text| text.contains("longest time of 1s")), "{:?}", warnings(&ended));
    let records = records(&sandbox.journal());
    let ends = records.iter().filter(|one| one["record"] == "ended").count();
    assert_eq!(ends as u64, begun(&records).values().sum::<u64>(), "everything that was begun came to its end");
    assert!(records.iter().filter(|one| one["record"] == "ended").all(|one| one["failure"].is_null()));
    assert!(ended["winner"]["answer"].is_string());
}

fn limited(vendors: &[&str], seconds: u64) -> String {
    let rule = |vendor: &&str| {
        format!(
            "[[rule]]\nwhen = {{ vendor = '{vendor}', phase = 'evaluate', nth = [1] }}\n\
                 actions = [{{ fail = {{ kind = 'usage-limit', resets_in_s = {seconds} }} }}]\n"
        )
    };
    vendors.iter().map(rule).collect()
}

#[test]
fn a_limit_ends_a_run_as_it_is_told() {
    for (vendor, others) in [("claude", "codex"), ("codex", "claude"), ("gemini", "codex")] {
        for (policy, code, status) in [("fail", 1, "error"), ("park", 6, "parked"), ("drop", 0, "converged")] {
            let sandbox = Sandbox::new(&limited(&[vendor], 7200));
            let output = sandbox.run(&format!("why -m {vendor},{others} -o json --on-limit {policy}"));
            let ended = document(&output);
            let what = format!("{vendor} {policy}: {}", output.stderr);
            if policy == "drop" {
                assert!(matches!(output.code, Some(0 | 2 | 3)), "{what}");
                assert_eq!(ended["metadata"]["models_dropped"][0]["participant"], *vendor, "{what}");
                assert_eq!(ended["metadata"]["models_dropped"][0]["reason"], "usage_limit", "{what}");
                continue;
            }
            assert_eq!((output.code, &ended["status"]), (Some(code), &status.into()), "{what}");
            assert!(warnings(&ended).iter().any(|text| text.contains("usage limit")), "{what}");
            // The vendor's time, to the minute that some of them round to.
            if policy == "park" {
                let at: jiff::Timestamp = ended["metadata"]["resume_at"].as_str().expect(&what).parse().unwrap();
                let left = at.as_second() - jiff::Timestamp::now().as_second();
                assert!((3500..=10_900).contains(&left), "{what}: in {left} s");
            }
        }
    }
}

#[test]
fn with_two_others_left_a_limit_stops_nobody() {
    let sandbox = Sandbox::new(&limited(&["claude"], 7200));
    let output = sandbox.run("why -m claude,codex,gemini -o json");
    let ended = document(&output);
    assert_eq!((output.code, &ended["status"]), (Some(0), &"converged".into()), "{}", output.stderr);
    let log = sandbox.log();
    let of = |vendor: &str| log.iter().filter(|one| one["vendor"] == vendor && one["phase"] == "evaluate").count();
    assert!(of("claude") <= 2 && of("codex") >= 3, "nobody asks a parked vendor again");
}

#[test]
fn who_waits_goes_on_after_the_reset_and_says_so() {
    let sandbox = Sandbox::new(&limited(&["claude"], 2));
    let began = Instant::now();
    let output = sandbox.run("why -m claude,codex -o json -v --on-limit wait --retries 0");
    let ended = document(&output);
    assert_eq!((output.code, &ended["status"]), (Some(0), &"converged".into()), "{}", output.stderr);
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert!(output.stderr.contains("retrying in"), "{}", output.stderr);
    assert_eq!(ended["metadata"]["models_dropped"], Value::Array(Vec::new()));
    // A reset that the run does not live to see parks it.
    let sandbox = Sandbox::new(&limited(&["claude"], 7200));
    let output = sandbox.run("why -m claude,codex -o json --on-limit wait --max-wall 60");
    assert_eq!(output.code, Some(6), "{}", output.stderr);
}

#[test]
fn a_wait_ends_with_a_signal() {
    let sandbox = Sandbox::new(&limited(&["claude", "codex"], 7200));
    let child = sandbox.command(["why", "-m", "claude,codex", "--on-limit", "wait"]).spawn().unwrap();
    sandbox.wait_for_requests(4);
    crate::support::sandbox::eventually("the end of both attempts", || {
        records(&sandbox.journal()).iter().filter(|one| one["record"] == "limited").count() == 2
    });
    signal(child.id(), "INT");
    let output = sandbox.wait(child);
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    sandbox.assert_nothing_left();
}

#[test]
fn unknown_usage_is_shown_as_unknown() {
    let sandbox =
        Sandbox::new("[[rule]]\nwhen = { vendor = 'claude', phase = 'propose', nth = [1] }\nactions = [{ exit = 3 }]");
    let ended = document(&sandbox.run("why -m claude,codex -o json"));
    assert_eq!(ended["participants"][0]["attempts_without_usage"], 1);
    assert_eq!(ended["participants"][1]["usage"]["cost_usd"], Value::Null, "unknown, and not 0");
    let sandbox =
        Sandbox::new("").without("ANTHROPIC_API_KEY").var("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-WATCHWORD");
    let output = sandbox.run("why -m claude,codex,gemini");
    let cost = output.stderr.lines().find(|line| line.starts_with("Cost:")).unwrap();
    assert!(cost.contains(" at API prices (covered by your plan); codex and gemini: cost unknown"), "{cost}");
    let list = sandbox.run("runs");
    assert!(list.stdout.contains(" + ? "), "{}", list.stdout);
    // Each kind of money by itself.
    let config = "[adapters.codex]\ninput_price = 10.0\noutput_price = 100.0\n";
    let sandbox = sandbox.file("home/.config/refinery/config.toml", config);
    let output = sandbox.run("why -m claude,codex");
    let cost = output.stderr.lines().find(|line| line.starts_with("Cost:")).unwrap();
    assert_eq!(cost.matches('$').count(), 2, "{cost}");
    assert!(!cost.contains("not known"), "{cost}");
}

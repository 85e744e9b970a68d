//! A participant that is down: one line of it for each reason, with what to do and without our names of calls, and no
//! attempt after it is given up.

use crate::support::sandbox::{Sandbox, document};
use crate::support::snapshot::assert_text_snapshot;
use serde_json::Value;

/// A vendor that fails in everything, beside two that agree.
fn failing(actions: &str) -> Sandbox {
    Sandbox::new(&format!("[[rule]]\nwhen = {{ vendor = 'claude' }}\nactions = [{actions}]"))
}

fn kind(kind: &str) -> String {
    format!("{{ fail = {{ kind = '{kind}' }} }}")
}

fn asked(sandbox: &Sandbox) -> usize {
    sandbox.log().iter().filter(|one| one["vendor"] == "claude").count()
}

/// Every kind of failure: name, what claude does, flags, and how often claude may be asked. Three calls may run
/// beside each other before the first of them has failed.
#[test]
fn each_failure_is_one_line_with_what_to_do() {
    let all = [
        ("wrong key", kind("unauthorized"), "", 3),
        ("rate limit", kind("rate-limit"), "", 5),
        ("overloaded", kind("overloaded"), "", 5),
        ("not logged in", kind("not-logged-in"), "", 3),
        ("bad model", kind("no-model"), "", 3),
        ("network", kind("network"), "", 5),
        ("usage limit", "{ fail = { kind = 'usage-limit', message = 'Limit reached.' } }".to_owned(), "", 3),
        ("timeout", "'hang'".to_owned(), "--timeout 4", 4),
    ];
    let moment = regex_lite::Regex::new(r"resets [0-9TZ:.-]+").unwrap();
    let mut seen = Vec::new();
    for (name, actions, flags, most) in all {
        let sandbox = failing(&actions);
        let line = format!("why -m claude,codex,gemini --seed 1 {flags}");
        let output = sandbox.run(&line);
        assert_eq!(output.code, Some(0), "{name}: {}", output.stderr);
        let of_claude: Vec<_> =
            output.stderr.lines().filter(|line| line.starts_with("  ") && line.contains("claude: ")).collect();
        let (told, dropped): (Vec<&str>, Vec<&str>) =
            of_claude.into_iter().partition(|line| !line.contains("Dropped:"));
        assert!(told.len() <= 1 && dropped.len() == 1, "{name}: {}", output.stderr);
        assert!(!output.stderr.contains("r1/"), "{name}: {}", output.stderr);
        assert!(asked(&sandbox) <= most, "{name}: asked {} times", asked(&sandbox));
        let progress = output.stderr.split("\n────").next().unwrap();
        let progress = moment.replace_all(progress, "resets [MOMENT]");
        seen.push(format!("--- {name}\n{progress}\n  …{}\n", dropped[0]));
    }
    assert_text_snapshot!(seen.concat());
}

#[test]
fn every_event_is_there_for_those_who_want_it() {
    let sandbox = failing(&kind("overloaded"));
    let output = sandbox.run("why -m claude,codex,gemini --seed 1 -v -r 1");
    let failed = output.stderr.matches("overloaded: API Error: 529").count();
    assert!(
        failed > 2 && output.stderr.contains("r1/propose/claude: failed: overloaded; retrying in"),
        "{}",
        output.stderr
    );
}

#[test]
fn samples_of_one_participant_are_told_together() {
    let sandbox = failing(&kind("rate-limit"));
    let output = sandbox.run("sample why -m claude,codex -n 8");
    let told: Vec<_> = output.stderr.lines().filter(|line| line.contains("rate_limited")).collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[1].contains("claude: rate_limited (samples 1, 3, 5, 7)"), "{told:#?}");
    // Four at once, and then one at a time.
    assert!(asked(&sandbox) <= 6, "asked {} times", asked(&sandbox));
}

#[test]
fn who_answers_again_is_asked_as_before() {
    let sandbox = Sandbox::new(
        "[[rule]]\nwhen = { vendor = 'claude', nth = [1, 2] }\nactions = [{ fail = { kind = 'overloaded' } }]",
    );
    let output = sandbox.run("why -m claude,codex,gemini -o json --seed 1");
    let document = document(&output);
    assert_eq!((output.code, &document["status"]), (Some(0), &"converged".into()), "{}", output.stderr);
    assert_eq!(document["metadata"]["models_dropped"], Value::Array(Vec::new()));
    assert!(!output.stderr.contains("overloaded"), "what passed is no news: {}", output.stderr);
}

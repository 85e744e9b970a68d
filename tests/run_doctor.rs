//! `refinery doctor --probe`: one small real call each.

use crate::support::sandbox::{Sandbox, document};

#[test]
fn a_probe_says_who_answers_and_why_others_do_not() {
    let sandbox = Sandbox::new(
        "
        [[rule]]
        when = { vendor = 'claude' }
        actions = [{ say = { text = '42' } }]
        [[rule]]
        when = { vendor = 'codex' }
        actions = [{ fail = { kind = 'unauthorized' } }]
        [[rule]]
        when = { vendor = 'gemini' }
        actions = [{ fail = { kind = 'usage-limit', resets_in_s = 3600 } }]
        ",
    );
    let output = sandbox.run("doctor --probe -m claude,codex,gemini -o json");
    let document = document(&output);
    assert_eq!((output.code, &document["status"]), (Some(4), &"failed".into()), "{}", output.stderr);
    let adapters = document["adapters"].as_array().unwrap();
    let works: Vec<_> = adapters.iter().map(|one| one["works"].as_bool().unwrap()).collect();
    assert_eq!(works, [true, false, false]);
    let message = |at: usize| adapters[at]["probe"]["message"].as_str().unwrap();
    assert!(message(0).starts_with("answered `42` in "), "{}", message(0));
    assert!(message(1).starts_with("bad_credential: ") && message(1).contains("replace the key"), "{}", message(1));
    assert!(message(2).starts_with("usage_limit: ") && message(2).contains("wait for the reset"), "{}", message(2));
    assert!(!output.stdout.contains("WATCHWORD"));
    let questions: Vec<_> = sandbox.log().into_iter().filter(|one| one["prompt_bytes"].as_u64() > Some(0)).collect();
    assert_eq!(questions.len(), 3, "one small call each");
    assert!(questions.iter().all(|one| one["prompt_bytes"].as_u64() < Some(200)));
}

#[test]
fn without_being_asked_nobody_is_called() {
    let sandbox = Sandbox::new("");
    let output = sandbox.run("doctor -m claude,codex,gemini");
    assert_eq!(output.code, Some(0), "{} {}", output.stdout, output.stderr);
    assert!(sandbox.log().is_empty());
}

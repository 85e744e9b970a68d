//! `refinery doctor --probe`: one small real call each.

use crate::support::theatre::{Theatre, document};

#[test]
fn a_probe_says_who_answers_and_why_others_do_not() {
    let theatre = Theatre::new(
        "
        [[rule]]
        when = { vendor = 'claude' }
        act = [{ say = { text = '42' } }]
        [[rule]]
        when = { vendor = 'codex' }
        act = [{ fail = { kind = 'unauthorized' } }]
        [[rule]]
        when = { vendor = 'gemini' }
        act = [{ fail = { kind = 'usage-limit', resets_in_s = 3600 } }]
        ",
    );
    let shown = theatre.play("doctor --probe -m claude,codex,gemini -o json");
    let document = document(&shown);
    assert_eq!((shown.code, &document["status"]), (Some(4), &"failed".into()), "{}", shown.stderr);
    let adapters = document["adapters"].as_array().unwrap();
    let works: Vec<_> = adapters.iter().map(|one| one["works"].as_bool().unwrap()).collect();
    assert_eq!(works, [true, false, false]);
    let message = |at: usize| adapters[at]["probe"]["message"].as_str().unwrap();
    assert!(message(0).starts_with("answered `42` in "), "{}", message(0));
    assert!(message(1).starts_with("bad_credential: ") && message(1).contains("replace the key"), "{}", message(1));
    assert!(message(2).starts_with("usage_limit: ") && message(2).contains("wait for the reset"), "{}", message(2));
    assert!(!shown.stdout.contains("WATCHWORD"));
    let questions: Vec<_> = theatre.log().into_iter().filter(|one| one["prompt_bytes"].as_u64() > Some(0)).collect();
    assert_eq!(questions.len(), 3, "one small call each");
    assert!(questions.iter().all(|one| one["prompt_bytes"].as_u64() < Some(200)));
}

#[test]
fn without_being_asked_nobody_is_called() {
    let theatre = Theatre::new("");
    let shown = theatre.play("doctor -m claude,codex,gemini");
    assert_eq!(shown.code, Some(0), "{} {}", shown.stdout, shown.stderr);
    assert!(theatre.log().is_empty());
}

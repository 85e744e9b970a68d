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

#[test]
fn a_child_that_hangs_does_not_hang_the_doctor() {
    // It never says which version it is, nor whether anybody is logged in, nor anything else.
    let theatre = Theatre::new("").file("bin/claude", "#!/bin/sh\ntrap '' TERM\nexec 1>&2\nwhile :; do /bin/sleep 1; done\n");
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(theatre.path("bin/claude"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let shown = theatre.play("doctor -m claude -o json");
    let document = document(&shown);
    let notes = document["adapters"][0]["notes"].to_string();
    assert!(notes.contains("could not be asked"), "{notes}");
}

//! A participant that hangs: with a quorum the run goes on without it, and says so.

use crate::support::sandbox::{Sandbox, document};

#[test]
fn the_slowest_is_left_behind_and_ended() {
    let sandbox = Sandbox::new("[[rule]]\nwhen = { vendor = 'gemini' }\nactions = ['hang']\n");
    let line = "why -m claude,codex,gemini --seed 1 --quorum 2 --grace 200ms --stability-rounds 1";
    let output = sandbox.run(&format!("{line} -o json"));
    let shown = document(&output);
    assert_eq!((output.code, &shown["status"]), (Some(0), &"converged".into()), "{}", output.stderr);
    let dropped = &shown["metadata"]["models_dropped"][0];
    assert_eq!((&dropped["participant"], &dropped["reason"]), (&"gemini".into(), &"timed_out".into()), "{shown}");
    let journal = sandbox.journal();
    let run = journal.file_stem().unwrap().to_str().unwrap();
    assert_eq!(sandbox.run(&format!("replay {run} -o json")).stdout, output.stdout);

    let text = sandbox.run(line);
    assert!(text.stderr.contains("left behind: no reply within 200ms of a quorum of 2"), "{}", text.stderr);
}

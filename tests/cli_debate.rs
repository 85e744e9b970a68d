//! `refinery debate` and `refinery personas` before any call: what cannot be, and what would be done.

use crate::support::program::Desk;
use insta::assert_snapshot;
use serde_json::{Value, json};

const TEAM: &str = "
[[persona]]
id = 'dba'
name = 'Keeper of the Database'
role = 'Knows what the database does at night'
prompt = 'You keep the database.'

[[persona]]
id = 'pessimist'
name = 'Our Pessimist'
role = 'Has seen it fail here'
prompt = 'You have seen it fail.'
";

fn document(desk: &Desk, line: &str) -> Value {
    serde_json::from_str(&desk.run(line).stdout).unwrap()
}

#[test]
fn dry_runs_say_who_speaks_as_what_and_how_many_turns_there_are() {
    let desk = Desk::new().file("work/a.txt", "text").file("work/team.toml", TEAM);
    assert_snapshot!(desk.blocks(&[
        "debate 'why?' -m claude,codex,gemini --judge claude --dry-run",
        "debate 'why?' -m claude:domain-expert@low,codex --persona codex=dba --personas team.toml -f a.txt \
         --judge gemini --no-early-stop --no-blind --no-shuffle --min-score 70 --max-rounds 2 --dry-run",
        "debate 'why?' -m claude*3 --rounds 1 --temperature 0.5 --no-shuffle --dry-run",
    ]));
}

#[test]
fn a_dry_run_for_programs_has_the_plan() {
    let desk = Desk::new();
    let line = "debate why -m claude,codex --judge codex@low --judge-reply-tokens 99 --convergence-delta 2.5 \
        --disagreement-threshold 30 --dry-run -o json";
    let dry = document(&desk, line);
    assert_eq!(
        (&dry["status"], &dry["protocol"], &dry["total_calls"]),
        (&json!("dry_run"), &json!("debate"), &json!(9))
    );
    assert_eq!(dry["rounds"][3], json!({ "round": 4, "argue": 2, "judge": 1, "calls": 3, "repairs": 0 }));
    let plan = &dry["plan"];
    assert_eq!(
        (&plan["rounds"], &plan["convergence_delta"], &plan["disagreement_threshold"]),
        (&json!(4), &json!(2.5), &json!(30.0))
    );
    assert_eq!((&plan["early_stop"], &plan["blind"], &plan["shuffle"]), (&json!(true), &json!(true), &json!(true)));
    assert_eq!((&plan["judge"]["participant"], &plan["judge"]["persona"]["id"]), (&json!("codex"), &json!("judge")));
    assert_eq!((&plan["judge_effort"], &plan["judge_reply_tokens"]), (&json!("low"), &json!(99)));
    let personas: Vec<_> = plan["personas"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(personas, ["pessimist", "first-principles"]);
}

#[test]
fn names_are_the_same_in_either_spelling() {
    let desk = Desk::new();
    let personas = |line: &str| {
        let dry = document(&desk, &format!("debate why {line} --dry-run -o json"));
        let names: Vec<_> =
            dry["participants"].as_array().unwrap().iter().map(|one| one["participant"].as_str().unwrap()).collect();
        let ids: Vec<_> =
            dry["plan"]["personas"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        format!("{} as {}", names.join(","), ids.join(","))
    };
    let expected = "claude@high,codex as pessimist,domain-expert";
    for line in [
        "-m claude@high:pessimist,codex:domain-expert",
        "-m claude:pessimist@high -m codex:domain-expert",
        "-m claude@high,codex --persona claude@high=pessimist --persona codex=domain-expert",
        "-m claude@high:pessimist,codex --persona codex=domain-expert",
    ] {
        assert_eq!(personas(line), expected, "{line}");
    }
    assert_eq!(
        personas("-m claude*2 --persona 'claude#2=domain-expert'"),
        "claude#1,claude#2 as pessimist,domain-expert"
    );
    assert_eq!(
        personas("-m ollama/llama3.2:3b,ollama/llama3.2:3b:scientific-skeptic"),
        "ollama/llama3.2:3b#1,ollama/llama3.2:3b#2 as pessimist,scientific-skeptic"
    );
}

#[test]
fn what_cannot_be_is_told_with_the_way_out() {
    let desk = Desk::new()
        .file("work/bad.toml", "[[persona]]\nid = 'A'\nname = 'x'\nrole = 'r'\n\n[person]\n")
        .file("work/team.toml", TEAM)
        .file("work/other.toml", TEAM);
    assert_snapshot!(desk.blocks(&[
        "debate why -m claude",
        "debate why -m claude*8",
        "debate why -m claude:pesimist,codex:nobody,gemini:pessimist@turbo",
        "debate why -m claude:judge,codex",
        "debate why -m claude*2 --persona claude=pessimist --persona codex=pessimist --persona 'claude#3=pessimist'",
        "debate why -m claude:pessimist,codex --persona claude=domain-expert --persona codex --persona codex=expert",
        "debate why -m claude,codex --personas bad.toml --personas none.toml",
        "debate why -m claude,codex --personas team.toml --personas other.toml",
        "debate why -m claude,codex --judge nobody",
        "debate why -m claude,codex --judge claude:judge",
        "debate why -m claude,codex --judge-temperature 0.3",
        "why -m claude:pessimist,codex@high:domain-expert",
        "sample why -m ollama/llama3.2:3b:pessimist",
    ]));
}

#[test]
fn values_out_of_range_are_refused_with_the_range() {
    let desk = Desk::new();
    for (line, words) in [
        ("--rounds 0", "--rounds is a whole number from 1 to 10, not `0`"),
        ("--max-rounds 11", "--rounds is a whole number from 1 to 10, not `11`"),
        ("--disagreement-threshold 101", "--disagreement-threshold is a number from 0 to 100, not `101`"),
        ("--disagreement-threshold -1", "--disagreement-threshold is a number from 0 to 100, not `-1`"),
        ("--convergence-delta far", "--convergence-delta is a number from 0 to 100, not `far`"),
        ("--min-score 100.5", "--min-score is a number from 0 to 100, not `100.5`"),
        ("--judge codex --judge-temperature 2.1", "--judge-temperature is a number from 0 to 2, not `2.1`"),
        ("--judge codex --judge-max-tokens 0", "--judge-reply-tokens is a whole number of at least 1, not `0`"),
        ("--temperature 3", "--temperature is a number from 0 to 2, not `3`"),
    ] {
        let output = desk.run(&format!("debate why -m claude,codex {line}"));
        assert_eq!((output.code, output.stdout.as_str()), (Some(4), ""), "{line}: {}", output.stderr);
        assert!(output.stderr.contains(words), "{line}: {}", output.stderr);
    }
}

#[test]
fn personas_are_listed_and_shown_whole() {
    let desk = Desk::new().file("work/team.toml", TEAM).file(
        "home/.config/refinery/personas.toml",
        "[[persona]]\nid = 'judge'\nname = 'Chair'\nrole = 'Keeps the minutes'\nprompt = 'You keep the minutes.'\n",
    );
    assert_snapshot!(desk.blocks(&[
        "personas --personas team.toml",
        "personas scientific-skeptic",
        "personas dba --personas team.toml -o json",
        "personas pesimist",
        "personas dba",
    ]));
    let all = document(&desk, "personas -o json");
    let ids: Vec<_> = all.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 8, "{ids:?}");
    let judge = all.as_array().unwrap().iter().find(|one| one["id"] == "judge").unwrap();
    assert_eq!((&judge["name"], &judge["dealt"]), (&json!("Chair"), &json!(false)));
    assert_eq!(judge["source"], "[DESK]/home/.config/refinery/personas.toml");
    let dry = document(&desk, "debate why -m claude,codex --judge claude --dry-run -o json");
    assert_eq!(dry["plan"]["judge"]["persona"]["name"], "Chair");
}

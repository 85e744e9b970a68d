//! The published schemas: what they say, and that the files that the program reads are what they
//! describe.

use crate::support::program::Desk;
use crate::support::sandbox::{Sandbox, document};
use crate::support::schemas::{NAMES, assert_closed, each, is_valid, schema};
use refinery_core::config::{AdapterKey, Key};
use serde_json::Value;
use std::path::Path;

#[test]
fn each_has_a_name_a_line_and_a_document() {
    let desk = Desk::new();
    let list = desk.run("schema");
    let names: Vec<_> = list.stdout.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!((list.code, names.as_slice()), (Some(0), NAMES.as_slice()));
    assert!(list.stdout.lines().all(|line| line.trim().contains("  ")), "{}", list.stdout);
    for name in NAMES {
        let output = desk.run(&format!("schema {name}"));
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
        let printed = document(&output);
        assert_eq!(printed, schema(name));
        assert!(jsonschema::meta::is_valid(&printed), "{name}");
        assert_eq!(printed["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!((printed.get("$id"), &printed["title"]), (None, &format!("refinery {name}").into()));
        assert!(printed["description"].as_str().unwrap().ends_with('.'));
    }
    assert_eq!(schema("plan")["$comment"], "of format 1 of the journal");
}

#[test]
fn a_name_that_is_none_is_told_with_the_way_out() {
    let output = Desk::new().run("schema outcmoe");
    let told = "error: unknown schema `outcmoe`\nhint: did you mean `outcome`?\nhint: there are outcome, event, ";
    assert_eq!((output.code, output.stdout.as_str()), (Some(4), ""));
    assert!(output.stderr.starts_with(told), "{}", output.stderr);
}

#[test]
fn they_speak_of_json_and_say_what_everything_is() {
    for name in NAMES {
        each(&schema(name), "", &mut |place, one| {
            if let Some(text) = one["description"].as_str() {
                assert!(!text.contains("`None`") && !text.contains('\n') && !text.contains("[`"), "{place}: {text}");
            }
            for (member, described) in one["properties"].as_object().into_iter().flatten() {
                // The one member of a variant is described where the variant is.
                let alone = one["description"].is_string() && one["properties"].as_object().unwrap().len() == 1;
                let said = ["description", "const"].iter().any(|key| described.get(key).is_some()) || alone;
                assert!(said, "{name}: {place}: {member} is not described");
            }
        });
    }
}

/// What a TOML file says, as the schemas see it.
fn toml(text: &str) -> Value {
    toml::from_str(text).unwrap()
}

#[test]
fn the_files_that_come_with_the_program_are_described() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| toml(&std::fs::read_to_string(root.join(path)).unwrap());
    for name in ["agy", "claude", "codex", "gemini", "llm", "ollama"] {
        assert_closed("manifest", &read(&format!("adapters/{name}.toml")));
    }
    assert_closed("persona", &read("src/protocol/debate/personas.toml"));
    assert_closed("config", &read("src/config/default.toml"));
    // The same with everything set that has no default, as its comments show it.
    let text = std::fs::read_to_string(root.join("src/config/default.toml")).unwrap();
    let is_setting = |line: &str| line.starts_with('[') || line.split(' ').nth(1) == Some("=");
    let set: Vec<_> = text
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|line| is_setting(line)).unwrap_or(line))
        .filter(|line| !line.starts_with('#'))
        .collect();
    let whole = toml(&set.join("\n"));
    assert_eq!(whole["defaults"].as_object().unwrap().len(), Key::ALL.len());
    assert_eq!(whole["adapters"]["claude"].as_object().unwrap().len(), AdapterKey::ALL.len());
    assert_closed("config", &whole);
}

#[test]
fn a_file_of_personas_is_valid_if_it_can_be_read() {
    let good = [("id", "a-1"), ("name", "A"), ("role", "looks"), ("prompt", "You\nlook.")];
    let written = |members: &[(&str, &str)]| {
        let lines: Vec<_> = members.iter().map(|(key, text)| format!("{key} = {text:?}\n")).collect();
        format!("[[persona]]\n{}", lines.concat())
    };
    let long = "x".repeat(61);
    let mut all = vec![written(&good), written(&good[1..]), written(&[&good[..], &[("colour", "red")]].concat())];
    for (key, text) in [
        ("id", "A"),
        ("id", ""),
        ("id", "a b"),
        ("name", ""),
        ("name", "  "),
        ("name", "a\nb"),
        ("name", &long),
        ("name", "É b"),
        ("name", &long[1..]),
        ("role", "a\tb"),
        ("role", ""),
        ("prompt", " \n"),
        ("prompt", "x"),
    ] {
        let changed: Vec<_> = good.iter().map(|(k, old)| (*k, if *k == key { text } else { *old })).collect();
        all.push(written(&changed));
    }
    let (mut read, mut refused) = (0, 0);
    for text in all {
        let reads = refinery_core::protocol::debate::read(&text).is_ok();
        assert_eq!(is_valid("persona", &toml(&text)), reads, "{text}");
        *(if reads { &mut read } else { &mut refused }) += 1;
    }
    assert_eq!((read, refused), (4, 12));
}

#[test]
fn a_file_of_steps_is_valid_if_its_steps_take_what_it_says() {
    for (steps, good) in [
        (
            "kind = 'sample'\nnum_samples = 5\n[[step]]\nkind = 'refine'\nif = 'agreement < 0.95'\ntarget_score = 0.9",
            true,
        ),
        ("kind = 'refine'\nmode = 'critique'\nexclude = ['a', 'b']\nfeed = 'prompt'", true),
        (
            "kind = 'debate'\nrounds = 3\njudge = 'claude'\nblind = false\n[[step]]\nkind = 'consensus'\nthreshold = 9",
            true,
        ),
        ("kind = 'sample'\nnum_sample = 5", false),
        ("kind = 'refine'\nmode = 'score'\nmax_passes = 2", false),
        ("kind = 'refine'\nmax_passes = 2", false),
        ("kind = 'opera'", false),
        ("num_samples = 5", false),
        ("kind = 'sample'\nfeed = 'value or so'", false),
        ("kind = 'sample'\nnum_samples = { a = 1 }", false),
    ] {
        let text = format!("[[step]]\n{steps}\n");
        assert_eq!(is_valid("pipeline", &toml(&text)), good, "{text}");
        // The program reads it alike: one that is refused is refused before anything else is looked at.
        let sandbox = Sandbox::new("").file("work/steps.toml", &text);
        let output = sandbox.run("pipe why -m claude,codex --steps steps.toml --dry-run");
        assert_eq!(output.code == Some(0), good, "{text}: {}", output.stderr);
    }
    assert!(!is_valid("pipeline", &toml("")) && !is_valid("pipeline", &toml("[[step]]\nkind = 'sample'\n[other]")));
}

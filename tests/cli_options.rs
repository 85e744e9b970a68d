//! Every flag of every command that makes a run changes what is planned: none is taken and forgotten.

use crate::support::in_process::draft;
use crate::support::sandbox::Sandbox;
use clap::{Arg, CommandFactory};
use refinery_core::cli::args::Cli;

/// Values, one of which is right for any flag, and differs from what counts without it.
const VALUES: [&str; 29] = [
    "7",
    "0.37",
    "2",
    "90s",
    "low",
    "adjusted",
    "batch",
    "casefold",
    "unanimous",
    "0.93",
    "critique",
    "codex",
    "api",
    "json",
    "wait",
    "oneshot",
    "claude=2",
    "claude=first-principles",
    "sample",
    "agreement < 0.5",
    "why else?",
    "note.txt",
    "personas.toml",
    "steps.toml",
    "config.toml",
    "adapter.toml",
    "elsewhere",
    "draft.txt",
    "gemini,codex",
];

/// What stands beside a flag that makes no sense alone, and the flags that stand for themselves in a dry run.
const BESIDE: [&str; 13] = [
    "",
    "--judge gemini",
    "--mode critique",
    "--self-refine",
    "--step sample --step refine",
    "-m other",
    "--quick",
    "--sequential",
    "--no-early-close",
    "--no-early-stop --no-blind --no-shuffle",
    "--no-verify --self-refine",
    "--mode critique --no-verify --accept-unstructured",
    "-f link.txt",
];

fn flag(arg: &Arg, value: Option<&str>) -> String {
    let name = arg.get_long().map(|long| format!("--{long}"));
    match (name, value) {
        (Some(name), Some(value)) => shell_words::join([format!("{name}={value}")]),
        (Some(name), None) => name,
        (None, value) => shell_words::quote(value.unwrap_or_default()).into_owned(),
    }
}

#[test]
fn every_flag_changes_what_is_planned() {
    let sandbox = Sandbox::new("")
        .file("work/note.txt", "a note")
        .file("work/draft.txt", "a draft")
        .file("work/steps.toml", "[[step]]\nkind = \"debate\"\n")
        .file("work/config.toml", "[defaults]\nretries = 7\n")
        .file(
            "work/adapter.toml",
            include_str!("../adapters/claude.toml").replacen("name = \"claude\"", "name = \"other\"", 1),
        )
        .file(
            "work/personas.toml",
            "[[persona]]\nid = \"poet\"\nname = \"Poet\"\nrole = \"rhymes\"\nprompt = \"Rhyme.\"\n",
        );
    std::os::unix::fs::symlink(sandbox.path("script.toml"), sandbox.path("work/link.txt")).unwrap();
    let cli = Cli::command();
    let runs = cli.get_subcommands().filter(|one| one.get_positionals().any(|one| one.get_id() == "prompt"));
    let mut unread = Vec::new();
    let mut count = 0;
    for command in std::iter::once(&cli).chain(runs) {
        let name = if command.get_name() == "refinery" { "" } else { command.get_name() };
        let plan = |rest: &str| draft(&sandbox, &format!("{name} {rest}"));
        for arg in command.get_arguments() {
            // What only looks; and what all commands share is tried with the first.
            let shared = !name.is_empty()
                && cli
                    .get_arguments()
                    .any(|one| (one.get_id(), one.get_help_heading()) == (arg.get_id(), arg.get_help_heading()));
            if shared || ["help", "version", "dry_run"].contains(&arg.get_id().as_str()) {
                continue;
            }
            count += 1;
            let question = if arg.get_id() == "prompt" { "-m claude,codex" } else { "'why?' -m claude,codex" };
            let values: Vec<_> = match arg.get_action().takes_values() {
                true => VALUES.iter().copied().map(Some).collect(),
                false => vec![None],
            };
            let read = BESIDE.iter().any(|beside| {
                let without = plan(&format!("{question} {beside}"));
                values.iter().any(|value| {
                    let with = plan(&format!("{question} {beside} {}", flag(arg, *value)));
                    with.is_ok() && with != without
                })
            });
            if !read {
                unread.push(format!("{name} --{}", arg.get_id()));
            }
        }
    }
    assert!(count > 80, "{count}");
    assert!(unread.is_empty(), "flags that change nothing:\n{}", unread.join("\n"));
}

//! Three readers of what others write, under drawn input: `.env` files, replies of reviewers and judges, journals.
//! `make fuzz` draws a million cases for each; `cargo test` a few hundred. Whatever comes, nothing panics, nothing is
//! out of its range, and nothing takes memory or time out of proportion.

use proptest::prelude::*;
use proptest::sample::select;
use refinery_core::cli::history::replay::retell;
use refinery_core::engine::Recorded;
use refinery_core::host::dotenv;
use refinery_core::journal::Chain;
use refinery_core::protocol::parse::{Shown, read_critique, read_review, read_reviews, read_score};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;

/// As many cases as `PROPTEST_CASES` says, else a few hundred.
fn cases() -> ProptestConfig {
    let drawn = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { cases: drawn.unwrap_or(300), failure_persistence: None, ..ProptestConfig::default() }
}

/// Texts of pieces that mean something to a reader, with anything between them.
fn pieces(known: &'static [&'static str]) -> impl Strategy<Value = String> {
    let piece = prop_oneof![6 => select(known).prop_map(str::to_owned), 1 => "\\PC{0,12}", 1 => any::<char>().prop_map(String::from)];
    prop::collection::vec(piece, 0..40).prop_map(|all| all.concat())
}

const DOTENV: &[&str] = &[
    "ANTHROPIC_API_KEY",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CODEX_API_KEY",
    "GEMINI_API_KEY",
    "PATH",
    "=",
    "= ",
    "#",
    " #",
    "\t#",
    "\n",
    "\r\n",
    "\"",
    "'",
    "\\",
    "\\n",
    "export ",
    "export\t",
    " ",
    "\t",
    "sk-ant-oat01-x",
    "${HOME}",
    "$(id)",
    "\u{feff}",
    "\0",
    "é",
];

const REPLY: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"score\"",
    "\"Score\"",
    "\"review\"",
    "\"reviews\"",
    "\"rationale\"",
    ":",
    ",",
    "8",
    "8.5",
    "8,5",
    "\"8/10\"",
    "10",
    "11",
    "-3",
    "1e400",
    "NaN",
    "null",
    "true",
    "```json\n",
    "```",
    "\n",
    "> ",
    "Score: ",
    "**",
    "7 out of 10",
    "/10",
    "\\ud83d",
    "\\u0000",
    "\"",
    "\\",
    "Answer A",
    "Answer B",
    "<critique>",
    "</critique>",
    "<revised>",
    "</revised>",
    " ",
    "0.85",
];

/// The lines of journals, unsealed.
static JOURNALS: LazyLock<Vec<Vec<String>>> =
    LazyLock::new(|| ["finished", "killed", "parked", "pipe"].map(journal).into());

thread_local! {
    /// One for all cases of a test: a million folders are an hour of the disk's time.
    static FOLDER: TempDir = tempfile::tempdir().unwrap();
}

fn in_folder<T>(act: impl FnOnce(&Path) -> T) -> T {
    FOLDER.with(|folder| act(folder.path()))
}

/// What is put in the place of a number.
const NUMBERS: [&str; 7] = ["0", "-1", "1", "4294967296", "18446744073709551615", "1e308", "99999999999999999999"];

fn journal(name: &str) -> Vec<String> {
    let path = format!("{}/fixtures/journals/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let mut chain = Chain::default();
    fs::read_to_string(path).unwrap().lines().map(|line| chain.open(line).unwrap()).collect()
}

/// One number of a line, replaced.
fn with_number(line: &str, at: usize, number: &str) -> String {
    let starts: Vec<usize> = line
        .char_indices()
        .filter(|(place, letter)| letter.is_ascii_digit() && !line[..*place].ends_with(|c: char| c.is_ascii_digit()))
        .map(|(place, _)| place)
        .collect();
    let Some(start) = starts.get(at % starts.len().max(1)).copied() else { return line.to_owned() };
    let end = line[start..].find(|c: char| !c.is_ascii_digit()).map_or(line.len(), |length| start + length);
    format!("{}{number}{}", &line[..start], &line[end..])
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_dotenv_sets_credentials_and_nothing_else(text in pieces(DOTENV)) {
        let before: BTreeMap<String, String> = [("GEMINI_API_KEY".to_owned(), "mine".to_owned())].into();
        let mut env = before.clone();
        let warnings = in_folder(|folder| {
            fs::write(folder.join(".env"), &text).unwrap();
            dotenv::load(folder, &mut env)
        });
        // A value of several lines has them as they are read.
        let text = text.replace("\r\n", "\n");
        prop_assert_eq!(&env["GEMINI_API_KEY"], "mine");
        for (name, value) in &env {
            prop_assert!(dotenv::names().any(|known| known == name), "{name}");
            prop_assert!(text.contains(value.as_str()) || before.contains_key(name), "{value:?}");
        }
        // A line may be a key that was pasted: only names are repeated.
        prop_assert!(warnings.warnings.iter().all(|line| !line.contains("sk-ant-oat01-x")), "{warnings:?}");
    }

    #[test]
    fn any_reply_is_read_or_refused(text in pieces(REPLY), material in pieces(REPLY)) {
        let parts: [Arc<str>; 1] = [material.into()];
        let shown = Shown::new(&parts);
        if let Ok(review) = read_review(&text, None, &shown) {
            prop_assert!((1.0..=10.0).contains(&review.score), "{}", review.score);
        }
        for review in read_reviews(&text, None, &["Answer A", "Answer B"], 2, &shown) {
            prop_assert!(review.is_err() || (1.0..=10.0).contains(&review.unwrap().score));
        }
        if let Ok(judgement) = read_score(&text, None, &shown) {
            prop_assert!((0.0..=10.0).contains(&judgement.score), "{}", judgement.score);
        }
        let critique = read_critique(&text);
        prop_assert!(critique.output(&text).len() <= text.len());
    }

    #[test]
    fn a_journal_that_was_sealed_again_is_told_or_refused(
        journal in 0..JOURNALS.len(), line in any::<usize>(), at in any::<usize>(), number in select(&NUMBERS[..]), cut in 0..4usize,
    ) {
        let mut bodies = JOURNALS[journal].clone();
        let line = line % bodies.len();
        match cut {
            0 => bodies[line] = with_number(&bodies[line], at, number),
            1 => drop(bodies.remove(line)),
            2 => bodies.insert(line, bodies[line].clone()),
            _ => bodies.truncate(line + 1),
        }
        let mut chain = Chain::default();
        let sealed: Vec<String> = bodies.iter().filter_map(|body| chain.seal(body)).collect();
        let told = in_folder(|folder| {
            let path = folder.join("run.jsonl");
            fs::write(&path, sealed.join("\n") + "\n").unwrap();
            Recorded::read(&path).and_then(|recorded| retell(&recorded, &mut |_| {}))
        });
        if let Ok(finished) = told {
            let document = serde_json::to_value(&finished.outcome).unwrap();
            prop_assert!(document["status"] != Value::Null);
        }
    }
}

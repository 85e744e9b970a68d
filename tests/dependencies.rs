//! What we depend on: known licences, one registry, nothing that only the program needs in the
//! library.

use serde_json::Value;
use std::process::Command;

/// Licences that a user of a permissively licensed tool can accept without asking.
const ACCEPTED: &[&str] = &[
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "0BSD",
    "CC0-1.0",
    "BSL-1.0",
];

fn cargo(arguments: &[&str]) -> String {
    told(Command::new(env!("CARGO")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")))
}

/// The platform of this machine: the crates of others were never fetched.
fn platform() -> String {
    let about = told(Command::new("rustc").arg("-vV"));
    about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

fn told(command: &mut Command) -> String {
    let output = command.output().expect("cargo and rustc run where they built this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Whether a licence expression can be satisfied with accepted licences alone.
fn acceptable(expression: &str) -> bool {
    expression.replace('/', " OR ").split(" AND ").all(|term| {
        term.trim_matches(['(', ')', ' '])
            .split(" OR ")
            .any(|one| ACCEPTED.contains(&one.trim_matches(['(', ')', ' '])))
    })
}

#[test]
fn licences_and_sources_are_known() {
    let platform = platform();
    let words = ["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", &platform];
    let metadata: Value = serde_json::from_str(&cargo(&words)).unwrap();
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        if name == "refinery-council" {
            continue;
        }
        let licence = package["license"].as_str().unwrap_or("none");
        if !acceptable(licence) {
            wrong.push(format!("{name}: licence {licence}"));
        }
        if !package["source"].as_str().is_some_and(|source| source.starts_with("registry+")) {
            wrong.push(format!("{name}: not from a registry"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_library_user_gets_no_command_line_crates() {
    let tree =
        cargo(&["tree", "--locked", "--offline", "--edges", "normal", "--no-default-features", "--prefix", "none"]);
    for unwanted in ["clap", "tracing-subscriber", "anstream", "indicatif", "anyhow", "schemars"] {
        let found = tree.lines().any(|line| line.split(' ').next() == Some(unwanted));
        assert!(!found, "{unwanted} reaches the library");
    }
}

#[test]
fn expressions_are_read() {
    assert!(acceptable("MIT OR Apache-2.0") && acceptable("MIT/Apache-2.0"));
    assert!(acceptable("(MIT OR Apache-2.0) AND Unicode-3.0"));
    assert!(!acceptable("GPL-3.0") && !acceptable("MIT AND GPL-3.0") && !acceptable("none"));
}

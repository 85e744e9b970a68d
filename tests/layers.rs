//! The architecture, kept true: who may name whom, what the pure layers may not touch, and how
//! large a file may grow.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Words that every module shares.
const VOCABULARY: &[&str] = &[
    "billing",
    "error",
    "event",
    "exchange",
    "failure",
    "ids",
    "invocation",
    "json",
    "outcome",
    "time",
    "value",
    "words",
];

/// Which modules each module may name, beside the vocabulary and itself.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "cli",
        &[
            "adapter", "app", "call", "config", "engine", "host", "journal", "plan", "process", "protocol", "report",
            "demo",
        ],
    ),
    ("app", &["adapter", "call", "config", "engine", "host", "journal", "plan", "process", "protocol"]),
    ("library", &["adapter", "call", "engine", "host", "plan", "process", "protocol"]),
    ("config", &["adapter", "plan", "protocol", "report"]),
    ("host", &["adapter", "config"]),
    ("plan", &["adapter", "protocol"]),
    ("protocol", &[]),
    ("engine", &["call", "journal", "plan", "protocol"]),
    ("journal", &[]),
    ("call", &["adapter", "process"]),
    ("adapter", &[]),
    ("process", &[]),
    ("report", &["plan"]),
    ("demo", &["adapter"]),
];

/// Modules without input, output, clocks or randomness, and what they may therefore not name.
const PURE: &[&str] = &["adapter", "plan", "protocol"];
const IMPURE: &[&str] = &[
    "tokio::",
    "std::fs",
    "std::process",
    "std::env",
    "std::net",
    "std::thread",
    "Instant::now",
    "SystemTime",
    "nanoid",
    "tempfile",
    "rustix",
];

const MOST_LINES: usize = 400;

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The module that a file below `src/` belongs to: its folder, or its own name.
fn module_of(file: &Path) -> String {
    let inside = file.strip_prefix(root().join("src")).unwrap();
    inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

/// The code of a file, without comments and without its unit tests.
fn code_of(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap_or("");
    code.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// Every module that the code names as `crate::module`.
fn named_in(code: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for (_, rest) in code.match_indices("crate::").map(|(at, found)| code.split_at(at + found.len())) {
        let list = match rest.strip_prefix('{') {
            Some(group) => group.split('}').next().unwrap_or("").split(',').map(str::trim).collect(),
            None => vec![rest],
        };
        for item in list {
            let name: String = item.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if !name.is_empty() {
                named.insert(name);
            }
        }
    }
    named
}

#[test]
fn arrows_go_one_way() {
    let arrows: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    for file in sources(&root().join("src")) {
        let module = module_of(&file);
        if module == "main" || module == "lib" {
            continue;
        }
        let allowed: &[&str] = if VOCABULARY.contains(&module.as_str()) {
            &[]
        } else {
            arrows.get(module.as_str()).unwrap_or_else(|| panic!("{module} has no place in the layout"))
        };
        for name in named_in(&code_of(&file)) {
            if name != module && !VOCABULARY.contains(&name.as_str()) && !allowed.contains(&name.as_str()) {
                wrong.push(format!("{}: {module} may not name {name}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_layers_touch_nothing() {
    let mut wrong = Vec::new();
    for module in PURE {
        for file in sources(&root().join("src").join(module)) {
            let code = code_of(&file);
            for word in IMPURE.iter().filter(|word| code.contains(**word)) {
                wrong.push(format!("{} names {word}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Below the command line nobody knows how a run was asked for, and nobody makes what all runs share.
#[test]
fn only_the_command_line_knows_clap_and_terminals() {
    let mut wrong = Vec::new();
    for file in sources(&root().join("src")) {
        let module = module_of(&file);
        let code = code_of(&file);
        if module != "cli" && code.contains("clap") {
            wrong.push(format!("{} names clap", file.display()));
        }
        for word in ["Runtime", "Watchdog::start", "signals()", "Machine::look", "stdout()", "stderr()"] {
            if module == "app" && code.contains(word) {
                wrong.push(format!("{} names {word}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_readable() {
    let mut long = Vec::new();
    for folder in ["src", "tests", "benches", "examples"] {
        let folder = root().join(folder);
        if folder.is_dir() {
            for file in sources(&folder) {
                let lines = fs::read_to_string(&file).unwrap().lines().count();
                if lines > MOST_LINES {
                    long.push(format!("{}: {lines} lines", file.display()));
                }
            }
        }
    }
    assert!(long.is_empty(), "over {MOST_LINES} lines:\n{}", long.join("\n"));
}

#[test]
fn every_module_explains_itself() {
    for file in sources(&root().join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//!"), "{} has no module doc", file.display());
    }
}

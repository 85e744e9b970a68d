//! What documents name is there: files, tests within them, targets of the Makefile, what links lead to.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders whose files a document may name.
const ROOMS: [&str; 10] =
    ["src/", "tests/", "docs/", "adapters/", "benches/", "examples/", "fixtures/", "scripts/", ".github/", ".config/"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn documents() -> Vec<PathBuf> {
    let folders = [root().to_owned(), root().join("docs"), root().join("benches")];
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "md")).collect()
}

/// Everything between single backticks, on one line.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with("```")).flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// The recorded cases that a document names: after a file of cases, its names in double quotes.
fn cases(text: &str) -> Vec<(&str, &str)> {
    let lines = text.lines().map(|line| line.split('`').collect::<Vec<_>>());
    let pairs = lines.flat_map(|parts| {
        (1..parts.len()).step_by(2).map(|at| (parts[at], parts.get(at + 1).copied())).collect::<Vec<_>>()
    });
    let named = pairs.filter(|(file, _)| file.starts_with("tests/contract/cases/"));
    named
        .flat_map(|(file, after)| after.unwrap_or_default().split('"').skip(1).step_by(2).map(move |case| (file, case)))
        .collect()
}

/// Where links and pictures of a document lead, as long as it is to files of ours.
fn linked(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://") && !target.starts_with('#'))
}

/// Files that a path with stars and braces names.
fn named(pattern: &str) -> bool {
    let (folder, name) = pattern.trim_end_matches('/').rsplit_once('/').unwrap_or(("", pattern));
    let Some((before, after)) = name.split_once('*') else { return root().join(pattern).exists() };
    fs::read_dir(root().join(folder)).is_ok_and(|mut entries| {
        entries.any(|entry| {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
        })
    })
}

/// Why a quotation is wrong, if it names something of ours that is not there.
fn wrong(quotation: &str, targets: &BTreeSet<String>) -> Option<String> {
    if let Some(target) = quotation.strip_prefix("make ") {
        let target = target.split(' ').next().unwrap_or_default();
        return (!targets.contains(target)).then(|| format!("make {target}: no such target"));
    }
    let ours = ROOMS.iter().any(|room| quotation.starts_with(room) && quotation.len() > room.len());
    // Placeholders in capitals stand for names.
    if !ours || quotation.contains([' ', '{', '<', '…']) || quotation.split(['/', '.']).any(is_placeholder) {
        return None;
    }
    let (path, test) = quotation.split_once("::").map_or((quotation, None), |(path, test)| (path, Some(test)));
    if !named(path) {
        return Some(format!("{path}: no such file"));
    }
    let test = test?;
    let text = fs::read_to_string(root().join(path)).unwrap();
    (!text.contains(&format!("fn {test}("))).then(|| format!("{path}: no test {test}"))
}

fn is_placeholder(part: &str) -> bool {
    part.len() > 1 && part.chars().all(|c| c.is_ascii_uppercase()) && part != "README" && part != "CONTRIBUTING"
}

fn targets() -> BTreeSet<String> {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let rules = makefile.lines().filter(|line| !line.starts_with(['\t', '#', '.']));
    rules.filter_map(|line| Some(line.split_once(':')?.0.to_owned())).collect()
}

#[test]
fn what_documents_name_is_there() {
    let targets = targets();
    let mut seen = 0;
    let mut faults = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for quotation in quoted(&text) {
            seen += 1;
            let name = document.strip_prefix(root()).unwrap().display();
            faults.extend(wrong(quotation, &targets).map(|why| format!("{name}: {why}")));
        }
        for (file, case) in cases(&text) {
            let there = fs::read_to_string(root().join(file)).is_ok_and(|cases| cases.contains(&format!("\"{case}\"")));
            faults.extend((!there).then(|| format!("{file}: no case {case}")));
        }
        let folder = document.parent().unwrap();
        let dead = linked(&text).filter(|target| !folder.join(target).exists());
        faults.extend(dead.map(|target| format!("{}: no such file {target}", document.display())));
    }
    assert!(seen > 300, "{seen}");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_is_not_there_is_noticed() {
    let targets = targets();
    for good in ["make check", "tests/fault_*.rs", "tests/documents.rs", "src/", "adapters/NAME.toml", "tests/it now"] {
        assert_eq!(wrong(good, &targets), None, "{good}");
    }
    assert_eq!(wrong("tests/documents.rs::what_is_not_there_is_noticed", &targets), None);
    let found = cases("see `tests/contract/cases/x.rs` \"a\", \"b\" and `y` \"c\"");
    assert_eq!(found, [("tests/contract/cases/x.rs", "a"), ("tests/contract/cases/x.rs", "b")]);
    for bad in ["make nothing", "tests/nothing_*.rs", "src/nothing.rs", "docs/nothing", "tests/documents.rs::nothing"] {
        assert!(wrong(bad, &targets).is_some(), "{bad}");
    }
}

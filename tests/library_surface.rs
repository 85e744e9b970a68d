//! What library users see, as a list in the repository: `docs/public-api.txt`. A change to it is a decision,
//! and shows in a diff. `make api` accepts it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

const LISTING: &str = "docs/public-api.txt";

/// The text between two marks, and what follows it.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<(&'a str, &'a str)> {
    let (_, after) = text.split_once(open)?;
    after.split_once(close)
}

/// What a browser would show, on one line.
fn shown(html: &str) -> String {
    let mut text = String::new();
    // Long lists can be folded up in a browser.
    let folded =
        html.split_once("<summary").and_then(|(before, after)| Some((before, after.split_once("</summary>")?.1)));
    let html = folded.map_or_else(|| html.to_owned(), |(before, after)| format!("{before} {after}"));
    let mut rest = html.as_str();
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    let text = text.replace("&amp;", "&").replace('\u{a0}', " ").replace('§', "");
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace("( ", "(")
        .replace(", )", ")")
        .replace(" )", ")")
        .replace("]pub ", "] pub ")
}

/// One page: the declaration, the methods that an item has of its own, and the traits that it implements.
fn page(path: &str, html: &str) -> String {
    let name = path.trim_end_matches(".html").replace('/', "::");
    let declaration = between(html, "<pre class=\"rust item-decl\"><code>", "</code></pre>");
    let mut text = format!("{name}\n  {}\n", shown(declaration.unwrap_or_else(|| panic!("{path}: no declaration")).0));
    let (own, others) = html.split_once("id=\"trait-implementations\"").unwrap_or((html, ""));
    let mut methods = BTreeSet::new();
    let mut rest = between(own, "id=\"implementations\"", "\u{0}")
        .map_or_else(|| own.split_once("id=\"implementations\"").map_or("", |(_, after)| after), |(found, _)| found);
    while let Some((header, after)) = between(rest, "<h4 class=\"code-header\">", "</h4>") {
        methods.insert(shown(header));
        rest = after;
    }
    for method in methods {
        let _ = writeln!(text, "  {method}");
    }
    let written = others.split_once("id=\"synthetic-implementations\"").map_or(others, |(written, _)| written);
    let mut traits = BTreeSet::new();
    let mut rest = written;
    while let Some((header, after)) = between(rest, "<h3 class=\"code-header\">", "</h3>") {
        let header = shown(header);
        // `impl Clone for X` -> `Clone`
        let name = header.split(" for ").next().unwrap_or(&header).trim_start_matches("impl ").to_owned();
        traits.insert(name);
        rest = after;
    }
    traits.remove("StructuralPartialEq");
    if !traits.is_empty() {
        let all: Vec<_> = traits.into_iter().collect();
        let _ = writeln!(text, "  impl {}", all.join(", "));
    }
    text
}

#[test]
fn the_public_surface_is_the_one_that_was_decided_on() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = Path::new(env!("CARGO_BIN_EXE_refinery")).parent().and_then(Path::parent).unwrap();
    let made = Command::new(env!("CARGO"))
        .args(["doc", "--lib", "--no-deps", "--no-default-features", "--quiet", "--offline"])
        .current_dir(root)
        .env("CARGO_TARGET_DIR", target)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let docs = target.join("doc/refinery_core");
    let all = fs::read_to_string(docs.join("all.html")).unwrap();
    let mut pages = BTreeSet::new();
    let mut rest = all.as_str();
    while let Some((link, after)) = between(rest, "<a href=\"", "\"") {
        if link.ends_with(".html") && !link.starts_with("..") {
            pages.insert(link.to_owned());
        }
        rest = after;
    }
    assert!(pages.len() > 50, "{} pages: rustdoc's form has changed", pages.len());
    let mut listing = String::from(
        "# The public surface of refinery_core without its default features, as rustdoc shows it.\n\
         # tests/library_surface.rs compares it; `make api` accepts a change.\n",
    );
    // What the crate's root takes out of its modules.
    let index = fs::read_to_string(docs.join("index.html")).unwrap();
    let mut taken = BTreeSet::new();
    let mut rest = index.as_str();
    while let Some((line, after)) = between(rest, "<code>pub use ", "</code>") {
        taken.insert(shown(line));
        rest = after;
    }
    assert!(!taken.is_empty(), "the root re-exports nothing: rustdoc's form has changed");
    for line in taken {
        let _ = writeln!(listing, "use {line}");
    }
    for path in pages {
        listing.push('\n');
        listing.push_str(&page(&path, &fs::read_to_string(docs.join(&path)).unwrap()));
    }
    let file = root.join(LISTING);
    if std::env::var_os("REFINERY_ACCEPT_API").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &listing).unwrap();
    }
    let known = fs::read_to_string(&file).unwrap_or_default();
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = (known.lines().collect(), listing.lines().collect());
    let gone = old.difference(&new).map(|line| format!("- {line}"));
    let come = new.difference(&old).map(|line| format!("+ {line}"));
    let changes: Vec<_> = gone.chain(come).collect();
    let changes = changes.join("\n");
    assert!(known == listing, "the public surface has changed; `make api` accepts it:\n{changes}");
}

#[test]
fn a_library_user_gets_none_of_the_crates_of_the_command_line() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest: toml::Table = fs::read_to_string(root.join("Cargo.toml")).unwrap().parse().unwrap();
    let feature = manifest["features"]["cli"].as_array().unwrap();
    let unwanted: Vec<&str> = feature.iter().filter_map(|one| one.as_str()?.strip_prefix("dep:")).collect();
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--edges", "normal", "--no-default-features", "--prefix", "none"])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    let reached: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(reached.contains("serde") && unwanted.contains(&"clap"));
    assert!(unwanted.iter().all(|name| !reached.contains(name)), "{unwanted:?} in {reached:?}");
}

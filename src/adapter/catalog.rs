//! The adapters that this program knows: embedded ones, then the user's, by name.

use super::manifest::Manifest;
use crate::ids::AdapterId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The manifests inside this program: file name and text.
const EMBEDDED: &[(&str, &str)] = &[
    ("claude.toml", include_str!("../../adapters/claude.toml")),
    ("codex.toml", include_str!("../../adapters/codex.toml")),
    ("gemini.toml", include_str!("../../adapters/gemini.toml")),
    ("agy.toml", include_str!("../../adapters/agy.toml")),
    ("llm.toml", include_str!("../../adapters/llm.toml")),
    ("ollama.toml", include_str!("../../adapters/ollama.toml")),
];

/// A manifest that was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}{}: {reason}", .line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct ManifestError {
    /// The file, or `embedded NAME.toml`.
    pub origin: String,
    /// The line in it, from 1, where that is known.
    pub line: Option<usize>,
    /// What is wrong, and with which key.
    pub reason: String,
}

/// Adapters by name. A later manifest of the same name replaces an earlier one.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    adapters: BTreeMap<AdapterId, Arc<Manifest>>,
}

impl Catalog {
    /// The adapters inside this program.
    ///
    /// # Errors
    /// A manifest that does not parse: a bug, caught by a test.
    pub fn embedded() -> Result<Self, ManifestError> {
        let mut catalog = Self::default();
        for (name, text) in EMBEDDED {
            catalog.add(&format!("embedded {name}"), text)?;
        }
        Ok(catalog)
    }

    /// Adds a manifest, or replaces the one of its name.
    ///
    /// # Errors
    /// Bad TOML, an unknown key, a value out of range, a rule that cannot work; with the line.
    pub fn add(&mut self, origin: &str, text: &str) -> Result<AdapterId, ManifestError> {
        let refuse = |line, reason| ManifestError { origin: origin.to_owned(), line, reason };
        let reader = toml::Deserializer::parse(text)
            .map_err(|error| refuse(line_of(text, error.span()), error.message().to_owned()))?;
        let manifest: Manifest = serde_path_to_error::deserialize(reader).map_err(|error| {
            let path = error.path().to_string();
            let inner = error.into_inner();
            let place = if path == "." { String::new() } else { format!("`{path}`: ") };
            refuse(line_of(text, inner.span()), format!("{place}{}", inner.message()))
        })?;
        if let Some(problem) = manifest.problem() {
            return Err(refuse(problem.place.line(text), problem.reason));
        }
        let id = manifest.id.clone();
        self.adapters.insert(id.clone(), Arc::new(manifest));
        Ok(id)
    }

    /// The adapter of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Manifest>> {
        self.adapters.get(&AdapterId::new(name))
    }

    /// All adapters, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Manifest>> {
        self.adapters.values()
    }
}

fn line_of(text: &str, span: Option<std::ops::Range<usize>>) -> Option<usize> {
    let before = text.get(..span?.start)?;
    Some(before.matches('\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_manifests_are_sound() {
        let catalog = Catalog::embedded().unwrap();
        let names: Vec<_> = catalog.iter().map(|manifest| manifest.id.to_string()).collect();
        assert_eq!(names, ["agy", "claude", "codex", "gemini", "llm", "ollama"]);
    }

    /// What is said of a manifest in which one thing was changed, with the line of the change.
    fn refused(good: &str, from: &str, to: &str) -> (ManifestError, usize) {
        let at = good.find(from).unwrap_or_else(|| panic!("{from}"));
        let error = Catalog::default().add("mine.toml", &good.replacen(from, to, 1)).unwrap_err();
        (error, good[..at].matches('\n').count() + 1)
    }

    #[test]
    fn a_bad_manifest_is_refused_with_its_line() {
        let ollama = include_str!("../../adapters/ollama.toml");
        let codex = include_str!("../../adapters/codex.toml");
        let gemini = include_str!("../../adapters/gemini.toml");
        for (good, from, to, words) in [
            (ollama, "concurrency =", "concurency =", "concurency"),
            (ollama, "concurrency = 1", "concurrency = 0", "at least 1"),
            (ollama, "concurrency = 1", "concurrency = \"1\"", "`concurrency`: invalid type"),
            (ollama, "name = \"ollama\"", "name = \"Ollama!\"", "lower-case"),
            (ollama, "{model}", "{modell}", "{modell}"),
            (ollama, "codec = \"plain\"", "codec = \"json\"", "pointers"),
            (ollama, "codec = \"plain\"", "codec = \"plainn\"", "output.codec"),
            (ollama, "names = [\"ollama\"]", "names = []", "must name a program"),
            (ollama, "folders = [\"tmp\"]", "folders = [\"../tmp\"]", "below the scratch folder"),
            (ollama, "folders = [\"tmp\"]", "folders = [\"/tmp\"]", "below the scratch folder"),
            (ollama, "guard = ", "guard_when = [\"/\"] #", "needs a `guard`"),
            (ollama, "guard = ", "hold_open = true #", "hold_open"),
            (codex, "tested = [\"0.171.0\"", "tested = [\"latest\"", "is no version"),
            (gemini, "\"security\": {", "\"security\": [", "not JSON"),
        ] {
            let (error, line) = refused(good, from, to);
            // A document that is JSON within the manifest is told by the line of its path.
            let line = if words == "not JSON" { good.find("home/.gemini/settings.json").unwrap_or(0) } else { line };
            let line = if words == "not JSON" { good[..line].matches('\n').count() + 1 } else { line };
            assert_eq!((error.line, error.reason.contains(words)), (Some(line), true), "{to}: {error}");
        }
    }

    #[test]
    fn tables_are_told_by_their_own_line() {
        let ollama = include_str!("../../adapters/ollama.toml");
        let more = format!("{ollama}\n[[failure]]\nclass = \"billing\"\n");
        let error = Catalog::default().add("mine.toml", &more).unwrap_err();
        assert!(error.reason.contains("would match everything"), "{error}");
        assert_eq!(error.line, Some(more.lines().count() - 1));
        let more = format!("{ollama}\n[[pool]]\nname = \"key\"\nkind = \"api_key\"\n");
        let error = Catalog::default().add("mine.toml", &more).unwrap_err();
        assert!(error.reason.contains("pool `key`: `variable`"), "{error}");
        assert_eq!(error.line, Some(more.lines().count() - 2));
    }

    #[test]
    fn broken_toml_is_told_with_its_line() {
        let broken = Catalog::default().add("mine.toml", "name = \"x\"\nprogram = [").unwrap_err();
        assert_eq!(broken.line, Some(2), "{broken}");
        assert!(broken.to_string().starts_with("mine.toml:2: "), "{broken}");
    }

    #[test]
    fn a_later_manifest_takes_the_place_of_an_earlier_one() {
        let mut catalog = Catalog::embedded().unwrap();
        let mine = include_str!("../../adapters/ollama.toml").replace("concurrency = 1", "concurrency = 3");
        catalog.add("mine.toml", &mine).unwrap();
        assert_eq!(catalog.get("ollama").unwrap().default_concurrency(), 3);
        assert_eq!(catalog.iter().count(), 6);
    }
}

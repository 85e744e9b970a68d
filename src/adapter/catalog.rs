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
        if let Some(reason) = manifest.problem() {
            return Err(refuse(None, reason));
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

    #[test]
    fn a_bad_manifest_is_refused_with_its_line() {
        let good = include_str!("../../adapters/ollama.toml");
        let refused = |from: &str, to: &str| {
            assert!(good.contains(from), "{from}");
            Catalog::default().add("mine.toml", &good.replacen(from, to, 1)).unwrap_err()
        };
        let unknown = refused("concurrency =", "concurency =");
        assert!(unknown.line.is_some() && unknown.reason.contains("concurency"), "{unknown}");
        let zero = refused("concurrency = ", "concurrency = 0 #");
        assert!(zero.reason.contains("at least 1"), "{zero}");
        let placeholder = refused("{model}", "{modell}");
        assert!(placeholder.reason.contains("{modell}"), "{placeholder}");
        let broken = Catalog::default().add("mine.toml", "name = \"x\"\nprogram = [").unwrap_err();
        assert_eq!(broken.line, Some(2), "{broken}");
    }
}

//! The adapters that this program knows: embedded ones, then the user's, by name.

use super::manifest::Manifest;
use crate::ids::AdapterId;
use std::collections::BTreeMap;
use std::sync::Arc;

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
        Ok(Self::default())
    }

    /// Adds a manifest, or replaces the one of its name.
    ///
    /// # Errors
    /// Bad TOML, an unknown key, a value out of range, a rule that cannot work; with the line.
    pub fn add(&mut self, origin: &str, text: &str) -> Result<AdapterId, ManifestError> {
        Err(ManifestError { origin: origin.to_owned(), line: None, reason: text.to_owned() })
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

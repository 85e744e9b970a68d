//! What every source says, laid one over the other.

use super::key::{AdapterKey, Key, Path};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Where a value can come from, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The file inside this program.
    Default,
    /// The user's file.
    User,
    /// The file of `--config`.
    Explicit,
    /// A `REFINERY_…` variable.
    Environment,
    /// A flag.
    CommandLine,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Which source.
    pub source: Source,
    /// Where in it: `--threshold`, `REFINERY_THRESHOLD`, `/home/me/.config/refinery/config.toml:3`.
    pub place: String,
}

impl Origin {
    /// For people: where to look, or `default`.
    #[must_use]
    pub fn shown(&self) -> &str {
        if self.source == Source::Default { "default" } else { &self.place }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.place)
    }
}

/// One setting, as one source says it. A list has any number of values, all others have one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingValue {
    /// Which setting.
    pub path: Path,
    /// What it says, as text.
    pub values: Vec<String>,
    /// Who says so.
    pub origin: Origin,
}

/// For each setting the strongest source's word.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    entries: BTreeMap<Path, SettingValue>,
}

impl Layers {
    /// Lays entries over what is there: an equal or stronger source replaces.
    ///
    /// `max_concurrent` may hold `adapter=number` beside a plain number; each goes where it belongs.
    pub fn lay(&mut self, entries: Vec<SettingValue>) {
        for entry in entries {
            if entry.path == Path::Run(Key::MaxConcurrent) {
                let (lanes, plain): (Vec<_>, Vec<_>) = entry.values.into_iter().partition(|value| value.contains('='));
                for lane in lanes {
                    let (adapter, number) = lane.split_once('=').unwrap_or_default();
                    let adapter = adapter.trim();
                    let path = Path::Adapter(adapter.to_owned(), AdapterKey::Concurrency);
                    let place = format!("{} {adapter}", entry.origin.place);
                    let origin = Origin { place, ..entry.origin.clone() };
                    self.put(SettingValue { path, values: vec![number.trim().to_owned()], origin });
                }
                // The last plain number counts, as with any flag that is given twice.
                if let Some(last) = plain.last() {
                    self.put(SettingValue { path: entry.path, values: vec![last.clone()], origin: entry.origin });
                }
            } else {
                self.put(entry);
            }
        }
    }

    fn put(&mut self, entry: SettingValue) {
        let weaker = self.entries.get(&entry.path).is_none_or(|old| old.origin.source <= entry.origin.source);
        if weaker {
            self.entries.insert(entry.path.clone(), entry);
        }
    }

    /// The word on one setting.
    #[must_use]
    pub fn get(&self, path: &Path) -> Option<&SettingValue> {
        self.entries.get(path)
    }

    /// Every word, by name.
    pub fn iter(&self) -> impl Iterator<Item = &SettingValue> {
        self.entries.values()
    }

    /// The adapters that some source says something about.
    #[must_use]
    pub fn adapters(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .entries
            .keys()
            .filter_map(|path| match path {
                Path::Adapter(name, _) => Some(name.as_str()),
                Path::Run(_) | Path::Price(..) => None,
            })
            .collect();
        names.dedup();
        names
    }

    /// The models that some source names a price of.
    #[must_use]
    pub fn priced_models(&self) -> BTreeSet<&str> {
        self.entries
            .keys()
            .filter_map(|path| if let Path::Price(model, _) = path { Some(&**model) } else { None })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: Key, values: &[&str], source: Source) -> SettingValue {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        SettingValue { path: Path::Run(key), values, origin: Origin { source, place: format!("{source:?}") } }
    }

    #[test]
    fn the_stronger_source_wins_in_any_order() {
        let weak = entry(Key::Threshold, &["7"], Source::User);
        let strong = entry(Key::Threshold, &["9"], Source::CommandLine);
        for order in [vec![weak.clone(), strong.clone()], vec![strong.clone(), weak]] {
            let mut layers = Layers::default();
            layers.lay(order);
            assert_eq!(layers.get(&strong.path), Some(&strong));
        }
    }

    #[test]
    fn lanes_of_max_concurrent_go_to_their_adapters() {
        let mut layers = Layers::default();
        layers.lay(vec![entry(Key::MaxConcurrent, &["4", "claude=2", "6", "codex = 3"], Source::CommandLine)]);
        let value = |path: Path| layers.get(&path).map(|entry| entry.values.join(" "));
        assert_eq!(value(Path::Run(Key::MaxConcurrent)).as_deref(), Some("6"));
        assert_eq!(value(Path::Adapter("claude".into(), AdapterKey::Concurrency)).as_deref(), Some("2"));
        assert_eq!(value(Path::Adapter("codex".into(), AdapterKey::Concurrency)).as_deref(), Some("3"));
        assert_eq!(layers.adapters(), ["claude", "codex"]);
    }
}

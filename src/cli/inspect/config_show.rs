//! `refinery config show`: every setting, its value, and where that came from.

use crate::config::{Key, Layers, Path, SettingValue};
use crate::report::Paint;
use crate::report::table::table;
use schemars::JsonSchema;
use serde::Serialize;

/// One setting, as programs read it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Line<'a> {
    /// Its full name: `threshold`, `adapters.claude.model`.
    name: String,
    /// Its value as it was written, in one or several words; `None` if it is not set.
    value: Option<&'a [String]>,
    /// Where that came from: a file and line, a variable, a flag; `None` if it is not set.
    origin: Option<&'a str>,
}

/// All settings, as programs read them.
#[must_use]
pub fn document(layers: &Layers) -> Vec<Line<'_>> {
    all(layers)
        .into_iter()
        .map(|(name, entry)| Line {
            name,
            value: entry.map(|entry| entry.values.as_slice()),
            origin: entry.map(|entry| entry.origin.shown()),
        })
        .collect()
}

/// All settings, as people read them.
#[must_use]
pub fn text(layers: &Layers, paint: Paint) -> String {
    let rows: Vec<_> = all(layers)
        .into_iter()
        .map(|(name, entry)| match entry {
            Some(entry) => vec![name, entry.values.join(", "), entry.origin.shown().to_owned()],
            None => vec![name, "-".to_owned(), "not set".to_owned()],
        })
        .collect();
    let mut lines = vec![["setting", "value", "from"].map(str::to_owned).to_vec()];
    lines.extend(rows);
    let text = table(&lines, &[]);
    match text.split_once('\n') {
        Some((head, rest)) => format!("{}\n{rest}", paint.bold(head)),
        None => text,
    }
}

/// The run's settings, set or not, then what is said of adapters and prices.
fn all(layers: &Layers) -> Vec<(String, Option<&SettingValue>)> {
    let run = Key::ALL.iter().map(|key| (key.to_string(), layers.get(&Path::Run(*key))));
    let adapters = layers.iter().filter(|entry| !matches!(entry.path, Path::Run(_)));
    run.chain(adapters.map(|entry| (entry.path.to_string(), Some(entry)))).collect()
}

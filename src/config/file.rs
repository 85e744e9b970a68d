//! What a configuration file says.

use super::key::{AdapterKey, Key, Path, PriceKey};
use super::layers::{Origin, SettingValue, Source};
use crate::error::Error;
use crate::words::closest;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The file inside this program: every setting, with its meaning, range and default.
pub const DEFAULT: &str = include_str!("default.toml");

/// Reads a file's text. `shown` is its path, as people see it.
///
/// # Errors
/// Bad TOML, an unknown section or key, a value of a kind that no setting has; each with file, line
/// and key, all at once. Ranges are checked later, when all layers are known.
pub fn entries(text: &str, shown: &str, source: Source) -> Result<Vec<SettingValue>, Error> {
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(String::new(), |span| format!(":{}", line_of(text, &span)));
        Error::config(format!("{shown}{line}: {}", error.message()))
    })?;
    let mut reader = Reader { text, shown, source, entries: Vec::new(), errors: Vec::new() };
    reader.file(table.get_ref());
    match Error::all(reader.errors) {
        Some(error) => Err(error),
        None => Ok(reader.entries),
    }
}

struct Reader<'a> {
    text: &'a str,
    shown: &'a str,
    source: Source,
    entries: Vec<SettingValue>,
    errors: Vec<Error>,
}

impl Reader<'_> {
    fn file(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            match (name.get_ref().as_ref(), value.get_ref()) {
                ("defaults", DeValue::Table(section)) => self.defaults(section),
                (kind @ ("adapters" | "prices"), DeValue::Table(section)) => {
                    for (name, value) in section {
                        match (kind, value.get_ref()) {
                            ("adapters", DeValue::Table(section)) => self.adapter(name.get_ref(), section),
                            (_, DeValue::Table(section)) => self.price(name.get_ref(), section),
                            _ => self.wrong(name.span(), format!("`{kind}.{}` must be a section", name.get_ref())),
                        }
                    }
                }
                ("defaults" | "adapters" | "prices", _) => {
                    self.wrong(name.span(), format!("`{}` must be a section", name.get_ref()));
                }
                (other, _) if Key::of(other).is_some() => {
                    self.wrong(name.span(), format!("`{other}` belongs under `[defaults]`"));
                }
                (other, _) => self.unknown(name.span(), "", other, &["defaults", "adapters", "prices"]),
            }
        }
    }

    fn defaults(&mut self, section: &DeTable<'_>) {
        for (name, value) in section {
            match Key::of(name.get_ref()) {
                Some(key) => self.value(
                    Path::Run(key),
                    value,
                    matches!(key, Key::Models | Key::MaxConcurrent | Key::RefineExclude),
                ),
                None => {
                    let known: Vec<_> = Key::ALL.iter().map(|key| key.name()).collect();
                    self.unknown(name.span(), "defaults.", name.get_ref(), &known);
                }
            }
        }
    }

    fn adapter(&mut self, adapter: &str, section: &DeTable<'_>) {
        for (name, value) in section {
            match AdapterKey::of(name.get_ref()) {
                Some(key) => {
                    self.value(Path::Adapter(adapter.to_owned(), key), value, key == AdapterKey::ProgramArgs);
                }
                None => {
                    let known: Vec<_> = AdapterKey::ALL.iter().map(|key| key.name()).collect();
                    self.unknown(name.span(), &format!("adapters.{adapter}."), name.get_ref(), &known);
                }
            }
        }
    }

    fn price(&mut self, model: &str, section: &DeTable<'_>) {
        for (name, value) in section {
            match PriceKey::of(name.get_ref()) {
                Some(key) => self.value(Path::Price(model.to_owned(), key), value, false),
                None => {
                    let known: Vec<_> = PriceKey::ALL.iter().map(|key| key.name()).collect();
                    self.unknown(name.span(), &format!("prices.\"{model}\"."), name.get_ref(), &known);
                }
            }
        }
    }

    fn value(&mut self, path: Path, value: &Spanned<DeValue<'_>>, list: bool) {
        let values = match value.get_ref() {
            DeValue::Array(items) if list => items.iter().map(|item| scalar(item.get_ref())).collect(),
            one => scalar(one).map(|one| vec![one]),
        };
        match values {
            Some(values) => {
                let origin = Origin { source: self.source, place: self.place(value.span()) };
                self.entries.push(SettingValue { path, values, origin });
            }
            None if list => self.wrong(value.span(), format!("`{path}` must be a list of words or numbers")),
            None => self.wrong(value.span(), format!("`{path}` must be one word or number")),
        }
    }

    fn place(&self, span: Range<usize>) -> String {
        format!("{}:{}", self.shown, line_of(self.text, &span))
    }

    fn wrong(&mut self, span: Range<usize>, reason: impl std::fmt::Display) {
        let place = self.place(span);
        self.errors.push(Error::config(format!("{place}: {reason}")));
    }

    fn unknown(&mut self, span: Range<usize>, prefix: &str, name: &str, known: &[&str]) {
        let near =
            closest(name, known.iter().copied()).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        self.wrong(span, format!("unknown setting `{prefix}{name}`{near}"));
    }
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(word) => Some(word.to_string()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, Error> {
        let entries = entries(text, "c.toml", Source::User)?;
        Ok(entries.iter().map(|e| format!("{} = {} ({})", e.path, e.values.join(" | "), e.origin)).collect())
    }

    #[test]
    fn values_remember_their_lines() {
        let text = "[defaults]\nmodels = [\"claude\", \"codex\"]\nthreshold = 8.5\ntimeout = \"90s\"\nallow_missing = true\n\n\
                    [adapters.claude]\nprogram_args = [\"a\"]\nconcurrency = 2\n";
        assert_eq!(
            read(text).unwrap(),
            [
                "adapters.claude.concurrency = 2 (c.toml:9)",
                "adapters.claude.program_args = a (c.toml:8)",
                "allow_missing = true (c.toml:5)",
                "models = claude | codex (c.toml:2)",
                "threshold = 8.5 (c.toml:3)",
                "timeout = 90s (c.toml:4)",
            ]
        );
    }

    #[test]
    fn everything_wrong_is_told_at_once_with_its_line() {
        let error =
            read("threshold = 3\n[defaults]\ntreshold = 8\nseed = [1]\n[adapters.claude]\nport = 1\n[colours]\n");
        assert_eq!(
            error.unwrap_err().messages,
            [
                "c.toml:6: unknown setting `adapters.claude.port`",
                "c.toml:7: unknown setting `colours`",
                "c.toml:4: `seed` must be one word or number",
                "c.toml:3: unknown setting `defaults.treshold`; did you mean `threshold`?",
                "c.toml:1: `threshold` belongs under `[defaults]`",
            ]
        );
        let error = read("[defaults]\nthreshold = \n").unwrap_err();
        assert!(error.to_string().starts_with("c.toml:2: "), "{error}");
        assert_eq!(read("adapters = 3").unwrap_err().messages, ["c.toml:1: `adapters` must be a section"]);
    }

    #[test]
    fn the_default_file_mentions_every_setting() {
        let entries = entries(DEFAULT, "default", Source::Default).unwrap();
        for key in Key::ALL {
            let set = entries.iter().any(|entry| entry.path == Path::Run(*key));
            assert!(set || DEFAULT.contains(&format!("\n# {key} = ")), "{key}");
        }
        for key in AdapterKey::ALL {
            assert!(DEFAULT.contains(&format!("\n# {key} = ")), "{key}");
        }
    }
}

//! A vendor's arguments, read against the list of what its program knows.

/// Arguments as they were given, long names throughout.
#[derive(Debug, Default)]
pub(super) struct Given {
    options: Vec<(&'static str, String)>,
    words: Vec<String>,
}

/// What a program knows: names of options with a value, and of those without; of several spellings
/// (`-m|--model`) the last names the option.
pub(super) struct Known {
    pub valued: &'static [&'static str],
    pub bare: &'static [&'static str],
}

impl Given {
    /// Reads arguments.
    ///
    /// # Errors
    /// The option that is not known, or lacks its value.
    pub(super) fn read(argv: &[String], known: &Known) -> Result<Self, String> {
        let mut given = Self::default();
        let mut rest = argv.iter();
        while let Some(word) = rest.next() {
            if word == "--" {
                given.words.extend(rest.by_ref().cloned());
            } else if word == "-" || !word.starts_with('-') {
                given.words.push(word.clone());
            } else if let Some(name) = find(known.bare, word) {
                given.options.push((name, String::new()));
            } else if let Some(name) = find(known.valued, word) {
                let value = rest.next().ok_or_else(|| word.clone())?;
                given.options.push((name, value.clone()));
            } else {
                let (spelling, value) = word.split_once('=').ok_or_else(|| word.clone())?;
                let name = find(known.valued, spelling).ok_or_else(|| word.clone())?;
                given.options.push((name, value.to_owned()));
            }
        }
        Ok(given)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(given, _)| *given == name)
    }

    /// The value of an option; the last one counts.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.options.iter().rfind(|(given, _)| *given == name).map(|(_, value)| value.as_str())
    }

    /// All values of an option that can be given more than once.
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.options.iter().filter(move |(given, _)| *given == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn words(&self) -> &[String] {
        &self.words
    }
}

fn find(known: &'static [&'static str], word: &str) -> Option<&'static str> {
    known.iter().find(|names| names.split('|').any(|name| name == word)).map(|names| match names.rsplit_once('|') {
        Some((_, last)) => last,
        None => names,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Known = Known { valued: &["-m|--model", "-c"], bare: &["--json"] };

    fn read(words: &[&str]) -> Result<Given, String> {
        Given::read(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), &KNOWN)
    }

    #[test]
    fn spellings_are_one_option() {
        let given = read(&["exec", "-m", "a", "--json", "--model=b", "-c", "x=1", "-c", "y=2", "-"]).unwrap();
        assert_eq!(given.value("--model"), Some("b"));
        assert_eq!(given.values("-c").collect::<Vec<_>>(), ["x=1", "y=2"]);
        assert!(given.has("--json"));
        assert_eq!(given.words(), ["exec", "-"]);
    }

    #[test]
    fn unknown_options_are_named() {
        assert_eq!(read(&["--jsonl"]).unwrap_err(), "--jsonl");
        assert_eq!(read(&["--temperature=1"]).unwrap_err(), "--temperature=1");
        assert_eq!(read(&["-m"]).unwrap_err(), "-m");
    }
}

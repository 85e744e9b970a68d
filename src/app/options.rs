//! What is said of one protocol, by name: as flags, as the words of a step, as a table of a file.
//!
//! One function for each protocol reads it, so that an option has the same name, range and default
//! wherever it is given. Nothing goes unread: an unknown name is an error.

use crate::app::request::OptionValue;
use crate::config::Key;
use crate::error::Error;
use crate::plan::words::closest;

/// Options by name, each with where it was said.
#[derive(Debug, Default)]
pub struct Options {
    said: Vec<Said>,
    /// The names that were asked for.
    known: Vec<&'static str>,
    errors: Vec<Error>,
}

#[derive(Debug)]
struct Said {
    name: String,
    value: String,
    /// As a person finds it: `--num-samples`, or ``step 1: `num_samples` ``.
    place: String,
}

impl Options {
    /// The options of a request.
    #[must_use]
    pub fn of(values: &[OptionValue]) -> Self {
        let mut options = Self::default();
        values.iter().for_each(|one| options.say(&one.name, &one.value, &one.place));
        options
    }

    /// Says one; `place` is where a person finds it. Dashes in a name are as good as underscores.
    pub fn say(&mut self, name: &str, value: impl Into<String>, place: impl Into<String>) {
        let (name, place) = (name.trim().replace('-', "_"), place.into());
        if self.said.iter().any(|said| said.name == name) {
            self.errors.push(Error::config(format!("{place} is given twice")));
        }
        self.said.push(Said { name, value: value.into(), place });
    }

    /// The value of a name, if it was said; one that cannot be stays with the errors.
    pub fn read<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.known.push(name);
        let said = self.said.iter().find(|said| said.name == name)?;
        match parse(said.value.trim()) {
            Ok(value) => Some(value),
            Err(allowed) => {
                self.errors.push(Error::config(format!("{} is {allowed}, not `{}`", said.place, said.value)));
                None
            }
        }
    }

    /// The words of a name, if it was said, and where.
    pub fn words(&mut self, name: &'static str) -> Option<(String, String)> {
        self.known.push(name);
        let said = self.said.iter().find(|said| said.name == name)?;
        Some((said.value.trim().to_owned(), said.place.clone()))
    }

    /// Adds what is wrong with what was said.
    pub fn wrong(&mut self, error: Error) {
        self.errors.push(error);
    }

    /// Takes a result in: its error is told with the others.
    pub fn take<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        result.map_err(|error| self.errors.push(error)).ok()
    }

    /// The names that were asked for so far, each once.
    #[must_use]
    pub fn known(&self) -> Vec<&'static str> {
        let mut known = Vec::new();
        for name in &self.known {
            if !known.contains(name) {
                known.push(*name);
            }
        }
        known
    }

    /// After everything was read.
    ///
    /// # Errors
    /// Values that cannot be, and names that `what` does not have; all at once.
    pub fn finish(self, what: &str) -> Result<(), Error> {
        let known = self.known();
        let unknown = self.said.iter().filter(|said| !known.contains(&said.name.as_str())).map(|said| {
            let error = Error::config(format!("{}: unknown option for {what}", said.place));
            match (closest(&said.name, known.iter().copied()), Key::of(&said.name)) {
                (Some(near), _) => error.hint(format!("`{}`: did you mean `{near}`?", said.name)),
                (None, Some(key)) => error.hint(format!("use `{}` for the whole run", flag(key.name()))),
                (None, None) => error.hint(format!("{what} takes {}", known.join(", "))),
            }
        });
        let unknown: Vec<_> = unknown.collect();
        Error::all(self.errors.into_iter().chain(unknown)).map_or(Ok(()), Err)
    }
}

/// The flag of an option.
#[must_use]
pub fn flag(name: &str) -> String {
    format!("--{}", name.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value::whole;

    fn options() -> Options {
        let mut options = Options::default();
        options.say("num_samples", "0", "--num-samples");
        options.say("num-sample", "3", "step 1: `num-sample`");
        options.say("colour", "red", "step 1: `colour`");
        options
    }

    #[test]
    fn wrong_values_and_unknown_names_are_told_together() {
        let mut options = options();
        assert_eq!(options.read("num_samples", |text| whole(text, &(1..=100_u32))), None);
        assert_eq!(options.words("strategy"), None);
        let error = options.finish("`sample`").unwrap_err();
        assert_eq!(
            error.messages,
            [
                "--num-samples is a whole number from 1 to 100, not `0`",
                "step 1: `num-sample`: unknown option for `sample`",
                "step 1: `colour`: unknown option for `sample`",
            ]
        );
        assert_eq!(error.hints, ["`num_sample`: did you mean `num_samples`?", "`sample` takes num_samples, strategy"]);
    }

    #[test]
    fn a_name_that_is_said_twice_is_a_slip() {
        let mut options = Options::default();
        options.say("a", "1", "step 1: `a`");
        options.say("a", "1", "step 1: `a`");
        assert_eq!(options.read("a", |text| whole(text, &(1..=3_u32))), Some(1));
        assert_eq!(options.finish("it").unwrap_err().to_string(), "step 1: `a` is given twice");
    }
}

//! What is said of one protocol, by name: as flags, as the words of a step, as a table of a file.
//!
//! Names, ranges and defaults are those of the protocol's [`OptionTable`]. Nothing goes unread: an unknown name is an
//! error.

use crate::app::request::OptionValue;
use crate::app::roster::RosterBuilder;
use crate::config::Key;
use crate::error::{Error, ErrorKind};
use crate::plan::ProtocolKind;
use crate::protocol::options::{Named, OptionTable, Takes};
use crate::value::yes;
use crate::words::closest;

/// Options by name, each with where it was said.
#[derive(Debug, Default)]
pub struct Options {
    said: Vec<Said>,
    /// The names that were asked for.
    known: Vec<String>,
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

    /// Sets everything that was said of these settings; values that cannot be stay with the errors.
    pub fn fill<P: OptionTable>(&mut self, settings: &mut P) {
        for option in P::OPTIONS {
            let (flag, _) = option.flag();
            for name in [Some(flag.name), flag.alias].into_iter().flatten() {
                self.read(name, |text| option.set(settings, text));
                if matches!(flag.takes, Takes::Nothing { .. }) {
                    self.read(&format!("no_{name}"), |text| option.set(settings, &(!yes(text)?).to_string()));
                }
            }
        }
    }

    /// Gives the roles of a protocol to the participants that are named for them.
    pub fn fill_roles<P: OptionTable>(&mut self, settings: &mut P, roster: &mut RosterBuilder<'_>) {
        for role in P::ROLES {
            let said = self.words(role.flag.name);
            let named = said.and_then(|(word, place)| match role.own_effort {
                true => self.take(roster.assign_with_effort(&word, &place)),
                false => self.take(roster.assign(&word, &place)).map(|id| Named { id, effort: None }),
            });
            if let Some(named) = named {
                (role.give)(settings, named);
            }
        }
    }

    /// Whether something is on, if it was said: `blind=no` and `no_blind=yes` are the same.
    pub fn switch(&mut self, name: &str) -> Option<bool> {
        let on = self.read(name, yes);
        self.read(&format!("no_{name}"), yes).map(|off| !off).or(on)
    }

    /// The value of a name, if it was said; one that cannot be stays with the errors.
    pub fn read<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.known.push(name.to_owned());
        let said = self.said.iter().find(|said| said.name == name)?;
        match parse(said.value.trim()) {
            Ok(value) => Some(value),
            Err(allowed) => {
                self.errors.push(
                    Error::config(format!("{} is {allowed}, not `{}`", said.place, said.value))
                        .of_kind(ErrorKind::InvalidValue),
                );
                None
            }
        }
    }

    /// The words of a name, if it was said, and where.
    pub fn words(&mut self, name: &str) -> Option<(String, String)> {
        self.known.push(name.to_owned());
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
    pub fn known(&self) -> Vec<&str> {
        let mut known: Vec<&str> = Vec::new();
        for name in &self.known {
            if !known.contains(&name.as_str()) {
                known.push(name);
            }
        }
        known
    }

    /// What is wrong with the values that were read.
    #[must_use]
    pub fn errors(self) -> Vec<Error> {
        self.errors
    }

    /// After everything was read.
    ///
    /// # Errors
    /// Values that cannot be, and names that `what` does not have; all at once.
    pub fn finish(self, what: &str) -> Result<(), Error> {
        let known: Vec<String> = self.known().into_iter().map(str::to_owned).collect();
        let unknown = self.said.iter().filter(|said| !known.contains(&said.name)).map(|said| {
            let error =
                Error::config(format!("{}: unknown option for {what}", said.place)).of_kind(ErrorKind::UnknownFlag);
            let others = others(&said.name);
            match (closest(&said.name, known.iter().map(String::as_str)), others.as_slice(), Key::of(&said.name)) {
                (Some(near), ..) => error.hint(format!("`{}`: did you mean `{near}`?", said.name)),
                (None, [_, ..], _) => error.hint(format!("`{}` is an option of {}", said.name, others.join(" and "))),
                (None, [], Some(key)) => error.hint(format!("use `{}` for the whole run", flag(key.name()))),
                (None, [], None) => error.hint(format!("{what} takes {}", known.join(", "))),
            }
        });
        let unknown: Vec<_> = unknown.collect();
        Error::all(self.errors.into_iter().chain(unknown)).map_or(Ok(()), Err)
    }
}

/// The commands that have an option of this name: in the original a `consensus` is what `sample` is here.
fn others(name: &str) -> Vec<String> {
    let has = |kind: &&ProtocolKind| kind.usual().settings().flags().iter().any(|(flag, _)| flag.name == name);
    ProtocolKind::ALL.iter().filter(has).map(|kind| format!("`{}`", kind.as_str())).collect()
}

/// The flag of an option.
#[must_use]
pub fn flag(name: &str) -> String {
    format!("--{}", name.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::whole;

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

//! The steps of a pipeline, as they are written: on the command line or in a file, with options by
//! name, and what each of them becomes.

use crate::app::options::Options;
use crate::app::plans::step;
use crate::app::roster::RosterBuilder;
use crate::error::{Error, ErrorKind};
use crate::protocol::pipeline::{Condition, Feed, StepKind, StepPlan};
use crate::value::word;
use crate::words::closest;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One step, as it was written.
#[derive(Debug, Default)]
pub struct Written {
    /// Which: `step 2`.
    place: String,
    kind: String,
    options: Options,
    /// The condition, and where it was written.
    condition: Option<(String, String)>,
}

/// What a condition can ask about.
#[derive(Debug, Clone, Copy)]
pub enum Before<'a> {
    /// It belongs to the first step.
    Nothing,
    /// What the step before it does.
    Step(&'a StepKind),
    /// The step before it cannot be: that is told already.
    Wrong,
}

impl Written {
    /// A step of the command line: what it does, then its options as `name=value`. Quotes hold words
    /// together, as in a shell. `number` counts from 1.
    ///
    /// # Errors
    /// No step, or no options.
    pub fn of_words(number: usize, text: &str) -> Result<Self, Error> {
        let place = format!("step {number}");
        let example = "such as --step 'sample num_samples=5'";
        let words = shell_words::split(text)
            .map_err(|_| Error::config(format!("{place}: a quote is not closed in `{text}`")))?;
        let Some((kind, said)) = words.split_first() else {
            return Err(Error::config(format!("{place} is empty: name a command, {example}")));
        };
        let mut options = Options::default();
        for word in said {
            let (name, value) = word.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
                Error::config(format!("{place}: `{word}` is not an option: use `name=value`, {example}"))
            })?;
            options.say(name, value, format!("{place}: `{name}`"));
        }
        Ok(Self { place, kind: kind.clone(), options, condition: None })
    }

    /// The same step under a condition, as it follows on the command line.
    ///
    /// # Errors
    /// It has one already.
    pub fn only_if(&mut self, condition: &str) -> Result<(), Error> {
        let place = format!("{}: `--if`", self.place);
        if self.condition.is_some() {
            return Err(Error::config(format!("{} has two conditions: a step takes one", self.place)));
        }
        self.condition = Some((condition.to_owned(), place));
        Ok(())
    }

    /// What it becomes.
    ///
    /// # Errors
    /// No such step, options that it does not have or that cannot be, a condition on what is not known;
    /// all of them at once.
    pub fn plan(self, roster: &mut RosterBuilder<'_>, before: Before<'_>) -> Result<StepPlan, Error> {
        let Self { place, kind, mut options, condition } = self;
        let feed = options.read("feed", word::<Feed>).unwrap_or_default();
        let Some((kind, what)) = step(&kind, &mut options, roster) else { return Err(unknown(&place, &kind)) };
        let condition = condition.and_then(|(text, place)| options.take(gate(&text, &place, before)));
        options.take(fits(&place, &kind, roster.members().len()));
        options.finish(what)?;
        Ok(StepPlan { kind, condition, feed })
    }
}

/// Every step that can be written, and the options that it takes; refining twice, once for each mode.
pub fn vocabulary(roster: &mut RosterBuilder<'_>) -> Vec<(&'static str, Option<&'static str>, Vec<String>)> {
    let modes = |kind| if kind == "refine" { vec![Some("score"), Some("critique")] } else { vec![None] };
    let written = StepKind::WORDS.iter().flat_map(|kind| modes(*kind).into_iter().map(|mode| (*kind, mode)));
    written
        .map(|(kind, mode)| {
            let mut options = Options::default();
            mode.into_iter().for_each(|mode| options.say("mode", mode, "mode"));
            options.read("feed", word::<Feed>);
            step(kind, &mut options, roster);
            (kind, mode, options.known().into_iter().map(str::to_owned).collect())
        })
        .collect()
}

fn unknown(place: &str, kind: &str) -> Error {
    let known = StepKind::WORDS.join(", ");
    let error =
        Error::config(format!("{place}: unknown step `{kind}`; known: {known}")).of_kind(ErrorKind::UnknownCommand);
    // The names of the original's steps.
    let ours = [("refine_loop", "refine"), ("refineLoop", "refine"), ("consensus_vote", "sample")];
    let original = ours.iter().find(|(theirs, _)| *theirs == kind).map(|(_, ours)| *ours);
    match original.or_else(|| closest(kind, StepKind::WORDS.iter().copied())) {
        Some(near) => error.hint(format!("`{kind}`: did you mean `{near}`?")),
        None => error,
    }
}

fn gate(text: &str, place: &str, before: Before<'_>) -> Result<Condition, Error> {
    let condition: Condition = text.parse().map_err(|why| Error::config(format!("{place}: {why}")))?;
    let before = match before {
        Before::Step(before) => before,
        Before::Wrong => return Ok(condition),
        Before::Nothing => {
            return Err(Error::config(format!("{place}: the first step has no preceding result to test")));
        }
    };
    let fields = before.settings().fields();
    if fields.contains(&condition.field.as_str()) {
        return Ok(condition);
    }
    let (field, kind) = (&condition.field, before.as_str());
    Err(Error::config(format!("{place}: {kind}, the preceding step, has no `{field}`"))
        .hint(format!("a condition on {kind} can test {}", fields.join(", "))))
}

/// Whether a step takes so many participants.
fn fits(place: &str, kind: &StepKind, count: usize) -> Result<(), Error> {
    let takes = kind.settings().members_of_step();
    if takes.contains(&count) {
        return Ok(());
    }
    let (least, most) = (takes.start(), takes.end());
    let there = if count == 1 { "1 participant".to_owned() } else { format!("{count} participants") };
    Err(Error::config(format!("{place}: {there}: {} takes {least} to {most}", kind.as_str())))
}

/// Reads a file of steps: a list of `[[step]]`, each with `kind`, its options by name, and `if`.
/// `shown` is its path, as people see it.
///
/// # Errors
/// Bad TOML, no steps, a value of a kind that no option has; all of it at once, each with its line.
pub fn read(text: &str, shown: &str) -> Result<Vec<Written>, Error> {
    let line = |span: &Range<usize>| 1 + text[..span.start.min(text.len())].matches('\n').count();
    let at = |span: Range<usize>| format!("{shown}:{}", line(&span));
    let table = DeTable::parse(text).map_err(|error| {
        let place = error.span().map_or_else(|| shown.to_owned(), at);
        Error::config(format!("{place}: {}", error.message()))
    })?;
    let (mut steps, mut errors) = (Vec::new(), Vec::new());
    for (name, value) in table.get_ref() {
        match (name.get_ref().as_ref(), value.get_ref()) {
            ("step", DeValue::Array(all)) => {
                for (index, step) in all.iter().enumerate() {
                    match of_table(index + 1, step, &at) {
                        Ok(step) => steps.push(step),
                        Err(error) => errors.push(error),
                    }
                }
            }
            (other, _) => errors.push(
                Error::config(format!("{}: unknown key `{other}`", at(name.span())))
                    .hint("each step is a section `[[step]]` with a `kind`"),
            ),
        }
    }
    if steps.is_empty() && errors.is_empty() {
        errors.push(
            Error::config(format!("{shown}: no steps"))
                .hint("each step is a section `[[step]]` with a `kind`, such as `kind = \"sample\"`"),
        );
    }
    Error::all(errors).map_or(Ok(steps), Err)
}

fn of_table(
    number: usize,
    step: &Spanned<DeValue<'_>>,
    at: &impl Fn(Range<usize>) -> String,
) -> Result<Written, Error> {
    let place = format!("{} (step {number})", at(step.span()));
    let DeValue::Table(table) = step.get_ref() else {
        return Err(Error::config(format!("{place}: a step is a section")));
    };
    let mut written = Written { place: place.clone(), ..Written::default() };
    let mut errors = Vec::new();
    for (name, value) in table {
        let name = name.get_ref().as_ref();
        let place = format!("{}: `{name}`", at(value.span()));
        match (name, text(value.get_ref())) {
            ("kind", Some(kind)) => written.kind = kind,
            ("if", Some(condition)) => written.condition = Some((condition, place)),
            (_, Some(value)) => written.options.say(name, value, place),
            (_, None) => errors.push(Error::config(format!("{place} must be one word or number, or a list of words"))),
        }
    }
    if written.kind.is_empty() {
        errors.push(
            Error::config(format!("{place}: `kind` is missing"))
                .hint(format!("known kinds: {}", StepKind::WORDS.join(", "))),
        );
    }
    Error::all(errors).map_or(Ok(written), Err)
}

/// A value as it would be written on the command line.
fn text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        DeValue::Array(items) => {
            let words: Option<Vec<_>> = items.iter().map(|item| text(item.get_ref())).collect();
            words.map(|words| words.join(","))
        }
        DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_a_word_and_its_options() {
        let step = Written::of_words(2, "refine exclude='a, b' max-passes=2").unwrap();
        assert_eq!((step.place.as_str(), step.kind.as_str()), ("step 2", "refine"));
        let mut options = step.options;
        assert_eq!(options.words("exclude").unwrap(), ("a, b".to_owned(), "step 2: `exclude`".to_owned()));
        assert_eq!(options.words("max_passes").unwrap().0, "2");
        for wrong in ["", "  ", "sample 5", "sample =5", "sample 'x"] {
            assert!(Written::of_words(1, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_file_says_the_same_with_lines() {
        let steps = read(
            "[[step]]\nkind = \"sample\"\nnum_samples = 3\n\n[[step]]\nkind = \"refine\"\nif = \"ties > 1\"\nexclude = [\"a\", \"b\"]\n",
            "steps.toml",
        )
        .unwrap();
        let [sample, refine] = steps.try_into().unwrap();
        assert_eq!(
            sample.options.into_words("num_samples"),
            ("3".to_owned(), "steps.toml:3: `num_samples`".to_owned())
        );
        assert_eq!(refine.condition.unwrap().0, "ties > 1");
        assert_eq!(refine.options.into_words("exclude").0, "a,b");
    }

    #[test]
    fn what_is_wrong_in_a_file_is_told_with_its_line() {
        let error = read("[[step]]\nnum_samples = 3\n[[step]]\nkind = { a = 1 }\n[other]\n", "steps.toml").unwrap_err();
        assert!(error.messages.iter().any(|text| text.contains("steps.toml:5: unknown key `other`")), "{error:?}");
        assert!(error.messages.iter().any(|text| text.contains("(step 1): `kind` is missing")), "{error:?}");
        assert!(error.messages.iter().any(|text| text.contains("steps.toml:4: `kind` must be one word")), "{error:?}");
        assert_eq!(read("", "steps.toml").unwrap_err().to_string(), "steps.toml: no steps");
        assert!(read("[[step]\n", "steps.toml").unwrap_err().to_string().starts_with("steps.toml:1: "));
    }

    impl Options {
        fn into_words(mut self, name: &'static str) -> (String, String) {
            self.words(name).unwrap()
        }
    }
}

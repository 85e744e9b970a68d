//! From flags to the request that they make: each by its name, so that none is read twice or never.

use crate::app::request::{OptionValue, RunRequest, StepText, Steps};
use crate::config::{Key, Origin, Path, SettingValue, Source};
use crate::error::Error;
use crate::plan::ProtocolKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use std::ffi::{OsStr, OsString};
use std::marker::PhantomData;
use std::path::PathBuf;

/// A command with flags that make a request.
pub trait Asks: Args {
    /// What is done with the question.
    const COMMAND: ProtocolKind;
}

/// What was typed of the flags that `A` declares.
#[derive(Debug, Clone)]
pub struct Typed<A> {
    kind: ProtocolKind,
    declared: Command,
    matches: ArgMatches,
    by: PhantomData<A>,
}

impl<A> Typed<A> {
    /// What was typed of the flags of `declared`.
    #[must_use]
    pub fn new(kind: ProtocolKind, declared: Command, matches: ArgMatches) -> Self {
        Self { kind, declared, matches, by: PhantomData }
    }

    /// The request that they make.
    ///
    /// # Errors
    /// A condition before every step.
    pub fn request(&self) -> Result<RunRequest, Error> {
        let mut request =
            RunRequest { command: self.kind, steps: Steps::Listed(self.steps()?), ..RunRequest::default() };
        let own: Vec<_> = self.kind.usual().settings().flags().into_iter().map(|(flag, _)| flag.name).collect();
        for arg in self.declared.get_arguments() {
            let id = arg.get_id().as_str();
            let values = self.values(id);
            if !values.is_empty() {
                let place = arg.get_long().map_or_else(|| id.to_owned(), |long| format!("--{long}"));
                take(&mut request, &own, id, &values, place);
            }
        }
        Ok(request)
    }

    /// The value of one of them, if it was typed.
    #[must_use]
    pub fn text(&self, id: &str) -> Option<String> {
        self.values(id).first().map(|value| text(value))
    }

    /// Whether one of them was typed.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        !self.values(id).is_empty()
    }

    fn values(&self, id: &str) -> Vec<OsString> {
        let typed = self.matches.try_get_raw(id).ok().flatten();
        let typed = typed.filter(|_| self.matches.value_source(id) == Some(ValueSource::CommandLine));
        typed.into_iter().flatten().map(OsStr::to_owned).collect()
    }

    /// Steps with their conditions, in the order in which they were typed.
    fn steps(&self) -> Result<Vec<StepText>, Error> {
        let places = |id: &str| {
            let typed = self.has(id).then(|| self.matches.indices_of(id)).flatten();
            typed.into_iter().flatten().zip(self.values(id)).collect::<Vec<_>>()
        };
        let mut all: Vec<_> = places("step").into_iter().map(|(at, word)| (at, true, text(&word))).collect();
        all.extend(places("if").into_iter().map(|(at, word)| (at, false, text(&word))));
        all.sort_by_key(|(at, ..)| *at);
        let mut steps: Vec<StepText> = Vec::new();
        for (_, is_step, text) in all {
            match steps.last_mut() {
                _ if is_step => steps.push(StepText { step: text, conditions: Vec::new() }),
                Some(step) => step.conditions.push(text),
                None => {
                    return Err(Error::config(format!("`--if '{text}'` stands before every step")).hint(
                        "a condition comes after the step that it belongs to: --step refine --if 'agreement < 0.95'",
                    ));
                }
            }
        }
        Ok(steps)
    }
}

/// Puts what was typed for one flag where it belongs.
fn take(request: &mut RunRequest, own: &[&str], id: &str, values: &[OsString], place: String) {
    let words = || values.iter().map(|value| text(value)).collect::<Vec<_>>();
    let paths = || values.iter().map(PathBuf::from).collect::<Vec<_>>();
    let last = || values.last().map(|value| text(value));
    match id {
        "prompt" => request.input.prompt = last(),
        "files" => request.input.files = words(),
        "allow_secrets" => request.input.allow_secrets = true,
        "draft" => request.input.draft = last(),
        "config" => request.config = paths().pop(),
        "adapter" => request.adapters = paths(),
        "personas" => request.personas = paths(),
        "steps" => request.steps = Steps::File(last().unwrap_or_default()),
        "step" | "if" | "dry_run" | "force" | "plan" | "run" => {}
        _ => match setting(own, id) {
            Some((key, true)) => request.settings.push(said(key, words(), place)),
            Some((key, false)) => request.settings.push(said(key, vec!["false".to_owned()], place)),
            None => request.options.push(OptionValue { name: id.to_owned(), value: words().join(","), place }),
        },
    }
}

/// The setting that a flag makes, if it makes one, and whether it says yes to it. The protocol's `own` flags are
/// options of the run: they count above all that is said of their settings.
#[must_use]
pub fn setting(own: &[&str], id: &str) -> Option<(Key, bool)> {
    let key = |id: &str| match id {
        _ if own.contains(&id) => None,
        "self_refine" => Some(Key::RefineEnabled),
        "refiner" => Some(Key::RefinerModel),
        "verify" => Some(Key::RefineVerify),
        _ => Key::of(id),
    };
    key(id).map(|key| (key, true)).or_else(|| Some((key(id.strip_prefix("no_")?)?, false)))
}

/// A setting, as a flag says it.
#[must_use]
pub fn said(key: Key, values: Vec<String>, place: String) -> SettingValue {
    SettingValue { path: Path::Run(key), values, origin: Origin { source: Source::CommandLine, place } }
}

fn text(value: &OsStr) -> String {
    value.to_string_lossy().into_owned()
}

impl<A: Asks> FromArgMatches for Typed<A> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self::new(A::COMMAND, A::augment_args(Command::new("")), matches.clone()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.matches.clone_from(matches);
        Ok(())
    }
}

impl<A: Asks> Args for Typed<A> {
    fn augment_args(command: Command) -> Command {
        A::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        A::augment_args_for_update(command)
    }
}

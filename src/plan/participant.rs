//! Who takes part, as people type it: `claude`, `codex-o3`, `claude/sonnet@low`, `claude*3`.

use super::words::closest;
use crate::error::Error;
use crate::exchange::Effort;
use crate::ids::{AdapterId, ParticipantId};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// How many participants a run may have in which they review or hear each other.
pub const PARTICIPANTS: RangeInclusive<usize> = 1..=7;

/// One participant, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its unique name: what was typed, numbered if it was asked for more than once.
    pub id: ParticipantId,
    /// Through which adapter.
    pub adapter: AdapterId,
    /// Its model; `None` for the adapter's default.
    pub model: Option<ModelName>,
    /// How hard it thinks, if it was said.
    pub effort: Option<Effort>,
}

/// A model, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelName {
    /// The word after `adapter-`: an alias, or an id without its vendor's prefix.
    Word(String),
    /// What stands after `adapter/`: an alias, or an id as it is.
    Exact(String),
}

/// Reads lists of participants, separated by commas; spaces around a name do not matter.
///
/// `adapters` are the names that are known. Everything after `adapter/` is the model, `:` and `@`
/// included, unless the last `@word` is an effort.
///
/// # Errors
/// An unknown adapter, a malformed name, or fewer or more participants than `room` takes; all of
/// them at once.
pub fn parse<S: AsRef<str>>(
    lists: &[S],
    adapters: &[&str],
    room: &RangeInclusive<usize>,
) -> Result<Vec<Wanted>, Error> {
    let mut wanted = Vec::new();
    let mut errors: Vec<Error> = Vec::new();
    for word in lists.iter().flat_map(|list| list.as_ref().split(',')).map(str::trim).filter(|word| !word.is_empty()) {
        match one(word, adapters, *room.end()) {
            Ok((typed, count)) => wanted.extend(std::iter::repeat_n(typed, count)),
            Err(error) => errors.push(error),
        }
    }
    if let Some(error) = Error::all(errors) {
        return Err(error);
    }
    if !room.contains(&wanted.len()) {
        let (least, most) = (room.start(), room.end());
        let takes = if least == most { format!("takes {least}") } else { format!("takes from {least} to {most}") };
        return Err(Error::config(format!("{} participants: a run {takes}", wanted.len())));
    }
    Ok(numbered(wanted))
}

#[derive(Clone)]
struct Typed {
    name: String,
    adapter: String,
    model: Option<ModelName>,
    effort: Option<Effort>,
}

fn one(word: &str, adapters: &[&str], most: usize) -> Result<(Typed, usize), Error> {
    let (name, count) = counted(word, most)?;
    if name.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '#' | '*' | '<' | '>' | '"')) {
        return Err(Error::config(format!("`{word}`: a participant's name has no spaces and none of # * < > \"")));
    }
    let (adapter, model, effort) = match name.split_once('/') {
        Some((adapter, rest)) => {
            let (model, effort) =
                match rest.rsplit_once('@').and_then(|(model, word)| Some((model, word.parse().ok()?))) {
                    Some((model, effort)) => (model, Some(effort)),
                    None => (rest, None),
                };
            if !adapters.contains(&adapter) {
                return Err(unknown(adapter, adapters));
            }
            (adapter, Some(model), effort)
        }
        None => {
            let (rest, effort) = match name.split_once('@') {
                Some((rest, word)) => {
                    (rest, Some(word.parse().map_err(|why| Error::config(format!("`{name}`: {why}")))?))
                }
                None => (name, None),
            };
            if rest.contains(':') {
                return Err(Error::config(format!("`{name}`: no persona of that name is known"))
                    .hint("if `:` belongs to a model's name, write `adapter/model`, such as `ollama/llama3.2:3b`"));
            }
            let (adapter, model) = split(rest, adapters).ok_or_else(|| unknown(rest, adapters))?;
            (adapter, model, effort)
        }
    };
    // A model that looks like an option would be one, to a CLI that is given it as an argument.
    if model.is_some_and(|model| model.is_empty() || model.starts_with('-')) {
        return Err(Error::config(format!("`{name}`: a model's name is not empty and does not begin with `-`")));
    }
    let exact = name.contains('/');
    let model = model.map(|model| if exact { ModelName::Exact(model.into()) } else { ModelName::Word(model.into()) });
    Ok((Typed { name: name.to_owned(), adapter: adapter.to_owned(), model, effort }, count))
}

/// The longest known adapter that the name is, or begins with before a `-`.
fn split<'a>(name: &'a str, adapters: &[&str]) -> Option<(&'a str, Option<&'a str>)> {
    adapters
        .iter()
        .filter_map(|adapter| {
            let rest = name.strip_prefix(adapter)?;
            let split = (&name[..adapter.len()], rest.strip_prefix('-'));
            (rest.is_empty() || split.1.is_some()).then_some(split)
        })
        .max_by_key(|(adapter, _)| adapter.len())
}

/// Takes `*3` off the end, or `3x` off the beginning.
fn counted(word: &str, most: usize) -> Result<(&str, usize), Error> {
    let (name, count) = match (word.rsplit_once('*'), word.split_once('x')) {
        (Some((name, count)), _) => (name, Some(count)),
        (None, Some((count, name))) if !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit()) => {
            (name, Some(count))
        }
        _ => (word, None),
    };
    let count = match count {
        None => 1,
        Some(digits) => digits
            .parse()
            .ok()
            .filter(|count| (1..=most).contains(count))
            .ok_or_else(|| Error::config(format!("`{word}`: a participant is taken from 1 to {most} times")))?,
    };
    if name.is_empty() {
        return Err(Error::config(format!("`{word}`: the participant's name is missing")));
    }
    Ok((name, count))
}

fn unknown(name: &str, adapters: &[&str]) -> Error {
    let there = if adapters.is_empty() { "none".to_owned() } else { adapters.join(", ") };
    let error = Error::config(format!("no adapter is called `{name}`; there are: {there}"));
    let first = name.split('-').next().unwrap_or(name);
    match closest(name, adapters.iter().copied()).or_else(|| closest(first, adapters.iter().copied())) {
        Some(near) => error.hint(format!("`{name}`: did you mean `{near}`?")),
        None => error.hint("`refinery adapters` lists them; `adapter/model` names any model of one"),
    }
}

/// Names that were asked for more than once become `name#1`, `name#2`.
fn numbered(wanted: Vec<Typed>) -> Vec<Wanted> {
    let mut totals: BTreeMap<String, usize> = BTreeMap::new();
    for one in &wanted {
        *totals.entry(one.name.clone()).or_default() += 1;
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    wanted
        .into_iter()
        .map(|Typed { name, adapter, model, effort }| {
            let number = seen.entry(name.clone()).or_default();
            *number += 1;
            let id = if totals[&name] > 1 { format!("{name}#{number}") } else { name };
            Wanted { id: ParticipantId::new(id), adapter: AdapterId::new(adapter), model, effort }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 5] = ["agy", "claude", "claude-dev", "codex", "ollama"];

    /// `id = adapter model effort`, one per participant.
    fn read(lists: &[&str]) -> Vec<String> {
        parse(lists, &KNOWN, &PARTICIPANTS)
            .unwrap()
            .iter()
            .map(|w| {
                let effort = w.effort.map_or("-", Effort::as_str);
                let model = match &w.model {
                    None => "-".to_owned(),
                    Some(ModelName::Word(word)) => word.clone(),
                    Some(ModelName::Exact(id)) => format!("={id}"),
                };
                format!("{} = {} {model} {effort}", w.id, w.adapter)
            })
            .collect()
    }

    fn refused(list: &str) -> Error {
        parse(&[list], &KNOWN, &PARTICIPANTS).unwrap_err()
    }

    #[test]
    fn names_models_and_efforts() {
        assert_eq!(read(&["claude"]), ["claude = claude - -"]);
        assert_eq!(
            read(&["claude-sonnet, codex-o3", "codex/gpt-5.4@low "]),
            ["claude-sonnet = claude sonnet -", "codex-o3 = codex o3 -", "codex/gpt-5.4@low = codex =gpt-5.4 low"]
        );
        assert_eq!(read(&["claude@max"]), ["claude@max = claude - max"]);
        assert_eq!(read(&["claude-dev-x"]), ["claude-dev-x = claude-dev x -"]);
    }

    #[test]
    fn everything_after_the_slash_is_the_model() {
        assert_eq!(read(&["ollama/llama3.2:3b"]), ["ollama/llama3.2:3b = ollama =llama3.2:3b -"]);
        assert_eq!(read(&["ollama/a/b:c@v2"]), ["ollama/a/b:c@v2 = ollama =a/b:c@v2 -"]);
        assert_eq!(read(&["ollama/m@v2@high"]), ["ollama/m@v2@high = ollama =m@v2 high"]);
    }

    #[test]
    fn repeated_names_are_numbered() {
        assert_eq!(
            read(&["claude,codex,claude"]),
            ["claude#1 = claude - -", "codex = codex - -", "claude#2 = claude - -"]
        );
        assert_eq!(read(&["claude*2"]), read(&["2xclaude"]));
        assert_eq!(read(&["claude/opus@low*2"])[1], "claude/opus@low#2 = claude =opus low");
    }

    #[test]
    fn a_model_with_an_x_is_not_a_count() {
        assert_eq!(read(&["codex-max"]), ["codex-max = codex max -"]);
        assert_eq!(read(&["ollama/2x4"]), ["ollama/2x4 = ollama =2x4 -"]);
    }

    #[test]
    fn the_number_of_participants_is_bounded() {
        assert_eq!(refused("claude*4,codex*4").to_string(), "8 participants: a run takes from 1 to 7");
        assert_eq!(refused(" , ").to_string(), "0 participants: a run takes from 1 to 7");
        assert!(refused("claude*0").to_string().contains("from 1 to 7 times"));
        assert!(refused("claude*99999999999999999999").to_string().contains("from 1 to 7 times"));
        assert!(refused("claude*x").to_string().contains("from 1 to 7 times"));
    }

    #[test]
    fn every_wrong_name_is_reported_with_its_hint() {
        let error = refused("cluade,codxe-o3,gpt-5,claude@turbo,claude:skeptic,claude/");
        assert_eq!(error.messages.len(), 6);
        assert!(error.hints.contains(&"`cluade`: did you mean `claude`?".to_owned()));
        assert!(error.hints.contains(&"`codxe-o3`: did you mean `codex`?".to_owned()));
        assert!(error.messages[3].contains("`turbo` is no effort"));
    }

    #[test]
    fn an_option_is_not_a_model() {
        assert!(refused("claude/--dangerous").to_string().contains("does not begin with `-`"));
        assert!(refused("claude/a b").to_string().contains("no spaces"));
    }
}

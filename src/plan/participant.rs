//! Who takes part, as people type it: `claude`, `codex-o3`, `claude/sonnet@low`, `claude*3`, and in a
//! debate `claude:pessimist`.

use super::unknown::unknown;
use crate::error::Error;
use crate::exchange::Effort;
use crate::ids::{AdapterId, ParticipantId};
use crate::protocol::debate::{JUDGE, built_in};
use crate::words::closest;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// How many participants a run may have in which they review or hear each other.
pub const PARTICIPANTS: RangeInclusive<usize> = 1..=7;

/// One participant, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its unique name: what was typed but for the persona, numbered if it was asked for more than once.
    pub id: ParticipantId,
    /// Through which adapter.
    pub adapter: AdapterId,
    /// Its model; `None` for the adapter's default.
    pub model: Option<ModelName>,
    /// How hard it thinks, if it was said.
    pub effort: Option<Effort>,
    /// The id of the persona that it speaks as, if it was said.
    pub persona: Option<String>,
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
/// included, unless the last `@word` is an effort. Nobody speaks as a persona: that is for a debate.
///
/// # Errors
/// An unknown adapter, a malformed name, a persona, or fewer or more participants than `room` takes;
/// all of them at once.
pub fn parse<S: AsRef<str>>(
    lists: &[S],
    adapters: &[&str],
    room: &RangeInclusive<usize>,
) -> Result<Vec<Wanted>, Error> {
    let personas: Vec<&str> = built_in().iter().map(|persona| persona.id.as_str()).collect();
    read(lists, Known { adapters, personas: &personas, debate: false }, room)
}

/// Reads lists of participants of a debate. They are those of [`parse`], and each can end with
/// `:persona`, before or after its effort, where that is one of `personas`: of a model of that name,
/// `adapter/model:persona`, the end is the persona.
///
/// # Errors
/// Those of [`parse`], and an unknown persona.
pub fn parse_debaters<S: AsRef<str>>(
    lists: &[S],
    adapters: &[&str],
    personas: &[&str],
    room: &RangeInclusive<usize>,
) -> Result<Vec<Wanted>, Error> {
    read(lists, Known { adapters, personas, debate: true }, room)
}

/// The words that a list is read by.
#[derive(Clone, Copy)]
struct Known<'a> {
    adapters: &'a [&'a str],
    personas: &'a [&'a str],
    /// Whether anybody may have a persona.
    debate: bool,
}

fn read<S: AsRef<str>>(lists: &[S], known: Known<'_>, room: &RangeInclusive<usize>) -> Result<Vec<Wanted>, Error> {
    let mut wanted = Vec::new();
    let mut errors: Vec<Error> = Vec::new();
    for word in lists.iter().flat_map(|list| list.as_ref().split(',')).map(str::trim).filter(|word| !word.is_empty()) {
        match one(word, known, *room.end()) {
            Ok((typed, count)) => wanted.extend(std::iter::repeat_n(typed, count)),
            Err(error) => errors.push(error),
        }
    }
    if let Some(error) = Error::all(errors) {
        return Err(error);
    }
    if !room.contains(&wanted.len()) {
        let (least, most) = (room.start(), room.end());
        let takes = if least == most { format!("takes {least}") } else { format!("takes {least} to {most}") };
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
    persona: Option<String>,
}

fn one(word: &str, known: Known<'_>, most: usize) -> Result<(Typed, usize), Error> {
    let (typed, count) = counted(word, most)?;
    if typed.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '#' | '*' | '<' | '>' | '"')) {
        return Err(Error::config(format!("`{word}`: a participant's name has no spaces and none of # * < > \"")));
    }
    let Ends { rest, effort, persona } = ends(typed, known.personas);
    if let (Some(persona), false) = (persona, known.debate) {
        let error = Error::config(format!("`{typed}`: only those who debate speak as a persona"));
        return Err(match persona {
            JUDGE => error.hint(format!("who judges a debate is `{JUDGE}` without being told: leave out `:{JUDGE}`")),
            _ => error.hint(format!("`refinery debate -m {typed}` is the way to that; here leave out `:{persona}`")),
        });
    }
    let (adapter, model) = match rest.split_once('/') {
        Some((adapter, model)) if known.adapters.contains(&adapter) => (adapter, Some(model)),
        Some((adapter, _)) => return Err(unknown(adapter, known.adapters)),
        None => {
            not_ends(typed, rest, known)?;
            split(rest, known.adapters).ok_or_else(|| unknown(rest, known.adapters))?
        }
    };
    // A model that looks like an option would be one, to a CLI that is given it as an argument.
    if model.is_some_and(|model| model.is_empty() || model.starts_with('-')) {
        return Err(Error::config(format!("`{typed}`: a model's name is not empty and does not begin with `-`")));
    }
    let exact = rest.contains('/');
    let model = model.map(|model| if exact { ModelName::Exact(model.into()) } else { ModelName::Word(model.into()) });
    let name = effort.map_or_else(|| rest.to_owned(), |(word, _)| format!("{rest}@{word}"));
    let (effort, persona) = (effort.map(|(_, effort)| effort), persona.map(str::to_owned));
    Ok((Typed { name, adapter: adapter.to_owned(), model, effort, persona }, count))
}

/// What a name ends with, and the rest of it.
struct Ends<'a> {
    rest: &'a str,
    /// As it was typed, and what it means.
    effort: Option<(&'a str, Effort)>,
    persona: Option<&'a str>,
}

/// Takes an effort and a persona off the end, in either order.
fn ends<'a>(typed: &'a str, personas: &[&str]) -> Ends<'a> {
    let mut ends = Ends { rest: typed, effort: None, persona: None };
    loop {
        let effort = ends.rest.rsplit_once('@').and_then(|(rest, word)| Some((rest, (word, word.parse().ok()?))));
        let persona = ends.rest.rsplit_once(':').filter(|(_, word)| personas.contains(word));
        match (effort, persona) {
            (Some((rest, effort)), _) if ends.effort.is_none() => ends = Ends { rest, effort: Some(effort), ..ends },
            (_, Some((rest, persona))) if ends.persona.is_none() => {
                ends = Ends { rest, persona: Some(persona), ..ends };
            }
            _ => return ends,
        }
    }
}

/// What is left of a name without `/` has no ends any more.
fn not_ends(typed: &str, rest: &str, known: Known<'_>) -> Result<(), Error> {
    let Some(at) = rest.find(['@', ':']) else { return Ok(()) };
    let mut words = Vec::new();
    for marked in rest[at..].split_inclusive(['@', ':']).collect::<Vec<_>>().windows(2) {
        let [mark, word] = marked else { continue };
        words.push((mark.ends_with('@'), word.trim_end_matches(['@', ':'])));
    }
    let wrong = |why: &str| Error::config(format!("`{typed}`: {why}"));
    if let Some(why) = words.iter().filter(|(effort, _)| *effort).find_map(|(_, word)| word.parse::<Effort>().err()) {
        return Err(wrong(&why));
    }
    let Some((_, end)) = words.iter().find(|(effort, word)| !effort && !known.personas.contains(word)) else {
        return Err(wrong("it has more than one effort and one persona"));
    };
    let error = wrong("no persona of that name is known");
    let error = match closest(end, known.personas.iter().copied()).filter(|_| known.debate) {
        Some(near) => error.hint(format!("`{end}`: did you mean `{near}`?")),
        None if known.debate => error.hint("`refinery personas` lists them; `--personas FILE` adds others"),
        None => error,
    };
    Err(error.hint("if `:` belongs to a model's name, write `adapter/model`, such as `ollama/llama3.2:3b`"))
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

/// Names that were asked for more than once become `name#1`, `name#2`.
fn numbered(wanted: Vec<Typed>) -> Vec<Wanted> {
    let mut totals: BTreeMap<String, usize> = BTreeMap::new();
    for one in &wanted {
        *totals.entry(one.name.clone()).or_default() += 1;
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    wanted
        .into_iter()
        .map(|Typed { name, adapter, model, effort, persona }| {
            let number = seen.entry(name.clone()).or_default();
            *number += 1;
            let id = if totals[&name] > 1 { format!("{name}#{number}") } else { name };
            Wanted { id: ParticipantId::new(id), adapter: AdapterId::new(adapter), model, effort, persona }
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
    fn in_a_debate_names_end_with_a_persona_and_an_effort_in_either_order() {
        let personas = ["pessimist", "domain-expert", "high"];
        let debaters = |list: &str| parse_debaters(&[list], &KNOWN, &personas, &PARTICIPANTS);
        for (typed, id, persona) in [
            ("claude:pessimist", "claude", Some("pessimist")),
            ("claude-opus:domain-expert", "claude-opus", Some("domain-expert")),
            ("claude@high:pessimist", "claude@high", Some("pessimist")),
            ("claude:pessimist@high", "claude@high", Some("pessimist")),
            ("claude@max", "claude@max", None),
            ("ollama/llama3.2:3b", "ollama/llama3.2:3b", None),
            ("ollama/llama3.2:3b:pessimist@low", "ollama/llama3.2:3b@low", Some("pessimist")),
            ("ollama/m@v2:pessimist", "ollama/m@v2", Some("pessimist")),
            ("ollama/m:pessimist:high", "ollama/m:pessimist", Some("high")),
        ] {
            let [one] = &debaters(typed).unwrap()[..] else { panic!("{typed}") };
            assert_eq!((one.id.as_str(), one.persona.as_deref()), (id, persona), "{typed}");
        }
        let three = debaters("claude:pessimist,claude:domain-expert,codex:pessimist").unwrap();
        assert_eq!(three.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["claude#1", "claude#2", "codex"]);
        let two = debaters("claude:pessimist*2").unwrap();
        assert!(two.iter().all(|one| one.persona.as_deref() == Some("pessimist")));
        for (typed, message, hint) in [
            ("claude:pesimist", "no persona of that name", "did you mean `pessimist`?"),
            ("claude:nobody", "no persona of that name", "refinery personas"),
            ("claude@high:nobody", "no persona of that name", "refinery personas"),
            ("claude:nobody@high", "no persona of that name", "refinery personas"),
            ("claude:pessimist@turbo", "`turbo` is no effort", ""),
            ("claude:pessimist:domain-expert", "more than one effort and one persona", ""),
            ("claude@low@high", "more than one effort", ""),
            (":pessimist", "unknown adapter ``", ""),
        ] {
            let error = debaters(typed).unwrap_err();
            assert!(error.to_string().contains(message), "{typed}: {error}");
            assert!(hint.is_empty() || error.hints.iter().any(|told| told.contains(hint)), "{typed}: {error:?}");
        }
    }

    #[test]
    fn elsewhere_a_persona_is_refused_with_the_command_for_it() {
        for typed in ["claude:pessimist", "claude:pessimist@high", "ollama/llama3.2:3b:judge"] {
            let error = refused(typed);
            assert!(error.to_string().contains("only those who debate"), "{error}");
            assert!(error.hints[0].contains("leave out `:"), "{error:?}");
        }
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
        assert_eq!(refused("claude*4,codex*4").to_string(), "8 participants: a run takes 1 to 7");
        assert_eq!(refused(" , ").to_string(), "0 participants: a run takes 1 to 7");
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

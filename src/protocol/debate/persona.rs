//! Personas: the standpoints from which participants speak. Seven and the judge come with the
//! program; a person can bring others in a file of the same form.

use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::LazyLock;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The id of the persona that judges.
pub const JUDGE: &str = "judge";

/// The personas of this program, as a person can read them.
pub const DEFAULT: &str = include_str!("personas.toml");

/// A name is shown in tags and tables: no longer than this many characters.
const NAME_CHARS: usize = 60;

/// One line that is not blank, as a pattern of JSON Schema.
#[cfg(feature = "cli")]
const ONE_LINE: &str = r"^\P{Cc}*[^\p{Cc}\s]\P{Cc}*$";

/// What a file of personas holds; [`read`] reads it, and says what is wrong with it by line.
#[cfg(feature = "cli")]
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonaFile {
    /// The personas.
    pub persona: Vec<Persona>,
}

/// A standpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Persona {
    /// What it is called on the command line: `[a-z0-9-]+`.
    #[cfg_attr(feature = "cli", schemars(regex(pattern = r"^[a-z0-9-]+$")))]
    pub id: String,
    /// What the others and people call it, on one line.
    #[cfg_attr(feature = "cli", schemars(length(max = NAME_CHARS), regex(pattern = ONE_LINE)))]
    pub name: String,
    /// What it is for, on one line.
    #[cfg_attr(feature = "cli", schemars(regex(pattern = ONE_LINE)))]
    pub role: String,
    /// What its participant is told, as part of the system prompt.
    #[cfg_attr(feature = "cli", schemars(regex(pattern = r"\S")))]
    pub prompt: String,
}

/// What is wrong in a file of personas.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct PersonaProblem {
    /// The line, from 1.
    pub line: usize,
    /// In words.
    pub reason: String,
}

impl Persona {
    /// The one that sums up.
    #[must_use]
    pub fn judge() -> Self {
        built_in().iter().find(|persona| persona.id == JUDGE).cloned().unwrap_or_default()
    }
}

/// The personas of this program: the seven in the order in which they are dealt, then the judge.
#[must_use]
pub fn built_in() -> &'static [Persona] {
    static ALL: LazyLock<Vec<Persona>> = LazyLock::new(|| read(DEFAULT).unwrap_or_default());
    &ALL
}

/// Reads a file of personas: a list of `[[persona]]`, each with `id`, `name`, `role` and `prompt`.
///
/// # Errors
/// Bad TOML, an unknown or missing key, a value that cannot be used, an id that is there twice; all
/// of them at once, each with its line.
pub fn read(text: &str) -> Result<Vec<Persona>, Vec<PersonaProblem>> {
    let line = |span: &Range<usize>| 1 + text[..span.start.min(text.len())].matches('\n').count();
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line(&span));
        vec![PersonaProblem { line, reason: error.message().to_owned() }]
    })?;
    let mut reader = Reader { line: &line, problems: Vec::new() };
    let personas = reader.file(table.get_ref());
    let mut problems = reader.problems;
    problems.sort_by_key(|problem| problem.line);
    if problems.is_empty() { Ok(personas) } else { Err(problems) }
}

/// What can be chosen from: a person's own personas, then those of this program that they do not
/// replace.
#[must_use]
pub fn with_own(own: Vec<Persona>) -> Vec<Persona> {
    let mut all = own;
    let others = built_in().iter().filter(|one| !all.iter().any(|own| own.id == one.id)).cloned();
    let others: Vec<_> = others.collect();
    all.extend(others);
    all
}

/// Gives a persona to each participant: the one that was chosen for it, by id, else the first that
/// nobody has; when all are taken, they are dealt once more. The judge's is never dealt.
///
/// # Errors
/// The id that is none of `all`, by the participant's place.
pub fn deal<'a>(chosen: &[Option<&str>], all: &'a [Persona]) -> Result<Vec<&'a Persona>, usize> {
    let known = |id: &str| all.iter().find(|persona| persona.id == id);
    let mut dealt = Vec::new();
    for (place, id) in chosen.iter().enumerate() {
        dealt.push(match id {
            Some(id) => Some(known(id).ok_or(place)?),
            None => None,
        });
    }
    let mut counts: Vec<(usize, &Persona)> = all
        .iter()
        .filter(|persona| persona.id != JUDGE)
        .map(|persona| (dealt.iter().flatten().filter(|taken| taken.id == persona.id).count(), persona))
        .collect();
    for (place, seat) in dealt.iter_mut().enumerate() {
        if seat.is_none() {
            let next = counts.iter_mut().min_by_key(|(count, _)| *count).ok_or(place)?;
            next.0 += 1;
            *seat = Some(next.1);
        }
    }
    Ok(dealt.into_iter().flatten().collect())
}

struct Reader<'a> {
    line: &'a dyn Fn(&Range<usize>) -> usize,
    problems: Vec<PersonaProblem>,
}

impl Reader<'_> {
    fn file(&mut self, table: &DeTable<'_>) -> Vec<Persona> {
        let mut personas: Vec<Persona> = Vec::new();
        if table.is_empty() {
            self.wrong(&(0..0), "there is no [[persona]]");
        }
        for (name, value) in table {
            let items = match (name.get_ref().as_ref(), value.get_ref()) {
                ("persona", DeValue::Array(items)) => items,
                ("persona", _) => {
                    self.wrong(&name.span(), "personas are a list: write [[persona]]");
                    continue;
                }
                (other, _) => {
                    self.wrong(&name.span(), &format!("`{other}` is unknown here; a file holds only [[persona]]"));
                    continue;
                }
            };
            for item in items {
                let Some(persona) = self.persona(item) else { continue };
                if personas.iter().any(|known| known.id == persona.id) {
                    self.wrong(&item.span(), &format!("the persona `{}` is there twice", persona.id));
                }
                personas.push(persona);
            }
        }
        personas
    }

    fn persona(&mut self, item: &Spanned<DeValue<'_>>) -> Option<Persona> {
        let DeValue::Table(table) = item.get_ref() else {
            self.wrong(&item.span(), "a persona is a section: write [[persona]]");
            return None;
        };
        const KEYS: [&str; 4] = ["id", "name", "role", "prompt"];
        let mut found = [const { None }; 4];
        for (key, value) in table {
            match (KEYS.iter().position(|known| known == key.get_ref()), value.get_ref()) {
                (Some(place), DeValue::String(text)) => {
                    let text = text.trim().to_owned();
                    match unusable(KEYS[place], &text) {
                        Some(reason) => self.wrong(&value.span(), &format!("`{}` {reason}", KEYS[place])),
                        None => found[place] = Some(text),
                    }
                }
                (Some(place), _) => self.wrong(&value.span(), &format!("`{}` is text", KEYS[place])),
                (None, _) => {
                    let known = KEYS.join(", ");
                    self.wrong(&key.span(), &format!("`{}` is no key of a persona; there are {known}", key.get_ref()));
                }
            }
        }
        for key in KEYS.iter().filter(|key| !table.iter().any(|(there, _)| there.get_ref() == **key)) {
            self.wrong(&item.span(), &format!("`{key}` is missing"));
        }
        let [Some(id), Some(name), Some(role), Some(prompt)] = found else { return None };
        Some(Persona { id, name, role, prompt })
    }

    fn wrong(&mut self, span: &Range<usize>, reason: &str) {
        self.problems.push(PersonaProblem { line: (self.line)(span), reason: reason.to_owned() });
    }
}

/// What makes a value unusable, if anything does.
fn unusable(key: &str, text: &str) -> Option<&'static str> {
    let one_line = key != "prompt";
    let id = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    match key {
        _ if text.is_empty() => Some("is empty"),
        "id" if !text.chars().all(id) => Some("has only the letters a to z, digits and -"),
        _ if one_line && text.chars().any(char::is_control) => Some("is one line"),
        "name" if text.chars().count() > NAME_CHARS => Some("has at most 60 characters"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        read(text).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_seven_and_the_judge_are_there() {
        let ids: Vec<_> = built_in().iter().map(|persona| persona.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "pessimist",
                "first-principles",
                "vc-specialist",
                "scientific-skeptic",
                "optimistic-futurist",
                "devils-advocate",
                "domain-expert",
                "judge"
            ]
        );
        for persona in built_in() {
            let words = persona.prompt.split_whitespace().count();
            assert!((60..160).contains(&words), "{}: {words} words", persona.id);
        }
    }

    #[test]
    fn no_persona_knows_a_maker() {
        let lower = DEFAULT.to_lowercase();
        for word in ["claude", "codex", "gemini", "gpt", "anthropic", "openai", "google"] {
            assert!(!lower.contains(word), "{word}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        assert_eq!(
            problems("[[persona]]\nid = \"a\"\nname = \"A\"\nrole = \"r\"\nprompt = \"p\"\nmood = 1\n")[0],
            "line 6: `mood` is no key of a persona; there are id, name, role, prompt"
        );
        assert_eq!(
            problems("[[persona]]\nid = \"a\"\n\nname = \"A\"\nrole = \"r\"\n"),
            ["line 1: `prompt` is missing"]
        );
        let one = "[[persona]]\nid = \"a\"\nname = \"A\"\nrole = \"r\"\nprompt = \"p\"\n";
        assert_eq!(problems(&format!("{one}{one}")), ["line 6: the persona `a` is there twice"]);
        assert_eq!(
            problems("[[persona]]\nid = \"A b\"\nname = 3\nrole = \"\"\nprompt = \"p\"\n"),
            [
                "line 2: `id` has only the letters a to z, digits and -",
                "line 3: `name` is text",
                "line 4: `role` is empty",
            ]
        );
        assert_eq!(problems("personas = []\n"), ["line 1: `personas` is unknown here; a file holds only [[persona]]"]);
        assert_eq!(problems("")[0], "line 1: there is no [[persona]]");
        assert!(problems("[[persona]]\nid = \n")[0].starts_with("line 2: "));
    }

    #[test]
    fn own_personas_come_first_and_replace_those_of_the_same_id() {
        let own = Persona { id: "judge".into(), name: "Chair".into(), role: "r".into(), prompt: "p".into() };
        let all = with_own(vec![own]);
        assert_eq!(all.len(), 8);
        assert_eq!((all[0].name.as_str(), all[1].id.as_str()), ("Chair", "pessimist"));
    }

    #[test]
    fn personas_are_dealt_in_order_around_those_that_were_chosen() {
        let dealt = |chosen: &[Option<&str>]| {
            deal(chosen, built_in()).map(|dealt| dealt.iter().map(|persona| persona.id.as_str()).collect::<Vec<_>>())
        };
        assert_eq!(dealt(&[None, None]), Ok(vec!["pessimist", "first-principles"]));
        assert_eq!(dealt(&[None, Some("pessimist"), None]), Ok(vec!["first-principles", "pessimist", "vc-specialist"]));
        assert_eq!(dealt(&[Some("pessimist"), Some("pessimist")]), Ok(vec!["pessimist", "pessimist"]));
        assert_eq!(dealt(&[None, Some("nobody")]), Err(1));
        let eight = deal(&[None; 8], built_in()).unwrap();
        assert_eq!((eight[6].id.as_str(), eight[7].id.as_str()), ("domain-expert", "pessimist"));
        let alone = [built_in()[7].clone()];
        assert_eq!(deal(&[None], &alone), Err(0), "nobody speaks as the judge by chance");
    }
}

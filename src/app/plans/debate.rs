//! Options of a debate.

use crate::app::options::Options;
use crate::app::persona_files::no_such;
use crate::app::plans::Drawn;
use crate::app::request::Steps;
use crate::app::roster::RosterBuilder;
use crate::error::Error;
use crate::ids::ParticipantId;
use crate::protocol::debate::{DEBATERS, DebatePlan, JUDGE, JUDGE_REPLY_TOKENS, JUDGE_TEMPERATURE, Persona, deal};
use crate::words::closest;

impl Drawn for DebatePlan {
    /// A debate of all members.
    fn draw(options: &mut Options, roster: &mut RosterBuilder<'_>) -> Self {
        let mut plan = Self { personas: personas(options, roster), ..Self::default() };
        options.fill_roles(&mut plan, roster);
        options.fill(&mut plan);
        if let Some(judge) = &mut plan.judge {
            let own = roster.personas.iter().find(|persona| persona.id == JUDGE);
            judge.persona = own.unwrap_or(&judge.persona).clone();
        } else if options.words("judge").is_none() {
            for name in [JUDGE_TEMPERATURE, JUDGE_REPLY_TOKENS] {
                if let Some((_, place)) = options.words(name) {
                    let error = Error::config(format!("{place} needs a judge"));
                    options.wrong(error.hint("`--judge PARTICIPANT` names one"));
                }
            }
        }
        Self { tuning: roster.tuning(options), ..plan }
    }

    fn draw_run(options: &mut Options, roster: &mut RosterBuilder<'_>, _steps: &Steps) -> Self {
        enough(options, roster);
        Self::draw(options, roster)
    }
}

fn enough(options: &mut Options, roster: &RosterBuilder<'_>) {
    let names: Vec<_> = roster.members().iter().map(|one| one.id.as_str()).collect();
    if !DEBATERS.contains(&names.len()) {
        let there = match names.as_slice() {
            [one] => format!("there is only {one}"),
            all => format!("there are {}", all.len()),
        };
        let (least, most) = (DEBATERS.start(), DEBATERS.end());
        options.wrong(
            Error::config(format!("a debate takes {least} to {most} participants: {there}"))
                .hint("refinery debate \"your question\" -m claude,codex")
                .hint("one model can take several perspectives: `-m claude*3`"),
        );
    }
}

/// The persona of each member.
fn personas(options: &mut Options, roster: &RosterBuilder<'_>) -> Vec<Persona> {
    let mut chosen: Vec<Option<String>> = roster.members().iter().map(|one| one.persona.clone()).collect();
    if let Some((list, place)) = options.words("persona") {
        for word in list.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            if let Err(error) = choose(word, &place, roster, &mut chosen) {
                options.wrong(error);
            }
        }
    }
    // By place: a step of a pipeline has no list of its own.
    if let Some((list, place)) = options.words("personas") {
        let ids: Vec<&str> = list.split(',').map(str::trim).collect();
        if ids.len() > chosen.len() {
            options.wrong(Error::config(format!("{place} names more personas than there are participants")));
        }
        for (participant, id) in chosen.iter_mut().zip(ids).filter(|(_, id)| !id.is_empty()) {
            match roster.personas.iter().any(|persona| persona.id == id) {
                true => *participant = Some(id.to_owned()),
                false => options.wrong(no_such_at(&place, id, roster)),
            }
        }
    }
    for (who, _) in roster.members().iter().zip(&chosen).filter(|(_, id)| id.as_deref() == Some(JUDGE)) {
        options.wrong(
            Error::config(format!("{} cannot debate as `{JUDGE}`: it only sums up", who.id))
                .hint(format!("`--judge {}` makes it the judge", who.id)),
        );
    }
    let ids: Vec<_> = chosen.iter().map(Option::as_deref).collect();
    match deal(&ids, &roster.personas) {
        Ok(dealt) => dealt.into_iter().cloned().collect(),
        // All ids are known: only the judge is left to assign.
        Err(_) => {
            options.wrong(Error::config("no persona to debate with").hint("`refinery personas` lists them"));
            Vec::new()
        }
    }
}

fn no_such_at(place: &str, id: &str, roster: &RosterBuilder<'_>) -> Error {
    let error = no_such(id, roster.personas.iter());
    Error { messages: vec![format!("{place}: {error}")], ..error }
}

/// Gives a participant the persona of `NAME=PERSONA`.
fn choose(word: &str, place: &str, roster: &RosterBuilder<'_>, chosen: &mut [Option<String>]) -> Result<(), Error> {
    let wrong = |why: String| Error::config(format!("{place} {word}: {why}"));
    let (name, id) = word
        .rsplit_once('=')
        .map(|(name, id)| (name.trim(), id.trim()))
        .ok_or_else(|| wrong("use NAME=PERSONA, such as claude=pessimist".to_owned()))?;
    if !roster.personas.iter().any(|persona| persona.id == id) {
        return Err(no_such_at(&format!("{place} {word}"), id, roster));
    }
    let Some(at) = roster.members().iter().position(|one| one.id.as_str() == name) else {
        let names: Vec<&str> = roster.listed.iter().map(ParticipantId::as_str).collect();
        let numbered: Vec<&str> =
            names.iter().copied().filter(|known| known.split_once('#').is_some_and(|(bare, _)| bare == name)).collect();
        return match closest(name, names.iter().copied()) {
            // It was named, and turned out to be missing: the debate goes on without it.
            _ if names.contains(&name) => Ok(()),
            _ if !numbered.is_empty() => {
                Err(wrong(format!("several participants have that name: {}", numbered.join(", "))))
            }
            Some(near) => Err(wrong(format!("unknown participant `{name}`")).hint(format!("did you mean `{near}`?"))),
            None => Err(wrong(format!("unknown participant `{name}`; known: {}", names.join(", ")))),
        };
    };
    match &chosen[at] {
        Some(other) => Err(wrong(format!("{name} is already `{other}`"))),
        None => {
            chosen[at] = Some(id.to_owned());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::Catalog;
    use crate::app::resolve::resolve;
    use crate::config::{Layers, Settings, Source, file};
    use crate::plan::{PARTICIPANTS, parse_participants};
    use std::path::Path;

    /// What a step of two with these options comes to.
    fn step(said: &[(&str, &str)]) -> Result<DebatePlan, Error> {
        let mut layers = Layers::default();
        layers.lay(file::entries(file::DEFAULT, "default", Source::Default).unwrap());
        let settings = Settings::resolve(&layers).unwrap();
        let catalog = Catalog::embedded().unwrap();
        let wanted = parse_participants(&["claude,codex"], &["claude", "codex"], &PARTICIPANTS).unwrap();
        let members = resolve(wanted, &catalog, &settings).unwrap();
        let mut roster = RosterBuilder::new(&settings, Path::new("/"), &catalog, members, None);
        let mut options = Options::default();
        for (name, value) in said {
            options.say(name, *value, format!("step 1: `{name}`"));
        }
        let plan = DebatePlan::draw(&mut options, &mut roster);
        options.finish("`debate`").map(|()| plan)
    }

    #[test]
    fn a_step_says_it_by_name_and_either_way() {
        let plan = step(&[("blind", "no"), ("no-shuffle", "true"), ("personas", ",judge-not")]).unwrap_err();
        assert_eq!(plan.to_string(), "step 1: `personas`: unknown persona `judge-not`");
        let plan =
            step(&[("blind", "no"), ("no-shuffle", "true"), ("max_rounds", "2"), ("judge", "codex@low")]).unwrap();
        assert_eq!((plan.rounds, plan.blind, plan.shuffle, plan.early_stop), (2, false, false, true));
        assert_eq!(plan.judge_effort, Some(crate::exchange::Effort::Low));
        let ids = |said: &[(&str, &str)]| -> Vec<String> {
            step(said).unwrap().personas.into_iter().map(|persona| persona.id).collect()
        };
        assert_eq!(ids(&[]), ["pessimist", "first-principles"]);
        assert_eq!(ids(&[("personas", ",pessimist")]), ["first-principles", "pessimist"]);
        assert_eq!(ids(&[("persona", "claude=domain-expert, codex=pessimist")]), ["domain-expert", "pessimist"]);
        assert_eq!(step(&[]).unwrap(), DebatePlan { personas: step(&[]).unwrap().personas, ..DebatePlan::default() });
        let error = step(&[("personas", "pessimist,pessimist,pessimist")]).unwrap_err();
        assert_eq!(error.to_string(), "step 1: `personas` names more personas than there are participants");
        assert!(step(&[("colour", "red")]).unwrap_err().to_string().contains("unknown option for `debate`"));
    }
}

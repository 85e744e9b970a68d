//! `refinery debate`: standpoints that argue in rounds, hear each other, and say how sure they are.

use crate::app::options::Options;
use crate::app::roster::RosterBuilder;
use crate::cli::commands::planner::Planner;
use crate::cli::commands::self_refine::SelfRefineArgs;
use crate::cli::commands::shared_args::SharedArgs;
use crate::cli::inspect::personas::no_such;
use crate::config::SettingValue;
use crate::config::value::{at_least, number, whole, yes};
use crate::error::Error;
use crate::exchange::Effort;
use crate::ids::ParticipantId;
use crate::plan::words::closest;
use crate::plan::{PARTICIPANTS, ProtocolPlan};
use crate::protocol::debate::{DebatePlan, JUDGE, Judge, Persona, ROUNDS, deal};
use clap::Args;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// What the command does, at length.
pub const LONG_ABOUT: &str = "\
Lets several participants debate a question, each from a standpoint of its own, and shows where each of them stands.

In the first round all speak at once and hear nobody; in each later one they speak in a drawn order and hear \
everything that was said. Every turn ends with a confidence from 0 to 100. The score of a round is the mean of its \
confidences less half their deviation; two whose confidences are far apart disagree. The debate ends when the score \
has stopped moving, or after the last round. A score that stands still does not say that they agree: 95 against 5, \
twice, is stable at 28. Nobody wins; standard output holds the positions, and what the judge made of them, if there \
is one.";

const AFTER: &str = "\
Personas: `refinery personas` lists them and shows each whole. Who is given none gets the first that nobody has.

Exit codes:
  0  the score is stable, or all rounds were asked for and held (--no-early-stop, one round)
  1  error, or cancelled: what was said is kept
  2  the rounds ran out before the score was stable, or it is below --min-score
  3  nobody ever answered, or nobody was left to ask
  4  command line, configuration or input       5  budget exhausted    6  parked at a usage limit

Examples:
  refinery debate \"Do we move to a managed database?\" -m claude,codex,gemini --judge claude
  refinery debate \"Rewrite or refactor?\" -m claude:pessimist,codex:domain-expert@high -f plan.md
  refinery debate \"Is the plan sound?\" -m claude*2 --persona 'claude#2=devils-advocate'
  refinery debate \"Which index?\" -m claude,codex --personas team.toml --persona codex=dba";

/// `refinery debate`
#[derive(Debug, Default, Args)]
#[command(after_help = AFTER)]
pub struct DebateArgs {
    /// Who speaks as what, repeatable: `claude=pessimist`, `claude#2=poet`; also in the list, as
    /// `claude:pessimist` [default: dealt in the order of `refinery personas`]
    #[arg(long, value_name = "NAME=PERSONA", help_heading = "Debate")]
    pub persona: Vec<String>,

    /// A file of further personas, repeatable; see `refinery personas --help`
    /// [default: none]
    #[arg(long, value_name = "FILE", help_heading = "Debate")]
    pub personas: Vec<PathBuf>,

    /// At most this many rounds, 1 to 10 [default: 4]
    #[arg(
        short = 'r',
        long,
        alias = "max-rounds",
        value_name = "ROUNDS",
        help_heading = "Debate",
        allow_hyphen_values = true
    )]
    pub rounds: Option<String>,

    /// How far apart two confidences are that disagree, 0 to 100 [default: 20]
    #[arg(long, value_name = "POINTS", help_heading = "Debate", allow_hyphen_values = true)]
    pub disagreement_threshold: Option<String>,

    /// By how much the score may move from one round to the next and be stable, 0 to 100 [default: 3]
    #[arg(long, value_name = "POINTS", help_heading = "Debate", allow_hyphen_values = true)]
    pub convergence_delta: Option<String>,

    /// Hold all rounds, even when the score is stable
    #[arg(long, help_heading = "Debate")]
    pub no_early_stop: bool,

    /// Let everybody hear those before it in the first round too, one after the other
    #[arg(long, alias = "no-blind-first-round", help_heading = "Debate")]
    pub no_blind: bool,

    /// Let them speak in the order of the list in every round
    #[arg(long, alias = "no-randomize-order", help_heading = "Debate")]
    pub no_shuffle: bool,

    /// The score that the debate must end with, 0 to 100; else exit code 2 [default: none]
    #[arg(long, value_name = "SCORE", help_heading = "Debate", allow_hyphen_values = true)]
    pub min_score: Option<String>,

    /// Who sums up what most hold, what others hold and what stays open, without a vote: `claude`,
    /// `codex@low`; one of those who debate is asked anew [default: nobody]
    #[arg(long, value_name = "PARTICIPANT", help_heading = "Debate")]
    pub judge: Option<String>,

    /// The judge's sampling temperature, 0 to 2; only where its CLI takes one [default: not sent]
    #[arg(long, value_name = "NUMBER", help_heading = "Debate", allow_hyphen_values = true)]
    pub judge_temperature: Option<String>,

    /// The judge's longest reply in tokens, at least 1 [default: --reply-tokens]
    #[arg(
        long,
        alias = "judge-max-tokens",
        value_name = "TOKENS",
        help_heading = "Debate",
        allow_hyphen_values = true
    )]
    pub judge_reply_tokens: Option<String>,

    /// The critique pass over what it comes to.
    #[command(flatten)]
    pub self_refine: SelfRefineArgs,

    /// What every run is given.
    #[command(flatten)]
    pub shared: SharedArgs,
}

impl Planner for DebateArgs {
    fn shared(&self) -> &SharedArgs {
        &self.shared
    }

    fn entries(&self) -> Vec<SettingValue> {
        [self.shared.entries(), self.self_refine.entries()].concat()
    }

    fn room(&self) -> RangeInclusive<usize> {
        // That one alone cannot debate is told with what to do about it.
        PARTICIPANTS
    }

    fn personas(&self) -> Option<&[PathBuf]> {
        Some(&self.personas)
    }

    fn plan(&self, roster: &mut RosterBuilder<'_>) -> Result<ProtocolPlan, Error> {
        let yes = |set: bool| set.then(|| "true".to_owned());
        let mut options = Options::of_flags([
            ("persona", (!self.persona.is_empty()).then(|| self.persona.join(","))),
            ("rounds", self.rounds.clone()),
            ("disagreement_threshold", self.disagreement_threshold.clone()),
            ("convergence_delta", self.convergence_delta.clone()),
            ("no_early_stop", yes(self.no_early_stop)),
            ("no_blind", yes(self.no_blind)),
            ("no_shuffle", yes(self.no_shuffle)),
            ("min_score", self.min_score.clone()),
            ("judge", self.judge.clone()),
            ("judge_temperature", self.judge_temperature.clone()),
            ("judge_reply_tokens", self.judge_reply_tokens.clone()),
        ]);
        enough(&mut options, roster);
        let plan = plan(&mut options, roster);
        options.finish("debate")?;
        Ok(ProtocolPlan::Debate(Box::new(plan)))
    }
}

/// How many participants a debate takes.
pub const ROOM: RangeInclusive<usize> = 2..=*PARTICIPANTS.end();

/// A debate of everybody in the room; wrong values stay with `options`. What flags switch off can be
/// said either way: `no_blind=true`, `blind=false`.
pub fn plan(options: &mut Options, roster: &mut RosterBuilder<'_>) -> DebatePlan {
    const POINTS: RangeInclusive<f64> = 0.0..=100.0;
    let usual = DebatePlan::default();
    let personas = personas(options, roster);
    let (judge, judge_effort) = judge(options, roster).unzip();
    let rounds = options.read("rounds", |text| whole(text, &ROUNDS));
    let seed_name = options.read("max_rounds", |text| whole(text, &ROUNDS));
    let points = |options: &mut Options, name| options.read(name, |text| number(text, &POINTS));
    DebatePlan {
        rounds: rounds.or(seed_name).unwrap_or(usual.rounds),
        disagreement_threshold: points(options, "disagreement_threshold").unwrap_or(usual.disagreement_threshold),
        convergence_delta: points(options, "convergence_delta").unwrap_or(usual.convergence_delta),
        early_stop: on(options, "early_stop", "no_early_stop").unwrap_or(usual.early_stop),
        blind: on(options, "blind", "no_blind").unwrap_or(usual.blind),
        shuffle: on(options, "shuffle", "no_shuffle").unwrap_or(usual.shuffle),
        min_score: points(options, "min_score"),
        personas,
        judge,
        judge_temperature: options.read("judge_temperature", |text| number(text, &(0.0..=2.0))),
        judge_reply_tokens: options.read("judge_reply_tokens", |text| at_least(text, 1)),
        judge_effort: judge_effort.flatten(),
        tuning: roster.tuning(options),
    }
}

/// What is said of something that is on unless it is switched off.
fn on(options: &mut Options, name: &'static str, off: &'static str) -> Option<bool> {
    let on = options.read(name, yes);
    options.read(off, yes).map(|off| !off).or(on)
}

fn enough(options: &mut Options, roster: &RosterBuilder<'_>) {
    let names: Vec<_> = roster.room().iter().map(|one| one.id.as_str()).collect();
    if !ROOM.contains(&names.len()) {
        let there = match names.as_slice() {
            [one] => format!("there is only {one}"),
            all => format!("there are {}", all.len()),
        };
        let (least, most) = (ROOM.start(), ROOM.end());
        options.wrong(
            Error::config(format!("a debate takes from {least} to {most} participants: {there}"))
                .hint("refinery debate \"your question\" -m claude,codex")
                .hint("one model can speak from several standpoints: `-m claude*3`"),
        );
    }
}

/// Who sums up, if anybody does, and how hard it thinks about that.
fn judge(options: &mut Options, roster: &mut RosterBuilder<'_>) -> Option<(Judge, Option<Effort>)> {
    let Some((word, place)) = options.words("judge") else {
        for name in ["judge_temperature", "judge_reply_tokens"] {
            if let Some((_, place)) = options.words(name) {
                options.wrong(
                    Error::config(format!("{place} is said, and there is no judge"))
                        .hint("`--judge PARTICIPANT` names who sums up"),
                );
            }
        }
        return None;
    };
    let named = options.take(roster.give_part_with_effort(&word, &place))?;
    let persona = roster.personas.iter().find(|persona| persona.id == JUDGE)?.clone();
    Some((Judge { participant: named.id, persona }, named.effort))
}

/// The persona of everybody in the room.
fn personas(options: &mut Options, roster: &RosterBuilder<'_>) -> Vec<Persona> {
    let mut chosen: Vec<Option<String>> = roster.room().iter().map(|one| one.persona.clone()).collect();
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
    for (who, _) in roster.room().iter().zip(&chosen).filter(|(_, id)| id.as_deref() == Some(JUDGE)) {
        options.wrong(
            Error::config(format!("{} cannot debate as `{JUDGE}`: that persona only sums up", who.id))
                .hint(format!("`--judge {}` asks it to, after the debate", who.id)),
        );
    }
    let ids: Vec<_> = chosen.iter().map(Option::as_deref).collect();
    match deal(&ids, &roster.personas) {
        Ok(dealt) => dealt.into_iter().cloned().collect(),
        // They are all known, so that there is nobody to deal but the judge.
        Err(_) => {
            options.wrong(Error::config("there is no persona to speak as").hint("`refinery personas` lists them"));
            Vec::new()
        }
    }
}

fn no_such_at(place: &str, id: &str, roster: &RosterBuilder<'_>) -> Error {
    let error = no_such(id, roster.personas.iter());
    Error { messages: vec![format!("{place}: {error}")], ..error }
}

/// Gives somebody the persona that `NAME=PERSONA` says.
fn choose(word: &str, place: &str, roster: &RosterBuilder<'_>, chosen: &mut [Option<String>]) -> Result<(), Error> {
    let wrong = |why: String| Error::config(format!("{place} {word}: {why}"));
    let (name, id) = word
        .rsplit_once('=')
        .map(|(name, id)| (name.trim(), id.trim()))
        .ok_or_else(|| wrong("write NAME=PERSONA, such as claude=pessimist".to_owned()))?;
    if !roster.personas.iter().any(|persona| persona.id == id) {
        return Err(no_such_at(&format!("{place} {word}"), id, roster));
    }
    let Some(at) = roster.room().iter().position(|one| one.id.as_str() == name) else {
        let names: Vec<&str> = roster.listed.iter().map(ParticipantId::as_str).collect();
        let numbered: Vec<&str> =
            names.iter().copied().filter(|known| known.split_once('#').is_some_and(|(bare, _)| bare == name)).collect();
        return match closest(name, names.iter().copied()) {
            // It was named, and turned out to be missing: the debate goes on without it.
            _ if names.contains(&name) => Ok(()),
            _ if !numbered.is_empty() => Err(wrong(format!("there are several of that name: {}", numbered.join(", ")))),
            Some(near) => Err(wrong(format!("nobody is called `{name}`")).hint(format!("did you mean `{near}`?"))),
            None => Err(wrong(format!("nobody is called `{name}`; there are {}", names.join(", ")))),
        };
    };
    match &chosen[at] {
        Some(other) => Err(wrong(format!("{name} speaks as `{other}` already"))),
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
    use crate::plan::parse_participants;
    use std::path::Path;

    /// What a step of two with these options comes to.
    fn step(said: &[(&str, &str)]) -> Result<DebatePlan, Error> {
        let mut layers = Layers::default();
        layers.lay(file::entries(file::DEFAULT, "default", Source::Default).unwrap());
        let settings = Settings::resolve(&layers).unwrap();
        let catalog = Catalog::embedded().unwrap();
        let wanted = parse_participants(&["claude,codex"], &["claude", "codex"], &PARTICIPANTS).unwrap();
        let room = resolve(wanted, &catalog, &settings).unwrap();
        let mut roster = RosterBuilder::new(&settings, Path::new("/"), &catalog, room, None);
        let mut options = Options::default();
        for (name, value) in said {
            options.say(name, *value, format!("step 1: `{name}`"));
        }
        let plan = plan(&mut options, &mut roster);
        options.finish("debate").map(|()| plan)
    }

    #[test]
    fn a_step_says_it_by_name_and_either_way() {
        let plan = step(&[("blind", "no"), ("no-shuffle", "true"), ("personas", ",judge-not")]).unwrap_err();
        assert_eq!(plan.to_string(), "step 1: `personas`: no persona is called `judge-not`");
        let plan =
            step(&[("blind", "no"), ("no-shuffle", "true"), ("max_rounds", "2"), ("judge", "codex@low")]).unwrap();
        assert_eq!((plan.rounds, plan.blind, plan.shuffle, plan.early_stop), (2, false, false, true));
        assert_eq!(plan.judge_effort, Some(Effort::Low));
        let ids = |said: &[(&str, &str)]| -> Vec<String> {
            step(said).unwrap().personas.into_iter().map(|persona| persona.id).collect()
        };
        assert_eq!(ids(&[]), ["pessimist", "first-principles"]);
        assert_eq!(ids(&[("personas", ",pessimist")]), ["first-principles", "pessimist"]);
        assert_eq!(ids(&[("persona", "claude=domain-expert, codex=pessimist")]), ["domain-expert", "pessimist"]);
        assert_eq!(step(&[]).unwrap(), DebatePlan { personas: step(&[]).unwrap().personas, ..DebatePlan::default() });
        let error = step(&[("personas", "pessimist,pessimist,pessimist")]).unwrap_err();
        assert_eq!(error.to_string(), "step 1: `personas` names more personas than there are participants");
        assert!(step(&[("colour", "red")]).unwrap_err().to_string().contains("is no option of debate"));
    }
}

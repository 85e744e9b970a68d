//! A debate as a step of a pipeline: its options by name.

use super::casting::Casting;
use super::options::Options;
use crate::config::value::{number, whole, yes};
use crate::error::Error;
use crate::protocol::debate::{DebatePlan, JUDGE, Judge, Persona, ROUNDS, built_in, deal};

/// A debate of everybody in the room; wrong values stay with `options`.
pub fn plan(options: &mut Options, casting: &mut Casting<'_>) -> DebatePlan {
    let usual = DebatePlan::default();
    let percent = |text: &str| number(text, &(0.0..=100.0));
    let judge = options.words("judge");
    DebatePlan {
        rounds: options.read("rounds", |text| whole(text, &ROUNDS)).unwrap_or(usual.rounds),
        disagreement_threshold: options.read("disagreement_threshold", percent).unwrap_or(usual.disagreement_threshold),
        convergence_delta: options.read("convergence_delta", percent).unwrap_or(usual.convergence_delta),
        early_stop: options.read("early_stop", yes).unwrap_or(usual.early_stop),
        blind: options.read("blind", yes).unwrap_or(usual.blind),
        shuffle: options.read("shuffle", yes).unwrap_or(usual.shuffle),
        min_score: options.read("min_score", percent),
        personas: personas(options, casting),
        judge: judge.and_then(|(word, place)| {
            let participant = options.take(casting.give_part(&word, &place))?;
            let persona = built_in().iter().find(|persona| persona.id == JUDGE)?.clone();
            Some(Judge { participant, persona })
        }),
        judge_temperature: options.read("judge_temperature", |text| number(text, &(0.0..=2.0))),
        tuning: casting.tuning(options),
    }
}

/// The personas that were named, in the order of the participants; the others are dealt.
fn personas(options: &mut Options, casting: &Casting<'_>) -> Vec<Persona> {
    let (words, place) = options.words("personas").unwrap_or_default();
    let named: Vec<&str> = words.split(',').map(str::trim).collect();
    let chosen: Vec<Option<&str>> =
        (0..casting.room().len()).map(|at| named.get(at).copied().filter(|id| !id.is_empty())).collect();
    if named.len() > chosen.len() {
        options.wrong(Error::config(format!("{place} names more personas than there are participants")));
    }
    match deal(&chosen, built_in()) {
        Ok(dealt) => dealt.into_iter().cloned().collect(),
        Err(at) => {
            let known: Vec<_> = built_in().iter().map(|persona| persona.id.as_str()).collect();
            let id = chosen.get(at).copied().flatten().unwrap_or_default();
            options.wrong(
                Error::config(format!("{place}: no persona is called `{id}`"))
                    .hint(format!("there are {}", known.join(", "))),
            );
            Vec::new()
        }
    }
}

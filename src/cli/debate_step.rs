//! A debate as a step of a pipeline: its options by name.

use super::casting::Casting;
use super::options::Options;
use crate::config::value::{number, whole, yes};
use crate::protocol::debate::{DebatePlan, JUDGE, Judge, ROUNDS, built_in, deal};

/// A debate of everybody in the room, with personas dealt in order; wrong values stay with `options`.
pub fn plan(options: &mut Options, casting: &mut Casting<'_>) -> DebatePlan {
    let usual = DebatePlan::default();
    let points = |options: &mut Options, name| options.read(name, |text| number(text, &(0.0..=100.0)));
    let off = |options: &mut Options, name| options.read(name, yes).is_some_and(|off| off);
    let nobody_chose = vec![None; casting.room().len()];
    let judge = options.words("judge");
    DebatePlan {
        rounds: options.read("rounds", |text| whole(text, &ROUNDS)).unwrap_or(usual.rounds),
        disagreement_threshold: points(options, "disagreement_threshold").unwrap_or(usual.disagreement_threshold),
        convergence_delta: points(options, "convergence_delta").unwrap_or(usual.convergence_delta),
        early_stop: !off(options, "no_early_stop"),
        blind: !off(options, "no_blind"),
        shuffle: !off(options, "no_shuffle"),
        min_score: points(options, "min_score"),
        personas: deal(&nobody_chose, built_in()).unwrap_or_default().into_iter().cloned().collect(),
        judge: judge.and_then(|(word, place)| {
            let participant = options.take(casting.give_part(&word, &place))?;
            let persona = built_in().iter().find(|persona| persona.id == JUDGE)?.clone();
            Some(Judge { participant, persona })
        }),
        judge_temperature: options.read("judge_temperature", |text| number(text, &(0.0..=2.0))),
        tuning: casting.tuning(options),
    }
}

//! Options of sampling.

use crate::app::options::Options;
use crate::app::roster::RosterBuilder;
use crate::config::value::{number, whole, word, yes};
use crate::protocol::sampling::{EarlyStop, Normaliser, SamplingPlan, Strategy};

/// A sampling run; wrong values stay with `options`.
pub fn plan(options: &mut Options, roster: &RosterBuilder<'_>) -> SamplingPlan {
    let usual = SamplingPlan::default();
    let listed = u32::try_from(roster.members().len()).ok().filter(|_| roster.has_doubles());
    let normaliser = options.read("normaliser", |text| word(text, &Normaliser::WORDS));
    let american = options.read("normalizer", |text| word(text, &Normaliser::WORDS));
    SamplingPlan {
        num_samples: options
            .read("num_samples", |text| whole(text, &SamplingPlan::SAMPLES))
            .or(listed)
            .unwrap_or(usual.num_samples),
        strategy: options.read("strategy", |text| word(text, &Strategy::WORDS)).unwrap_or(usual.strategy),
        normaliser: normaliser.or(american).unwrap_or(usual.normaliser),
        min_agreement: options.read("min_agreement", |text| number(text, &(0.0..=1.0))),
        sequential: options.read("sequential", yes).unwrap_or(usual.sequential),
        early_stop: options.read("early_stop", early_stop).flatten(),
        watched: Vec::new(),
        tuning: roster.tuning(options),
    }
}

fn early_stop(text: &str) -> Result<Option<EarlyStop>, String> {
    if let Ok(certain) = yes(text) {
        return Ok(certain.then_some(EarlyStop::Certain));
    }
    text.parse()
        .ok()
        .filter(|confidence| *confidence > 0.5 && *confidence < 1.0)
        .map(|confidence| Some(EarlyStop::Confident(confidence)))
        .ok_or_else(|| "true, false or a number above 0.5 and below 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_early_stop_is_certain_or_has_a_confidence() {
        assert_eq!(early_stop("true"), Ok(Some(EarlyStop::Certain)));
        assert_eq!(early_stop("no"), Ok(None));
        assert_eq!(early_stop("0.95"), Ok(Some(EarlyStop::Confident(0.95))));
        for wrong in ["0.5", "1.5", "NaN", "", "soon"] {
            assert!(early_stop(wrong).is_err(), "{wrong}");
        }
    }
}

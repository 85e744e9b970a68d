//! Options of a consensus.

use crate::app::options::Options;
use crate::app::roster::RosterBuilder;
use crate::config::settings::REVIEWS;
use crate::config::value::{at_least, number, whole, word, yes};
use crate::protocol::consensus::{ConsensusPlan, ReviewMode, Strategy};
use crate::protocol::normalise::Normaliser;

/// Maximum number of rounds of a quick run.
const QUICK_ROUNDS: u32 = 3;

/// A consensus run: what is said of it, else what the settings say; wrong values stay with `options`.
pub fn plan(options: &mut Options, roster: &RosterBuilder<'_>) -> ConsensusPlan {
    let settings = roster.settings;
    let quick = options.read("quick", yes).unwrap_or(false);
    let [rounds, stable] = if quick {
        [settings.max_rounds.min(QUICK_ROUNDS), 1]
    } else {
        [settings.max_rounds, settings.stability_rounds]
    };
    let review = if quick { ReviewMode::Batch } else { settings.review };
    let same = options.read("stop_on_agreement", |text| word(text, &Normaliser::WORDS));
    ConsensusPlan {
        threshold: options.read("threshold", |text| number(text, &(1.0..=10.0))).unwrap_or(settings.threshold),
        max_rounds: options.read("max_rounds", |text| whole(text, &(1..=20))).unwrap_or(rounds),
        stability_rounds: options.read("stability_rounds", |text| at_least(text, 1)).unwrap_or(stable),
        review: options.read("review", |text| word(text, &REVIEWS)).unwrap_or(review),
        strategy: options.read("strategy", |text| word(text, &Strategy::WORDS)).unwrap_or_default(),
        stop_on_agreement: same.or_else(|| quick.then_some(Normaliser::Choice)),
        stepped: false,
        tuning: roster.tuning(options),
    }
}

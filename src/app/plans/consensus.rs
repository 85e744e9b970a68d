//! Options of a consensus.

use crate::app::options::Options;
use crate::app::roster::RosterBuilder;
use crate::config::settings::REVIEWS;
use crate::config::value::{at_least, number, whole, word};
use crate::protocol::consensus::ConsensusPlan;

/// A consensus run: what is said of it, else what the settings say; wrong values stay with `options`.
pub fn plan(options: &mut Options, roster: &RosterBuilder<'_>) -> ConsensusPlan {
    let settings = roster.settings;
    ConsensusPlan {
        threshold: options.read("threshold", |text| number(text, &(1.0..=10.0))).unwrap_or(settings.threshold),
        max_rounds: options.read("max_rounds", |text| whole(text, &(1..=20))).unwrap_or(settings.max_rounds),
        stability_rounds: options
            .read("stability_rounds", |text| at_least(text, 1))
            .unwrap_or(settings.stability_rounds),
        review: options.read("review", |text| word(text, &REVIEWS)).unwrap_or(settings.review),
        stepped: false,
        tuning: roster.tuning(options),
    }
}

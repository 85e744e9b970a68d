//! A script for whole runs of any protocol: answers every role by itself, with the numbers and words that
//! a test tells it.

use super::answer::Answer;
use super::consensus::{consensus, name};
use super::phase::{Floor, Phase};
use super::request::Request;
use serde_json::json;

/// How confident somebody is: by the request, and the round that it belongs to.
type Confidence = dyn Fn(&Request, u32) -> u32 + Send + Sync;

/// What the models of a run are told to say.
pub struct Told {
    /// How good they find what they review or score: 1 to 10, of a text that is refined 0 to 10.
    pub score: Box<dyn Fn(&Request) -> f64 + Send + Sync>,
    /// How confident they are in a round of a debate, 0 to 100.
    pub confidence: Box<Confidence>,
    /// How sure the judge of a debate is, 0 to 100.
    pub judge_confidence: u32,
    /// What they answer to a bare question, such as a sample.
    pub sample: Box<dyn Fn(&Request) -> String + Send + Sync>,
}

impl Default for Told {
    /// Models that agree: everything is good, and becomes no better.
    fn default() -> Self {
        Self {
            score: Box::new(|_| 9.0),
            confidence: Box::new(|_, _| 80),
            judge_confidence: 75,
            sample: Box::new(|_| "It is forty-two.".to_owned()),
        }
    }
}

impl Told {
    /// The script.
    pub fn script(self) -> impl Fn(&Request) -> Answer + Send + Sync {
        let Self { score, confidence, judge_confidence, sample } = self;
        let score = std::sync::Arc::new(score);
        let reviewing = std::sync::Arc::clone(&score);
        let consensus = consensus(move |request| reviewing(request));
        move |request| match request.phase() {
            Phase::Propose | Phase::Evaluate | Phase::Refine => consensus(request),
            Phase::Answer => Answer::text(sample(request)),
            Phase::Argue => {
                let floor = request.floor().unwrap_or_else(|| panic!("a turn without a round: {}", request.prompt()));
                let Floor { round, speaker } = floor;
                let confidence = confidence(request, round);
                let (name, nth) = (name(request), request.nth);
                Answer::text(format!(
                    "I am {name}, and as {speaker} I hold in round {round}: it is forty-two, {nth} times over.\n\n\
                     CONFIDENCE: {confidence}"
                ))
            }
            Phase::Judge => Answer::structured(json!({
                "majority_position": "Most hold that it is forty-two.",
                "minority_positions": "Nobody holds anything else.",
                "unresolved_disputes": "- What the question is.",
                "judge_confidence": judge_confidence,
            })),
            Phase::Score => Answer::structured(json!({ "rationale": "clear and short", "score": score(request) })),
            // Long enough for a critique to be worth it.
            Phase::Draft | Phase::Improve => Answer::text(long(&format!("Text {}", request.nth))),
            Phase::Critique => Answer::text(format!(
                "<critique>\n- it gives no reasons\n</critique>\n\n<revised>\n{}\n</revised>",
                long(&format!("Rewrite {}", request.nth))
            )),
        }
    }
}

fn long(what: &str) -> String {
    format!("{what}: {}.", ["it is forty-two, as far as I can see"; 8].join(", and "))
}

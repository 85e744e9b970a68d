//! What an action makes a fake say, if it says anything; and what it says in a debate.

use super::action::{Action, Argue, Synthesis};
use super::compose;
use super::draw;
use super::request::Request;
use serde_json::json;

/// Where the confidences of those who have none of their own come together.
const COMMON: f64 = 75.0;
/// How far from there they are at most in the first round.
const APART: f64 = 20.0;
/// What is left of that distance from round to round.
const LEFT: f64 = 0.4;

/// The answer of an action; `None` of an action that is none. Draws depend on `seed`.
#[must_use]
pub fn said(action: &Action, seed: u64, request: &Request) -> Option<String> {
    Some(match action {
        Action::Say(say) => compose::say(say, request),
        Action::Draft(draft) => compose::draft(draft, request),
        Action::Review(review) => compose::shaped(review, request),
        Action::Opinion(opinion) => compose::opinion(opinion, seed, request),
        Action::Critique(critique) => compose::critique(critique, request),
        Action::Argue(argue) => turn(argue, seed, request),
        Action::Synthesis(synthesis) => sum(synthesis, request),
        _ => return None,
    })
}

/// A turn, which ends with the confidence that is asked for.
fn turn(argue: &Argue, seed: u64, request: &Request) -> String {
    let round = request.call.round;
    let position = match argue.position.as_str() {
        "" => {
            let heard = if round == 1 { "" } else { " What the others said has not changed that." };
            format!(
                "Round {round}, by {}: start small, measure, and keep the way back open.{heard} The cost of \
                 being wrong should be known before it is paid.",
                request.who
            )
        }
        position => compose::filled(position, request),
    };
    let at = usize::try_from(round).unwrap_or(usize::MAX).saturating_sub(1);
    let stated = argue.confidences.get(at).or(argue.confidences.last()).copied();
    let confidence = stated.map_or_else(|| settling(seed, &request.who, round), f64::from);
    format!("{position}\n\nCONFIDENCE: {confidence:.0}")
}

/// A confidence that is somebody's own in the first round, and nearer to everybody's in each later one.
fn settling(seed: u64, who: &str, round: u32) -> f64 {
    let own = 2.0 * draw::fraction(seed, &["confidence", who]) - 1.0;
    let rounds = i32::try_from(round.saturating_sub(1)).unwrap_or(i32::MAX);
    COMMON + own * APART * LEFT.powi(rounds)
}

/// A synthesis: by its schema where one is asked for, else under the four headings.
fn sum(synthesis: &Synthesis, request: &Request) -> String {
    let Synthesis { majority_position, minority_positions, unresolved_disputes, judge_confidence } = synthesis;
    match &request.asked.schema {
        Some(schema) if schema["properties"]["majority_position"].is_null() => compose::fill(schema).to_string(),
        Some(_) => json!({
            "majority_position": majority_position,
            "minority_positions": minority_positions,
            "unresolved_disputes": unresolved_disputes,
            "judge_confidence": judge_confidence,
        })
        .to_string(),
        None => format!(
            "## Majority Position\n{majority_position}\n\n## Minority Positions\n{minority_positions}\n\n\
             ## Unresolved Disputes\n{unresolved_disputes}\n\n\
             ## Synthesis Confidence\nJUDGE_CONFIDENCE: {judge_confidence}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidences_come_together_whoever_speaks() {
        let all = ["claude", "codex", "gemini", "claude/opus"];
        for who in all {
            let by_round: Vec<f64> = (1..=5).map(|round| (settling(3, who, round) - COMMON).abs()).collect();
            assert!(by_round[0] <= APART && by_round.windows(2).all(|two| two[1] < two[0]), "{by_round:?}");
            assert!(by_round[3] < 1.5, "{by_round:?}");
        }
        let first: Vec<f64> = all.map(|who| settling(3, who, 1)).to_vec();
        let range = first.iter().copied().fold(0.0, f64::max) - first.iter().copied().fold(100.0, f64::min);
        assert!(range > 5.0, "{first:?}");
    }
}

//! Events of a debate as lines of text.

use crate::event::{DebateEvent, preview};
use crate::report::paint::Paint;
use crate::words::counted;

/// Whether it changes the debate.
pub(super) fn is_told_always(event: &DebateEvent) -> bool {
    matches!(
        event,
        DebateEvent::ParticipantComplete { failure: Some(_), .. }
            | DebateEvent::RoundComplete { .. }
            | DebateEvent::DisagreementDetected { .. }
            | DebateEvent::EarlyStop { .. }
            | DebateEvent::Error { .. }
    )
}

/// Its line, unless it is a piece of a text.
pub(super) fn text(event: &DebateEvent, paint: Paint) -> Option<String> {
    Some(match event {
        DebateEvent::ParticipantComplete { round, participant, failure: Some(class), message, .. } => {
            let message = message.as_deref().unwrap_or_default();
            super::failed(paint, &format!("{participant} missed its turn in round {round}"), *class, message)
        }
        DebateEvent::RoundComplete { round, score, average_confidence, disagreements, .. } => {
            let open = counted(*disagreements as u64, "confidence gap");
            let name = paint.bold(&format!("round {round}:"));
            format!("{name} score {score} of 100, mean confidence {average_confidence:.1}, {open}")
        }
        DebateEvent::DisagreementDetected { disagreement, .. } => {
            let pair = format!("({} and {})", disagreement.a, disagreement.b);
            format!("  {} {pair}: {} points apart", disagreement.label, disagreement.severity)
        }
        DebateEvent::EarlyStop { round, delta, .. } => {
            paint.good(&format!("stable in round {round}: the score changed by {delta}"))
        }
        DebateEvent::Error { message } => format!("{} {message}", paint.bad("failed:")),
        DebateEvent::RoundStart { round, max_rounds, label, order, blind, .. } => {
            let order = order.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let how = if *blind { "in parallel" } else { "in turn" };
            format!("  round {round} of {max_rounds} starts: {label}; {how}: {order}")
        }
        DebateEvent::ParticipantStart { participant, persona, .. } => format!("  {participant} speaks as {persona}"),
        DebateEvent::ParticipantComplete { participant, content, confidence, marker_found, .. } => {
            let stated = if *marker_found { "" } else { " (not stated)" };
            let confidence = confidence.unwrap_or_default();
            format!("  {participant}, confidence {confidence}{stated}: {}", preview(content.as_deref().unwrap_or("")))
        }
        DebateEvent::ConfidenceUpdate { running_average, .. } => {
            format!("  mean confidence so far: {running_average:.1}")
        }
        DebateEvent::SynthesisStart { participant, .. } => format!("  {participant} writes the synthesis"),
        DebateEvent::SynthesisComplete { synthesis: Some(synthesis), .. } => {
            format!("  synthesis: {}", preview(&synthesis.majority_position))
        }
        // Why is told by a warning.
        DebateEvent::SynthesisComplete { synthesis: None, .. } => "  no synthesis".to_owned(),
        DebateEvent::FinalResult { stop_reason, rounds_completed, .. } => {
            format!("  debate ended: {}, {}", stop_reason.as_str(), counted(u64::from(*rounds_completed), "round"))
        }
        DebateEvent::ParticipantToken { .. } | DebateEvent::SynthesisToken { .. } => return None,
    })
}

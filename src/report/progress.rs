//! Events of sample, refine and pipe runs as lines of text.

use super::event_line::failed;
use super::paint::Paint;
use crate::event::TextEvent;
use crate::words::counted;

/// Whether it is a result or a failure.
pub(super) fn is_told_always(kind: &TextEvent) -> bool {
    !matches!(kind, TextEvent::Sampled { .. } | TextEvent::Drafted { .. } | TextEvent::StepEnded { .. })
}

/// Its line.
pub(super) fn text(kind: &TextEvent, paint: Paint) -> String {
    match kind {
        TextEvent::SampleFailed { sample, participant, failure, message } => {
            failed(paint, &format!("sample {sample} by {participant} is missing"), *failure, message)
        }
        TextEvent::SamplesCounted { least, most, unique_responses, num_samples, calls_saved, reached, .. } => {
            let of = |share: f64| format!("{:.0} %", share * 100.0);
            let share =
                if most - least < f64::EPSILON { of(*least) } else { format!("{} to {}", of(*least), of(*most)) };
            let share = if *reached { paint.good(&share) } else { paint.warn(&share) };
            let saved = match calls_saved {
                0 => String::new(),
                saved => format!("; {} saved", counted(u64::from(*saved), "call")),
            };
            let samples = counted(u64::from(*num_samples), "sample");
            let distinct = counted(u64::from(*unique_responses), "distinct answer");
            format!("{share} of {samples} agree, {distinct}{saved}")
        }
        TextEvent::DraftFailed { participant, failure, message } => {
            failed(paint, &format!("{participant} gave no draft"), *failure, message)
        }
        TextEvent::Scored { round, judge, score, best, .. } => {
            let what = paint.bold(&text_of(round.get()));
            format!("{what} {score:.2} by {judge}; best {best:.2}")
        }
        TextEvent::ScoreDropped { round, judge, failure, message } => {
            let what = format!("{judge} gave no score for {}", text_of(round.get()).trim_end_matches(':'));
            failed(paint, &what, *failure, message)
        }
        TextEvent::Critiqued { round, refiner, adopted, converged, reason, .. } => {
            let what = match (adopted, converged) {
                (true, false) => "rewritten".to_owned(),
                (true, true) => "almost unchanged".to_owned(),
                (false, _) => paint.warn("rewrite not adopted"),
            };
            let reason = reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
            format!("{} {what} by {refiner}{reason}", paint.bold(&format!("pass {round}:")))
        }
        TextEvent::SelfRefineSkipped { reason } => format!("self-refine skipped: {reason}"),
        TextEvent::StepStarted { step, kind, steps } => {
            format!("{} {kind}, of {steps}", paint.bold(&format!("{step}:")))
        }
        TextEvent::StepSkipped { step, kind, reason } => {
            format!("{} {kind} skipped: {reason}", paint.bold(&format!("{step}:")))
        }
        TextEvent::Sampled { sample, participant, preview } => format!("  sample {sample} by {participant}: {preview}"),
        TextEvent::Drafted { participant: Some(participant), words, preview } => {
            format!("  {participant} drafted {}: {preview}", counted(*words, "word"))
        }
        TextEvent::Drafted { participant: None, words, preview } => {
            format!("  a draft of {}: {preview}", counted(*words, "word"))
        }
        TextEvent::StepEnded { step, kind, status } => {
            format!("  {step}: {kind} ended: {}", status.as_str().replace('_', " "))
        }
    }
}

/// The name of the text that a round of `refine` scores.
fn text_of(round: u32) -> String {
    match round {
        1 => "draft:".to_owned(),
        later => format!("rewrite {}:", later - 1),
    }
}

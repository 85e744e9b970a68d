//! Events as lines of text.

mod debate;

use super::paint::Paint;
use super::progress;
use crate::event::{Announced, DebateEvent, EventKind, LimitThen, TextEvent};
use crate::failure::FailureClass;
use crate::ids::ParticipantId;
use crate::time::duration::human;
use crate::words::{counted, grouped, score_text};
use std::collections::BTreeMap;
use std::time::Duration;

/// The line for an event; live ones have none. Without `verbose` only what changes the run: scores of rounds, and what
/// failed.
#[must_use]
pub fn line(kind: &EventKind, verbose: bool, paint: Paint) -> Option<String> {
    match reason(kind) {
        // What it was asked for matters little: it fails in everything alike.
        Some((who, class, Some(message))) if !verbose && (class.is_lasting() || class.is_outage()) => {
            Some(failed(paint, who.as_str(), class, message))
        }
        _ if verbose || is_told_always(kind) => text(kind, paint),
        _ => None,
    }
}

fn is_told_always(kind: &EventKind) -> bool {
    match kind {
        EventKind::RunStarted { .. }
        | EventKind::ProposeFailed { .. }
        | EventKind::ReviewDropped { .. }
        | EventKind::RefineFailed { .. }
        | EventKind::LimitReached { .. }
        | EventKind::RoundClosed { .. }
        | EventKind::Warning { .. } => true,
        EventKind::Debate(event) => debate::is_told_always(event),
        EventKind::Text(event) => progress::is_told_always(event),
        _ => false,
    }
}

/// Who failed and why, of an event that tells of a failure, and its words unless the event has its own.
#[must_use]
pub fn reason(kind: &EventKind) -> Option<(&ParticipantId, FailureClass, Option<&str>)> {
    let (who, class, message) = match kind {
        EventKind::ProposeFailed { participant, failure, message, .. }
        | EventKind::RefineFailed { participant, failure, message, .. }
        | EventKind::ReviewDropped { reviewer: participant, failure, message, .. }
        | EventKind::Text(
            TextEvent::SampleFailed { participant, failure, message, .. }
            | TextEvent::DraftFailed { participant, failure, message, .. }
            | TextEvent::ScoreDropped { judge: participant, failure, message, .. },
        ) => (participant, *failure, Some(message.as_str())),
        EventKind::Debate(DebateEvent::ParticipantComplete { participant, failure: Some(class), message, .. }) => {
            (participant, *class, message.as_deref())
        }
        EventKind::LimitReached { participant, .. } => (participant, FailureClass::UsageLimit, None),
        _ => return None,
    };
    Some((who, class, message))
}

/// Every event is named here, so that a new one is not forgotten.
fn text(kind: &EventKind, paint: Paint) -> Option<String> {
    Some(match kind {
        EventKind::RunStarted { participants, max_calls, .. } => announcement(participants, *max_calls),
        EventKind::ProposeFailed { round, participant, failure, message } => {
            failed(paint, &format!("{participant} gave no answer in round {round}"), *failure, message)
        }
        EventKind::ReviewDropped { round, reviewer, author, failure, message } => {
            let what = format!("{reviewer} gave no review of {author} in round {round}");
            format!("  {} {what}: {failure}: {message}", paint.bad("failed:"))
        }
        EventKind::RefineFailed { round, participant, failure, message } => {
            failed(paint, &format!("{participant} keeps its answer from round {round}"), *failure, message)
        }
        EventKind::Retrying { call, pause, failure } => {
            format!("  {call}: {} {failure}; retrying in {}", paint.warn("failed:"), human(*pause))
        }
        EventKind::LimitReached { participant, resets_at, then, .. } => {
            let resets = resets_at.map_or_else(String::new, |at| format!(", resets {at}"));
            let then = match then {
                LimitThen::GoOnWithout => "the run goes on without it (`--on-limit wait` waits for the reset)",
                LimitThen::Wait => "the run waits for the reset",
                LimitThen::Stop => "the run pauses",
            };
            format!("  {} {participant}{resets}; {then}", paint.warn("usage limit:"))
        }
        // Named, because a round may begin before the one before it is closed.
        EventKind::RoundClosed { round, means, leader, stable, stability_rounds, threshold, converged } => {
            let scores = closed(paint, means, leader.as_ref(), (*stable, *stability_rounds), *threshold, *converged);
            format!("{} {scores}", paint.bold(&format!("round {round}:")))
        }
        EventKind::Warning { text } => format!("{} {text}", paint.warn("warning:")),
        EventKind::RoundStarted { round, max_rounds } => format!("  round {round} of {max_rounds} starts"),
        EventKind::CallQueued { call, .. } => format!("  {call}: queued"),
        EventKind::AttemptStarted { call, attempt } => format!("  {call}: attempt {attempt} started"),
        EventKind::AttemptEnded { call, attempt, failure, message, elapsed_ms, usage } => {
            let how = match (failure, message) {
                (Some(class), Some(message)) => format!("failed: {class}: {message}"),
                (Some(class), None) => format!("failed: {class}"),
                (None, _) => "answered".to_owned(),
            };
            let tokens = match (usage.input_tokens, usage.output_tokens) {
                (Some(input), Some(output)) => format!(", {} tokens in, {} out", grouped(input), grouped(output)),
                _ => String::new(),
            };
            format!("  {call}: attempt {attempt} {how} after {}{tokens}", millis(*elapsed_ms))
        }
        EventKind::CallSettled { call, failure, attempts, elapsed_ms, .. } => {
            let how = failure.map_or_else(|| "done".to_owned(), |class| format!("given up: {class}"));
            format!("  {call}: {how} after {} ({})", millis(*elapsed_ms), counted(u64::from(*attempts), "attempt"))
        }
        EventKind::CallAbandoned { call } => format!("  {call}: cancelled: no longer needed"),
        EventKind::Proposed { participant, words, preview, .. } => {
            format!("  {participant} proposed {}: {preview}", counted(*words, "word"))
        }
        EventKind::Reviewed { reviewer, author, score, preview, .. } => {
            format!("  {reviewer} gave {author} {}: {preview}", score_text(*score))
        }
        EventKind::Refined { participant, words, preview, .. } => {
            format!("  {participant} improved its answer, {}: {preview}", counted(*words, "word"))
        }
        EventKind::Unchanged { participant, .. } => format!("  {participant} found nothing to change"),
        EventKind::TooLongToRewrite { participant, bytes } => {
            let what = format!("{} bytes are too long to be rewritten whole", grouped(*bytes));
            format!("  {participant} keeps its text: {what}")
        }
        EventKind::RepairAsked { reviewer, reason, .. } => {
            format!("  {reviewer} is asked to repeat its review: {reason}")
        }
        EventKind::QuoteCut { call, bytes } => format!("  {call}: {} bytes of quoted text left out", grouped(*bytes)),
        EventKind::RunResumed {} => "  the run continues; answered calls are not repeated".to_owned(),
        EventKind::RunEnded { status } => format!("  run ended: {}", status.as_str().replace('_', " ")),
        EventKind::Debate(event) => return debate::text(event, paint),
        EventKind::Text(event) => progress::text(event, paint),
        EventKind::Progress { .. } | EventKind::Token { .. } => return None,
    })
}

/// The line before the first call: participants, models, billing, maximum number of calls.
#[must_use]
pub fn announcement(participants: &[Announced], max_calls: u64) -> String {
    let who: Vec<_> = participants
        .iter()
        .map(|one| {
            let effort = one.effort.as_ref().map_or(String::new(), |effort| format!(", effort {effort}"));
            format!("{} ({}{effort}; {})", one.participant, one.model_id, one.pays)
        })
        .collect();
    format!("{}; maximum {}", who.join(", "), counted(max_calls, "call"))
}

pub(super) fn failed(paint: Paint, what: &str, class: FailureClass, message: &str) -> String {
    let message = message.trim_end_matches(['.', ' ']);
    format!("  {} {what}: {class}: {message}; {}", paint.bad("failed:"), class.advice())
}

fn closed(
    paint: Paint,
    means: &BTreeMap<ParticipantId, f64>,
    leader: Option<&ParticipantId>,
    (stable, needed): (u32, u32),
    threshold: f64,
    converged: bool,
) -> String {
    let Some(leader) = leader else {
        return paint.warn("no scores");
    };
    let scores = scores(means);
    if converged {
        return format!("{scores}; {}", paint.good(&format!("agreed on {leader}'s answer")));
    }
    let mean = means.get(leader).copied().unwrap_or_default();
    let missing = if mean < threshold {
        let rounds = if needed > 1 { format!(" for {needed} rounds") } else { String::new() };
        format!("needs {}{rounds}", score_text(threshold))
    } else {
        format!("{stable} of {needed} rounds")
    };
    format!("{scores}; {leader} leads with {} ({missing})", score_text(mean))
}

/// Scores, best first.
#[must_use]
pub fn scores(means: &BTreeMap<ParticipantId, f64>) -> String {
    let mut best: Vec<_> = means.iter().collect();
    best.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    best.iter().map(|(who, mean)| format!("{who} {}", score_text(**mean))).collect::<Vec<_>>().join(", ")
}

/// A length of time in milliseconds, in words.
#[must_use]
pub fn millis(time: u64) -> String {
    human(Duration::from_millis(time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Usage;
    use crate::ids::{CallId, Round, RunId};

    const PLAIN: Paint = Paint { on: false };

    fn id(name: &str) -> ParticipantId {
        ParticipantId::new(name)
    }

    #[test]
    fn the_announcement_is_one_line_with_all_that_matters() {
        let participants = vec![
            Announced {
                participant: id("claude"),
                model_id: "claude-opus".into(),
                effort: Some("high".into()),
                pays: "subscription (CLAUDE_CODE_OAUTH_TOKEN)".into(),
            },
            Announced { participant: id("ollama/x"), model_id: "ollama-x".into(), effort: None, pays: "nobody".into() },
        ];
        let kind =
            EventKind::RunStarted { run: RunId::new("r"), protocol: "consensus".into(), participants, max_calls: 45 };
        assert_eq!(
            line(&kind, false, PLAIN).unwrap(),
            "claude (claude-opus, effort high; subscription (CLAUDE_CODE_OAUTH_TOKEN)), ollama/x (ollama-x; nobody); maximum 45 calls"
        );
    }

    #[test]
    fn a_round_closes_with_scores_leader_and_what_is_missing() {
        let closed = |leader: Option<&str>, stable, converged| EventKind::RoundClosed {
            round: Round::FIRST,
            means: BTreeMap::from([(id("a"), 7.5), (id("b"), 7.75)]),
            leader: leader.map(id),
            stable,
            stability_rounds: 2,
            threshold: 8.0,
            converged,
        };
        let text = |kind| line(&kind, false, PLAIN).unwrap();
        assert_eq!(
            text(closed(Some("b"), 1, false)),
            "round 1: b 7.8, a 7.5; b leads with 7.8 (needs 8.0 for 2 rounds)"
        );
        assert_eq!(text(closed(Some("b"), 2, true)), "round 1: b 7.8, a 7.5; agreed on b's answer");
        assert_eq!(text(closed(None, 0, false)), "round 1: no scores");
    }

    #[test]
    fn details_are_shown_on_request() {
        let call = CallId::new("r1/propose/a");
        let kind = EventKind::AttemptEnded {
            call,
            attempt: 1,
            failure: None,
            message: None,
            usage: Usage { input_tokens: Some(1234), output_tokens: Some(5), ..Usage::default() },
            elapsed_ms: 1500,
        };
        assert_eq!(line(&kind, false, PLAIN), None);
        assert_eq!(
            line(&kind, true, PLAIN).unwrap(),
            "  r1/propose/a: attempt 1 answered after 1.5 s, 1,234 tokens in, 5 out"
        );
    }

    #[test]
    fn what_stays_is_a_detail_and_a_limit_is_always_told() {
        let unchanged = EventKind::Unchanged { round: Round::FIRST, participant: id("a") };
        assert_eq!(line(&unchanged, false, PLAIN), None);
        assert_eq!(line(&unchanged, true, PLAIN).unwrap(), "  a found nothing to change");
        let long = EventKind::TooLongToRewrite { participant: id("a"), bytes: 250_000 };
        assert_eq!(line(&long, false, PLAIN), None);
        assert_eq!(
            line(&long, true, PLAIN).unwrap(),
            "  a keeps its text: 250,000 bytes are too long to be rewritten whole"
        );
        let limit = EventKind::LimitReached {
            call: CallId::new("r1/propose/a"),
            participant: id("a"),
            resets_at: Some(crate::time::Timestamp(0)),
            then: LimitThen::Wait,
        };
        assert_eq!(
            line(&limit, false, PLAIN).unwrap(),
            "  usage limit: a, resets 1970-01-01T00:00:00.000Z; the run waits for the reset"
        );
    }

    #[test]
    fn failures_are_always_shown_with_advice() {
        let kind = EventKind::ProposeFailed {
            round: Round::FIRST,
            participant: id("codex"),
            failure: FailureClass::NotLoggedIn,
            message: "401".into(),
        };
        let text = line(&kind, false, PLAIN).unwrap();
        assert!(text.starts_with("  failed: codex: not_logged_in: 401; log in"), "{text}");
        let text = line(&kind, true, PLAIN).unwrap();
        assert!(text.starts_with("  failed: codex gave no answer in round 1: not_logged_in: 401; log in"), "{text}");
    }
}

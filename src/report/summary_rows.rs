//! Rows of the summary, by protocol: status and results.

mod debate;

use super::event_line::score_text;
use super::paint::Paint;
use super::wrap::paragraphs;
use crate::outcome::{Body, ConsensusBody, CritiquePass, Outcome, RefineBody, SamplingBody, Status};
use crate::words::counted;

type Row = (&'static str, String);

/// The status in words.
pub(super) fn status(outcome: &Outcome, paint: Paint) -> String {
    if let Body::Debate(body) = &outcome.body {
        return debate::status(outcome, body, paint);
    }
    if let Body::Pipe(body) = &outcome.body
        && let Some(last) = body.steps.iter().rev().find_map(|step| step.outcome.as_deref())
        && (last.status, last.answer.is_some()) == (outcome.status, outcome.answer.is_some())
    {
        return status(last, paint);
    }
    if let (Body::Sample(body), Status::Agreed | Status::AgreementMissed) = (&outcome.body, outcome.status) {
        let agreed = outcome.status == Status::Agreed;
        let text = agreement(body, agreed);
        return if agreed { paint.good(&text) } else { paint.warn(&format!("{text}: most common answer")) };
    }
    let best = if outcome.answer.is_some() { "best answer so far" } else { "no answer" };
    match outcome.status {
        Status::Converged => paint.good("converged"),
        Status::SingleModel => paint.good("one model only, not reviewed"),
        Status::TargetReached => paint.good("target score reached"),
        Status::Refined => paint.good("critiqued and rewritten"),
        Status::Unchanged => paint.good("unchanged"),
        Status::MaxRoundsExceeded => paint.warn(&format!("no agreement within the maximum number of rounds: {best}")),
        Status::NoMajority => paint.warn("no answer has more than half of the samples: most common answer"),
        Status::NotRefined => paint.warn("no usable rewrite: unchanged text"),
        Status::Plateau => paint.warn("the score stopped improving below the target: best text"),
        Status::MaxIterationsExceeded => {
            paint.warn("target score not reached within the maximum number of iterations: best text")
        }
        Status::InsufficientModels => match outcome.body {
            Body::Consensus(_) => paint.bad(&format!("fewer than two models answered: {best}")),
            _ => paint.bad("no model answered"),
        },
        Status::BudgetExhausted => paint.warn(&format!("budget exhausted: {best}")),
        Status::Parked => paint.warn(&format!("paused at a usage limit: {best}")),
        Status::Cancelled => paint.warn(&format!("cancelled: {best}")),
        Status::Error if outcome.answer.is_some() => paint.bad(&format!("failed: {best}")),
        Status::Error => paint.bad("failed"),
        Status::Agreed | Status::AgreementMissed | Status::Stable | Status::AllRounds | Status::MinScoreMissed => {
            outcome.status.as_str().replace('_', " ")
        }
    }
}

/// Results.
pub(super) fn facts(body: &Body, paint: Paint) -> Vec<Row> {
    match body {
        Body::Consensus(body) => consensus(body, paint),
        Body::Sample(body) => sampling(body, paint),
        Body::Refine(body) => refine(body),
        // Told as a whole by the block below.
        Body::Debate(_) | Body::Pipe(_) => Vec::new(),
    }
}

/// The critiques, whole, below everything else.
pub(super) fn critiques(outcome: &Outcome, columns: usize) -> String {
    let critique = |pass| critique(pass, columns);
    let refined = outcome.self_refine.iter().flat_map(|refined| &refined.passes).map(critique);
    match &outcome.body {
        Body::Refine(body) => body.passes.iter().map(critique).chain(refined).collect(),
        Body::Pipe(body) => {
            let of_steps = body.steps.iter().filter_map(|step| step.outcome.as_deref());
            let of_steps = of_steps.map(|outcome| critiques(outcome, columns));
            of_steps.chain(refined).collect()
        }
        _ => refined.collect(),
    }
}

fn critique(pass: &CritiquePass, columns: usize) -> String {
    if pass.critique.is_empty() {
        return String::new();
    }
    format!("\nCritique by {}:\n{}\n", pass.refiner, paragraphs(&pass.critique, 2, columns))
}

fn consensus(body: &ConsensusBody, paint: Paint) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(winner) = &body.winner {
        let mean = winner.mean_score.map_or(String::new(), |mean| format!(", mean score {}", score_text(mean)));
        rows.push(("Winner", format!("{} ({}{mean})", paint.bold(winner.participant.as_str()), winner.model_id)));
    }
    rows.push(("Rounds", body.final_round.to_string()));
    rows
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// The share of samples that gave the answer; a range while samples are missing.
fn share(body: &SamplingBody) -> String {
    match body.agreement_ratio {
        Some(ratio) => percent(ratio),
        None => format!("{} to {}", percent(body.agreement.least), percent(body.agreement.most)),
    }
}

/// `agreement 67 % is below the required 80 %`, or the same of the strategy where no share is required or that
/// share is met.
fn agreement(body: &SamplingBody, agreed: bool) -> String {
    match (body.min_agreement, body.strategy.as_str()) {
        (Some(least), _) if agreed => format!("agreement {} meets the required {}", share(body), percent(least)),
        (Some(least), _) if body.agreement.least < least => {
            format!("agreement {} is below the required {}", share(body), percent(least))
        }
        (_, "unanimous") => if agreed { "all samples agree" } else { "the samples do not all agree" }.to_owned(),
        _ => if agreed { "the majority of the samples agrees" } else { "no majority" }.to_owned(),
    }
}

fn sampling(body: &SamplingBody, paint: Paint) -> Vec<Row> {
    let mut rows = Vec::new();
    if let (Some(winner), Some(sample)) = (&body.winner, body.winning_sample) {
        let who = paint.bold(winner.participant.as_str());
        rows.push(("Answer", format!("sample {sample}, by {who} ({})", winner.model_id)));
    }
    let votes = body.responses.first().map_or(0, |first| first.votes);
    let required = body.min_agreement.map_or(String::new(), |least| format!("; required {}", percent(least)));
    let samples = counted(u64::from(body.num_samples), "sample");
    rows.push(("Agreement", format!("{} ({votes} of {samples}){required}", share(body))));
    rows.push(("Distinct answers", body.unique_responses.to_string()));
    if let Some(end) = &body.early_stop {
        let sure = end
            .confidence
            .map_or_else(String::new, |confidence| format!(" with {:.1} % confidence", confidence * 100.0));
        let saved = counted(u64::from(end.calls_saved), "call");
        rows.push(("Stopped early", format!("{saved} saved: result settled{sure}")));
    }
    rows
}

fn refine(body: &RefineBody) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(author) = &body.author {
        rows.push(("Author", author.to_string()));
    }
    if body.mode == "score" {
        let score = body.score.map_or_else(|| "none".to_owned(), |score| format!("{score:.2}"));
        let target = body.target_score.map_or(String::new(), |target| format!(" (target {target:.2})"));
        let judge = body.judge.as_ref().map_or(String::new(), |judge| format!(", by {judge}"));
        rows.push(("Score", format!("{score}{target}{judge}")));
        rows.push(("Iterations", body.iterations.to_string()));
    }
    rows
}

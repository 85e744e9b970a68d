//! What is to be said of an outcome, by protocol: how it ended, what it found, what speaks against it.

mod debate;

use super::event_line::{counted, score_text};
use super::paint::Paint;
use crate::outcome::{
    Body, ConsensusBody, CritiquePass, Outcome, PipelineBody, RefineBody, SamplingBody, Status, StepRecord,
};

type Row = (&'static str, String);

/// How it ended, in words.
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
    let best = if outcome.answer.is_some() { "best answer so far" } else { "no answer" };
    match outcome.status {
        Status::Converged => paint.good("converged"),
        Status::SingleModel => paint.good("single model, reviewed by nobody"),
        Status::Agreed => paint.good("the samples agree as far as was asked"),
        Status::TargetReached => paint.good("the target score is reached"),
        Status::Refined => paint.good("critiqued and rewritten"),
        Status::Unchanged => paint.good("left as it was"),
        Status::MaxRoundsExceeded => paint.warn(&format!("the rounds ran out before they agreed: {best}")),
        Status::AgreementMissed => paint.warn("the samples do not agree as far as was asked: the answer of most"),
        Status::Plateau => paint.warn("the score stopped moving below the target: the best text"),
        Status::MaxIterationsExceeded => paint.warn("the iterations ran out below the target: the best text"),
        Status::InsufficientModels => match outcome.body {
            Body::Consensus(_) => paint.bad(&format!("fewer than two models could answer: {best}")),
            _ => paint.bad("nobody could answer"),
        },
        Status::BudgetExhausted => paint.warn(&format!("the budget ran out: {best}")),
        Status::Parked => paint.warn(&format!("parked at a usage limit: {best}")),
        Status::Cancelled => paint.warn(&format!("cancelled: {best}")),
        Status::Error if outcome.answer.is_some() => paint.bad(&format!("failed: {best}")),
        Status::Error => paint.bad("failed"),
        Status::Stable | Status::AllRounds | Status::MinScoreMissed => outcome.status.as_str().replace('_', " "),
    }
}

/// What it found.
pub(super) fn facts(body: &Body, paint: Paint) -> Vec<Row> {
    match body {
        Body::Consensus(body) => consensus(body, paint),
        Body::Debate(body) => debate::facts(body),
        Body::Sample(body) => sampling(body, paint),
        Body::Refine(body) => refine(body),
        Body::Pipe(body) => pipeline(body),
    }
}

/// What speaks against it, and what a critique pass did.
pub(super) fn reservations(outcome: &Outcome) -> Vec<Row> {
    let mut rows = of_body(&outcome.body);
    if let Some(refined) = &outcome.self_refine {
        let what = match (&refined.skipped, refined.changed) {
            (Some(reason), _) => format!("left out: {reason}"),
            (None, true) => "the answer was critiqued and rewritten".to_owned(),
            (None, false) => "the answer was critiqued, and stands as it was".to_owned(),
        };
        rows.push(("Self-refine", what));
        rows.extend(refined.passes.iter().filter_map(kept));
        rows.extend(refined.failures.iter().map(|failure| ("Failed", failure.clone())));
    }
    rows
}

/// The critiques, whole, below everything else.
pub(super) fn critiques(outcome: &Outcome) -> String {
    let refined = outcome.self_refine.iter().flat_map(|refined| &refined.passes).map(critique);
    match &outcome.body {
        Body::Refine(body) => body.passes.iter().map(critique).chain(refined).collect(),
        Body::Pipe(body) => {
            let of_steps = body.steps.iter().filter_map(|step| step.outcome.as_deref()).map(critiques);
            of_steps.chain(refined).collect()
        }
        _ => refined.collect(),
    }
}

fn critique(pass: &CritiquePass) -> String {
    if pass.critique.is_empty() {
        return String::new();
    }
    format!("\nCritique by {}:\n{}\n", pass.refiner, pass.critique)
}

fn consensus(body: &ConsensusBody, paint: Paint) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(winner) = &body.winner {
        let mean = winner.mean_score.map_or(String::new(), |mean| format!(", mean score {}", score_text(mean)));
        rows.push(("Winner", format!("{} ({}{mean})", paint.bold(winner.participant.as_str()), winner.model_id)));
    }
    if body.all_answers.len() > 1 {
        let score = |mean: Option<f64>| mean.map_or_else(|| "not scored".to_owned(), score_text);
        let scores = body.all_answers.iter().map(|one| format!("{} {}", one.participant, score(one.mean_score)));
        rows.push(("Scores", scores.collect::<Vec<_>>().join(", ")));
    }
    rows.push(("Rounds", body.final_round.to_string()));
    rows
}

fn sampling(body: &SamplingBody, paint: Paint) -> Vec<Row> {
    let mut rows = Vec::new();
    if let (Some(winner), Some(sample)) = (&body.winner, body.winning_sample) {
        let who = paint.bold(winner.participant.as_str());
        rows.push(("Answer", format!("sample {sample}, by {who} ({})", winner.model_id)));
    }
    let votes = body.responses.first().map_or(0, |first| first.votes);
    let of = |share: f64| format!("{:.0} %", share * 100.0);
    let share = match body.agreement_ratio {
        Some(ratio) => of(ratio),
        None => format!("{} to {}", of(body.agreement.least), of(body.agreement.most)),
    };
    let gate = body.min_agreement.map_or(String::new(), |least| format!("; at least {} was asked", of(least)));
    rows.push(("Agreement", format!("{share} ({votes} of {}){gate}", counted(u64::from(body.num_samples), "sample"))));
    rows.push(("Different", counted(u64::from(body.unique_responses), "answer")));
    if let Some(end) = &body.early_stop {
        let sure = end
            .confidence
            .map_or_else(String::new, |confidence| format!(" with {:.1} % confidence", confidence * 100.0));
        let saved = counted(u64::from(end.calls_saved), "call");
        rows.push(("Ended early", format!("{saved} saved: nothing would change any more{sure}")));
    }
    rows
}

fn refine(body: &RefineBody) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(author) = &body.author {
        rows.push(("Written by", author.to_string()));
    }
    if body.mode == "score" {
        let score = body.score.map_or_else(|| "none".to_owned(), |score| format!("{score:.2}"));
        let target = body.target_score.map_or(String::new(), |target| format!(" (target {target:.2})"));
        let judge = body.judge.as_ref().map_or(String::new(), |judge| format!(", by {judge}"));
        rows.push(("Score", format!("{score}{target}{judge}")));
        let all =
            body.history.iter().map(|one| one.score.map_or_else(|| "-".to_owned(), |score| format!("{score:.2}")));
        rows.push(("Scores", all.collect::<Vec<_>>().join(", ")));
        rows.push(("Iterations", body.iterations.to_string()));
    }
    rows
}

fn pipeline(body: &PipelineBody) -> Vec<Row> {
    let line = |step: &StepRecord| match (&step.skipped, &step.outcome) {
        (Some(reason), _) => format!("{} {}: left out, {reason}", step.step, step.kind),
        (None, Some(outcome)) => {
            let facts = facts(&outcome.body, Paint { on: false });
            let facts: Vec<_> =
                facts.into_iter().map(|(name, value)| format!("{} {value}", name.to_lowercase())).collect();
            // Why the whole run was cut short is told of the run.
            let how = match outcome.status {
                Status::Cancelled => "not finished".to_owned(),
                status => status.as_str().replace('_', " "),
            };
            format!("{} {}: {how}; {}", step.step, step.kind, facts.join("; "))
        }
        (None, None) => format!("{} {}: not finished", step.step, step.kind),
    };
    body.steps.iter().map(|step| ("Step", line(step))).collect()
}

fn of_body(body: &Body) -> Vec<Row> {
    match body {
        Body::Consensus(body) => {
            let dissent = body.dissent.iter().map(|one| {
                let words = first_line(&one.overall_assessment);
                ("Dissent", format!("{} gave {}: {words}", one.reviewer, score_text(one.score)))
            });
            let dropped = body.models_dropped.iter().map(|one| {
                ("Dropped", format!("{}: {}: {}; {}", one.participant, one.reason, one.message, one.reason.advice()))
            });
            dissent.chain(dropped).collect()
        }
        Body::Debate(body) => debate::reservations(body),
        Body::Sample(body) => {
            let tie = (body.tie_count > 1).then(|| {
                ("Tie", format!("{} answers have as many samples each: the first one given is taken", body.tie_count))
            });
            let failed = body.samples.iter().filter_map(|one| {
                let (class, message) = (one.failure?, one.message.as_deref().unwrap_or(""));
                Some((
                    "Failed",
                    format!("sample {}: {}: {class}: {message}; {}", one.sample, one.participant, class.advice()),
                ))
            });
            tie.into_iter().chain(failed).collect()
        }
        Body::Refine(body) => {
            let skipped = body.skipped.iter().map(|reason| ("Left as it was", reason.clone()));
            let passes = body.passes.iter().filter_map(kept);
            let failed = body.failures.iter().map(|failure| ("Failed", failure.clone()));
            skipped.chain(passes).chain(failed).collect()
        }
        Body::Pipe(body) => {
            let inner = body.steps.iter().filter_map(|step| Some((step, step.outcome.as_ref()?)));
            inner
                .flat_map(|(step, outcome)| {
                    of_body(&outcome.body)
                        .into_iter()
                        .map(move |(name, value)| (name, format!("{}: {value}", step.step)))
                })
                .collect()
        }
    }
}

/// What is to be known of a critique besides its words.
fn kept(pass: &CritiquePass) -> Option<Row> {
    let name = if pass.adopted { "Note" } else { "Not adopted" };
    Some((name, format!("pass {} by {}: {}", pass.pass, pass.refiner, pass.reason.as_ref()?)))
}

fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no words");
    match line.char_indices().nth(160) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_owned(),
    }
}

//! Rows of the summary, by protocol: status, results, reservations.

mod debate;

use super::event_line::{counted, score_text};
use super::paint::Paint;
use crate::ids::ParticipantId;
use crate::outcome::{
    Body, ConsensusBody, CritiquePass, Outcome, PipelineBody, RefineBody, SamplingBody, Status, StepRecord,
};

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
        Body::Debate(body) => debate::facts(body),
        Body::Sample(body) => sampling(body, paint),
        Body::Refine(body) => refine(body),
        Body::Pipe(body) => pipeline(body),
    }
}

/// Dissent, failures, and what a critique pass did.
pub(super) fn reservations(outcome: &Outcome) -> Vec<Row> {
    let mut rows = of_body(&outcome.body);
    if let Some(refined) = &outcome.self_refine {
        let what = match (&refined.skipped, refined.changed) {
            (Some(reason), _) => format!("skipped: {reason}"),
            (None, true) => "the answer was critiqued and rewritten".to_owned(),
            (None, false) => "the answer was critiqued and left unchanged".to_owned(),
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
        let all =
            body.history.iter().map(|one| one.score.map_or_else(|| "-".to_owned(), |score| format!("{score:.2}")));
        rows.push(("Scores", all.collect::<Vec<_>>().join(", ")));
        rows.push(("Iterations", body.iterations.to_string()));
    }
    rows
}

fn pipeline(body: &PipelineBody) -> Vec<Row> {
    let line = |step: &StepRecord| match (&step.skipped, &step.outcome) {
        (Some(reason), _) => format!("{} {}: skipped: {reason}", step.step, step.kind),
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
            let tied: Vec<&str> = body.tied_with.iter().map(ParticipantId::as_str).collect();
            let tie = (!tied.is_empty()).then(|| ("Tie", format!("same score as the winner: {}", tied.join(", "))));
            let contested = body
                .contested
                .then(|| ("Split", "one reviewer gave the winner at least 4 points less than another".to_owned()));
            let dissent = body.dissent.iter().map(|one| {
                let below = one.score < body.threshold;
                let weakness = one.weaknesses.first().filter(|_| !below);
                let words = first_line(weakness.unwrap_or(&one.overall_assessment));
                let label = if below { "Dissent" } else { "Against" };
                (label, format!("{} gave {}: {words}", one.reviewer, score_text(one.score)))
            });
            let dropped = body.models_dropped.iter().map(|one| {
                ("Dropped", format!("{}: {}: {}; {}", one.participant, one.reason, one.message, one.reason.advice()))
            });
            tie.into_iter().chain(contested).chain(dissent).chain(dropped).collect()
        }
        Body::Debate(body) => debate::reservations(body),
        Body::Sample(body) => {
            let tie = (body.tie_count > 1).then(|| {
                ("Tie", format!("{} answers with the same number of samples: the first one is taken", body.tie_count))
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
            let skipped = body.skipped.iter().map(|reason| ("Unchanged", reason.clone()));
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

/// The note on a critique pass, if it has one.
fn kept(pass: &CritiquePass) -> Option<Row> {
    let name = if pass.adopted { "Note" } else { "Not adopted" };
    Some((name, format!("pass {} by {}: {}", pass.pass, pass.refiner, pass.reason.as_ref()?)))
}

fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("(no text)");
    match line.char_indices().nth(160) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_owned(),
    }
}

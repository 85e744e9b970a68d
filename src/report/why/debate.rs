//! How a debate went: who was how confident in which round, and who stays far apart.

use super::{Why, dropped, row};
use crate::ids::ParticipantId;
use crate::outcome::{DebateBody, DebateRound};

pub(super) fn why(body: &DebateBody) -> Why {
    let grid = grid(body);
    let mut rows: Vec<_> = body
        .disagreements()
        .iter()
        .map(|one| row("Gap", format!("{} ({} and {}): {} points", one.label, one.a, one.b, one.severity)))
        .collect();
    rows.extend(
        body.synthesis.iter().map(|synthesis| {
            row("Judge", format!("confidence {} of 100 in its synthesis", synthesis.judge_confidence))
        }),
    );
    rows.extend(body.synthesis_error.iter().map(|failed| row("Judge", format!("no synthesis: {}", failed.failure))));
    rows.extend(dropped(&body.models_dropped));
    let caption = if grid.is_empty() { String::new() } else { "confidence by round, 0 to 100".to_owned() };
    Why { caption, narrow: grid.clone(), grid, rows }
}

/// A row for each participant, a column for each round; the score of the rounds below.
fn grid(body: &DebateBody) -> Vec<Vec<String>> {
    let mut order: Vec<&ParticipantId> = body.positions.iter().map(|one| &one.participant).collect();
    for who in body.rounds.iter().flat_map(|round| &round.order) {
        if !order.contains(&who) {
            order.push(who);
        }
    }
    if order.is_empty() {
        return Vec::new();
    }
    let name = |who: &ParticipantId| match body.positions.iter().find(|one| one.participant == *who) {
        Some(position) => format!("{} ({who})", position.speaker),
        None => who.to_string(),
    };
    let line = |name: String, cell: &dyn Fn(&DebateRound) -> String| {
        std::iter::once(name).chain(body.rounds.iter().map(cell)).collect::<Vec<_>>()
    };
    let head = line(String::new(), &|round| round.round.to_string());
    let score = line("score".to_owned(), &|round| {
        if round.complete { round.score.to_string() } else { "–".to_owned() }
    });
    let lines = order.iter().map(|who| line(name(who), &|round| confidence(round, who)));
    std::iter::once(head).chain(lines).chain([score]).collect()
}

/// What a participant stated in a round; `none` for a turn that failed.
fn confidence(round: &DebateRound, who: &ParticipantId) -> String {
    match round.responses.iter().find(|turn| turn.participant == *who) {
        None => "–".to_owned(),
        Some(turn) if turn.content.is_none() => "none".to_owned(),
        Some(turn) if !turn.marker_found => "(not stated)".to_owned(),
        Some(turn) => turn.confidence.map_or_else(|| "–".to_owned(), |confidence| confidence.to_string()),
    }
}

//! How a debate went: who was how confident in which round, and who stays far apart.

use crate::ids::ParticipantId;
use crate::outcome::{
    Answered, DebateBody, DebateRound, Explain, InDocument, Outcome, Said, Status, Tone, Totals, Why, dropped_rows, row,
};
use crate::words::counted;

impl Explain for DebateBody {
    fn status(&self, outcome: &Outcome) -> Option<(Tone, String)> {
        let open = counted(self.open_disagreements as u64, "confidence gap");
        let stands = match self.final_score {
            Some(score) => format!("{score} of 100, {open}"),
            None => "no complete round".to_owned(),
        };
        Some(match outcome.status {
            Status::Stable => (Tone::Good, format!("stable at {stands}")),
            Status::AllRounds => (Tone::Good, format!("all rounds completed: {stands}")),
            Status::MaxRoundsExceeded => {
                (Tone::Warn, format!("score not stable within the maximum number of rounds: {stands}"))
            }
            Status::MinScoreMissed => {
                let least = self.min_score.unwrap_or_default();
                let stable = if self.early_stop.is_some() { "stable at " } else { "" };
                (Tone::Warn, format!("below the required score of {least}: {stable}{stands}"))
            }
            Status::InsufficientModels if self.positions.is_empty() => (Tone::Bad, "no model answered".to_owned()),
            Status::InsufficientModels => (Tone::Bad, format!("too few models left: {stands}")),
            Status::BudgetExhausted => (Tone::Warn, format!("budget exhausted: {stands}")),
            Status::Parked => (Tone::Warn, format!("paused at a usage limit: {stands}")),
            Status::Cancelled => (Tone::Warn, format!("cancelled: {stands}")),
            _ => (Tone::Bad, format!("failed: {stands}")),
        })
    }

    fn why(&self, _status: Status, _totals: &Totals) -> Why {
        let grid = grid(self);
        let gaps = self.disagreements();
        let gaps = gaps
            .iter()
            .map(|one| row("Gap", format!("{} ({} and {}): {} points", one.label, one.a, one.b, one.severity)));
        let judge = self.synthesis.iter().map(|synthesis| {
            row("Judge", format!("confidence {} of 100 in its synthesis", synthesis.judge_confidence))
        });
        let failed = self.synthesis_error.iter();
        let failed = failed.map(|failed| row("Judge", format!("no synthesis: {}", failed.failure)));
        let rows = gaps.chain(judge).chain(failed).chain(dropped_rows(&self.models_dropped)).collect();
        let caption = if grid.is_empty() { String::new() } else { "confidence by round, 0 to 100".to_owned() };
        Why { caption, narrow: grid.clone(), grid, rows }
    }

    fn said(&self) -> Vec<Said<'_>> {
        let turns = self.rounds.iter().flat_map(|round| round.responses.iter().map(|turn| (round.round, turn)));
        let turns = turns.map(|(round, turn)| Said::Turn { round, turn });
        let judge = self.synthesis.as_deref().map(|synthesis| Said::Synthesis { synthesis });
        turns.chain(judge).chain(self.synthesis_error.as_ref().map(|why| Said::MissingSynthesis { why })).collect()
    }
}

impl InDocument for DebateBody {
    type Shown<'a> = Answered<'a, Self>;

    fn shown<'a>(&'a self, answer: Option<&'a str>, _: &'a Totals) -> Self::Shown<'a> {
        Answered { answer, body: self }
    }
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

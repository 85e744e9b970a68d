//! Why an answer won: who gave what in the round that decided, what speaks against it, and how it came there.

use crate::event::first_line;
use crate::ids::{ParticipantId, Round};
use crate::outcome::{
    Account, Answer, AnswerChange, ConsensusBody, Dissent, Dropped, Explain, InDocument, Outcome, ReviewRecord,
    RoundRecord, Row, Said, Status, Tone, Totals, Why, Winner, dropped_rows, names, row,
};
use crate::words::{counted, listed, score_text};
use serde::Serialize;
use std::collections::BTreeMap;

/// Of so many rounds, the last ones, is told what changed.
const ROUNDS: usize = 5;

impl Explain for ConsensusBody {
    fn status(&self, outcome: &Outcome) -> Option<(Tone, String)> {
        let too_few = outcome.status == Status::InsufficientModels;
        too_few.then(|| (Tone::Bad, format!("fewer than two models answered: {}", outcome.best())))
    }

    fn facts(&self, strong: &dyn Fn(&str) -> String) -> Vec<Row> {
        let winner = self.winner.iter().map(|winner| {
            let mean = winner.mean_score.map_or(String::new(), |mean| format!(", mean score {}", score_text(mean)));
            row("Winner", format!("{} ({}{mean})", strong(winner.participant.as_str()), winner.model_id))
        });
        winner.chain([row("Rounds", self.final_round)]).collect()
    }

    fn why(&self, _status: Status, totals: &Totals) -> Why {
        why(self, &totals.participants)
    }

    fn said(&self) -> Vec<Said<'_>> {
        let missing = self.rounds.iter().flat_map(|round| round.missing.iter().map(|missing| (round.round, missing)));
        let missing = missing.map(|(round, missing)| (round, Said::MissingReview { round, missing }));
        let reviews = self.reviews.iter().map(|record| (record.round, Said::Review { record }));
        let mut all: Vec<_> = reviews.chain(missing).collect();
        all.sort_by_key(|(round, _)| *round);
        all.into_iter().map(|(_, said)| said).collect()
    }
}

fn why(body: &ConsensusBody, accounts: &[Account]) -> Why {
    let round = deciding(body);
    let mut why = Why::default();
    if let Some(round) = round {
        let order: Vec<&ParticipantId> = accounts.iter().map(|one| &one.participant).collect();
        why.caption = caption(body, round);
        why.grid = grid(round, &order, false);
        why.narrow = grid(round, &order, true);
    } else if body.agreed_by.is_some() {
        why.caption = "all answers are the same: no review was needed".to_owned();
    }
    let winner = body.winner.as_ref();
    why.rows.extend(body.dissent.iter().map(|one| against(one, body.threshold)));
    why.rows.extend(winner.and_then(|winner| would_sign(body, winner)));
    why.rows.extend(round.into_iter().flat_map(|round| missing(round, &body.models_dropped)));
    if !body.tied_with.is_empty() {
        why.rows.push(row("Tie", format!("same score as the winner: {}", names(&body.tied_with))));
    }
    if body.contested {
        why.rows.push(row("Split", "one reviewer gave the winner at least 4 points less than another"));
    }
    why.rows.extend(rounds(&body.rounds));
    why.rows.extend(dropped_rows(&body.models_dropped));
    why
}

/// The round in which the winner's answer stood for review; in journals that do not say, the last that has a leader.
fn deciding(body: &ConsensusBody) -> Option<&RoundRecord> {
    let last = || body.rounds.iter().rev().find(|round| round.leader.is_some());
    match body.answer_round {
        Some(at) => body.rounds.iter().find(|round| round.round.get() == at && round.leader.is_some()),
        None => last(),
    }
}

fn caption(body: &ConsensusBody, round: &RoundRecord) -> String {
    let (needed, number) = (score_text(body.threshold), round.round);
    let stable = match body.stability_rounds {
        0 | 1 => String::new(),
        rounds => format!(" for {rounds} rounds"),
    };
    format!("scores of answers by reviewer, round {number} (* leads; agreement needs {needed}{stable})")
}

/// A row for each answer, a column for each reviewer; `numbered` by row in place of names.
fn grid(round: &RoundRecord, order: &[&ParticipantId], numbered: bool) -> Vec<Vec<String>> {
    let authors: Vec<_> = order.iter().filter(|who| is_author(round, who)).collect();
    let reviewers: Vec<_> = order.iter().filter(|who| is_reviewer(round, who)).collect();
    // The numbers are those of the rows as long as all reviewers have one.
    let place = |who: &ParticipantId| order.iter().position(|one| *one == who).map_or(0, |place| place + 1);
    let short = |who: &ParticipantId| if numbered { place(who).to_string() } else { who.to_string() };
    let adjusted = round.adjusted.as_ref().map(|_| "adj.".to_owned());
    let heads = reviewers.iter().map(|who| short(who)).chain(["mean".to_owned()]).chain(adjusted);
    let head: Vec<String> = std::iter::once(String::new()).chain(heads).collect();
    let line = |author: &&&ParticipantId| {
        let lead = if round.leader.as_ref() == Some(author) { "*" } else { " " };
        let name = if numbered { format!("{lead} {} {author}", place(author)) } else { format!("{lead} {author}") };
        let cells = reviewers.iter().map(|reviewer| cell(round, reviewer, author));
        let adjusted = round.adjusted.as_ref().map(|means| mean(means, author));
        std::iter::once(name).chain(cells).chain([mean(&round.means, author)]).chain(adjusted).collect()
    };
    std::iter::once(head).chain(authors.iter().map(line)).collect()
}

fn mean(means: &BTreeMap<ParticipantId, f64>, who: &ParticipantId) -> String {
    means.get(who).map_or_else(|| "–".to_owned(), |mean| score_text(*mean))
}

fn is_author(round: &RoundRecord, who: &ParticipantId) -> bool {
    let missed = round.missing.iter().any(|one| one.author == *who);
    round.means.contains_key(who) || round.answers.contains_key(who) || missed
}

fn is_reviewer(round: &RoundRecord, who: &ParticipantId) -> bool {
    round.scores.contains_key(who) || round.missing.iter().any(|one| one.reviewer == *who)
}

/// A score; a dash for one's own answer, `none` where a review is missing, `open` where the round closed without it.
fn cell(round: &RoundRecord, reviewer: &ParticipantId, author: &ParticipantId) -> String {
    match round.scores.get(reviewer).and_then(|given| given.get(author)) {
        Some(score) => score_text(*score),
        None if round.missing.iter().any(|one| one.reviewer == *reviewer && one.author == *author) => "none".to_owned(),
        None if reviewer == author => "–".to_owned(),
        None => "open".to_owned(),
    }
}

fn against(one: &Dissent, threshold: f64) -> Row {
    let below = one.score < threshold;
    let words = one.weaknesses.first().unwrap_or(&one.overall_assessment);
    let preview =
        Some(first_line(words, 160)).filter(|text| !text.is_empty()).unwrap_or_else(|| "(no text)".to_owned());
    let name = if below { "Dissent" } else { "Against" };
    row(name, format!("{} gave {}: {preview}", one.reviewer, score_text(one.score)))
}

/// Who would sign the winner's answer in place of its own.
fn would_sign(body: &ConsensusBody, winner: &Winner) -> Option<Row> {
    let of_winner = body
        .reviews
        .iter()
        .filter(|one| Some(one.round.get()) == body.answer_round && one.author == winner.participant);
    let said = of_winner.filter_map(|one| {
        let word = if one.review.would_sign? { "yes" } else { "no" };
        Some(format!("{} {word}", one.reviewer))
    });
    let said: Vec<_> = said.collect();
    (!said.is_empty()).then(|| row("Would sign", said.join(", ")))
}

/// Reviews that are missing in a round, those of one reason together; why a dropped participant gave none is told of it.
fn missing(round: &RoundRecord, dropped: &[Dropped]) -> Vec<Row> {
    let mut reasons: Vec<((&ParticipantId, String), Vec<&str>)> = Vec::new();
    let told = |who: &ParticipantId| dropped.iter().any(|one| one.participant == *who);
    for one in round.missing.iter().filter(|one| !told(&one.reviewer)) {
        let reason = (&one.reviewer, format!("{}: {}", one.failure, one.message));
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, authors)) => authors.push(one.author.as_str()),
            None => reasons.push((reason, vec![one.author.as_str()])),
        }
    }
    let line = |((reviewer, why), authors): &((&ParticipantId, String), Vec<&str>)| {
        row("Missing", format!("{reviewer} gave no review of {}: {why}", listed(authors, "and")))
    };
    reasons.iter().map(line).collect()
}

/// What changed from round to round.
fn rounds(all: &[RoundRecord]) -> Vec<Row> {
    if all.len() < 2 {
        return Vec::new();
    }
    let left_out = all.len().saturating_sub(ROUNDS);
    let before = (left_out > 0).then(|| row("Before", counted(u64::try_from(left_out).unwrap_or(u64::MAX), "round")));
    let told = all[left_out..].iter().map(|round| row(format!("Round {}", round.round), happened(round, all)));
    before.into_iter().chain(told).collect()
}

fn happened(round: &RoundRecord, all: &[RoundRecord]) -> String {
    let leads = match &round.leader {
        Some(leader) => {
            let mean = round.means.get(leader).map_or_else(String::new, |mean| format!(" with {}", score_text(*mean)));
            format!("{leader} leads{mean}")
        }
        None => "no scores".to_owned(),
    };
    let missing =
        (round.reviews_dropped > 0).then(|| format!("{} missing", counted(u64::from(round.reviews_dropped), "review")));
    std::iter::once(leads).chain(changes(round, all)).chain(missing).collect::<Vec<_>>().join("; ")
}

/// `claude and codex rewritten`, then who went on from an older version than the last.
fn changes(round: &RoundRecord, rounds: &[RoundRecord]) -> Vec<String> {
    let number = round.round.get();
    let mut by_change: BTreeMap<AnswerChange, Vec<&str>> = BTreeMap::new();
    for (who, origin) in &round.answers {
        if number > 1 || origin.change != AnswerChange::Proposed {
            by_change.entry(origin.change).or_default().push(who.as_str());
        }
    }
    let word = |change| match change {
        AnswerChange::Proposed => "new",
        AnswerChange::Rewritten => "rewritten",
        AnswerChange::Unchanged => "left unchanged",
        AnswerChange::RewriteFailed => "kept (rewrite failed)",
        AnswerChange::TooLong => "kept (too long to rewrite)",
        AnswerChange::NotAsked => "kept (no rewrite asked)",
    };
    let whose = |names: &[&str]| match names.len() {
        2.. if names.len() == round.answers.len() => "all".to_owned(),
        _ => listed(names, "and"),
    };
    let changed = by_change.iter().map(|(change, names)| format!("{} {}", whose(names), word(*change)));
    // With another version in between: one that was left as it was is no older one.
    let rewritten = |who, from: u32| {
        let between = rounds.iter().filter(|one| (from + 1..number).contains(&one.round.get()));
        let origins = between.filter_map(|one| one.answers.get(who));
        origins.into_iter().any(|origin| matches!(origin.change, AnswerChange::Rewritten | AnswerChange::Proposed))
    };
    let back = round.answers.iter().filter_map(|(who, origin)| {
        let from = origin.from_round.map(Round::get).filter(|from| rewritten(who, *from))?;
        Some(format!("{who} went back to its version of round {from}"))
    });
    changed.chain(back).collect()
}

/// The document of a run, with the field names of the original.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub struct Consensus<'a> {
    /// The answer, as text mode prints it: the winner's, or its rewrite by a critique pass; `None` if no model
    /// answered.
    answer: Option<&'a str>,
    /// The best answer, as it was scored; `None` if no model answered.
    winner: Option<&'a Winner>,
    /// The number of the last round that was entered.
    final_round: u32,
    /// The closing strategy: `vote-threshold`.
    strategy: &'a str,
    /// The threshold that the leader's mean had to meet, 1 to 10.
    threshold: f64,
    /// Number of consecutive rounds in which the same answer had to lead.
    stability_rounds: u32,
    /// Every participant's best-scored answer, best first; unscored ones after them.
    all_answers: &'a [Answer],
    /// The round in which the winner's answer stood for review; `None` without a winner.
    answer_round: Option<u32>,
    /// Participants with the winner's score, in plan order.
    tied_with: &'a [ParticipantId],
    /// Whether one reviewer gave the winner at least 4 points less than another.
    contested: bool,
    /// `identical` if all answers were the same and none was reviewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    agreed_by: Option<&'a str>,
    /// Reviews of the winner that name a weakness or are below the threshold, lowest first.
    dissent: &'a [Dissent],
    /// Every review, by round, reviewer and author.
    reviews: &'a [ReviewRecord],
    /// Each round.
    rounds: &'a [RoundRecord],
}

impl InDocument for ConsensusBody {
    type Shown<'a> = Consensus<'a>;

    fn shown<'a>(&'a self, answer: Option<&'a str>, _: &'a Totals) -> Consensus<'a> {
        Consensus {
            answer,
            winner: self.winner.as_ref(),
            final_round: self.final_round,
            answer_round: self.answer_round,
            tied_with: &self.tied_with,
            contested: self.contested,
            agreed_by: self.agreed_by.as_deref(),
            reviews: &self.reviews,
            strategy: &self.strategy,
            threshold: self.threshold,
            stability_rounds: self.stability_rounds,
            all_answers: &self.all_answers,
            dissent: &self.dissent,
            rounds: &self.rounds,
        }
    }
}

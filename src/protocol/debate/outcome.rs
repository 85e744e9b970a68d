//! What a debate ends with: positions, scores, who stands against whom, and the text that shows it.

use super::confidence::strip_confidence_line;
use super::machine::{Debate, phase_word};
use super::phase::label;
use super::state::{RoundState, Said};
use crate::event::DebateEvent;
use crate::failure::CallFailure;
use crate::outcome::{
    Body, DebateBody, DebateRound, Dropped, Outcome, Position, Status, StopReason, Synthesis, Turn, TurnFailure,
};
use crate::protocol::material::MemberIndex;
use std::fmt::Write as _;

impl Debate {
    /// The outcome if the run had to stop now; nothing before it began.
    pub(super) fn so_far(&self) -> Option<Outcome> {
        if self.rounds.is_empty() {
            return None;
        }
        Some(self.outcome(Status::Cancelled, StopReason::Aborted).0)
    }

    /// How a debate that came to its end has ended.
    pub(super) fn status(&self, stop: StopReason) -> Status {
        let plan = &self.prompts.plan;
        let answered = self.rounds.iter().any(|round| round.answered().next().is_some());
        let held = match stop {
            StopReason::Aborted => return Status::InsufficientModels,
            _ if !answered => return Status::InsufficientModels,
            StopReason::Converged => Status::Stable,
            StopReason::MaxRounds if plan.early_stop && plan.rounds > 1 => return Status::MaxRoundsExceeded,
            StopReason::MaxRounds => Status::AllRounds,
        };
        let score = self.rounds.last().map_or(0, |last| last.standing().score);
        if plan.min_score.is_some_and(|least| f64::from(score) < least) { Status::MinScoreMissed } else { held }
    }

    /// The outcome, and the event that tells it.
    pub(super) fn outcome(&self, status: Status, stop: StopReason) -> (Outcome, DebateEvent) {
        let plan = &self.prompts.plan;
        let rounds: Vec<DebateRound> = self.rounds.iter().map(|round| self.record(round)).collect();
        let last = rounds.iter().rev().find(|round| round.complete);
        let (synthesis, synthesis_error) = match self.synthesis.clone() {
            None => (None, None),
            Some(Ok(synthesis)) => (Some(Box::new(synthesis)), None),
            Some(Err(failed)) => (None, Some(failed)),
        };
        let body = DebateBody {
            final_score: last.map(|round| round.score),
            final_average_confidence: last.map(|round| round.average_confidence),
            final_stddev: last.map(|round| round.stddev),
            stop_reason: stop,
            rounds_completed: u32::try_from(rounds.iter().filter(|round| round.complete).count()).unwrap_or(u32::MAX),
            max_rounds: plan.rounds,
            early_stop: self.early_stop.clone(),
            open_disagreements: last.map_or(0, |round| round.disagreements.len()),
            disagreement_threshold: plan.disagreement_threshold,
            convergence_delta: plan.convergence_delta,
            min_score: plan.min_score,
            positions: (0..self.prompts.speakers.len()).filter_map(|who| self.position(who)).collect(),
            rounds,
            synthesis,
            synthesis_error,
            models_dropped: self.dropped(),
            quotes_cut: self.cuts.by_call(),
        };
        let result = DebateEvent::final_result(&body);
        let answer = (!body.positions.is_empty()).then(|| text(&body));
        (Outcome::new(status, answer, Body::Debate(body)), result)
    }

    fn position(&self, who: MemberIndex) -> Option<Position> {
        let (member, speaker) = (&self.prompts.writer.members[who], &self.prompts.speakers[who]);
        let (round, said) = self.rounds.iter().rev().find_map(|round| Some((round.round, said(round, who)?)))?;
        Some(Position {
            participant: member.id.clone(),
            model_id: member.model_id.clone(),
            persona: speaker.persona.id.clone(),
            speaker: speaker.name.clone(),
            round,
            confidence: said.confidence.value,
            stated: said.confidence.marker_found,
            position: strip_confidence_line(&said.text).trim().to_owned(),
        })
    }

    fn record(&self, round: &RoundState) -> DebateRound {
        let (standing, spread) = (round.standing(), round.spread());
        let turns = round.spoken().map(|(who, turn)| Turn {
            participant: self.prompts.id(who).clone(),
            content: turn.ok().map(|said| said.text.to_string()),
            confidence: turn.ok().map(|said| said.confidence.value),
            marker_found: turn.is_ok_and(|said| said.confidence.marker_found),
            error: turn.err().map(failed),
        });
        DebateRound {
            round: round.round,
            phase: phase_word(round.round),
            label: label(round.round, self.prompts.plan.rounds),
            complete: round.next().is_none(),
            order: round.order.iter().map(|who| self.prompts.id(*who).clone()).collect(),
            responses: turns.collect(),
            score: standing.score,
            average_confidence: spread.average,
            stddev: spread.stddev,
            disagreements: self.disagreements(round),
        }
    }

    /// Who is not in the room any more, or was silent in the last round.
    fn dropped(&self) -> Vec<Dropped> {
        let drop = |who: MemberIndex| {
            let member = &self.prompts.writer.members[who];
            let silent = || self.rounds.last()?.turns[who].as_ref()?.as_ref().err();
            let failure = self.gone[who].as_ref().or_else(silent)?;
            Some(Dropped {
                participant: member.id.clone(),
                model_id: member.model_id.clone(),
                reason: failure.class,
                message: failure.message.clone(),
            })
        };
        (0..self.prompts.speakers.len()).filter_map(drop).collect()
    }
}

fn said(round: &RoundState, who: MemberIndex) -> Option<&Said> {
    round.turns[who].as_ref()?.as_ref().ok()
}

fn failed(failure: &CallFailure) -> TurnFailure {
    TurnFailure { failure: failure.class, message: failure.message.clone() }
}

/// What a person came for: where everybody stands, and what the judge made of it.
fn text(body: &DebateBody) -> String {
    let mut text = String::from("# Positions\n");
    for one in &body.positions {
        let Position { speaker, participant, position, .. } = one;
        let confidence = if one.stated { format!("{} of 100", one.confidence) } else { "(not stated)".to_owned() };
        let _ = write!(text, "\n## {speaker} ({participant}), confidence {confidence}\n\n{position}\n");
    }
    if let Some(synthesis) = &body.synthesis {
        text.push_str(&summed_up(synthesis));
    }
    text.trim_end().to_owned()
}

fn summed_up(synthesis: &Synthesis) -> String {
    let Synthesis { majority_position, minority_positions, unresolved_disputes, judge_confidence, content } = synthesis;
    if synthesis.is_formless() {
        return format!("\n# Synthesis\n\n{}\n", content.trim());
    }
    let part = |text: &str| if text.is_empty() { "(none)".to_owned() } else { text.to_owned() };
    format!(
        "\n# Synthesis\n\n## Majority position\n\n{}\n\n## Minority positions\n\n{}\n\n## Unresolved disputes\n\n{}\n\n\
         The judge is {judge_confidence} of 100 confident of this account.\n",
        part(majority_position),
        part(minority_positions),
        part(unresolved_disputes)
    )
}

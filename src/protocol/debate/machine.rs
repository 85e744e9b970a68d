//! The machine itself: whose turn it is, what follows from a round, and when it is over.

use super::confidence::{own_confidence, strip_confidence_line};
use super::order::Mulberry32;
use super::phase::{Phase, label};
use super::prompts::Prompts;
use super::score::{Standing, disagreements, stable};
use super::settings::DebatePlan;
use super::state::{RoundState, Said};
use super::synthesis::read_synthesis;
use crate::event::{DebateEvent, EventKind};
use crate::exchange::{CallSpec, Prompt, Reply, Role};
use crate::failure::{CallFailure, FailureClass};
use crate::ids::{CallId, ParticipantId, Round};
use crate::outcome::{Disagreement, EarlyStop, Outcome, StopReason, Synthesis, TurnFailure};
use crate::protocol::asking::{QuoteCuts, is_lost};
use crate::protocol::machine::{Input, Outbox, Protocol, Settled, call_path};
use crate::protocol::material::{Material, Member, MemberIndex, Misfit};
use crate::protocol::parse::Shown;
use crate::protocol::prompt;
use std::collections::BTreeMap;

/// A debate. See the [module](super) for what it does.
pub struct Debate {
    pub(super) prompts: Prompts,
    /// The rounds that were entered, the first one first; all but the last are whole.
    pub(super) rounds: Vec<RoundState>,
    /// Who can answer nothing any more, and why; by participant.
    pub(super) gone: Vec<Option<CallFailure>>,
    pub(super) early_stop: Option<EarlyStop>,
    pub(super) synthesis: Option<Result<Synthesis, TurnFailure>>,
    pub(super) cuts: QuoteCuts,
    generator: Mulberry32,
    pending: BTreeMap<CallId, Pending>,
    /// Why there is no further round, once there is none.
    stop: Option<StopReason>,
    ended: Option<Outcome>,
}

/// A call that was asked for and has not settled.
enum Pending {
    Turn(MemberIndex, Prompt),
    Synthesis(Prompt),
}

impl Debate {
    /// A debate that has not started. `members` stand in plan order, one for each of the plan's
    /// personas; `judge` is who the plan names as such, if it does.
    #[must_use]
    pub fn new(plan: DebatePlan, members: Vec<Member>, judge: Option<Member>, material: Material) -> Self {
        let generator = Mulberry32::new(material.seed);
        let prompts = Prompts::new(plan, members, judge, material);
        Self {
            gone: prompts.speakers.iter().map(|_| None).collect(),
            prompts,
            rounds: Vec::new(),
            early_stop: None,
            synthesis: None,
            cuts: QuoteCuts::default(),
            generator,
            pending: BTreeMap::new(),
            stop: None,
            ended: None,
        }
    }

    /// Participants whose prompt limit question and files exceed: to be refused before any call.
    #[must_use]
    pub fn misfits(&self) -> Vec<Misfit> {
        self.prompts.misfits()
    }

    /// Goes on for as long as nobody has to be waited for.
    fn proceed(&mut self, out: &mut Outbox) {
        while self.ended.is_none() && self.pending.is_empty() {
            match self.rounds.last().map(RoundState::next) {
                _ if self.stop.is_some() => self.finish(out),
                None => self.enter(Round::FIRST, out),
                Some(Some(who)) => self.ask_next(who, out),
                Some(None) => self.close(out),
            }
        }
    }

    fn is_blind(&self, round: Round) -> bool {
        self.prompts.plan.blind && round == Round::FIRST
    }

    fn enter(&mut self, round: Round, out: &mut Outbox) {
        let mut order: Vec<MemberIndex> = (0..self.prompts.speakers.len()).collect();
        if round > Round::FIRST && self.prompts.plan.shuffle {
            self.generator.shuffle(&mut order);
        }
        note(
            out,
            DebateEvent::RoundStart {
                round,
                max_rounds: self.prompts.plan.rounds,
                phase: phase_word(round),
                label: label(round, self.prompts.plan.rounds),
                order: order.iter().map(|who| self.prompts.id(*who).clone()).collect(),
                blind: self.is_blind(round),
            },
        );
        self.rounds.push(RoundState::new(round, order));
    }

    /// Asks the next speaker; in a blind round, all of them.
    fn ask_next(&mut self, who: MemberIndex, out: &mut Outbox) {
        let Some(round) = self.rounds.last().map(|last| last.round) else { return };
        let blind = self.is_blind(round);
        let asked = if blind { 0..self.prompts.speakers.len() } else { who..who + 1 };
        for who in asked {
            if let Some(failure) = self.gone[who].clone() {
                self.keep(who, Err(failure));
                continue;
            }
            let (speaker, participant) = (&self.prompts.speakers[who], self.prompts.id(who).clone());
            let id = call_path(round, &format!("{}/{participant}", Role::Argue));
            let persona = speaker.persona.id.clone();
            note(
                out,
                DebateEvent::ParticipantStart { round, participant: participant.clone(), persona, call: id.clone() },
            );
            let (prompt, left_out) = self.prompts.turn(who, &self.rounds, round, blind);
            let pending = Pending::Turn(who, prompt.clone());
            let spec = CallSpec {
                id,
                to: participant,
                role: Role::Argue,
                round,
                system: speaker.system.clone(),
                prompt,
                shape: None,
                tuning: self.prompts.plan.tuning,
            };
            self.ask(spec, left_out, pending, out);
        }
    }

    fn ask(&mut self, spec: CallSpec, left_out: u64, pending: Pending, out: &mut Outbox) {
        let id = self.cuts.ask(spec, left_out, out);
        self.pending.insert(id, pending);
    }

    fn keep(&mut self, who: MemberIndex, turn: Result<Said, CallFailure>) {
        if let Some(round) = self.rounds.last_mut() {
            round.turns[who] = Some(turn);
        }
    }

    /// Takes a turn in.
    fn said(
        &mut self,
        call: CallId,
        who: MemberIndex,
        prompt: &Prompt,
        result: Result<Reply, CallFailure>,
        out: &mut Outbox,
    ) {
        let Some(round) = self.rounds.last().map(|last| last.round) else { return };
        let participant = self.prompts.id(who).clone();
        let turn = result.map(|reply| Said {
            confidence: own_confidence(&reply.text, &Shown::new(prompt.parts())),
            shown: self.prompts.writer.anonymous(&strip_confidence_line(&reply.text).into()),
            text: reply.text,
        });
        let complete = DebateEvent::ParticipantComplete {
            round,
            participant: participant.clone(),
            call,
            content: turn.as_ref().ok().map(|said| said.text.to_string()),
            confidence: turn.as_ref().ok().map(|said| said.confidence.value),
            marker_found: turn.as_ref().is_ok_and(|said| said.confidence.marker_found),
            failure: turn.as_ref().err().map(|failure| failure.class),
            message: turn.as_ref().err().map(|failure| failure.message.clone()),
        };
        note(out, complete);
        if let Err(failure) = &turn
            && is_lost(failure)
        {
            self.gone[who].get_or_insert_with(|| failure.clone());
        }
        let own = turn.as_ref().ok().map(|said| said.confidence.value);
        self.keep(who, turn);
        if let Some(confidence) = own {
            let so_far = self.rounds.last().map(RoundState::spread).unwrap_or_default();
            // In a blind round what came before is chance.
            let running_average = if self.is_blind(round) { f64::from(confidence) } else { so_far.average };
            note(out, DebateEvent::ConfidenceUpdate { round, participant, confidence, running_average });
        }
    }

    /// Counts a round out, and says what follows.
    fn close(&mut self, out: &mut Outbox) {
        let Some(last) = self.rounds.last() else { return };
        let (round, standing, spread) = (last.round, last.standing(), last.spread());
        let disagreements = self.disagreements(last);
        let count = disagreements.len();
        for disagreement in disagreements {
            note(out, DebateEvent::DisagreementDetected { round, disagreement });
        }
        note(
            out,
            DebateEvent::RoundComplete {
                round,
                score: standing.score,
                average_confidence: spread.average,
                stddev: spread.stddev,
                disagreements: count,
                answered: standing.answered,
            },
        );
        let before = self.rounds.len().checked_sub(2).map(|at| self.rounds[at].standing());
        let delta = self.prompts.plan.convergence_delta;
        let moved = before.and_then(|before| stable(before, standing, delta)).filter(|_| self.prompts.plan.early_stop);
        if let Some(moved) = moved {
            let reason = format!("the score moved by {moved} since the round before, at most {delta} is stable");
            note(out, DebateEvent::EarlyStop { round, delta: moved, reason: reason.clone() });
            self.early_stop = Some(EarlyStop { round, delta: moved, reason });
            self.stop(StopReason::Converged, out);
        } else if round.get() >= self.prompts.plan.rounds {
            self.stop(StopReason::MaxRounds, out);
        } else if self.gone.iter().all(Option::is_some) {
            self.stop(StopReason::Aborted, out);
        } else {
            self.enter(round.next(), out);
        }
    }

    pub(super) fn disagreements(&self, round: &RoundState) -> Vec<Disagreement> {
        let said: Vec<(ParticipantId, f64)> = round
            .answered()
            .map(|(who, said)| (self.prompts.id(who).clone(), f64::from(said.confidence.value)))
            .collect();
        disagreements(round.round, &said, self.prompts.plan.disagreement_threshold, |id| {
            let speaker = self.prompts.speakers.iter().find(|speaker| self.prompts.id(speaker.member) == id);
            speaker.map(|speaker| speaker.name.as_str())
        })
    }

    /// There is no further round: the judge has the word, if there is one, and anything to judge.
    fn stop(&mut self, reason: StopReason, out: &mut Outbox) {
        self.stop = Some(reason);
        let last = self.rounds.iter().rev().find(|round| round.answered().next().is_some());
        let Some((judge, last)) = self.prompts.judge.as_ref().zip(last) else { return };
        let Some((prompt, left_out)) = self.prompts.synthesis(&self.rounds) else { return };
        let round = self.rounds.last().map_or(last.round, |last| last.round);
        let participant = self.prompts.id(judge.member).clone();
        let id = call_path(round, &format!("{}/{participant}", Role::Judge));
        note(out, DebateEvent::SynthesisStart { participant: participant.clone(), call: id.clone() });
        let pending = Pending::Synthesis(prompt.clone());
        let spec = CallSpec {
            id,
            to: participant,
            role: Role::Judge,
            round,
            system: judge.system.clone(),
            prompt,
            shape: Some(prompt::synthesis_shape()),
            tuning: self.prompts.judge_tuning(),
        };
        self.ask(spec, left_out, pending, out);
    }

    fn judged(&mut self, prompt: &Prompt, result: Result<Reply, CallFailure>, out: &mut Outbox) {
        let shown = Shown::new(prompt.parts());
        let result = match result {
            // A reply of the wrong shape, as the CLI itself noticed: it may have headings.
            Err(CallFailure { class: FailureClass::Malformed, partial: Some(text), .. }) if !text.trim().is_empty() => {
                Ok(read_synthesis(&text, None, &shown))
            }
            Err(failure) => Err(TurnFailure { failure: failure.class, message: failure.message }),
            Ok(reply) => Ok(read_synthesis(&reply.text, reply.structured.as_ref(), &shown)),
        };
        let warning = match &result {
            Ok(synthesis) if synthesis.is_formless() => {
                Some("the judge's reply has none of the sections that were asked for: it is kept whole".to_owned())
            }
            Ok(_) => None,
            Err(failed) => Some(format!("there is no synthesis: {}: {}", failed.failure, failed.message)),
        };
        note(
            out,
            DebateEvent::SynthesisComplete {
                synthesis: result.as_ref().ok().cloned(),
                failure: result.as_ref().err().map(|failed| failed.failure),
                message: result.as_ref().err().map(|failed| failed.message.clone()),
            },
        );
        if let Some(text) = warning {
            out.note(EventKind::Warning { text });
        }
        self.synthesis = Some(result);
    }

    fn finish(&mut self, out: &mut Outbox) {
        let stop = self.stop.unwrap_or(StopReason::Aborted);
        if let Some(Standing { answered, stated, .. }) = self.rounds.last().map(RoundState::standing)
            && stated < answered
        {
            let text =
                format!("{} of {answered} participants stated no confidence in the last round", answered - stated);
            out.note(EventKind::Warning { text });
        }
        let (outcome, result) = self.outcome(self.status(stop), stop);
        if outcome.answer.is_none() {
            note(out, DebateEvent::Error { message: "no model ever answered".to_owned() });
        }
        note(out, result);
        self.ended = Some(outcome.clone());
        out.finish(outcome);
    }
}

impl Protocol for Debate {
    fn start(&mut self, out: &mut Outbox) {
        if self.rounds.is_empty() && self.ended.is_none() {
            if self.prompts.speakers.is_empty() {
                self.stop = Some(StopReason::Aborted);
            }
            self.proceed(out);
        }
    }

    fn on(&mut self, input: Input, out: &mut Outbox) {
        let Input::Settled(Settled { id, result }) = input else { return };
        let Some(pending) = self.pending.remove(&id) else { return };
        let result = result.and_then(|reply| {
            let blank = reply.text.trim().is_empty() && reply.structured.is_none();
            if blank { Err(CallFailure::new(FailureClass::Empty, "the reply is blank")) } else { Ok(reply) }
        });
        match pending {
            Pending::Turn(who, prompt) => self.said(id, who, &prompt, result, out),
            Pending::Synthesis(prompt) => self.judged(&prompt, result, out),
        }
        self.proceed(out);
    }

    fn conclude(&self) -> Option<Outcome> {
        self.ended.clone().or_else(|| self.so_far())
    }
}

pub(super) fn phase_word(round: Round) -> String {
    Phase::of(round).as_str().to_owned()
}

fn note(out: &mut Outbox, event: DebateEvent) {
    out.note(EventKind::Debate(event));
}

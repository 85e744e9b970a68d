//! The machine itself: what it is told, and in which order it draws conclusions.

use super::closing::ClosingStrategy;
use super::prompts;
use super::settings::ConsensusPlan;
use super::state::{Candidate, Closed, Pending, RoundState, Seat, Stage};
use crate::event::EventKind;
use crate::exchange::{CallSpec, Reply, Role, Shape};
use crate::failure::CallFailure;
use crate::ids::{CallId, ParticipantId, Round};
use crate::outcome::{Outcome, Status};
use crate::protocol::asking::{QuoteCuts, is_lost, spoken};
use crate::protocol::machine::{Input, Outbox, Protocol, RoundOverrides, Settled, call_path};
use crate::protocol::material::{Material, Member, MemberIndex, Misfit};
use crate::protocol::prompt::{self, FittedPrompt, PromptWriter};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A consensus run. See the [module](super) for what it does.
pub struct Consensus {
    pub(super) plan: ConsensusPlan,
    pub(super) writer: PromptWriter,
    /// The participants' names in plan order.
    pub(super) order: Vec<ParticipantId>,
    pub(super) strategy: Box<dyn ClosingStrategy>,
    /// The rounds that were entered, the first one first. Several can be open at once.
    pub(super) rounds: Vec<RoundState>,
    pub(super) closed: Closed,
    pub(super) pending: BTreeMap<CallId, Pending>,
    /// Who can answer nothing any more, and why; by participant.
    pub(super) gone: Vec<Option<CallFailure>>,
    /// Since which round and stage, the earliest that is known.
    pub(super) gone_since: Vec<Option<(usize, Stage)>>,
    pub(super) cuts: QuoteCuts,
    /// Calls whose grace period has begun.
    pub(super) timed: BTreeSet<CallId>,
    pub(super) ended: Option<Outcome>,
    /// Whether the run ended because all answers were the same.
    pub(super) identical: bool,
    first: RoundOverrides,
}

/// A call in the making.
pub(super) struct Ask {
    pub role: Role,
    pub to: MemberIndex,
    pub round: Round,
    /// The last part of its id.
    pub rest: String,
    pub prompt: FittedPrompt,
    pub shape: Option<Shape>,
    pub pending: Pending,
}

impl Consensus {
    /// A run that has not started. `members` stand in plan order; the strategy is meant to be built
    /// of the plan's own threshold and stability, which outcomes and events show.
    #[must_use]
    pub fn new(
        plan: ConsensusPlan,
        members: Vec<Member>,
        material: Material,
        strategy: Box<dyn ClosingStrategy>,
    ) -> Self {
        let gone: Vec<_> = members.iter().map(|_| None).collect();
        Self {
            order: members.iter().map(|member| member.id.clone()).collect(),
            writer: PromptWriter::new(members, material),
            plan,
            strategy,
            rounds: Vec::new(),
            closed: Closed::default(),
            pending: BTreeMap::new(),
            gone_since: vec![None; gone.len()],
            gone,
            cuts: QuoteCuts::default(),
            timed: BTreeSet::new(),
            ended: None,
            identical: false,
            first: RoundOverrides::default(),
        }
    }

    /// The same run with overrides for its first round, which no pause comes before.
    #[must_use]
    pub fn with_first_round(mut self, overrides: RoundOverrides) -> Self {
        self.first = overrides;
        self
    }

    /// Participants whose prompt limit question and files exceed: to be refused before any call.
    #[must_use]
    pub fn misfits(&self) -> Vec<Misfit> {
        self.writer.misfits(|who| prompts::least_bytes(&self.writer, who, self.plan.review))
    }

    /// Opens the next round.
    pub(super) fn enter(&mut self, overrides: &RoundOverrides, out: &mut Outbox) {
        let round = self.rounds.last().map_or(Round::FIRST, |last| last.round.next());
        let seats = self.order.iter().map(|name| {
            if self.order.len() > 1 && overrides.drop_models.contains(name) { Seat::Out } else { Seat::Pending }
        });
        let context = overrides.additional_context.as_deref().filter(|text| !text.trim().is_empty());
        self.rounds.push(RoundState::new(round, seats.collect(), context.map(Arc::from)));
        out.note(EventKind::RoundStarted { round, max_rounds: self.plan.max_rounds });
        let at = self.rounds.len() - 1;
        let members = 0..self.order.len();
        let possible = |who: &MemberIndex| {
            let answers = self.answer_before(at, *who).is_some() || self.gone[*who].is_none();
            answers && !self.rounds[at].is_out(*who)
        };
        if members.len() > 1 && members.clone().filter(possible).count() < 2 {
            self.finish(Status::InsufficientModels, at, out);
        } else if at == 0 {
            // Into a later round everybody comes from the one before, when it is ready to.
            members.for_each(|who| self.seat(at, who, out));
        }
    }

    /// The latest answer that a participant had in the rounds before this one.
    pub(super) fn answer_before(&self, at: usize, who: MemberIndex) -> Option<&Candidate> {
        self.rounds[..at].iter().rev().find_map(|round| round.candidate(who))
    }

    pub(super) fn ask(&mut self, ask: Ask, out: &mut Outbox) {
        let (prompt, left_out) = ask.prompt;
        let id = call_path(ask.round, &format!("{}/{}", ask.role, ask.rest));
        let bare = ask.role == Role::Answer;
        let spec = CallSpec {
            id,
            to: self.order[ask.to].clone(),
            role: ask.role,
            round: ask.round,
            system: if bare { Arc::from("") } else { prompt::system() },
            prompt,
            shape: ask.shape,
            tuning: self.plan.tuning,
        };
        let id = self.cuts.ask(spec, left_out, out);
        let known = self.pending.insert(id, ask.pending);
        debug_assert!(known.is_none(), "two calls of one id");
    }

    /// Draws every conclusion that what is known now allows, in an order that does not depend on
    /// what came when.
    fn proceed(&mut self, out: &mut Outbox) {
        loop {
            let mut moved = false;
            let mut at = 0;
            while at < self.rounds.len() && self.ended.is_none() {
                moved |= self.give_up_needless(at, out);
                moved |= self.ask_reviews(at, out);
                moved |= self.try_close(at, out);
                moved |= self.ended.is_none() && self.go_on(at, out);
                at += 1;
            }
            if !moved || self.ended.is_some() {
                return;
            }
        }
    }

    fn settled(&mut self, settled: Settled, out: &mut Outbox) {
        let Some(pending) = self.pending.remove(&settled.id) else { return };
        let result = settled.result.and_then(|reply| match &pending {
            Pending::Propose { .. } | Pending::Refine(_) => spoken(reply),
            Pending::Review(_) => Ok(reply),
        });
        if let Err(failure) = &result
            && is_lost(failure)
        {
            let (who, stage) = (who(&pending), pending.stage());
            self.gone_since[who] = Some(self.gone_since[who].map_or(stage, |since| since.min(stage)));
            self.gone[who].get_or_insert_with(|| failure.clone());
        }
        self.take(pending, result, out);
    }

    pub(super) fn take(&mut self, pending: Pending, result: Result<Reply, CallFailure>, out: &mut Outbox) {
        match pending {
            Pending::Propose { at, who } => self.proposed(at, who, result, out),
            Pending::Review(call) => self.reviewed(call, result, out),
            Pending::Refine(asked) => self.refined(&asked, result, out),
        }
    }
}

fn who(pending: &Pending) -> MemberIndex {
    match pending {
        Pending::Propose { who, .. } => *who,
        Pending::Refine(asked) => asked.who,
        Pending::Review(call) => call.reviewer,
    }
}

impl Protocol for Consensus {
    fn start(&mut self, out: &mut Outbox) {
        if !self.rounds.is_empty() || self.ended.is_some() {
            return;
        }
        let first = std::mem::take(&mut self.first);
        if self.order.is_empty() {
            self.finish(Status::InsufficientModels, 0, out);
        } else {
            self.enter(&first, out);
            self.proceed_unless_ended(out);
        }
    }

    fn on(&mut self, input: Input, out: &mut Outbox) {
        if self.ended.is_some() {
            return;
        }
        match input {
            Input::Settled(settled) => self.settled(settled, out),
            Input::Advance(overrides) if self.is_paused() => self.enter(&overrides, out),
            Input::Elapsed(timer) => self.leave_behind(&timer, out),
            // It waits for no word but after a pause.
            Input::Advance(_) => return,
        }
        self.proceed_unless_ended(out);
    }

    fn conclude(&self) -> Option<Outcome> {
        self.ended.clone().or_else(|| self.best_so_far())
    }
}

impl Consensus {
    fn proceed_unless_ended(&mut self, out: &mut Outbox) {
        if self.ended.is_none() {
            self.proceed(out);
            self.time_stragglers(out);
        }
    }

    /// Whether a stepped run waits for the caller's word: all rounds that were entered are closed.
    fn is_paused(&self) -> bool {
        self.plan.stepped && !self.rounds.is_empty() && self.closed.standings.len() == self.rounds.len()
    }
}

//! A simulated debate: drives the machine without engine, clock or processes, in any order of
//! arrival, and checks on the way what must hold for every debate.

use super::room::{members, text, who};
use super::schemas;
use refinery_core::event::{DebateEvent, EventKind};
use refinery_core::exchange::{CallSpec, Reply, Role};
use refinery_core::failure::CallFailure;
use refinery_core::outcome::{Body, DebateBody, Outcome, Status};
use refinery_core::protocol::debate::{Debate, DebatePlan, Judge, built_in, deal};
use refinery_core::protocol::material::Material;
use refinery_core::protocol::{Command, Input, Outbox, Protocol, Settled};
use std::collections::BTreeSet;

/// A plan of so many participants, with the personas as they are dealt.
pub fn plan(count: usize) -> DebatePlan {
    let personas = deal(&vec![None; count], built_in()).unwrap().into_iter().cloned().collect();
    DebatePlan { personas, ..DebatePlan::default() }
}

/// The same with a judge.
pub fn judged(count: usize) -> DebatePlan {
    let persona = built_in().last().unwrap().clone();
    DebatePlan { judge: Some(Judge { participant: members(count + 1)[count].id.clone(), persona }), ..plan(count) }
}

pub fn debate(plan: &DebatePlan, material: Material) -> Debate {
    let judge = plan.judge.as_ref().map(|judge| members(7)[who(&judge.participant)].clone());
    Debate::new(plan.clone(), members(plan.personas.len()), judge, material)
}

pub fn said(confidence: u32) -> Result<Reply, CallFailure> {
    text(format!("I hold it.\n\nCONFIDENCE: {confidence}"))
}

pub const SYNTHESIS: &str = "## Majority Position\nThey hold A.\n\n## Minority Positions\nOne holds B.\n\n## Unresolved Disputes\n- C\n\n## Synthesis Confidence\nJUDGE_CONFIDENCE: 71";

pub struct Played {
    pub outcome: Outcome,
    pub calls: Vec<CallSpec>,
    pub events: Vec<EventKind>,
    /// Whether it came to its own end.
    pub over: bool,
}

impl Played {
    pub fn body(&self) -> &DebateBody {
        let Body::Debate(body) = &self.outcome.body else { panic!("no debate: {:?}", self.outcome) };
        body
    }

    pub fn scores(&self) -> Vec<u32> {
        self.body().rounds.iter().map(|round| round.score).collect()
    }

    pub fn debate_events(&self) -> impl Iterator<Item = &DebateEvent> {
        self.events.iter().filter_map(|event| match event {
            EventKind::Debate(event) => Some(event),
            _ => None,
        })
    }

    pub fn call(&self, id: &str) -> &CallSpec {
        let ids: Vec<_> = self.calls.iter().map(|call| call.id.as_str()).collect();
        self.calls.iter().find(|call| call.id.as_str() == id).unwrap_or_else(|| panic!("no {id} in {ids:?}"))
    }
}

/// First come, first served, to the end.
pub fn play(debate: Debate, reply: &dyn Fn(&CallSpec) -> Result<Reply, CallFailure>) -> Played {
    let played = play_until(debate, reply, &mut |_| 0, usize::MAX);
    schemas::rendered(&played.outcome, &played.events);
    played
}

/// To the end, or until so many calls are settled; `next` says which of the live calls settles.
pub fn play_until(
    mut debate: Debate,
    reply: &dyn Fn(&CallSpec) -> Result<Reply, CallFailure>,
    next: &mut dyn FnMut(usize) -> usize,
    cut: usize,
) -> Played {
    let (mut calls, mut events, mut live) = (Vec::new(), Vec::new(), Vec::<CallSpec>::new());
    let (mut seen, mut settled) = (BTreeSet::new(), 0);
    let mut out = Outbox::default();
    assert_eq!(debate.conclude(), None);
    debate.start(&mut out);
    loop {
        let mut finished = None;
        for command in out.drain() {
            assert!(finished.is_none(), "a command after the end: {command:?}");
            match command {
                Command::Call(spec) => {
                    assert!(seen.insert(spec.id.clone()), "{} was asked twice", spec.id);
                    calls.push(spec.clone());
                    live.push(spec);
                }
                Command::Note(event) => events.push(event),
                Command::Finish(outcome) => finished = Some(outcome),
                other => panic!("no debate asks for {other:?}"),
            }
        }
        let concluded = debate.conclude().expect("a debate that began can always be concluded");
        if let Some(outcome) = finished {
            assert!(live.is_empty(), "calls were left behind: {live:?}");
            assert_eq!(concluded, outcome);
            return Played { outcome, calls, events, over: true };
        }
        assert_eq!(concluded.status, Status::Cancelled);
        if settled == cut {
            return Played { outcome: concluded, calls, events, over: false };
        }
        assert!(!live.is_empty(), "wedged: nothing asked, nothing to come");
        let in_turn = live.len() == 1 || live.iter().all(|spec| spec.id.as_str().starts_with("r1/"));
        assert!(in_turn, "only a blind round asks several at once");
        let spec = live.remove(next(live.len()) % live.len());
        settled += 1;
        let result = reply(&spec);
        debate.on(Input::Settled(Settled { id: spec.id, result }), &mut out);
    }
}

/// What a judge or a participant answers when nothing else is wanted.
pub fn plain(spec: &CallSpec, confidence: u32) -> Result<Reply, CallFailure> {
    if spec.role == Role::Judge { text(SYNTHESIS) } else { said(confidence) }
}

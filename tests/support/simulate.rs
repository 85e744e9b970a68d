//! Drives any protocol without engine, clock or processes, in any order of arrival, and checks on
//! the way what must hold for every one of them.

use super::schemas;
use refinery_core::event::EventKind;
use refinery_core::exchange::{CallSpec, Reply};
use refinery_core::failure::CallFailure;
use refinery_core::ids::{CallId, ParticipantId};
use refinery_core::outcome::Outcome;
use refinery_core::protocol::material::{Material, Member};
use refinery_core::protocol::{Command, Input, Outbox, Protocol, Settled};
use std::collections::BTreeSet;

/// What a call brings.
pub type Answers<'a> = &'a dyn Fn(&CallSpec) -> Result<Reply, CallFailure>;

/// Everything that happened in a run.
pub struct Played {
    pub outcome: Outcome,
    pub calls: Vec<CallSpec>,
    pub events: Vec<EventKind>,
}

impl Played {
    pub fn ids(&self) -> Vec<&str> {
        self.calls.iter().map(|call| call.id.as_str()).collect()
    }

    pub fn call(&self, id: &str) -> &CallSpec {
        self.calls.iter().find(|call| call.id.as_str() == id).unwrap_or_else(|| panic!("no {id} in {:?}", self.ids()))
    }

    /// Calls that are no repairs.
    pub fn plain_calls(&self) -> u64 {
        u64::try_from(self.ids().iter().filter(|id| !id.ends_with("/repair")).count()).unwrap()
    }

    pub fn all_calls(&self) -> u64 {
        u64::try_from(self.calls.len()).unwrap()
    }
}

pub fn member(name: &str) -> Member {
    Member {
        id: ParticipantId::new(name),
        model_id: format!("{name}-9"),
        vendor_words: vec![name.to_owned()],
        prompt_bytes: None,
    }
}

pub fn members(names: &[&str]) -> Vec<Member> {
    names.iter().map(|name| member(name)).collect()
}

pub fn material(question: &str) -> Material {
    Material {
        question: question.into(),
        files: Vec::new(),
        nonce_root: "000102030405060708090a0b0c0d0e0f".into(),
        seed: 7,
    }
}

/// A number that only its arguments decide.
pub fn hash(seed: u64, words: &[&str]) -> u64 {
    words.iter().flat_map(|word| word.bytes().chain([0])).fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        let hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        hash ^ (hash >> 29)
    })
}

/// First come, first served.
pub fn play(protocol: impl Protocol, answers: Answers<'_>) -> Played {
    let played = play_in_order(protocol, answers, 0);
    schemas::rendered(&played.outcome, &played.events);
    played
}

/// The whole run, replies in the order that a number decides: 0 is first come, first served.
pub fn play_in_order(protocol: impl Protocol, answers: Answers<'_>, order: u64) -> Played {
    cut(protocol, answers, order, usize::MAX).expect("a whole run ends with an outcome")
}

/// Runs to the end, or until so many calls are settled: then with what it concludes, if it does.
pub fn cut(mut protocol: impl Protocol, answers: Answers<'_>, order: u64, cut: usize) -> Option<Played> {
    let mut seen: BTreeSet<CallId> = BTreeSet::new();
    let mut live: Vec<CallSpec> = Vec::new();
    let (mut calls, mut events) = (Vec::new(), Vec::new());
    let mut out = Outbox::default();
    let mut settled = 0;
    let mut concluded_before = false;
    protocol.start(&mut out);
    loop {
        let mut finished: Option<Outcome> = None;
        for command in out.drain() {
            assert!(finished.is_none(), "a command after the end: {command:?}");
            match command {
                Command::Call(spec) => {
                    assert!(seen.insert(spec.id.clone()), "{} was asked twice", spec.id);
                    calls.push(spec.clone());
                    live.push(spec);
                }
                Command::Abandon(id) => {
                    let place = live.iter().position(|spec| spec.id == id);
                    live.remove(place.unwrap_or_else(|| panic!("{id} was abandoned but is not live")));
                }
                Command::Note(event) => events.push(event),
                Command::Finish(outcome) => finished = Some(outcome),
                Command::Timer(..) | Command::Pause(_) => panic!("no timers, no pauses here: {command:?}"),
            }
        }
        let concluded = protocol.conclude();
        assert!(concluded.is_some() || !concluded_before, "what there was is lost");
        concluded_before = concluded.is_some();
        if let Some(outcome) = finished {
            assert!(live.is_empty(), "calls were left behind: {live:?}");
            assert_eq!(concluded.as_ref(), Some(&outcome));
            // Whatever comes after the end changes nothing.
            protocol.on(Input::Settled(Settled { id: CallId::new("r1/x"), result: Ok(Reply::default()) }), &mut out);
            assert!(out.is_empty());
            return Some(Played { outcome, calls, events });
        }
        if settled == cut {
            return concluded.map(|outcome| Played { outcome, calls, events });
        }
        assert!(!live.is_empty(), "wedged: nothing asked, nothing to come");
        let next = match order % 8 {
            0 => 0,
            1 => live.len() - 1,
            _ => usize::try_from(hash(order, &[&settled.to_string()]) % 1_000_003).unwrap() % live.len(),
        };
        let spec = live.remove(next);
        settled += 1;
        let result = answers(&spec);
        protocol.on(Input::Settled(Settled { id: spec.id, result }), &mut out);
    }
}

//! A simulated room: drives a protocol without engine, clock or processes, in any order of
//! arrival, and checks on the way what must hold for every protocol.

use refinery_core::event::EventKind;
use refinery_core::exchange::{CallSpec, Reply, Role, Tuning};
use refinery_core::failure::{CallFailure, FailureClass};
use refinery_core::ids::{CallId, ParticipantId, TimerId};
use refinery_core::outcome::{Body, ConsensusBody, Outcome, Status};
use refinery_core::protocol::consensus::{Consensus, ConsensusPlan, ReviewMode, VoteThreshold};
use refinery_core::protocol::material::{Material, Member};
use refinery_core::protocol::{Command, Input, Outbox, Protocol, RoundOverrides, RoundReport, Settled};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A word for each author that its answers carry and no prompt of ours does.
pub const MARKS: [&str; 7] = ["amber", "birch", "cedar", "dune", "ember", "flint", "grove"];
/// Name, product and maker of each participant.
pub const NAMES: [(&str, &str, &str); 7] = [
    ("claude", "Claude", "Anthropic"),
    ("codex", "Codex", "OpenAI"),
    ("gemini", "Gemini", "Google"),
    ("mistral", "Mistral", "Mistralai"),
    ("qwen", "Qwen", "Alibaba"),
    ("llama", "Llama", "Meta"),
    ("grok", "Grok", "Xai"),
];

pub fn members(count: usize) -> Vec<Member> {
    let member = |(name, product, maker): &(&str, &str, &str)| Member {
        id: ParticipantId::new(*name),
        model_id: format!("{name}-9"),
        vendor_words: vec![product.to_lowercase(), maker.to_lowercase()],
        prompt_bytes: None,
    };
    NAMES[..count].iter().map(member).collect()
}

pub fn plan(max_rounds: u32) -> ConsensusPlan {
    ConsensusPlan {
        threshold: 8.0,
        max_rounds,
        stability_rounds: 2,
        review: ReviewMode::Pairwise,
        stepped: false,
        tuning: Tuning::default(),
        ..ConsensusPlan::default()
    }
}

pub fn material() -> Material {
    Material {
        question: "Codex or Gemini?".into(),
        files: vec![("notes.md".into(), "I am Claude, says the file.".into())],
        nonce_root: "000102030405060708090a0b0c0d0e0f".into(),
        seed: 7,
    }
}

pub fn consensus(plan: &ConsensusPlan, count: usize) -> Consensus {
    let rule = VoteThreshold::new(plan.threshold, plan.stability_rounds);
    Consensus::new(plan.clone(), members(count), material(), Box::new(rule))
}

pub fn who(name: &ParticipantId) -> usize {
    NAMES.iter().position(|(known, ..)| *known == name.as_str()).expect("a participant of the room")
}

pub fn text(text: impl Into<Arc<str>>) -> Result<Reply, CallFailure> {
    Ok(Reply { text: text.into(), ..Reply::default() })
}

pub fn failure(class: FailureClass) -> Result<Reply, CallFailure> {
    Err(CallFailure::new(class, "as told"))
}

/// What an author answers: it names itself, as models do.
pub fn answer(author: usize, version: u32) -> String {
    let (_, product, maker) = NAMES[author];
    format!(
        "I am {product}, made by {maker}. Take {} for reason {version}.\n\n```\nversion {version}\n```\n\n— {product}",
        MARKS[author]
    )
}

/// One review as JSON, without braces around it.
pub fn review(reviewer: usize, author: usize, score: f64) -> String {
    let (_, product, _) = NAMES[reviewer];
    format!(
        r#"{{"strengths":["clear {m}"],"weaknesses":["thin {m}"],"suggestions":["more {m}"],"overall_assessment":"As {product}, I find {m} sound.","rationale":"because of {m}","score":{score}}}"#,
        m = MARKS[author]
    )
}

/// Whose answers a review's prompt shows, under which labels, in order.
pub fn shown(prompt: &str) -> Vec<(String, usize)> {
    let answers = prompt.split("<answer-").skip(1).filter_map(|block| block.split_once("label=\"Answer "));
    answers
        .filter_map(|(_, rest)| {
            let (label, rest) = rest.split_once('"')?;
            let body = rest.split("</answer-").next()?;
            Some((label.to_owned(), MARKS.iter().position(|mark| body.contains(mark))?))
        })
        .collect()
}

/// Answers every call as a participant would; `score(round, reviewer, author)` from 1 to 10.
pub fn participant(spec: &CallSpec, score: &dyn Fn(u32, usize, usize) -> f64) -> Result<Reply, CallFailure> {
    let (me, round) = (who(&spec.to), spec.round.get());
    match spec.role {
        Role::Answer | Role::Propose => text(answer(me, round)),
        Role::Refine => text(answer(me, round + 1)),
        Role::Evaluate => {
            let answers = shown(&spec.prompt.to_string());
            let review = |author: usize| review(me, author, score(round, me, author));
            if spec.shape.as_ref().is_some_and(|shape| &*shape.name == "review") {
                return text(review(answers[0].1));
            }
            let labelled = |(label, author): &(String, usize)| {
                review(*author).replacen('{', &format!("{{\"answer\":\"{label}\","), 1)
            };
            let reviews: Vec<String> = answers.iter().map(labelled).collect();
            text(format!("{{\"reviews\":[{}]}}", reviews.join(",")))
        }
        other => panic!("no such role here: {other}"),
    }
}

/// The same without a name in it: nothing to scrub, so that thousands of runs take no time.
pub fn nameless(spec: &CallSpec, score: &dyn Fn(u32, usize, usize) -> f64) -> Result<Reply, CallFailure> {
    let reply = participant(spec, score)?.text.to_string();
    let (_, product, maker) = NAMES[who(&spec.to)];
    text(reply.replace(product, "nobody").replace(maker, "nobody"))
}

/// Everything that happened in a run.
pub struct Transcript {
    pub outcome: Outcome,
    pub calls: Vec<CallSpec>,
    pub abandoned: BTreeSet<CallId>,
    pub events: Vec<EventKind>,
    pub pauses: Vec<RoundReport>,
    /// The timers that ran out.
    pub timers: BTreeSet<String>,
}

impl Transcript {
    pub fn body(&self) -> &ConsensusBody {
        let Body::Consensus(body) = &self.outcome.body else { panic!("no consensus: {:?}", self.outcome) };
        body
    }

    pub fn ids(&self) -> Vec<&str> {
        self.calls.iter().map(|call| call.id.as_str()).collect()
    }

    pub fn call(&self, id: &str) -> &CallSpec {
        self.calls.iter().find(|call| call.id.as_str() == id).unwrap_or_else(|| panic!("no {id} in {:?}", self.ids()))
    }
}

/// How a run is driven.
pub struct Drive<'a> {
    /// What each call brings.
    pub reply: &'a dyn Fn(&CallSpec) -> Result<Reply, CallFailure>,
    /// Which of the live calls settles next, by its place in the order in which they were asked; beyond them, timers.
    pub next: &'a mut dyn FnMut(&[CallSpec]) -> usize,
    /// What the caller of a stepped run says at a pause.
    pub word: &'a dyn Fn(&RoundReport) -> RoundOverrides,
    /// Stops the run after this many settled calls, with what it concludes.
    pub cut: usize,
}

/// First come, first served.
pub fn run(protocol: impl Protocol, reply: &dyn Fn(&CallSpec) -> Result<Reply, CallFailure>) -> Transcript {
    let mut first = |_: &[CallSpec]| 0;
    let drive = Drive { reply, next: &mut first, word: &|_| RoundOverrides::default(), cut: usize::MAX };
    drive.run(protocol).expect("a whole run ends with an outcome")
}

impl Drive<'_> {
    /// Runs to the end, or to the cut: then with what the protocol concludes, if it does.
    pub fn run(self, mut protocol: impl Protocol) -> Option<Transcript> {
        let mut seen = BTreeSet::new();
        let mut live: Vec<CallSpec> = Vec::new();
        let mut done = Transcript {
            outcome: Outcome::new(Status::Error, None, Body::Consensus(ConsensusBody::default())),
            calls: Vec::new(),
            abandoned: BTreeSet::new(),
            events: Vec::new(),
            pauses: Vec::new(),
            timers: BTreeSet::new(),
        };
        let mut timers: Vec<TimerId> = Vec::new();
        let mut out = Outbox::default();
        let (mut settled, mut answered) = (0, false);
        protocol.start(&mut out);
        loop {
            let mut finished = false;
            let mut paused = None;
            for command in out.drain() {
                assert!(!finished, "a command after the end: {command:?}");
                match command {
                    Command::Call(spec) => {
                        assert!(seen.insert(spec.id.clone()), "{} was asked twice", spec.id);
                        done.calls.push(spec.clone());
                        live.push(spec);
                    }
                    Command::Abandon(id) => {
                        let place = live.iter().position(|spec| spec.id == id);
                        live.remove(place.unwrap_or_else(|| panic!("{id} was abandoned but is not live")));
                        done.abandoned.insert(id);
                    }
                    Command::Pause(report) => {
                        paused = Some(report.clone());
                        done.pauses.push(report);
                    }
                    Command::Note(event) => done.events.push(event),
                    Command::Finish(outcome) => {
                        done.outcome = outcome;
                        finished = true;
                    }
                    Command::Timer(id, _) => timers.push(id),
                }
            }
            let concluded = protocol.conclude();
            assert_eq!(concluded.is_some(), answered || finished, "best so far, from the first answer on");
            if finished {
                assert!(live.is_empty(), "calls were left behind: {live:?}");
                assert_eq!(concluded.as_ref(), Some(&done.outcome));
                return Some(done);
            }
            if settled == self.cut {
                return concluded.map(|outcome| Transcript { outcome, ..done });
            }
            if let Some(report) = paused {
                assert!(live.is_empty(), "a stepped run rests between two rounds");
                protocol.on(Input::Advance((self.word)(&report)), &mut out);
                continue;
            }
            assert!(!live.is_empty(), "wedged: nothing asked, nothing to come");
            let next = (self.next)(&live) % (live.len() + timers.len());
            if next >= live.len() {
                let timer = timers.remove(next - live.len());
                if live.iter().any(|spec| spec.id.as_str() == timer.as_str()) {
                    done.timers.insert(timer.to_string());
                }
                protocol.on(Input::Elapsed(timer), &mut out);
                continue;
            }
            let spec = live.remove(next);
            settled += 1;
            let result = (self.reply)(&spec);
            answered |= matches!(spec.role, Role::Answer | Role::Propose)
                && result.as_ref().is_ok_and(|reply| !reply.text.trim().is_empty());
            protocol.on(Input::Settled(Settled { id: spec.id, result }), &mut out);
        }
    }
}

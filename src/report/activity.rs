//! What each participant is doing now, as a fold over events: the content of the live region.

use crate::event::{DebateEvent, Event, EventKind};
use crate::exchange::Role;
use crate::ids::{CallId, ParticipantId};
use crate::time::Timestamp;
use crate::words::{counted, grouped, listed};
use std::collections::BTreeMap;

/// The activity of a run.
#[derive(Debug, Default)]
pub struct ActivityModel {
    seats: Vec<(ParticipantId, BTreeMap<CallId, Doing>)>,
    round: Option<(u32, u32)>,
    settled: u64,
    max_calls: u64,
}

#[derive(Debug)]
struct Doing {
    role: Role,
    since: Option<Timestamp>,
    begun: bool,
    what: String,
    bytes: u64,
}

impl ActivityModel {
    /// Takes an event in. Returns whether anything that is shown has changed.
    pub fn see(&mut self, event: &Event) -> bool {
        match &event.kind {
            EventKind::RunStarted { participants, max_calls, .. } => {
                self.seats = participants.iter().map(|one| (one.participant.clone(), BTreeMap::new())).collect();
                self.max_calls = *max_calls;
            }
            EventKind::RoundStarted { round, max_rounds } => self.round = Some((round.get(), *max_rounds)),
            EventKind::Debate(DebateEvent::RoundStart { round, max_rounds, .. }) => {
                self.round = Some((round.get(), *max_rounds));
            }
            EventKind::CallQueued { call, participant, role, .. } => {
                if let Some((_, calls)) = self.seats.iter_mut().find(|(id, _)| id == participant) {
                    let doing = Doing { role: *role, since: None, begun: false, what: String::new(), bytes: 0 };
                    calls.insert(call.clone(), doing);
                }
            }
            EventKind::AttemptStarted { call, .. } => self.change(call, |doing| {
                doing.since = Some(event.at);
                doing.begun = true;
            }),
            EventKind::AttemptEnded { call, .. } => self.change(call, |doing| doing.since = None),
            EventKind::Progress { call, doing: what, bytes } => self.change(call, |doing| {
                doing.what.clone_from(what);
                doing.bytes = *bytes;
            }),
            EventKind::CallSettled { call, .. } | EventKind::CallAbandoned { call } => {
                let begun = self.seats.iter_mut().filter_map(|(_, calls)| calls.remove(call)).any(|doing| doing.begun);
                self.settled += u64::from(begun);
            }
            _ => return false,
        }
        true
    }

    fn change(&mut self, call: &CallId, change: impl FnOnce(&mut Doing)) {
        if let Some(doing) = self.seats.iter_mut().find_map(|(_, calls)| calls.get_mut(call)) {
            change(doing);
        }
    }

    /// The line above the participants: `round 2 of 5, 14 calls done (maximum 45)`.
    #[must_use]
    pub fn headline(&self) -> String {
        let calls = format!("{} done (maximum {})", counted(self.settled, "call"), grouped(self.max_calls));
        self.round.map_or_else(|| calls.clone(), |(round, most)| format!("round {round} of {most}, {calls}"))
    }

    /// For each participant, in plan order: its name, its activity, and when the activity began; `None` while idle.
    pub fn seats(&self) -> impl Iterator<Item = (&ParticipantId, String, Option<Timestamp>)> {
        self.seats.iter().map(|(id, calls)| {
            let running: Vec<_> = calls.values().filter(|doing| doing.since.is_some()).collect();
            let waiting = calls.len() - running.len();
            let since = running.iter().filter_map(|doing| doing.since).min();
            let mut text = match running.as_slice() {
                [] if waiting == 0 => self.idle(),
                [] => format!("{waiting} queued"),
                [one] => format!("{}{}", verb(one.role), detail(one)),
                many => in_parallel(many),
            };
            if !running.is_empty() && waiting > 0 {
                text = format!("{text}, {waiting} queued");
            }
            (id, text, since)
        })
    }

    /// `idle, waiting for codex's answer`, or for several participants by name.
    fn idle(&self) -> String {
        let open: Vec<_> = self.seats.iter().filter(|(_, calls)| !calls.is_empty()).collect();
        match open.as_slice() {
            [] => "idle".to_owned(),
            [(id, calls)] => {
                let mut roles: Vec<_> = calls.values().map(|doing| noun(doing.role)).collect();
                roles.dedup();
                let what = if let [one] = roles.as_slice() { format!("{id}'s {one}") } else { id.to_string() };
                format!("idle, waiting for {what}")
            }
            many => {
                let names: Vec<_> = many.iter().map(|(id, _)| id.as_str()).collect();
                format!("idle, waiting for {}", listed(&names, "and"))
            }
        }
    }
}

/// `improves its answer, reviews 2 in parallel`.
fn in_parallel(running: &[&Doing]) -> String {
    let mut counts: BTreeMap<Role, usize> = BTreeMap::new();
    for doing in running {
        *counts.entry(doing.role).or_default() += 1;
    }
    let parts = counts.iter().rev().map(|(role, count)| match count {
        1 => verb(*role).to_owned(),
        many => format!("{} {many} in parallel", verb(*role)),
    });
    parts.collect::<Vec<_>>().join(", ")
}

fn verb(role: Role) -> &'static str {
    match role {
        Role::Answer => "answers",
        Role::Argue => "argues",
        Role::Judge => "writes the synthesis",
        Role::Propose => "proposes",
        Role::Evaluate => "reviews",
        Role::Refine => "improves its answer",
        Role::Sample => "answers",
        Role::Draft => "drafts",
        Role::Score => "scores",
        Role::Critique => "critiques and rewrites",
    }
}

fn noun(role: Role) -> &'static str {
    match role {
        Role::Answer | Role::Propose | Role::Refine | Role::Sample => "answer",
        Role::Argue => "argument",
        Role::Judge => "synthesis",
        Role::Evaluate => "review",
        Role::Draft => "draft",
        Role::Score => "score",
        Role::Critique => "critique",
    }
}

fn detail(doing: &Doing) -> String {
    match (doing.what.as_str(), doing.bytes) {
        ("", _) => String::new(),
        (what, 0) => format!(", {what}"),
        (what, bytes) => format!(", {what}, {} bytes", grouped(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Announced;
    use crate::exchange::Usage;
    use crate::ids::{Round, RunId};

    fn announced(name: &str) -> Announced {
        Announced { participant: ParticipantId::new(name), model_id: name.into(), effort: None, pays: "x".into() }
    }

    fn see(activity: &mut ActivityModel, at: i64, kind: EventKind) {
        activity.see(&Event { seq: None, at: Timestamp(at), kind });
    }

    fn shown(activity: &ActivityModel) -> Vec<String> {
        activity.seats().map(|(id, text, since)| format!("{id}: {text} {:?}", since.map(|at| at.0))).collect()
    }

    #[test]
    fn participants_are_shown_with_their_open_calls() {
        let mut activity = ActivityModel::default();
        let participants = vec![announced("a"), announced("b")];
        see(
            &mut activity,
            0,
            EventKind::RunStarted { run: RunId::new("r"), protocol: "c".into(), participants, max_calls: 12 },
        );
        let call = |name: &str| CallId::new(format!("r1/evaluate/a>{name}"));
        for name in ["b", "c", "d"] {
            let (participant, role) = (ParticipantId::new("a"), Role::Evaluate);
            see(&mut activity, 1, EventKind::CallQueued { call: call(name), participant, role, round: Round::FIRST });
        }
        assert_eq!(shown(&activity), ["a: 3 queued None", "b: idle, waiting for a's review None"]);
        see(&mut activity, 5, EventKind::AttemptStarted { call: call("b"), attempt: 1 });
        see(&mut activity, 6, EventKind::Progress { call: call("b"), doing: "answering".into(), bytes: 1200 });
        assert_eq!(shown(&activity)[0], "a: reviews, answering, 1,200 bytes, 2 queued Some(5)");
        see(&mut activity, 7, EventKind::AttemptStarted { call: call("c"), attempt: 1 });
        assert_eq!(shown(&activity)[0], "a: reviews 2 in parallel, 1 queued Some(5)");
        let ended = EventKind::AttemptEnded {
            call: call("b"),
            attempt: 1,
            failure: None,
            message: None,
            usage: Usage::default(),
            elapsed_ms: 3,
        };
        see(&mut activity, 8, ended);
        let participant = ParticipantId::new("a");
        see(
            &mut activity,
            8,
            EventKind::CallSettled { call: call("b"), participant, failure: None, attempts: 1, elapsed_ms: 7 },
        );
        assert_eq!(shown(&activity)[0], "a: reviews, 1 queued Some(7)");
        see(&mut activity, 9, EventKind::RoundStarted { round: Round::FIRST, max_rounds: 5 });
        assert_eq!(activity.headline(), "round 1 of 5, 1 call done (maximum 12)");
    }
}

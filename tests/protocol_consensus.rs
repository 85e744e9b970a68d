//! What a consensus run does, script by script.

use crate::support::room::{
    self, Drive, MARKS, Transcript, answer, consensus, failure, material, members, participant, plan, run, text,
};
use refinery_core::event::EventKind;
use refinery_core::exchange::{CallSpec, Reply, Role};
use refinery_core::failure::{CallFailure, FailureClass};
use refinery_core::ids::ParticipantId;
use refinery_core::outcome::Status;
use refinery_core::protocol::ProtocolSettings;
use refinery_core::protocol::consensus::{Consensus, ConsensusPlan, ReviewMode, VoteThreshold};
use refinery_core::protocol::{RoundOverrides, RoundReport};

/// Everybody gives the first participant 9 and the others 6.
fn first_leads(_: u32, _: usize, author: usize) -> f64 {
    if author == 0 { 9.0 } else { 6.0 }
}

fn nobody_leads(round: u32, _: usize, author: usize) -> f64 {
    if author == usize::try_from(round).unwrap() % 3 { 7.0 } else { 6.0 }
}

fn run_with(plan: &ConsensusPlan, count: usize, reply: &dyn Fn(&CallSpec) -> Result<Reply, CallFailure>) -> Transcript {
    run(consensus(plan, count), reply)
}

#[test]
fn three_that_agree_converge_in_round_2_and_buy_no_refinement_of_it() {
    let done = run_with(&plan(5), 3, &|spec| participant(spec, &first_leads));
    let body = done.body();
    assert_eq!(done.outcome.status, Status::Converged);
    assert_eq!((body.final_round, body.rounds.len()), (2, 2));
    assert_eq!(done.calls.len(), 3 + 6 + 3 + 6);
    let winner = body.winner.as_ref().unwrap();
    assert_eq!((winner.participant.as_str(), winner.mean_score), ("claude", Some(9.0)));
    assert_eq!(winner.answer, answer(0, 2), "the answer that was scored, word for word");
    assert_eq!(done.outcome.answer.as_deref(), Some(winner.answer.as_str()));
    let order: Vec<_> = body.all_answers.iter().map(|answer| answer.participant.as_str()).collect();
    assert_eq!(order, ["claude", "codex", "gemini"]);
    assert_eq!(body.all_answers[1].scores.len(), 2);
    assert!(body.dissent.iter().all(|one| one.score >= 8.0) && body.models_dropped.is_empty());
    assert_eq!((body.answer_round, body.reviews.len() > 9), (Some(2), true));
    assert!(body.rounds[1].converged && !body.rounds[0].converged);
}

#[test]
fn rounds_run_out_within_the_estimate() {
    let plan = plan(5);
    let done = run_with(&plan, 3, &|spec| participant(spec, &nobody_leads));
    assert_eq!(done.outcome.status, Status::MaxRoundsExceeded);
    assert_eq!(u64::try_from(done.calls.len()).unwrap(), plan.estimate(3).total);
    let first = done.ids().iter().filter(|id| id.starts_with("r1/")).count();
    assert_eq!((done.calls.len(), first), (45, 12));
    assert_eq!(done.body().winner.as_ref().unwrap().participant.as_str(), "gemini", "who led the last round");
    assert_eq!(done.body().final_round, 5);
}

#[test]
fn a_single_participant_gets_the_bare_question_once() {
    let done = run_with(&plan(5), 1, &|spec| participant(spec, &first_leads));
    assert_eq!(done.outcome.status, Status::SingleModel);
    assert_eq!(done.ids(), ["r1/answer/claude"]);
    let call = &done.calls[0];
    let prompt = call.prompt.to_string();
    assert!(prompt.starts_with("Codex or Gemini?\n\n<file-"), "{prompt}");
    assert_eq!((&*call.system, call.role, &call.shape), ("", Role::Answer, &None));
    assert_eq!(done.outcome.answer, Some(answer(0, 1)));
    assert_eq!(done.body().all_answers[0].mean_score, None);
    let failed = run_with(&plan(5), 1, &|_| failure(FailureClass::Billing));
    assert_eq!((failed.outcome.status, &failed.outcome.answer), (Status::Error, &None));
    assert_eq!(failed.body().models_dropped[0].reason, FailureClass::Billing);
}

#[test]
fn a_proposal_is_reviewed_while_others_still_think() {
    let reply = |spec: &CallSpec| participant(spec, &first_leads);
    // Gemini is slowest: everything else settles first.
    let mut next = |live: &[CallSpec]| live.iter().position(|spec| spec.to.as_str() != "gemini").unwrap_or(0);
    let drive = Drive { reply: &reply, next: &mut next, word: &|_| RoundOverrides::default(), cut: 4 };
    let done = drive.run(consensus(&plan(5), 3)).unwrap();
    assert!(done.ids().contains(&"r1/evaluate/gemini>claude"), "a reviewer need not have proposed: {:?}", done.ids());
    assert!(done.ids().contains(&"r1/evaluate/claude>codex"));
}

#[test]
fn an_answer_is_refined_as_soon_as_its_own_reviews_are_in() {
    let reply = |spec: &CallSpec| participant(spec, &first_leads);
    // Claude's reviews come first, and nothing that gemini does.
    let mut next = |live: &[CallSpec]| {
        let about_claude = |spec: &CallSpec| spec.id.as_str().ends_with(">claude") || spec.role == Role::Propose;
        live.iter().position(about_claude).unwrap_or(0)
    };
    let drive = Drive { reply: &reply, next: &mut next, word: &|_| RoundOverrides::default(), cut: 5 };
    let done = drive.run(consensus(&plan(5), 3)).unwrap();
    assert!(done.ids().contains(&"r1/refine/claude"), "{:?}", done.ids());
    let stepped = ConsensusPlan { stepped: true, ..plan(5) };
    let drive = Drive { reply: &reply, next: &mut next, word: &|_| RoundOverrides::default(), cut: 8 };
    let done = drive.run(consensus(&stepped, 3)).unwrap();
    assert!(!done.ids().contains(&"r1/refine/claude"), "never in a stepped run: {:?}", done.ids());
}

#[test]
fn a_failed_proposal_comes_back_blind_in_the_next_round() {
    let done = run_with(&plan(3), 3, &|spec| match spec.id.as_str() {
        "r1/propose/codex" => failure(FailureClass::TimedOut),
        _ => participant(spec, &first_leads),
    });
    assert_eq!(done.outcome.status, Status::Converged);
    let again = done.call("r2/propose/codex");
    assert_eq!(again.prompt, done.call("r1/propose/codex").prompt, "blind means blind");
    assert!(!done.ids().contains(&"r1/refine/codex"));
    assert!(done.ids().contains(&"r1/evaluate/codex>claude"), "it reviews all the same");
    assert!(done.body().models_dropped.is_empty(), "it came back");
    assert!(done.events.iter().any(|event| matches!(event, EventKind::ProposeFailed { .. })));
}

#[test]
fn fewer_than_two_answers_end_the_run() {
    let done = run_with(&plan(3), 3, &|spec| match spec.id.as_str() {
        "r1/propose/codex" | "r1/propose/gemini" => failure(FailureClass::NotLoggedIn),
        _ => participant(spec, &first_leads),
    });
    assert_eq!(done.outcome.status, Status::InsufficientModels);
    assert_eq!(done.outcome.answer, Some(answer(0, 1)), "the only answer is printed all the same");
    assert_eq!(done.body().winner.as_ref().unwrap().mean_score, None);
    let dropped: Vec<_> = done.body().models_dropped.iter().map(|model| model.participant.as_str()).collect();
    assert_eq!(dropped, ["codex", "gemini"]);
    let nobody = run_with(&plan(3), 2, &|_| failure(FailureClass::Network));
    assert_eq!((nobody.outcome.status, nobody.outcome.answer), (Status::InsufficientModels, None));
}

#[test]
fn a_malformed_review_is_repaired_once() {
    let done = run_with(&plan(2), 3, &|spec| match spec.id.as_str() {
        "r1/evaluate/codex>claude" => text("I give it {\"score\": 11}"),
        "r1/evaluate/codex>claude/repair" => text(room::review(1, 0, 9.0)),
        "r1/evaluate/gemini>claude" | "r1/evaluate/gemini>claude/repair" => text("no idea"),
        _ => participant(spec, &first_leads),
    });
    let repair = done.call("r1/evaluate/codex>claude/repair");
    let first = done.call("r1/evaluate/codex>claude");
    let prompt = repair.prompt.to_string();
    assert!(prompt.starts_with(&first.prompt.to_string()), "it repeats what was asked");
    assert!(prompt.contains("I give it {\"score\": 11}") && prompt.contains("not a number from 1 to 10"));
    assert!(prompt.contains("\"additionalProperties\":false"), "with the schema");
    assert_eq!((repair.role, &repair.shape), (Role::Evaluate, &first.shape));
    let round = &done.body().rounds[0];
    assert_eq!((round.repairs, round.reviews_dropped), (2, 1));
    assert_eq!(round.scores[&ParticipantId::new("codex")][&ParticipantId::new("claude")], 9.0);
    assert!(!round.scores[&ParticipantId::new("gemini")].contains_key(&ParticipantId::new("claude")));
}

#[test]
fn a_shape_miss_that_the_cli_reports_is_read_and_repaired_like_any_other() {
    let malformed = |partial: &str| {
        let mut failure = CallFailure::new(FailureClass::Malformed, "not the shape");
        failure.partial = Some(partial.to_owned());
        Err(failure)
    };
    let done = run_with(&plan(1), 2, &|spec| match spec.id.as_str() {
        "r1/evaluate/codex>claude" => malformed("Here: {\"score\": 5}"),
        "r1/evaluate/claude>codex" => malformed("half a"),
        _ => participant(spec, &first_leads),
    });
    assert_eq!(done.body().rounds[0].repairs, 1);
    assert_eq!(done.body().rounds[0].means[&ParticipantId::new("claude")], 5.0);
    assert!(done.call("r1/evaluate/claude>codex/repair").prompt.to_string().contains("half a"));
}

#[test]
fn who_fails_for_good_is_not_asked_again() {
    let done = run_with(&plan(4), 3, &|spec| match spec.to.as_str() {
        "gemini" if spec.role != Role::Propose => failure(FailureClass::UsageLimit),
        _ => participant(spec, &nobody_leads),
    });
    let asked: Vec<_> =
        done.calls.iter().filter(|spec| spec.to.as_str() == "gemini").map(|spec| spec.id.as_str()).collect();
    assert!(asked.len() <= 3 && asked.iter().all(|id| id.starts_with("r1/")), "{asked:?}");
    assert_eq!(done.outcome.status, Status::MaxRoundsExceeded);
    let body = done.body();
    assert_eq!(body.models_dropped[0].reason, FailureClass::UsageLimit);
    assert!(body.rounds[3].means.contains_key(&ParticipantId::new("gemini")), "its answer stays in the room");
    assert_eq!(body.rounds[3].reviews_dropped, 2);
}

#[test]
fn nobody_left_to_ask_ends_the_run() {
    let done = run_with(&plan(20), 3, &|spec| match spec.role {
        Role::Propose => participant(spec, &first_leads),
        _ => failure(FailureClass::Billing),
    });
    assert_eq!(done.outcome.status, Status::InsufficientModels);
    assert_eq!(done.outcome.answer, Some(answer(0, 1)));
    assert_eq!(done.body().final_round, 1);
}

#[test]
fn a_failed_refinement_keeps_the_answer() {
    let done = run_with(&plan(3), 3, &|spec| match spec.id.as_str() {
        "r1/refine/claude" => text("  \n"),
        "r1/refine/codex" => failure(FailureClass::Crashed),
        _ => participant(spec, &first_leads),
    });
    assert_eq!(done.outcome.answer, Some(answer(0, 1)));
    assert_eq!(done.body().all_answers[1].answer, answer(1, 1));
    assert_eq!(done.body().all_answers[2].answer, answer(2, 2));
    assert_eq!(done.events.iter().filter(|event| matches!(event, EventKind::RefineFailed { .. })).count(), 2);
}

#[test]
fn calls_that_cannot_change_the_end_are_given_up() {
    // Round 2: all words about claude are in, and nobody can overtake it.
    let mut next = |live: &[CallSpec]| {
        let early = |spec: &CallSpec| !spec.id.as_str().starts_with("r2/") || spec.id.as_str().ends_with(">claude");
        let late = |spec: &CallSpec| spec.id.as_str() == "r2/evaluate/claude>gemini";
        live.iter().position(early).or_else(|| live.iter().position(|spec| !late(spec))).unwrap_or(0)
    };
    let reply = |spec: &CallSpec| participant(spec, &first_leads);
    let drive = Drive { reply: &reply, next: &mut next, word: &|_| RoundOverrides::default(), cut: usize::MAX };
    let done = drive.run(consensus(&plan(5), 3)).unwrap();
    assert_eq!(done.outcome.status, Status::Converged);
    assert_eq!(done.outcome.answer, Some(answer(0, 2)));
    assert!(done.abandoned.iter().any(|id| id.as_str() == "r2/evaluate/claude>gemini"), "{:?}", done.abandoned);
}

#[test]
fn dissent_is_what_speaks_against_the_winner() {
    let plan = ConsensusPlan { stability_rounds: 1, threshold: 7.0, ..plan(2) };
    let done = run_with(&plan, 4, &|spec| {
        participant(spec, &|_, reviewer, author| match (reviewer, author) {
            (1, 0) => 6.5,
            (2, 0) => 5.5,
            (_, 0) => 10.0,
            _ => 3.0,
        })
    });
    assert_eq!(done.outcome.status, Status::Converged);
    let dissent: Vec<_> = done.body().dissent.iter().map(|review| (review.reviewer.as_str(), review.score)).collect();
    assert_eq!(dissent, [("gemini", 5.5), ("codex", 6.5), ("mistral", 10.0)], "a high score can name a weakness too");
    assert_eq!(done.body().dissent[0].weaknesses, [format!("thin {}", MARKS[0])]);
}

#[test]
fn a_permanent_tie_converges_on_the_first_in_the_plan() {
    let done = run_with(&plan(5), 3, &|spec| participant(spec, &|_, _, _| 9.0));
    assert_eq!((done.outcome.status, done.body().final_round), (Status::Converged, 2));
    assert_eq!(done.body().winner.as_ref().unwrap().participant.as_str(), "claude");
    let tied: Vec<_> = done.body().tied_with.iter().map(ParticipantId::as_str).collect();
    assert_eq!(tied, ["codex", "gemini"], "and the tie is told");
}

#[test]
fn a_batch_is_one_call_for_each_reviewer() {
    let plan = ConsensusPlan { review: ReviewMode::Batch, ..plan(5) };
    let done = run_with(&plan, 4, &|spec| participant(spec, &first_leads));
    assert_eq!(done.outcome.status, Status::Converged);
    assert_eq!(done.calls.len(), 4 + 4 + 4 + 4);
    assert_eq!(room::shown(&done.call("r1/evaluate/codex").prompt.to_string()).len(), 3);
    assert_eq!(done.body().rounds[0].means[&ParticipantId::new("claude")], 9.0);
}

#[test]
fn a_batch_keeps_what_is_right_and_repairs_the_rest() {
    let plan = ConsensusPlan { review: ReviewMode::Batch, early_close: false, ..plan(1) };
    let spoil = |spec: &CallSpec, labels: &[&str]| {
        let good = participant(spec, &first_leads).unwrap().text.to_string();
        let bad = labels.iter().fold(good, |reply, label| {
            reply.replace(&format!("\"answer\":\"{label}\""), &format!("\"answer\":\"lost {label}?!0\""))
        });
        text(bad)
    };
    let done = run_with(&plan, 4, &|spec| match spec.id.as_str() {
        "r1/evaluate/claude" => spoil(spec, &["A", "C"]),
        "r1/evaluate/claude/repair" => spoil(spec, &["C"]),
        _ => participant(spec, &first_leads),
    });
    let round = &done.body().rounds[0];
    assert_eq!((round.repairs, round.reviews_dropped), (1, 1));
    assert_eq!(round.scores[&ParticipantId::new("claude")].len(), 2);
}

#[test]
fn a_batch_that_does_not_fit_is_split() {
    let plan = ConsensusPlan { review: ReviewMode::Batch, ..plan(1) };
    let mut members = members(4);
    members[0].prompt_bytes = Some(64 * 1024);
    let rule = VoteThreshold::new(8.0, 2);
    let protocol = Consensus::new(plan, members, material(), Box::new(rule));
    let long = |spec: &CallSpec| match spec.role {
        Role::Propose => text(format!("{} {}", MARKS[room::who(&spec.to)], "x".repeat(20_000))),
        _ => participant(spec, &first_leads),
    };
    let done = run(protocol, &long);
    assert!(done.ids().contains(&"r1/evaluate/claude") && done.ids().contains(&"r1/evaluate/claude/2"));
    assert_eq!(done.body().rounds[0].scores[&ParticipantId::new("claude")].len(), 3);
    assert!(done.body().quotes_cut.is_empty());
    assert!(done.calls.iter().all(|call| call.to.as_str() != "claude" || call.prompt.bytes() <= 64 * 1024));
}

#[test]
fn a_step_carries_the_callers_words_and_absences() {
    let stepped = ConsensusPlan { stepped: true, ..plan(3) };
    let word = |report: &RoundReport| {
        if report.record.round.get() == 1 {
            RoundOverrides {
                additional_context: Some("Mind the cost.".into()),
                drop_models: vec![ParticipantId::new("gemini")],
            }
        } else {
            RoundOverrides::default()
        }
    };
    let mut next = |_: &[CallSpec]| 0;
    let reply = |spec: &CallSpec| participant(spec, &|round, reviewer, author| nobody_leads(round, reviewer, author));
    let drive = Drive { reply: &reply, next: &mut next, word: &word, cut: usize::MAX };
    let done = drive.run(consensus(&stepped, 3)).unwrap();
    assert_eq!(done.pauses.iter().map(|pause| pause.more).collect::<Vec<_>>(), [true, true, false]);
    for call in &done.calls {
        let in_it = call.id.as_str().starts_with("r2/evaluate") || call.id.as_str().starts_with("r1/refine");
        assert_eq!(call.prompt.to_string().contains("Mind the cost."), in_it, "{}", call.id);
    }
    assert!(!done.ids().iter().any(|id| id.starts_with("r2/") && id.contains("gemini")), "{:?}", done.ids());
    assert!(!done.ids().contains(&"r1/refine/gemini"), "nobody reads it in round 2");
    assert!(done.ids().contains(&"r3/evaluate/gemini>claude"), "it is back");
    let last = done.body().all_answers.iter().find(|answer| answer.participant.as_str() == "gemini").unwrap();
    assert_eq!((last.round, last.answer.as_str()), (3, answer(2, 1).as_str()));
}

#[test]
fn a_step_that_leaves_one_participant_ends_the_run_with_the_best_so_far() {
    let stepped = ConsensusPlan { stepped: true, ..plan(3) };
    let word = |_: &RoundReport| RoundOverrides {
        additional_context: None,
        drop_models: vec![ParticipantId::new("claude"), ParticipantId::new("gemini")],
    };
    let mut next = |_: &[CallSpec]| 0;
    let reply = |spec: &CallSpec| participant(spec, &first_leads);
    let drive = Drive { reply: &reply, next: &mut next, word: &word, cut: usize::MAX };
    let done = drive.run(consensus(&stepped, 3)).unwrap();
    assert_eq!(done.outcome.status, Status::InsufficientModels);
    assert_eq!(done.outcome.answer, Some(answer(0, 1)));
    assert_eq!(done.calls.len(), 9, "no refinement is bought for a round that cannot be");
    assert_eq!(done.body().final_round, 2);
}

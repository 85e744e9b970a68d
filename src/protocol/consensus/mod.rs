//! Propose, evaluate, close, refine, until the leader meets the threshold and is stable.
//!
//! # A round
//!
//! 1. **Propose** (first round): everybody answers, blind.
//! 2. **Evaluate**: everybody reviews everybody else's answer, under labels that are drawn anew for
//!    each reviewer and round. A reply that is no review is asked for once more, then dropped.
//! 3. **Close**: means, leader, and whether the [`ClosingStrategy`] is satisfied. It comes before
//!    refining: the answer that is returned is always one that was scored, and no refinement is
//!    bought that nobody reads.
//! 4. **Refine**: everybody improves its answer with the reviews that it got; the new answer stands
//!    in the next round. Who could not propose tries again, blind.
//!
//! # No barriers
//!
//! These steps are not phases that wait for the slowest. Each call is asked for as soon as what its
//! own prompt holds is there: a proposal is reviewed while others still think, by reviewers that
//! may still be proposing; and where the strategy knows that a round cannot end the run
//! ([`Bound::CannotClose`]), each answer is refined as soon as its own reviews are in and reviewed
//! again at once, so that several rounds can be open. What is asked, and how the run ends, does not
//! depend on the order in which replies come. Only when a round is certain to end the run
//! ([`Bound::WillClose`]) the calls that are still out are given up, and in the last round those reviews whose
//! author can no longer win ([`ClosingStrategy::may_win`]): then the scores of answers that
//! did not win may be incomplete. A stepped run pauses after each round and refines only after the
//! caller's word.
//!
//! # Failures
//!
//! A failed proposal leaves a participant without an answer for the round, a failed review is
//! missing from the mean, a failed refinement leaves the answer as it was. Who fails for good (no
//! login, no credit, usage limit, prompt too long) is not asked again; its answer stays. Fewer than
//! two answers, or no model left to ask, end the run with the best so far.
//!
//! # Example
//!
//! Two participants, a bar of 8, and one round of leading is enough:
//!
//! ```
//! use refinery_core::exchange::{Reply, Role};
//! use refinery_core::ids::ParticipantId;
//! use refinery_core::outcome::Status;
//! use refinery_core::protocol::consensus::{Consensus, ConsensusPlan, ReviewMode, VoteThreshold};
//! use refinery_core::protocol::material::{Material, Member};
//! use refinery_core::protocol::{Command, Input, Outbox, Protocol, Settled};
//!
//! let plan = ConsensusPlan {
//!     threshold: 8.0,
//!     max_rounds: 3,
//!     stability_rounds: 1,
//!     review: ReviewMode::Pairwise,
//!     ..ConsensusPlan::default()
//! };
//! let member = |name: &str| Member {
//!     id: ParticipantId::new(name),
//!     model_id: format!("{name}-1"),
//!     vendor_words: vec![name.to_owned()],
//!     prompt_bytes: None,
//! };
//! let material = Material {
//!     question: "What is the capital of France?".into(),
//!     files: Vec::new(),
//!     nonce_root: "00112233445566778899aabbccddeeff".into(),
//!     seed: 1,
//! };
//! let strategy = Box::new(VoteThreshold::new(plan.threshold, plan.stability_rounds));
//! let mut run = Consensus::new(plan, vec![member("ada"), member("bob")], material, strategy);
//!
//! // An engine would make these calls; here they are answered on the spot.
//! let mut out = Outbox::default();
//! let (mut asked, mut outcome) = (Vec::new(), None);
//! run.start(&mut out);
//! while outcome.is_none() {
//!     for command in out.drain() {
//!         match command {
//!             Command::Call(call) => asked.push(call),
//!             Command::Finish(end) => outcome = Some(end),
//!             _ => {}
//!         }
//!     }
//!     let Some(call) = asked.pop() else { break };
//!     let text = match call.role {
//!         Role::Evaluate if call.id.as_str() == "r1/evaluate/bob>ada" => r#"{"score": 9.5}"#,
//!         Role::Evaluate => r#"{"score": 4, "weaknesses": ["That is in Italy."]}"#,
//!         _ if call.to.as_str() == "ada" => "Paris.",
//!         _ => "Rome.",
//!     };
//!     let reply = Reply { text: text.into(), ..Reply::default() };
//!     run.on(Input::Settled(Settled { id: call.id, result: Ok(reply) }), &mut out);
//! }
//!
//! let outcome = outcome.unwrap();
//! assert_eq!(outcome.status, Status::Converged);
//! assert_eq!(outcome.answer.as_deref(), Some("Paris."));
//! ```

mod close;
mod closing;
mod evaluate;
mod explain;
mod help;
mod machine;
mod needless;
mod outcome;
mod prompts;
mod propose;
mod settings;
mod state;
mod stragglers;
mod vote_threshold;

pub use closing::{AnswerSoFar, Bound, ClosedRound, ClosingDecision, ClosingStrategy, Partial, Previous};
#[doc(hidden)]
pub use help::HELP;
pub use machine::Consensus;
pub use settings::{ConsensusPlan, QUICK, ReviewMode, Strategy};
pub use vote_threshold::{AdjustedThreshold, VoteThreshold};

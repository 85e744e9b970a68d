//! A debate: everybody speaks from a standpoint, says how confident it is, and hears the others.
//!
//! # Rounds
//!
//! In the first round all speak at once, without hearing each other (unless the plan says otherwise). In each
//! later one they speak one after the other, in an order drawn from the seed, and hear everything
//! that was said before, in this round too. What is asked changes from round to round.
//! The end of a turn states a confidence; the score of a round is the mean of its confidences
//! less half their deviation ([`consensus_score`]), and two participants whose confidences are far
//! apart disagree ([`disagreements`]).
//!
//! The debate ends when the score has stopped moving, or after the last round. A score
//! that stands still does not say that anybody agrees: 95 against 5, twice, is stable at 28. At the
//! end a judge, who has no vote, can sum up what most hold, what others hold, and what stays open.
//!
//! # What a prompt shows
//!
//! Question and files, what the round asks for, and what was said, fenced, under the names of the
//! [`Persona`]s and with their confidences; never who or what speaks as that persona.
//!
//! # Failures
//!
//! A failed turn is left out of the score, and later speakers are told of it in one neutral line.
//! Who fails for good is not asked again. A judge that fails leaves the debate as it is. What was
//! said is kept whenever the run must stop; a round that is not whole counts for nothing.

mod confidence;
mod explain;
mod help;
mod machine;
mod order;
mod outcome;
mod persona;
mod phase;
mod prompts;
mod score;
mod settings;
mod state;
mod synthesis;

#[doc(hidden)]
pub use confidence::{Confidence, NEUTRAL, confidence, judge_confidence, strip_confidence_line};
#[doc(hidden)]
pub use machine::Debate;
#[doc(hidden)]
pub use order::Mulberry32;
#[doc(hidden)]
pub use persona::DEFAULT as PERSONAS;
#[cfg(feature = "cli")]
pub use persona::PersonaFile;
pub use persona::{JUDGE, Persona, PersonaProblem, built_in, deal, read, with_own};
pub use phase::Phase;
#[doc(hidden)]
pub use phase::label;
#[doc(hidden)]
pub use score::{Spread, Standing, spread, stable};
pub use score::{consensus_score, disagreements};
pub use settings::{DEBATERS, DebatePlan, JUDGE_REPLY_TOKENS, JUDGE_TEMPERATURE, Judge, ROUNDS};
#[doc(hidden)]
pub use synthesis::{Sections, judge_sections, read_synthesis};

//! What participants send back, read tolerantly: they are told one shape, and send what they like.

mod critique;
mod json;
mod review;
mod score;

pub use critique::{Critique, read_critique};
pub use json::{JsonProblem, lenient_json};
pub use review::{Malformed, REPLY_BYTES, Review, read_review, read_reviews};
pub use score::{Judgement, NoScore, read_score};

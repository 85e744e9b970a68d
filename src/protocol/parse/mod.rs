//! What participants send back, read tolerantly: they are told one shape, and send what they like.

mod critique;
mod echo;
mod json;
mod number;
mod objects;
mod repaired;
mod review;
mod score;
mod shown;
mod verdict;

pub use crate::outcome::Review;
pub use critique::{Critique, read_critique, read_fenced_critique};
pub use json::{JsonProblem, lenient_json};
pub use review::{DIMENSIONS, Malformed, read_review, read_reviews};
pub use score::{Judgement, NoScore, on_scale, read_score};
pub use shown::Shown;
pub use verdict::REPLY_BYTES;
pub(crate) use verdict::own_json;

//! What participants send back, read tolerantly: they are told one shape, and send what they like.

mod json;
mod review;

pub use json::{JsonProblem, lenient_json};
pub use review::{Malformed, REPLY_BYTES, Review, read_review, read_reviews};

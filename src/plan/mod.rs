//! What a run will do, frozen before the first call.

mod estimate;

pub use estimate::{Estimate, RoundEstimate, estimate};

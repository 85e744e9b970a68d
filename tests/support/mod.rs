//! What several subjects share.

pub mod room;
pub mod standin;

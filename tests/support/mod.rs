//! What several subjects share.

pub mod room;

//! What several subjects share.

pub mod calls;
pub mod debate;
pub mod disk;
pub mod program;
pub mod record;
pub mod room;
pub mod simulate;
pub mod standin;
pub mod theatre;
pub mod toy;
pub mod within;

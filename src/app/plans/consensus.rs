//! Options of a consensus.

use crate::app::options::Options;
use crate::app::plans::Drawn;
use crate::app::roster::RosterBuilder;
use crate::protocol::consensus::{ConsensusPlan, QUICK};

impl Drawn for ConsensusPlan {
    /// What is said of it, else what the settings say.
    fn draw(options: &mut Options, roster: &mut RosterBuilder<'_>) -> Self {
        let configured = roster.settings.consensus.clone();
        let quick = options.switch(QUICK).unwrap_or(false);
        let mut plan = if quick { configured.quick() } else { configured };
        options.fill(&mut plan);
        Self { tuning: roster.tuning(options), ..plan }
    }
}

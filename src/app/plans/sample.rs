//! Options of sampling.

use crate::app::options::Options;
use crate::app::plans::Drawn;
use crate::app::roster::RosterBuilder;
use crate::protocol::sampling::SamplingPlan;

impl Drawn for SamplingPlan {
    fn draw(options: &mut Options, roster: &mut RosterBuilder<'_>) -> Self {
        let listed = u32::try_from(roster.members().len()).ok().filter(|_| roster.has_doubles());
        let usual = Self::default();
        let mut plan = Self { num_samples: listed.unwrap_or(usual.num_samples), ..usual };
        options.fill(&mut plan);
        Self { tuning: roster.tuning(options), ..plan }
    }
}

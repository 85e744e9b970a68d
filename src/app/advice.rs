//! What a person should know of a plan with these participants, before it begins.

use crate::adapter::prepare::{NO_REPLY_LENGTH, no_temperature};
use crate::app::resolve::ResolvedParticipant;
use crate::plan::ProtocolPlan;

/// What a person should know, one line each. `members` takes part in everything, `auxiliary` only where it is
/// named.
#[must_use]
pub fn advice(plan: &ProtocolPlan, members: &[ResolvedParticipant], auxiliary: &[ResolvedParticipant]) -> Vec<String> {
    let mut all = plan.settings().advice(members.len());
    let tunings = plan.settings().tunings();
    let temperature = tunings.iter().any(|tuning| tuning.temperature.is_some());
    let reply_tokens = tunings.iter().any(|tuning| tuning.reply_tokens.is_some());
    for one in members.iter().chain(auxiliary) {
        let (takes_temperature, takes_length) = one.manifest.takes_tuning(&one.model);
        // As the calls would say it: so it is said once.
        let mut tell = |words: &str| {
            let line = format!("{}: {words}", one.id.unnumbered());
            if !all.contains(&line) {
                all.push(line);
            }
        };
        if temperature && !takes_temperature {
            tell(&no_temperature(&one.model.model_id));
        }
        if reply_tokens && !takes_length {
            tell(NO_REPLY_LENGTH);
        }
    }
    all
}

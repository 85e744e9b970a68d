//! What a person should know of a plan with these participants, before it begins.

use crate::app::resolve::ResolvedParticipant;
use crate::plan::ProtocolPlan;

/// What a person should know, one line each. `members` takes part in everything, `auxiliary` only where it is
/// named.
#[must_use]
pub fn advice(plan: &ProtocolPlan, members: &[ResolvedParticipant], auxiliary: &[ResolvedParticipant]) -> Vec<String> {
    let mut all = plan.settings().advice(members.len());
    let tunings = plan.settings().tunings();
    let asked = [
        (tunings.iter().any(|tuning| tuning.temperature.is_some()), "--temperature"),
        (tunings.iter().any(|tuning| tuning.reply_tokens.is_some()), "--reply-tokens"),
    ];
    let mut told = Vec::new();
    for one in members.iter().chain(auxiliary) {
        let (temperature, reply_tokens) = one.manifest.takes_tuning(&one.model);
        let of_model = format!(" for {}", one.model.model_id);
        let taken = [(temperature, of_model.as_str()), (reply_tokens, "")];
        for ((asked, flag), (taken, whose)) in asked.into_iter().zip(taken) {
            let line = format!("{}: its CLI does not support {flag}{whose}", one.manifest.id);
            if asked && !taken && !told.contains(&line) {
                told.push(line);
            }
        }
    }
    all.extend(told);
    all
}

//! What a person should know of a plan with these participants, before it begins.

use crate::app::resolve::ResolvedParticipant;
use crate::plan::ProtocolPlan;

/// What a person should know, one line each. `room` takes part in everything, `aside` only where it is
/// named.
#[must_use]
pub fn advice(plan: &ProtocolPlan, room: &[ResolvedParticipant], aside: &[ResolvedParticipant]) -> Vec<String> {
    let mut all = plan.settings().advice(room.len());
    let tunings = plan.settings().tunings();
    let asked = [
        (tunings.iter().any(|tuning| tuning.temperature.is_some()), "--temperature"),
        (tunings.iter().any(|tuning| tuning.reply_tokens.is_some()), "--reply-tokens"),
    ];
    let mut told = Vec::new();
    for manifest in room.iter().chain(aside).map(|one| &one.manifest) {
        let (temperature, reply_tokens) = manifest.takes_tuning();
        for ((asked, flag), taken) in asked.into_iter().zip([temperature, reply_tokens]) {
            let line = format!("{}: its CLI takes no {flag}", manifest.id);
            if asked && !taken && !told.contains(&line) {
                told.push(line);
            }
        }
    }
    all.extend(told);
    all
}

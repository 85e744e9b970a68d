//! What a budget in money is held against: the price of each participant, or what stands in for it.

use crate::adapter::ResolvedModel;
use crate::app::resolve::ReadyParticipant;
use crate::config::Settings;
use crate::error::Error;
use crate::ids::AdapterId;
use crate::plan::{Participant, Prices, RunPlan};

/// What a metered account is charged, if the configuration says it: of the model, else of the whole adapter.
pub(super) fn price_of(adapter: &AdapterId, model: &ResolvedModel, settings: &Settings) -> Option<Prices> {
    let said = settings.adapter(adapter.as_str());
    let of_adapter = || said.input_price.zip(said.output_price).map(|(input, output)| Prices { input, output });
    let names = [Some(&model.model_id), model.argument.as_ref()];
    names.into_iter().flatten().find_map(|name| settings.prices.get(name)).copied().or_else(of_adapter)
}

/// What a person should know of participants without a price, where a budget in money is set. Prices are those of the
/// plan: what was charged by them is in the record of a run that is resumed.
///
/// # Errors
/// A participant that says neither what a call cost nor how many tokens it took: nothing bounds it.
pub(super) fn check_prices(plan: &RunPlan, participants: &[ReadyParticipant]) -> Result<Vec<String>, Error> {
    if plan.limits.budget.usd.is_none() {
        return Ok(Vec::new());
    }
    let unpriced = |(one, found): &(&Participant, &ReadyParticipant)| {
        one.pool.metered && one.prices.is_none() && !found.manifest.output.reports_cost
    };
    let all = plan.participants.iter().zip(participants).filter(unpriced);
    let (counted, uncounted): (Vec<_>, Vec<_>) = all.partition(|(_, found)| found.manifest.output.reports_tokens());
    let error = |(one, _): (&Participant, &ReadyParticipant)| {
        Error::config(format!("--budget-usd: {} reports neither cost nor tokens", one.id))
            .hint("leave --budget-usd out; --budget-calls counts every participant")
    };
    let Prices { input, output } = Prices::DEAREST;
    let warning = |(one, _): (&Participant, &ReadyParticipant)| {
        format!(
            "no price known for {}: --budget-usd counts its tokens as the dearest there are (${input} in, ${output} out \
             per million). In the configuration: [prices.\"{}\"] with input = … and output = …",
            one.id, one.model_id
        )
    };
    Error::all(uncounted.into_iter().map(error)).map_or(Ok(counted.into_iter().map(warning).collect()), Err)
}

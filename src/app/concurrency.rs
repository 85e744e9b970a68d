//! Limits on calls at once that make a run longer than its models need.

use super::draft::Draft;
use super::freeze::concurrency;
use serde::Serialize;
use std::collections::BTreeMap;

/// A limit below what the protocol can have running at the same time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct BindingLimit {
    /// Whose calls; `None` for those of all adapters together.
    pub adapter: Option<String>,
    /// How many of them run at the same time.
    pub limit: usize,
    /// How many could.
    pub at_once: usize,
}

impl BindingLimit {
    /// The limit as a person reads it, with the flag that lifts it.
    #[must_use]
    pub fn line(&self) -> String {
        let (limit, at_once) = (self.limit, self.at_once);
        let (who, flag) = match &self.adapter {
            Some(adapter) => (format!("{adapter} "), format!("{adapter}=")),
            None => (String::new(), String::new()),
        };
        format!("{who}{limit} of up to {at_once} calls at once (all: --max-concurrent {flag}{at_once})")
    }
}

impl Draft {
    /// The limits that bind, the one on all adapters first.
    #[must_use]
    pub fn binding_limits(&self) -> Vec<BindingLimit> {
        let members = &self.drawn.members;
        let at_once = usize::try_from(self.drawn.protocol.settings().at_once(members.len())).unwrap_or(usize::MAX);
        let mut by_adapter = BTreeMap::new();
        for one in members {
            by_adapter.entry(one.manifest.id.to_string()).or_insert((&one.manifest, 0)).1 += 1;
        }
        let all = Some(self.settings.max_concurrent).filter(|limit| *limit > 0);
        let all = all.map(|limit| BindingLimit { adapter: None, limit, at_once });
        let each = by_adapter.into_iter().map(|(adapter, (manifest, count))| BindingLimit {
            adapter: Some(adapter),
            limit: concurrency(manifest, &self.settings),
            at_once: at_once.saturating_mul(count).div_ceil(members.len()),
        });
        all.into_iter().chain(each).filter(|one| one.limit < one.at_once).collect()
    }
}

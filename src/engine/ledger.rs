//! What every participant did and cost.

use crate::event::EventKind;
use crate::exchange::Usage;
use crate::failure::FailureClass;
use crate::ids::{AdapterId, CallId, ParticipantId};
use crate::outcome::Account;
use crate::plan::{Prices, Spent};
use std::collections::{BTreeMap, BTreeSet};

/// A participant as the ledger knows it before the first call.
#[derive(Debug, Clone, PartialEq)]
pub struct Registered {
    /// Who.
    pub participant: ParticipantId,
    /// Through which adapter.
    pub adapter: AdapterId,
    /// The resolved model with its vendor prefix.
    pub model_id: String,
    /// How hard it was asked to think.
    pub effort: Option<String>,
    /// What pays: `subscription`, `login`, `api_key` or `none`.
    pub pool: String,
    /// Whether every call costs money: an account that is paid per use.
    pub metered: bool,
    /// What it is charged, if the configuration says so.
    pub prices: Option<Prices>,
}

/// Counts calls, attempts and usage.
#[derive(Debug, Clone)]
pub struct Ledger {
    accounts: Vec<Account>,
    places: BTreeMap<ParticipantId, usize>,
    calls: BTreeMap<CallId, usize>,
    warnings: Vec<String>,
    charges: Vec<Charge>,
    /// Adapters whose vendors said that a usage limit is reached.
    limited: BTreeSet<AdapterId>,
    /// Calls with an attempt that was begun and has not ended.
    flying: BTreeSet<CallId>,
    /// Calls that an attempt was ever begun for: only those count.
    begun: BTreeSet<CallId>,
    /// What was told before the run.
    told: Vec<String>,
}

impl Ledger {
    /// A ledger with an empty account for each participant, in plan order. `told` are warnings that the run need
    /// not repeat.
    #[must_use]
    pub fn new(registered: Vec<Registered>, told: Vec<String>) -> Self {
        let places = registered.iter().enumerate().map(|(place, one)| (one.participant.clone(), place)).collect();
        let charges = registered.iter().map(Charge::of).collect();
        let accounts = registered
            .into_iter()
            .map(|one| Account {
                participant: one.participant,
                adapter: one.adapter,
                model_id: one.model_id,
                effort: one.effort,
                pool: one.pool,
                served: Vec::new(),
                calls: 0,
                attempts: 0,
                failed_calls: 0,
                usage: Usage::default(),
                attempts_without_usage: 0,
            })
            .collect();
        Self {
            accounts,
            places,
            calls: BTreeMap::new(),
            warnings: Vec::new(),
            charges,
            limited: BTreeSet::new(),
            flying: BTreeSet::new(),
            begun: BTreeSet::new(),
            told,
        }
    }

    /// Notes whom a call goes to. It counts once an attempt begins: until then it may be given up.
    pub fn queue(&mut self, call: &CallId, participant: &ParticipantId) {
        if let Some(&place) = self.places.get(participant) {
            self.calls.insert(call.clone(), place);
        }
    }

    /// Whether a call belongs to a participant with an account.
    #[must_use]
    pub fn is_charged(&self, call: &CallId) -> bool {
        self.calls.contains_key(call)
    }

    /// Notes which model really answered.
    pub fn served(&mut self, call: &CallId, model: &str) {
        if let Some(&place) = self.calls.get(call) {
            let served = &mut self.accounts[place].served;
            if !served.iter().any(|known| known == model) {
                served.push(model.to_owned());
                served.sort();
            }
        }
    }

    /// Reads what an event says of attempts, costs and warnings.
    pub fn observe(&mut self, kind: &EventKind) {
        match kind {
            EventKind::AttemptStarted { call, .. } => {
                self.flying.insert(call.clone());
                let first = self.begun.insert(call.clone());
                self.charge(call, |account| {
                    account.attempts += 1;
                    account.calls += u64::from(first);
                });
            }
            // By then a limit may be over: it is heard of again if it is not.
            EventKind::RunResumed {} => {
                self.limited.clear();
                self.give_up_flying();
            }
            // No subprocess: what was begun did not come about.
            EventKind::AttemptEnded { call, failure: Some(FailureClass::StartFailed), .. } => {
                self.flying.remove(call);
                self.charge(call, |account| account.attempts = account.attempts.saturating_sub(1));
            }
            EventKind::AttemptEnded { call, usage, failure, .. } => {
                self.flying.remove(call);
                let place = self.calls.get(call);
                let billed = place.and_then(|&place| self.charges[place].add(usage, failure.is_none()));
                self.charge(call, |account| {
                    account.usage = account.usage.plus(Usage { cost_usd: billed.or(usage.cost_usd), ..*usage });
                    if usage.input_tokens.is_none() && usage.output_tokens.is_none() && usage.cost_usd.is_none() {
                        account.attempts_without_usage += 1;
                    }
                });
            }
            EventKind::CallSettled { call, failure: Some(_), .. } if self.begun.contains(call) => {
                self.charge(call, |account| account.failed_calls += 1);
            }
            EventKind::Warning { text } => self.warnings.push(text.clone()),
            _ => {}
        }
    }

    /// Of what was in flight when the program was killed, nobody knows what it cost.
    fn give_up_flying(&mut self) {
        for call in std::mem::take(&mut self.flying) {
            self.charge(&call, |account| account.attempts_without_usage += 1);
        }
    }

    fn charge(&mut self, call: &CallId, change: impl FnOnce(&mut Account)) {
        if let Some(&place) = self.calls.get(call) {
            change(&mut self.accounts[place]);
        }
    }

    /// Whether the same was said before, in the run or before it.
    #[must_use]
    pub fn has_warned(&self, text: &str) -> bool {
        self.told.iter().chain(&self.warnings).any(|said| said == text)
    }

    /// Whether the same was said of another call: numbers and codes apart, which differ from call to call.
    #[must_use]
    pub fn has_warned_alike(&self, text: &str) -> bool {
        self.told.iter().chain(&self.warnings).any(|said| said == text || caution(said).eq(caution(text)))
    }

    /// What was spent so far, against which budgets are held.
    #[must_use]
    pub fn spent(&self) -> Spent {
        let tokens = |of: fn(&Usage) -> Option<u64>| self.accounts.iter().filter_map(|one| of(&one.usage)).sum();
        Spent {
            calls: self.attempts(),
            input_tokens: tokens(|usage| usage.input_tokens),
            output_tokens: tokens(|usage| usage.output_tokens),
            usd: self.charges.iter().map(Charge::usd).sum(),
        }
    }

    /// Everything that was used so far, as far as the vendors reported it.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.accounts.iter().fold(Usage::default(), |sum, one| sum.plus(one.usage))
    }

    /// Notes that the vendor of a call said that a usage limit is reached.
    pub fn limited(&mut self, call: &CallId) {
        if let Some(&place) = self.calls.get(call) {
            self.limited.insert(self.accounts[place].adapter.clone());
        }
    }

    /// How many participants are neither of this call's vendor nor of one that said so before.
    #[must_use]
    pub fn others(&self, call: &CallId) -> usize {
        let own = self.calls.get(call).map(|&place| &self.accounts[place].adapter);
        let free = |one: &&Account| Some(&one.adapter) != own && !self.limited.contains(&one.adapter);
        self.accounts.iter().filter(free).count()
    }

    /// Calls that were begun, in all.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.accounts.iter().map(|account| account.calls).sum()
    }

    /// Subprocesses that were started, in all.
    #[must_use]
    pub fn attempts(&self) -> u64 {
        self.accounts.iter().map(|account| account.attempts).sum()
    }

    /// The accounts in plan order, and everything that a person should know.
    #[must_use]
    pub fn close(mut self) -> (Vec<Account>, Vec<String>) {
        self.give_up_flying();
        (self.accounts, self.warnings)
    }
}

/// The words of a warning that its call does not decide: the participant in front, and every word without a digit.
fn caution(text: &str) -> impl Iterator<Item = &str> {
    let of_any_call = |(place, word): &(usize, &str)| *place == 0 || !word.contains(|c: char| c.is_ascii_digit());
    text.split_whitespace().enumerate().filter(of_any_call).map(|(_, word)| word)
}

/// What one account costs.
#[derive(Debug, Clone)]
struct Charge {
    /// Whether it costs money at all: a subscription's costs are notional.
    metered: bool,
    /// Whether the cost of each of its answers must be known: that of a caller's own code need not.
    must_know: bool,
    prices: Option<Prices>,
    /// The sum of what is known or assumed by tokens, in US dollars.
    sum: f64,
    /// Its dearest attempt of those whose cost is known.
    dearest: Option<f64>,
    /// Answers whose cost is unknown.
    unknown: u32,
}

impl Charge {
    fn of(one: &Registered) -> Self {
        let must_know = one.metered && one.pool != "none";
        let Registered { metered, prices, .. } = *one;
        Self { metered, must_know, prices, sum: 0.0, dearest: None, unknown: 0 }
    }

    /// Adds an attempt, and returns what it is billed: its tokens at the configured prices, where there are
    /// any, else what the vendor says; nothing if that is unknown.
    fn add(&mut self, usage: &Usage, answered: bool) -> Option<f64> {
        if !self.metered {
            return None;
        }
        let cost = self.prices.and_then(|prices| prices.cost(usage)).or(usage.cost_usd);
        let assumed = || Prices::DEAREST.cost(usage).filter(|_| self.must_know && self.prices.is_none());
        match (cost, cost.or_else(assumed)) {
            (Some(_), Some(cost)) => {
                self.sum += cost;
                self.dearest = Some(self.dearest.map_or(cost, |dearest| dearest.max(cost)));
            }
            (_, Some(assumed)) => self.sum += assumed,
            (_, None) => self.unknown += u32::from(self.must_know && answered),
        }
        cost
    }

    /// What it counts against a budget. An answer of unknown cost and size counts as the dearest attempt of the
    /// account, and without one as everything: else a vendor that says nothing true would be free.
    fn usd(&self) -> f64 {
        match (self.unknown, self.dearest) {
            (0, _) => self.sum,
            (_, None) => f64::INFINITY,
            (unknown, Some(dearest)) => self.sum + f64::from(unknown) * dearest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(who: &ParticipantId) -> Registered {
        Registered {
            participant: who.clone(),
            adapter: AdapterId::new("claude"),
            model_id: "claude-x".to_owned(),
            effort: None,
            pool: "api_key".to_owned(),
            metered: true,
            prices: None,
        }
    }

    #[test]
    fn unknown_usage_stays_unknown_and_is_counted() {
        let who = ParticipantId::new("a");
        let mut ledger = Ledger::new(vec![registered(&who)], Vec::new());
        let call = CallId::new("r1/propose/a");
        ledger.queue(&call, &who);
        assert_eq!(ledger.calls(), 0, "it may be given up before it begins");
        for usage in [Usage::default(), Usage { input_tokens: Some(3), ..Usage::default() }] {
            ledger.observe(&EventKind::AttemptStarted { call: call.clone(), attempt: 1 });
            ledger.observe(&EventKind::AttemptEnded {
                call: call.clone(),
                attempt: 1,
                failure: None,
                message: None,
                usage,
                elapsed_ms: 1,
            });
        }
        ledger.served(&call, "m");
        ledger.served(&call, "m");
        assert_eq!((ledger.calls(), ledger.attempts()), (1, 2));
        let (accounts, _) = ledger.close();
        assert_eq!(accounts[0].usage.input_tokens, Some(3));
        assert_eq!(accounts[0].usage.output_tokens, None);
        assert_eq!(accounts[0].attempts_without_usage, 1);
        assert_eq!(accounts[0].served, ["m"]);
    }

    #[test]
    fn a_caution_is_the_same_whatever_the_call() {
        let mut ledger = Ledger::new(Vec::new(), vec!["a: said before".to_owned()]);
        let text = "a-1: m-9 was asked for, but m-8 answered (req_7f)".to_owned();
        ledger.observe(&EventKind::Warning { text });
        assert!(ledger.has_warned_alike("a-1: m-9 was asked for, but m-7 answered (req_81)"));
        assert!(ledger.has_warned_alike("a: said before"));
        assert!(!ledger.has_warned_alike("a-2: m-9 was asked for, but m-8 answered (req_7f)"));
        assert!(!ledger.has_warned_alike("a-1: m-9 was asked for, nothing answered"));
        assert!(!ledger.has_warned("a-1: m-9 was asked for, but m-7 answered (req_81)"));
    }

    #[test]
    fn an_answer_of_unknown_cost_counts_as_the_dearest_one() {
        let one = registered(&ParticipantId::new("a"));
        let cost = |cost| Usage { cost_usd: cost, ..Usage::default() };
        let mut charge = Charge::of(&one);
        charge.add(&cost(None), false);
        assert_eq!(charge.usd(), 0.0, "an attempt that failed may have cost nothing");
        charge.add(&cost(None), true);
        assert_eq!(charge.usd(), f64::INFINITY);
        charge.add(&cost(Some(0.5)), true);
        charge.add(&cost(Some(0.25)), true);
        assert_eq!(charge.usd(), 1.25);
        let tokens = Usage { input_tokens: Some(1_000_000), output_tokens: Some(500_000), ..Usage::default() };
        assert_eq!(charge.add(&tokens, true), None, "what is assumed is not shown as a cost");
        assert_eq!(charge.usd(), 1.25 + 30.0 + 90.0, "tokens without a price count as the dearest");
        let mut own = Charge::of(&Registered { pool: "none".to_owned(), ..one });
        own.add(&cost(None), true);
        assert_eq!(own.usd(), 0.0, "a caller's own code says what it likes");
    }
}

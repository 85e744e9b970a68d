//! The conformance vectors of budgets: 0 is no limit, -1 is nothing left.

use crate::vectors::Kind;
use refinery_core::plan::{Budget, Ceiling, Spent, budget_gate, remaining_budget};
use serde_json::{Value, json};

/// Each kind, and what runs it.
pub const ALL: &[Kind] = &[("remaining_budget", remaining_budget_vector), ("budget_gate", budget_gate_vector)];

fn ceiling(value: &Value) -> Ceiling {
    match value.as_i64().unwrap() {
        0 => Ceiling::Unlimited,
        -1 => Ceiling::Spent,
        most => Ceiling::AtMost(u64::try_from(most).unwrap()),
    }
}

fn number(ceiling: Ceiling) -> i64 {
    match ceiling {
        Ceiling::Unlimited => 0,
        Ceiling::Spent => -1,
        Ceiling::AtMost(most) => i64::try_from(most).unwrap(),
    }
}

fn budget(value: &Value) -> Budget {
    Budget {
        calls: ceiling(&value["llm_calls"]),
        input_tokens: ceiling(&value["input_tokens"]),
        output_tokens: ceiling(&value["output_tokens"]),
        usd: None,
    }
}

fn spent(value: &Value) -> Spent {
    let count = |name: &str| value[name].as_u64().unwrap();
    Spent {
        calls: count("llm_calls"),
        input_tokens: count("input_tokens"),
        output_tokens: count("output_tokens"),
        usd: 0.0,
    }
}

fn remaining_budget_vector(input: &Value) -> Value {
    let left = remaining_budget(&budget(&input["max_budget"]), &spent(&input["spent"]));
    json!({"remaining": {
        "llm_calls": number(left.calls),
        "input_tokens": number(left.input_tokens),
        "output_tokens": number(left.output_tokens),
    }})
}

fn budget_gate_vector(input: &Value) -> Value {
    match budget_gate(&budget(&input["budget"]), &spent(&input["spent_by_this_step"])) {
        Ok(()) => json!({"ok": true}),
        Err(exhausted) => {
            json!({"ok": false, "error": "BudgetExhaustedError", "message": exhausted.to_string()})
        }
    }
}

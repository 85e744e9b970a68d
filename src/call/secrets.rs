//! What a child was told in confidence, taken out of what it says: a CLI that repeats its key, or a
//! token of its login, must not bring it into answers, journals, events or kept folders.

use crate::adapter::Host;
use crate::exchange::Reply;
use crate::failure::CallFailure;
use crate::invocation::{EnvValue, Invocation, Secret};
use serde_json::Value;

/// The shortest value of a login file that is taken for a token: others are words.
const TOKEN_BYTES: usize = 12;

/// What the names of variables that hold a credential hold.
#[cfg(feature = "cli")]
const NAMES: [&str; 5] = ["KEY", "TOKEN", "SECRET", "PASS", "CREDENTIAL"];

/// The secrets that one child can see.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets(Vec<Secret>);

impl Secrets {
    /// Those of its environment and of the stored logins: who runs in the person's own home can read
    /// every one of them.
    pub(crate) fn of_child(invocation: &Invocation, host: &Host) -> Self {
        let given = invocation.env.values().filter_map(|value| match value {
            EnvValue::Secret { value, .. } => Some(value.clone()),
            EnvValue::Plain(_) => None,
        });
        Self(given.chain(stored(host)).collect())
    }

    /// Those of a whole machine, for a program that sees all of it.
    #[cfg(feature = "cli")]
    pub(crate) fn of_machine(host: &Host) -> Self {
        let given = host.env.iter().filter(|(name, value)| {
            let name = name.to_uppercase();
            value.len() >= TOKEN_BYTES && NAMES.iter().any(|word| name.contains(word))
        });
        let given = given.map(|(_, value)| Secret::new(value.as_str()));
        Self(given.chain(stored(host)).collect())
    }

    /// The text without them.
    pub(crate) fn take_out_of(&self, text: String) -> String {
        self.0.iter().fold(text, |text, secret| secret.remove_from(&text))
    }

    /// The reply without them. What warnings say is cleaned where they are made.
    pub(crate) fn clean(&self, mut reply: Reply) -> Reply {
        let text = self.take_out_of(reply.text.to_string());
        if text != *reply.text {
            reply.text = text.into();
        }
        reply
    }

    /// The failure without them.
    pub(crate) fn clean_failure(&self, mut failure: CallFailure) -> CallFailure {
        failure.message = self.take_out_of(failure.message);
        failure.partial = failure.partial.map(|partial| self.take_out_of(partial));
        failure
    }
}

fn stored(host: &Host) -> Vec<Secret> {
    let mut all = Vec::new();
    for text in host.logins.values().flatten().filter_map(|file| file.contents.as_deref()) {
        if let Ok(document) = serde_json::from_str(text) {
            collect(&document, false, &mut all);
        }
    }
    all
}

/// Every value whose name, or that of something around it, says that it is a token, a key or a secret.
fn collect(value: &Value, named: bool, all: &mut Vec<Secret>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.to_lowercase();
                let says = ["token", "key", "secret"].iter().any(|word| name.contains(word));
                collect(value, named || says, all);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, named, all)),
        Value::String(text) if named && text.len() >= TOKEN_BYTES => all.push(Secret::new(text.as_str())),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_a_login_are_known_by_their_names() {
        let document = serde_json::json!({
            "claudeAiOauth": { "accessToken": "hidden-access-1", "scopes": ["user:inference"], "expiresAt": 1 },
            "tokens": { "account": "hidden-account-1" }, "email": "somebody@example.org", "OPENAI_API_KEY": "short",
        });
        let mut all = Vec::new();
        collect(&document, false, &mut all);
        let said = "hidden-access-1 hidden-account-1 user:inference somebody@example.org short".to_owned();
        let clean = Secrets(all).take_out_of(said);
        assert_eq!(clean, "[secret] [secret] user:inference somebody@example.org short");
    }
}

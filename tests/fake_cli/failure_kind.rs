//! The ways in which the vendors' programs fail: the rows of their failure tables.

use serde::Deserialize;

/// A row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// Nobody is logged in.
    NotLoggedIn,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404: no such model.
    NoModel,
    /// 400.
    BadRequest,
    /// 429 without a reset time.
    RateLimit,
    /// The plan's usage limit, with a reset time.
    UsageLimit,
    /// Out of money.
    Billing,
    /// 529 or 503: too much to do.
    Overloaded,
    /// 500.
    ServerError,
    /// Nobody listens at the other end.
    Network,
    /// The connection broke in the middle of the answer.
    CutStream,
    /// The model declined.
    Refusal,
    /// The model said nothing.
    Empty,
    /// The prompt is too long for the model.
    TooLong,
    /// The answer was cut at the output limit.
    Cut,
    /// The model wrote prose where a schema was asked for.
    SchemaMissed,
    /// The CLI refuses its own configuration.
    Config,
}

impl FailureKind {
    /// All of them.
    #[cfg(test)]
    pub const ALL: [Self; 18] = [
        Self::NotLoggedIn,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NoModel,
        Self::BadRequest,
        Self::RateLimit,
        Self::UsageLimit,
        Self::Billing,
        Self::Overloaded,
        Self::ServerError,
        Self::Network,
        Self::CutStream,
        Self::Refusal,
        Self::Empty,
        Self::TooLong,
        Self::Cut,
        Self::SchemaMissed,
        Self::Config,
    ];

    /// The name in scripts.
    #[cfg(test)]
    pub fn name(self) -> String {
        let mut name = String::new();
        for letter in format!("{self:?}").chars() {
            if letter.is_uppercase() && !name.is_empty() {
                name.push('-');
            }
            name.extend(letter.to_lowercase());
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_names_each_of_them() {
        let named = |kind: FailureKind| serde_json::from_value::<FailureKind>(kind.name().into()).unwrap();
        assert!(FailureKind::ALL.into_iter().all(|kind| named(kind) == kind));
    }
}

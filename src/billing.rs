//! The field `billing` (which account is charged) in JSON, with its older name `pool` beside it.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Both names of one value.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub(crate) struct Both<T> {
    /// Which account is charged.
    billing: T,
    /// The same as `billing`: its older name, which a later version will drop.
    pool: T,
}

/// Writes the value under both names.
pub(crate) fn serialize<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    Both { billing: value, pool: value }.serialize(serializer)
}

/// Reads the value by either name: journals of older versions have only `pool`.
pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    #[derive(Deserialize)]
    struct Either<T> {
        billing: Option<T>,
        pool: Option<T>,
    }
    let Either { billing, pool } = Either::deserialize(deserializer)?;
    billing.or(pool).ok_or_else(|| D::Error::missing_field("billing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Record {
        #[serde(flatten, with = "super")]
        pool: String,
    }

    #[test]
    fn both_names_are_written_and_either_is_read() {
        let record = Record { pool: "login".to_owned() };
        assert_eq!(serde_json::to_string(&record).unwrap(), r#"{"billing":"login","pool":"login"}"#);
        for text in [r#"{"billing":"login","pool":"login"}"#, r#"{"billing":"login"}"#, r#"{"pool":"login"}"#] {
            assert_eq!(serde_json::from_str::<Record>(text).unwrap(), record, "{text}");
        }
        assert!(serde_json::from_str::<Record>("{}").is_err());
    }
}

//! The expiry of a JSON Web Token, as codex stores one.

use crate::time::Timestamp;
use serde_json::Value;

/// When a JSON Web Token expires (RFC 7519: `exp`, in seconds). The signature is not checked.
pub(super) fn expiry(token: &str) -> Option<Timestamp> {
    let claims: Value = serde_json::from_slice(&base64url(token.split('.').nth(1)?)?).ok()?;
    Some(Timestamp(claims.get("exp")?.as_i64()?.saturating_mul(1000)))
}

/// Decodes RFC 4648's alphabet for URLs, with or without padding.
fn base64url(text: &str) -> Option<Vec<u8>> {
    let digit = |letter: u8| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    };
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut held) = (0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        bits = (bits << 6 | u32::from(digit(letter)?)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expiry_claim_is_read_and_anything_else_has_none() {
        // {"alg":"none"} . {"exp":1795003600,"x":"?>é"} . nothing
        let token = "eyJhbGciOiJub25lIn0.eyJleHAiOjE3OTUwMDM2MDAsIngiOiI_PsOpIn0.";
        assert_eq!(expiry(token), Some(Timestamp(1_795_003_600_000)));
        for odd in ["", "a", "a.b", "a.?.c", "a.e30.c", "a.eyJleHAiOiJ4In0.c"] {
            assert_eq!(expiry(odd), None, "{odd}");
        }
    }
}

//! The other forms in which a known secret may come back: encoded for a header, an address or a document.

/// Shorter forms could be ordinary words.
const FORM_BYTES: usize = 8;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// JSON-escaped, percent-encoded, hexadecimal and base64 forms, each also of what an address holds in
/// confidence. The secret itself is not among them.
pub(super) fn forms(secret: &str) -> Vec<String> {
    let parts = parts_of_address(secret);
    let mut all: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
    for text in std::iter::once(secret).chain(parts) {
        let escaped = serde_json::Value::from(text).to_string();
        all.push(escaped[1..escaped.len() - 1].to_owned());
        for upper in [true, false] {
            all.push(percent(text, upper));
            all.push(text.bytes().map(|byte| hex(byte, upper)).collect());
        }
        for alphabet in [STANDARD, URL_SAFE] {
            all.extend((0..3).map(|before| base64_within(text.as_bytes(), before, alphabet)));
        }
    }
    all.retain(|form| form.len() >= FORM_BYTES && form != secret);
    all.sort_unstable();
    all.dedup();
    all
}

/// User, password and the values of the query of an address.
fn parts_of_address(text: &str) -> Vec<&str> {
    let Some((_, rest)) = text.split_once("://") else { return Vec::new() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    let query = rest.split_once('?').map_or("", |(_, query)| query.split('#').next().unwrap_or_default());
    let values = query.split('&').filter_map(|pair| Some(pair.split_once('=')?.1));
    user.into_iter().flat_map(|user| user.split(':')).chain(values).filter(|part| part.len() >= 6).collect()
}

fn hex(byte: u8, upper: bool) -> String {
    if upper { format!("{byte:02X}") } else { format!("{byte:02x}") }
}

fn percent(text: &str, upper: bool) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{}", hex(byte, upper)) })
        .collect()
}

/// What stands for these bytes in the base64 of a text that has so many bytes (modulo 3) before them: the letters
/// that no other byte has a part in.
fn base64_within(bytes: &[u8], before: usize, alphabet: &[u8; 64]) -> String {
    let padded: Vec<u8> = std::iter::repeat_n(0, before).chain(bytes.iter().copied()).collect();
    let letter = |at: usize| {
        let bit = at * 6;
        let low = padded.get(bit / 8 + 1).copied().unwrap_or(0);
        let pair = u16::from_be_bytes([padded.get(bit / 8).copied().unwrap_or(0), low]);
        char::from(alphabet[usize::from((pair >> (10 - bit % 8)) & 63)])
    };
    ((before * 8).div_ceil(6)..padded.len() * 8 / 6).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_in_every_usual_form() {
        let key = "pa\"ss/w+rd-0123";
        let all = forms(key);
        for form in [
            r#"pa\"ss/w+rd-0123"#,
            "pa%22ss%2Fw%2Brd-0123",
            "pa%22ss%2fw%2brd-0123",
            "70612273732f772b72642d30313233",
            "70612273732F772B72642D30313233",
            // Of the key alone; after `a:` and `me:` these hold all letters that are the key's alone.
            "cGEic3MvdytyZC0wMTIz",
        ] {
            assert!(all.iter().any(|known| known == form), "{form}: {all:?}");
        }
        for header in ["YTpwYSJzcy93K3JkLTAxMjM=", "bWU6cGEic3MvdytyZC0wMTIz", "eHg6cGEic3MvdytyZC0wMTIz"] {
            assert!(all.iter().any(|known| header.contains(known.as_str())), "{header}: {all:?}");
        }
        assert!(forms("hunter2hunter2").iter().all(|form| form != "hunter2hunter2"));
    }

    #[test]
    fn an_address_holds_its_user_and_the_values_of_its_query() {
        let all = forms("https://me:hunter2hunter2@h.example/v1?api_key=sesame-0123&v=2#x");
        assert!(["hunter2hunter2", "sesame-0123"].iter().all(|part| all.iter().any(|known| known == part)), "{all:?}");
        assert!(!all.iter().any(|known| known == "2" || known.starts_with("h.example")));
    }
}

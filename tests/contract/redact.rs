//! Makes transcripts the same each time they are recorded: ids, ports, paths, versions and times give way
//! to stable values. It works on the text, so that a vendor's own formatting stays.

use super::cases::{Expected, Reset};
use super::driver::{Call, Seen};
use super::installed::Cli;
use super::user_home::text;
use std::fmt::Write;

/// The moment at which every transcript was recorded, as far as its readers know: 10:00 UTC.
pub const NOW: &str = "2026-11-21T10:00:00Z";

/// Numbers that are different each time.
const NUMBERS: [&str; 11] = [
    "duration_ms",
    "duration_api_ms",
    "ttft_ms",
    "ttft_stream_ms",
    "first_content_frame_ms",
    "time_to_request_ms",
    "totalLatencyMs",
    "totalDurationMs",
    "retry_delay_ms",
    "estimated_tokens",
    "durationMs",
];

/// One stream of a transcript, made stable.
pub fn redact(printed: &str, cli: Cli, seen: &Seen, call: &Call, expected: &Expected) -> String {
    let port = call.url.rsplit(':').next().unwrap_or_default();
    let modules = cli.program().parent().and_then(|bin| bin.parent()).unwrap().to_string_lossy().into_owned();
    let mut text = printed
        .replace(&seen.scratch, "/scratch")
        .replace(&text(&call.user.path("")), "/person/")
        .replace(&modules, "/clis")
        .replace(&format!("127.0.0.1:{port}"), "127.0.0.1:1")
        .replace(&format!("localhost:{port}"), "localhost:1")
        .replace(&cli.version(), "0.0.0");
    // Gemini says these at random.
    text = text.split_inclusive('\n').filter(|line| !line.starts_with("[STARTUP] ")).collect();
    // Node prints the sockets of failed requests.
    for (before, after) in [("port: '", "'"), ("localPort: ", ","), ("remotePort: ", ","), ("bytesWritten: ", ",")] {
        text = between(&text, before, after, "1");
    }
    // claude's socket is named for its process number.
    text = between(&text, "cc-socks/", ".sock", "1");
    text = ids(&text);
    text = timestamps(&text);
    for key in NUMBERS {
        text = number(&text, key);
    }
    if let Expected::Failure(_, Reset::After(_)) = expected {
        // "try again at 11:37 AM." of the same day.
        text = between(&text, "try again at ", "M.", "10:10 A");
    }
    text
}

/// UUIDs become ones that count up, the same one for the same id.
fn ids(text: &str) -> String {
    let mut known: Vec<String> = Vec::new();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        if rest.get(..36).is_some_and(is_uuid) {
            let (id, tail) = rest.split_at(36);
            let index = known.iter().position(|earlier| earlier == id).unwrap_or_else(|| {
                known.push(id.to_owned());
                known.len() - 1
            });
            let _ = write!(out, "00000000-0000-4000-8000-{:012}", index + 1);
            rest = tail;
        } else {
            let width = rest.chars().next().map_or(0, char::len_utf8);
            out.push_str(&rest[..width]);
            rest = &rest[width..];
        }
    }
    out
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(index, byte)| match index {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
    })
}

/// `2026-11-21T11:37:05.123Z`, with or without a fraction, and with a space or dashes for file names.
fn timestamps(text: &str) -> String {
    const SHAPE: &[u8] = b"dddd-dd-ddTdd?dd?dd";
    let fits = |bytes: &[u8]| {
        bytes.len() >= SHAPE.len()
            && SHAPE.iter().zip(bytes).all(|(shape, byte)| match shape {
                b'd' => byte.is_ascii_digit(),
                b'?' => matches!(byte, b':' | b'-'),
                other => byte == other,
            })
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        if fits(rest.as_bytes()) {
            let tail = rest[SHAPE.len()..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
            out.push_str("2026-11-21T10:00:00");
            rest = tail;
        } else {
            let width = rest.chars().next().map_or(0, char::len_utf8);
            out.push_str(&rest[..width]);
            rest = &rest[width..];
        }
    }
    out
}

/// `"key":123` and `"key": 123` become 1.
fn number(text: &str, key: &str) -> String {
    let mark = format!("\"{key}\":");
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(&mark) {
        let (head, tail) = rest.split_at(at + mark.len());
        out.push_str(head);
        let value = tail.trim_start_matches(' ');
        out.push_str(&tail[..tail.len() - value.len()]);
        let after = value.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        out.push_str(if after.len() < value.len() { "1" } else { "" });
        rest = after;
    }
    out + rest
}

/// What stands between two marks becomes `value`.
fn between(text: &str, before: &str, after: &str, value: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(before) {
        let (head, tail) = rest.split_at(at + before.len());
        out.push_str(head);
        let Some(end) = tail.find(after) else { break };
        out.push_str(value);
        rest = &tail[end..];
    }
    out + rest
}

#[test]
fn what_changes_is_made_stable() {
    assert_eq!(
        number("{\"duration_ms\": 12.5,\"duration_ms\":3}", "duration_ms"),
        "{\"duration_ms\": 1,\"duration_ms\":1}"
    );
    assert_eq!(timestamps("é 2026-01-02T03:04:05.678Z x"), "é 2026-11-21T10:00:00Z x");
    let id = "3d22e288-6db5-4a5b-8e06-853673faf8f6";
    let other = id.replace('3', "4");
    assert_eq!(
        ids(&format!("{id} é{other} {id}")),
        "00000000-0000-4000-8000-000000000001 é00000000-0000-4000-8000-000000000002 00000000-0000-4000-8000-000000000001"
    );
    assert_eq!(between("try again at 9:12 AM. x", "at ", "M.", "10:10 A"), "try again at 10:10 AM. x");
}

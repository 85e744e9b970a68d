//! One call of a demo: takes the prompt as a vendor's program does, waits as long as the script says, and
//! prints the script's reply.

use super::format::{Answer, Printed, Vendor};
use super::script::Script;
use crate::adapter::CALL;
use serde_json::Value;
use std::ffi::OsString;
use std::io::{self, BufRead, Read, Write};
use std::time::{Duration, Instant};

/// The exit code for arguments or a script that cannot be used.
const USAGE: u8 = 64;

/// The part of a call's time that passes before the first word of the reply.
const THINKING: f64 = 0.45;

/// Replies to the call that the environment names, and returns the exit code. `args` stand after `__demo`.
#[must_use]
pub fn run(args: impl Iterator<Item = OsString>) -> u8 {
    let args: Vec<String> = args.map(|arg| arg.to_string_lossy().into_owned()).collect();
    match play(&args) {
        Ok(()) => 0,
        Err(reason) => {
            let _ = writeln!(io::stderr(), "refinery __demo: {reason}");
            USAGE
        }
    }
}

fn play(args: &[String]) -> Result<(), String> {
    let [vendor, script, _, argv @ ..] = args else {
        return Err("use: __demo claude|codex|gemini SCRIPT -- ARGUMENTS".to_owned());
    };
    let vendor = Vendor::named(vendor).ok_or_else(|| format!("`{vendor}` is no program of a demo"))?;
    let text = std::fs::read_to_string(script).map_err(|error| format!("{script}: {error}"))?;
    let script = Script::parse(&text).map_err(|error| format!("{script}: {error}"))?;
    let call = std::env::var(CALL).map_err(|_| format!("{CALL} does not name a call"))?;
    let reply = script.reply(&call).ok_or_else(|| format!("the script has no reply to {call}"))?;
    let begun = Instant::now();
    let prompt_bytes = take_prompt(vendor).map_err(|error| format!("standard input: {error}"))?;
    let text = reply.written();
    let model = argv.windows(2).find(|pair| matches!(pair[0].as_str(), "-m" | "--model")).map(|pair| &*pair[1]);
    let answer = Answer {
        text: &text,
        json: reply.json.as_ref(),
        model: model.unwrap_or("demo"),
        prompt_bytes,
        millis: reply.ms,
    };
    print(&vendor.print(&answer), begun, Duration::from_millis(reply.ms));
    Ok(())
}

/// Reads the prompt, and returns its length in bytes: `claude` takes it in one JSON line and keeps its input
/// open, the others read to the end.
fn take_prompt(vendor: Vendor) -> io::Result<usize> {
    let mut bytes = Vec::new();
    match vendor {
        Vendor::Claude => {
            io::stdin().lock().read_until(b'\n', &mut bytes)?;
            let line: Value = serde_json::from_slice(&bytes)?;
            let content = &line["message"]["content"];
            let blocks = content.as_array().into_iter().flatten().filter_map(|block| block["text"].as_str());
            Ok(content.as_str().into_iter().chain(blocks).map(str::len).sum())
        }
        Vendor::Codex | Vendor::Gemini => io::stdin().read_to_end(&mut bytes),
    }
}

/// Spreads the output over the time that the call takes. A reader that went away ends nothing.
fn print(printed: &Printed, begun: Instant, takes: Duration) {
    write(&printed.head);
    let pieces = printed.body.len().max(1) as f64;
    for (at, piece) in printed.body.iter().enumerate() {
        wait_until(begun + takes.mul_f64(THINKING + (1.0 - THINKING) * at as f64 / pieces));
        write(piece);
    }
    wait_until(begun + takes);
    write(&printed.tail);
}

fn write(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn wait_until(moment: Instant) {
    std::thread::sleep(moment.saturating_duration_since(Instant::now()));
}

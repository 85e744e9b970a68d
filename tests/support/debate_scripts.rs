//! Scripts of debates for the real binary with fakes, and how such a run ends.

use super::sandbox::{Sandbox, document};
use serde_json::Value;

/// Claude and codex are 40 apart and stay there; gemini stands between them.
pub const APART: &str = "
[[rule]]
when = { phase = 'argue', vendor = 'claude' }
actions = [{ argue = { position = 'Wait until spring.', confidences = [95, 90] } }]
[[rule]]
when = { phase = 'argue', vendor = 'codex' }
actions = [{ argue = { position = 'Move now.', confidences = [50, 50] } }]
[[rule]]
when = { phase = 'argue', vendor = 'gemini' }
actions = [{ argue = { position = 'Measure first.', confidences = [70] } }]
";

/// The score falls by ten and more in each round.
pub const FALLING: &str = "
[[rule]]
when = { phase = 'argue' }
actions = [{ argue = { confidences = [90, 75, 60, 45, 30] } }]
";

pub const THREE: &str = "debate 'Do we move?' -m claude,codex,gemini --seed 1";

/// A rule before those of a script.
pub fn with(rule: &str, script: &str) -> String {
    format!("[[rule]]\n{rule}\n{script}")
}

/// What of a debate does not depend on time and attempts.
pub fn essence(document: &Value) -> Value {
    let of = ["status", "final_score", "stop_reason", "early_stop", "positions", "rounds", "synthesis", "answer"];
    of.into_iter().map(|name| (name.to_owned(), document[name].clone())).collect::<serde_json::Map<_, _>>().into()
}

/// How a line ends: its document, once the exit code is as it should be.
pub fn ends(sandbox: &Sandbox, line: &str, code: i32) -> Value {
    let output = sandbox.run(&format!("{line} -o json"));
    assert_eq!(output.code, Some(code), "{line}: {}", output.stderr);
    document(&output)
}

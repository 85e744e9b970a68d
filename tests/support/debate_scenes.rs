//! Scenes of debates for the real binary with stand-ins, and how such a run ends.

use super::theatre::{Theatre, document};
use serde_json::Value;

/// Claude and codex are 40 apart and stay there; gemini stands between them.
pub const APART: &str = "
[[rule]]
when = { phase = 'argue', vendor = 'claude' }
act = [{ argue = { position = 'Wait until spring.', confidences = [95, 90] } }]
[[rule]]
when = { phase = 'argue', vendor = 'codex' }
act = [{ argue = { position = 'Move now.', confidences = [50, 50] } }]
[[rule]]
when = { phase = 'argue', vendor = 'gemini' }
act = [{ argue = { position = 'Measure first.', confidences = [70] } }]
";

/// The score falls by ten and more in each round.
pub const FALLING: &str = "
[[rule]]
when = { phase = 'argue' }
act = [{ argue = { confidences = [90, 75, 60, 45, 30] } }]
";

pub const THREE: &str = "debate 'Do we move?' -m claude,codex,gemini --seed 1";

/// A rule before those of a scene.
pub fn with(rule: &str, scene: &str) -> String {
    format!("[[rule]]\n{rule}\n{scene}")
}

/// What of a debate does not depend on time and attempts.
pub fn essence(document: &Value) -> Value {
    let of = ["status", "final_score", "stop_reason", "early_stop", "positions", "rounds", "synthesis", "answer"];
    of.into_iter().map(|name| (name.to_owned(), document[name].clone())).collect::<serde_json::Map<_, _>>().into()
}

/// How a line ends: its document, once the exit code is as it should be.
pub fn ends(theatre: &Theatre, line: &str, code: i32) -> Value {
    let shown = theatre.play(&format!("{line} -o json"));
    assert_eq!(shown.code, Some(code), "{line}: {}", shown.stderr);
    document(&shown)
}

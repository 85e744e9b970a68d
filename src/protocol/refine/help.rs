//! What the command of this protocol says of itself.

use crate::protocol::options::Help;

/// The help of the command.
pub const HELP: Help = Help {
    about: "Improve one text: score and rewrite it up to a target score, or critique and rewrite it",
    long: "",
    after: "\
The first model of the list is the author: it writes the draft, if none is given, and in score mode every rewrite. \
It also scores and critiques, unless --judge or --refiner name another model.

Exit codes:
  0  target score reached; or critiqued         2  no more progress, or maximum iterations reached
  1  error, or cancelled                        4  usage or configuration error; no model was called
  5  budget exhausted                           6  paused at a usage limit

Examples:
  refinery refine \"Explain TLS to a child\" -m claude --judge codex --target-score 0.95
  refinery refine \"Tighten this\" --draft README.md -m claude --mode critique --refiner codex@high
  git log -1 --format=%B | refinery refine --draft - -m claude --mode critique --min-bytes 0",
};

//! What the command of this protocol says of itself.

use crate::protocol::options::Help;

/// The help of the command.
pub const HELP: Help = Help {
    about: "Ask, review, refine, agree",
    long: "\
Asks several AI CLIs the same question, lets them review each other anonymously, and prints the answer they agree on.

Each participant answers independently, reviews and scores the other answers without knowing their authors, and \
improves its own. The run converges when one answer leads with a high enough score for enough rounds. Standard \
output holds only the answer; everything else goes to standard error.",
    after: "\
Exit codes:
  0  converged, or a single model answered      3  fewer than two models could answer
  1  error, or cancelled                        4  usage or configuration error; no model was called
  2  maximum rounds reached: best answer        5  budget exhausted    6  paused at a usage limit

Examples:
  refinery \"Which index fits this query?\" -m claude,codex,gemini -f schema.sql
  git diff | refinery \"Review this change\" -f - -m claude/opus@high,codex
  refinery - -m claude*3 --threshold 9 -o json < question.txt
  refinery \"Is this safe?\" -m claude,codex -f src/auth.rs --dry-run",
};

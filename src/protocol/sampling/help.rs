//! What the command of this protocol says of itself.

use crate::protocol::options::Help;

/// The help of the command.
pub const HELP: Help = Help {
    about: "Ask the same question several times and count the answers",
    long: "",
    after: "\
Participants take samples in turn: with `-m claude*3,codex*2`, claude takes three and codex two of every five. \
Without --num-samples the list sets the number of samples (here 5).

Exit codes:
  0  the required agreement is reached          2  it is not: most common answer
  1  error, or cancelled                        3  no sample was answered
  4  usage or configuration error; no model was called
  5  budget exhausted                           6  paused at a usage limit

Examples:
  refinery sample \"What is 17 * 23?\" -m claude,codex --normaliser number
  refinery sample \"Is this licence permissive?\" -f LICENSE -m claude*3,codex*2 --min-agreement 0.8
  refinery sample \"Which option?\" -m claude --num-samples 15 --normaliser choice --early-stop=0.95",
};

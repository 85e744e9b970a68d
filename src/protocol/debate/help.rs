//! What the command of this protocol says of itself.

use crate::protocol::options::Help;

/// The help of the command.
pub const HELP: Help = Help {
    about: "Debate the question from different perspectives",
    long: "\
Lets several participants debate a question, each from a different perspective, and shows the final positions.

Round 1 is independent; in later rounds the participants speak in turn, in random order, and see each other. Every \
turn ends with a confidence from 0 to 100. The group's score of a round is the mean confidence minus half the \
standard deviation; two participants with very different confidences have a confidence gap. The debate stops when \
the score changes by 3 points or less (--convergence-delta), or after the last round. A stable score is not \
agreement: 95 against 5, twice, is stable at 28. There is no winner; standard output holds the positions, and the \
judge's synthesis with --judge.",
    after: "\
Personas: `refinery personas` lists them. A participant without one gets the first that is free.

Exit codes:
  0  the score is stable, or all requested rounds were held (--no-early-stop, one round)
  1  error, or cancelled: finished turns are kept
  2  maximum rounds reached before the score was stable, or it is below --min-score
  3  no participant answered, or none was left
  4  usage or configuration error; no model was called
  5  budget exhausted                           6  paused at a usage limit

Examples:
  refinery debate \"Do we move to a managed database?\" -m claude,codex,gemini --judge claude
  refinery debate \"Rewrite or refactor?\" -m claude:pessimist,codex:domain-expert@high -f plan.md
  refinery debate \"Is the plan sound?\" -m claude*2 --persona 'claude#2=devils-advocate'
  refinery debate \"Which index?\" -m claude,codex --personas team.toml --persona codex=dba",
};

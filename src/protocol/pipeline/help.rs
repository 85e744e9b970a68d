//! What the command of this protocol says of itself.

use crate::protocol::options::Help;

/// The help of the command.
pub const HELP: Help = Help {
    about: "Chain several commands under one budget",
    long: "",
    after: "\
A step is one of consensus, debate, sample and refine, with the options of its command by name: \
'sample num_samples=5 min_agreement=0.8', 'refine mode=critique refiner=codex@high'. Every step takes temperature, \
reply_tokens, effort and feed. `refine` takes the previous result as its draft, the other steps take it as a file beside \
the question; with feed=prompt it replaces the question.

A condition applies to the preceding --step, and tests the result of the step before that one:
  after consensus   score, rounds, dissent, converged
  after debate      score, rounds, confidence, disagreements, stable
  after sample      agreement, unique, ties, failed
  after refine      score, iterations, changed; in critique mode passes, changed

The exit code is that of the last step that ran; a step that fails ends the run.

Examples:
  refinery pipe \"Summarise this\" -f a.md -m claude,codex \\
    --step 'sample num_samples=5' --step 'refine target_score=0.9'
  refinery pipe \"Yes or no?\" -m claude*3 \\
    --step 'sample normaliser=casefold' --step debate --if 'agreement < 0.95'
  refinery pipe - -m claude,codex --steps steps.toml --budget-calls 20 < question.txt

A file of steps:
  [[step]]
  kind = \"sample\"
  num_samples = 5

  [[step]]
  kind = \"refine\"
  if = \"agreement < 0.95\"
  target_score = 0.9",
};

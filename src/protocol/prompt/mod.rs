//! What participants are told. Every word of it stands in `templates/`, where a person can read it;
//! the code only fills in what changes.

mod shapes;
mod stable;
mod template;
mod text;
mod writer;

pub use shapes::{review_batch_shape, review_shape, score_shape, synthesis_shape};
pub use stable::Stable;
pub use template::{Slot, Template};
pub(crate) use text::template_texts;
pub use text::{
    ANSWER, CONTEXT, CRITIQUE, FILE, IMPROVE, PROPOSE, REFINE, REPAIR, REQUEST, REQUEST_FILES, REVIEW, REVIEW_BATCH,
    REVIEW_FIELDS, REVIEW_OF_YOURS, SCORE, SCORE_REPAIR, VERDICT, system, system_refine, template_digests,
    templates_digest,
};
pub use text::{
    DEBATE_ANALYSIS, DEBATE_COUNTER, DEBATE_EVIDENCE, DEBATE_FINAL, DEBATE_JUDGE, DEBATE_JUDGE_SYSTEM, DEBATE_POSITION,
    DEBATE_REFINE, DEBATE_SAID, DEBATE_SILENT, DEBATE_SYSTEM, DEBATE_TRANSCRIPT, DEBATE_TURN,
};
pub(crate) use writer::{FittedPrompt, PromptWriter, REPAIR_BYTES, Repair, USEFUL_QUOTE_BYTES};

//! Who has the floor in a debate, as the prompt of a turn says it.

use super::phase::Task;

/// A turn that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor<'a> {
    /// The round, from 1.
    pub round: u32,
    /// As whom to speak.
    pub speaker: &'a str,
}

impl<'a> Floor<'a> {
    /// Reads the task of a turn; `None` of any other. The round stands before whatever is quoted, the
    /// speaker after it.
    pub(super) fn of(task: Task<'a>) -> Option<Self> {
        let turn = task.words.strip_prefix("take your turn ")?;
        let (_, round) = turn.split_once("This is round ")?;
        let (round, _) = round.split_once(' ')?;
        let (_, speaker) = turn.rsplit_once("Reply with your contribution alone, as ")?;
        let (speaker, _) = speaker.split_once(". Its last line")?;
        Some(Self { round: round.parse().ok()?, speaker })
    }
}

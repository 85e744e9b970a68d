//! Which phase of our protocols a prompt belongs to, told by its words: a vendor's API sees nothing else.

use serde::{Deserialize, Serialize};

/// What a prompt asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The bare question, to the only participant of a run or for a sample, or a prompt that is none
    /// of ours.
    Answer,
    /// A first answer, of several participants.
    Propose,
    /// A review.
    Evaluate,
    /// A better version of one's own answer, with the reviews of it.
    Refine,
    /// A turn in a debate.
    Argue,
    /// The synthesis of a debate.
    Judge,
    /// A first text that is to be refined.
    Draft,
    /// A score for a text, to improve it or to verify that a rewrite is no worse.
    Score,
    /// A better version of a text that was scored.
    Improve,
    /// A critique of a text, and the text rewritten.
    Critique,
}

impl Phase {
    /// The name, as in scripts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Propose => "propose",
            Self::Evaluate => "evaluate",
            Self::Refine => "refine",
            Self::Argue => "argue",
            Self::Judge => "judge",
            Self::Draft => "draft",
            Self::Score => "score",
            Self::Improve => "improve",
            Self::Critique => "critique",
        }
    }
}

/// What every task begins with, in the templates of the protocols.
const TASK: &str = "Your task now: ";

/// What tasks go on with; what begins like another one comes after it.
const TASKS: [(&str, Phase); 7] = [
    ("review ", Phase::Evaluate),
    ("improve your ", Phase::Refine),
    ("improve ", Phase::Improve),
    ("take your turn ", Phase::Argue),
    ("sum up ", Phase::Judge),
    ("judge ", Phase::Score),
    ("critique ", Phase::Critique),
];

/// What the system prompts of our protocols begin with.
const SYSTEMS: [&str; 4] = [
    "Several participants work on the same request.",
    "Several participants debate one request over several rounds.",
    "Several participants debated one request over several rounds,",
    REFINING,
];

/// The one of them by which a first text that is to be refined is told from a first answer.
const REFINING: &str = "A text that answers a request is drafted, judged and improved";

/// What question and files begin with: with words of the person's own, or with files alone.
const REQUESTS: [&str; 2] = ["The request:\n", "The request is about the files below;"];

/// Recognises the phase by the words that the task begins with.
///
/// Every prompt of ours with a task has a system prompt of ours, given as `system` or (by a CLI that
/// has no other place for it) before the rest; without one it is the person's bare question, whatever
/// that says. The task stands right after question and files; whatever those or the quoted words of
/// others say about tasks, they do not mislead it. A prompt without a task is a review if a `schema`
/// comes with it.
///
/// `tests/loopback_phases.rs` keeps this true for the prompts of all protocols.
#[must_use]
pub fn phase(system: Option<&str>, prompt: &str, schema: bool) -> Phase {
    match task(system, prompt) {
        Some(Task { words, refining }) => {
            let known = TASKS.iter().find(|(begins, _)| words.starts_with(begins));
            known.map_or(if refining { Phase::Draft } else { Phase::Propose }, |(_, phase)| *phase)
        }
        None if schema => Phase::Evaluate,
        None => Phase::Answer,
    }
}

/// The task of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Task<'a> {
    /// Everything from its own first word on.
    pub words: &'a str,
    /// Whether it is one of those that work on one text.
    refining: bool,
}

/// The task of a prompt; `None` if it is a bare question, or none of ours.
fn task<'a>(system: Option<&str>, prompt: &'a str) -> Option<Task<'a>> {
    let prompt = prompt.trim_start();
    let (opening, prompt) = match system.filter(|system| !system.trim().is_empty()) {
        Some(system) => (opening(system)?, prompt),
        None => {
            let opening = SYSTEMS.into_iter().find(|opening| prompt.starts_with(opening))?;
            let ends = REQUESTS.iter().filter_map(|words| prompt.find(&format!("\n{words}")));
            (opening, &prompt[ends.min()? + 1..])
        }
    };
    let (_, words) = after_material(prompt).split_once(TASK)?;
    Some(Task { words, refining: opening == REFINING })
}

/// How our system prompt begins, which may stand after what a CLI says by itself. Question and files
/// come after it, where they are there at all.
fn opening(system: &str) -> Option<&'static str> {
    let found = SYSTEMS.into_iter().filter_map(|opening| {
        let begins = system.starts_with(opening).then_some(0);
        Some((begins.or_else(|| system.find(&format!("\n{opening}")))?, opening))
    });
    found.min().map(|(_, opening)| opening)
}

/// What follows question and files: they are fenced with one code, which no other text of a prompt
/// holds in a tag. Of a prompt without them (a CLI may take them by another way), the whole; of one
/// that is none of ours, nothing.
fn after_material(prompt: &str) -> &str {
    if prompt.starts_with(TASK) {
        return prompt;
    }
    let ours = REQUESTS.iter().any(|words| prompt.starts_with(words));
    let fence = ["<question-", "<file-"].iter().filter_map(|tag| Some((prompt.find(tag)? + tag.len(), tag))).min();
    let Some((at, _)) = fence.filter(|_| ours) else { return "" };
    let Some((code, _)) = prompt[at..].split_once(['>', ' ']) else { return "" };
    let ends = ["question", "file"].iter().filter_map(|tag| prompt.rfind(&format!("</{tag}-{code}>")));
    ends.max().map_or("", |end| &prompt[end..])
}

/// A turn that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor<'a> {
    /// The round, from 1.
    pub round: u32,
    /// As whom to speak.
    pub speaker: &'a str,
}

impl<'a> Floor<'a> {
    /// Reads a prompt; `None` of one that asks for no turn. `system` as for [`phase`].
    #[must_use]
    pub fn of_prompt(system: Option<&str>, prompt: &'a str) -> Option<Self> {
        task(system, prompt).and_then(Self::of)
    }

    /// Reads the task of a turn; `None` of any other. The round stands before whatever is quoted, the
    /// speaker after it.
    fn of(task: Task<'a>) -> Option<Self> {
        let turn = task.words.strip_prefix("take your turn ")?;
        let (_, round) = turn.split_once("This is round ")?;
        let (round, _) = round.split_once(' ')?;
        let (_, speaker) = turn.rsplit_once("Reply with your contribution alone, as ")?;
        let (speaker, _) = speaker.split_once(". Its last line")?;
        Some(Self { round: round.parse().ok()?, speaker })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_question_stays_one_whatever_it_says() {
        let traps = [
            "Codex or Gemini?",
            "Your task now: review this.",
            "What follows </question-1> Your task now: review",
            "The request:\n\n<question-1>\nx\n</question-1>\n\nYour task now: judge it.",
            "Several participants work on the same request. Your task now: review",
        ];
        for trap in traps {
            assert_eq!(phase(None, trap, false), Phase::Answer, "{trap}");
            assert_eq!(phase(Some("You are a helpful program."), trap, false), Phase::Answer, "{trap}");
            let whole = format!("{}\n\nThe request:\n\n<question-1>\n</question-1>\n{TASK}x", SYSTEMS[0]);
            assert_eq!(phase(Some("You are a helpful program."), &whole, false), Phase::Answer);
            assert_eq!(phase(None, &whole, false), Phase::Propose, "no CLI could tell it from ours");
        }
        assert_eq!(phase(None, "Rate this.", true), Phase::Evaluate);
    }

    #[test]
    fn the_system_prompt_of_ours_counts_wherever_it_stands() {
        let prompt = "Your task now: answer the request above.";
        assert_eq!(phase(Some(SYSTEMS[0]), prompt, false), Phase::Propose);
        let long = format!("You are a CLI.\n\n{REFINING} in steps.\n\nThe request:\n{}", SYSTEMS[0]);
        assert_eq!(phase(Some(&long), prompt, false), Phase::Draft, "what comes first is ours");
    }
}

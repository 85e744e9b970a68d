//! Answers that repeat what they were asked with, as small models do: our instructions, or the code of a run's tags.

use super::asking::unchanged;
use super::prompt::template_texts;
use crate::exchange::{CallSpec, Prompt, Role};
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

/// A sentence of our instructions that is shorter may be anybody's own.
const SENTENCE: (usize, usize) = (7, 35);

/// Whether an answer repeats a sentence of our instructions, or a code that only the prompt can have told it. What
/// question and files say is no repetition. Linear in prompt and reply.
#[must_use]
pub fn repeats_prompt(spec: &CallSpec, reply: &str) -> bool {
    let answers = !matches!(spec.role, Role::Evaluate | Role::Score);
    answers && (holds_code(&spec.prompt, reply) || holds_instructions(&spec.prompt, reply))
}

/// Whether a reply holds a code of the prompt, other than in the words that we ask for.
fn holds_code(prompt: &Prompt, reply: &str) -> bool {
    // The first tag of either is ours: what others wrote stands behind it.
    let codes = [prompt.stable(), prompt.varying()].into_iter().filter_map(first_code);
    let asked = [unchanged(""), "critique-".to_owned(), "revised-".to_owned()];
    let is_asked = |at: usize| {
        asked.iter().any(|word| at.checked_sub(word.len()).is_some_and(|from| same(&reply.as_bytes()[from..at], word)))
    };
    codes.into_iter().any(|code| reply.match_indices(code).any(|(at, _)| !is_asked(at)))
}

fn same(bytes: &[u8], word: &str) -> bool {
    bytes.eq_ignore_ascii_case(word.as_bytes())
}

/// The code of the first tag such as `<question-…>`.
fn first_code(parts: &[Arc<str>]) -> Option<&str> {
    parts.iter().flat_map(|part| part.split('<').skip(1)).find_map(|tag| {
        let name = tag.split(|letter: char| letter != '-' && !letter.is_ascii_alphanumeric()).next()?;
        let (_, code) = name.rsplit_once('-')?;
        (code.len() == 12 && code.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(code)
    })
}

/// Whether a reply holds a sentence of our instructions that question and files do not hold.
fn holds_instructions(prompt: &Prompt, reply: &str) -> bool {
    static OURS: LazyLock<HashSet<String>> = LazyLock::new(|| template_texts().flat_map(sentences).collect());
    let mut repeated = sentences(reply).filter(|sentence| OURS.contains(sentence)).peekable();
    if repeated.peek().is_none() {
        return false;
    }
    let given: HashSet<String> = prompt.stable().iter().flat_map(|part| sentences(part)).collect();
    repeated.any(|sentence| !given.contains(&sentence))
}

/// The longer sentences of a text, in lower case, without white space and marks around them.
fn sentences(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(['.', '!', '?', ':', ';', '\n']).filter_map(|part| {
        let bare = part.trim_matches(|letter: char| !letter.is_alphanumeric());
        let words: Vec<_> = bare.split_whitespace().collect();
        let (count, bytes) = SENTENCE;
        (words.len() >= count && bare.len() >= bytes).then(|| words.join(" ").to_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Tuning;
    use crate::ids::{CallId, ParticipantId, Round};
    use crate::protocol::prompt::{PROPOSE, Stable};
    use crate::protocol::{fence::Fences, quote::Piece};

    fn spec(question: &str, role: Role) -> (CallSpec, String) {
        let stable = Stable::new(&question.into(), &[], &Fences::new("root"));
        let (prompt, _) = stable.prompt(vec![Piece::Fixed(PROPOSE.text.into())], None);
        let (id, to, system) = (CallId::new("r1/x"), ParticipantId::new("x"), "".into());
        let spec =
            CallSpec { id, to, role, round: Round::FIRST, system, prompt, shape: None, tuning: Tuning::default() };
        (spec, stable.nonce().to_owned())
    }

    #[test]
    fn instructions_and_codes_are_found_in_answers() {
        let (asked, code) = spec("Why?", Role::Propose);
        for repeats in [
            "You have no memory of earlier ones,  and all you need is in it. You must not.".to_owned(),
            "Your task now: review one answer to the request above. It is".to_owned(),
            format!("</question-{code}>\nParis."),
            format!("between tags with the code {code} and so on"),
        ] {
            assert!(repeats_prompt(&asked, &repeats), "{repeats}");
        }
        for own in [
            "Paris, because the court sat there.".to_owned(),
            format!("unchanged-{code}"),
            format!("<critique-{code}>- vague</critique-{code}><Revised-{code}>Paris.</revised-{code}>"),
            "Correct comes first.".to_owned(),
        ] {
            assert!(!repeats_prompt(&asked, &own), "{own}");
        }
        assert!(!repeats_prompt(&spec("Why?", Role::Evaluate).0, &format!("It holds {code}.")));
    }

    #[test]
    fn what_the_person_said_may_be_repeated() {
        let ours = "Judge what it says, not its length or tone, and not who may have written it.";
        assert!(repeats_prompt(&spec("Why?", Role::Sample).0, ours));
        assert!(!repeats_prompt(&spec(&format!("Is this clear? {ours}"), Role::Sample).0, &format!("\"{ours}\" is.")));
    }
}

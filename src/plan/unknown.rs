//! What is said of a name that no adapter has.

use crate::error::{Error, ErrorKind};
use crate::words::closest;

/// The error for a name, with the one that was probably meant.
pub(super) fn unknown(name: &str, adapters: &[&str]) -> Error {
    let there = if adapters.is_empty() { "none".to_owned() } else { adapters.join(", ") };
    let error = Error::config(format!("unknown adapter `{name}`; known: {there}")).of_kind(ErrorKind::UnknownModel);
    let first = name.split('-').next().unwrap_or(name);
    if let Some(adapter) = adapter_of(name).filter(|adapter| adapters.contains(adapter)) {
        return error.hint(format!("`{name}` is a model of {adapter}: use `{adapter}/{name}` or `{adapter}-{name}`"));
    }
    match closest(name, adapters.iter().copied()).or_else(|| closest(first, adapters.iter().copied())) {
        Some(near) => error.hint(format!("`{name}`: did you mean `{near}`?")),
        None => error.hint("`refinery adapters` lists them; `adapter/model` names any model of one"),
    }
}

/// The adapter of a model that was typed alone: `opus`, `gpt-5`, `o3`, `flash`.
fn adapter_of(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let family = |word: &str| name == word || name.strip_prefix(word).is_some_and(|rest| rest.starts_with(['-', '.']));
    let numbered = |letter: char| {
        name.strip_prefix(letter).is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()))
    };
    Some(match () {
        () if ["opus", "sonnet", "haiku", "fable"].into_iter().any(family) => "claude",
        () if ["gpt", "chatgpt"].into_iter().any(family) || numbered('o') => "codex",
        () if ["pro", "flash", "flash-lite"].contains(&name.as_str()) => "gemini",
        () if ["llama", "qwen", "mistral", "gemma", "deepseek", "phi"].iter().any(|word| name.starts_with(word)) => {
            "ollama"
        }
        () => return None,
    })
}

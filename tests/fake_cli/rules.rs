//! Which rule of a script is played.

use super::action::Action;
use super::request::Request;
use super::script::{Rule, Script, When};
use std::fs::OpenOptions;
use std::io;
use std::path::Path;

/// The rule that a request plays, and its name; `None`: the built-in default.
///
/// The prompt is read by `read` when the first rule needs it, so that a script can have a child that
/// never reads.
///
/// # Errors
/// What `read` says, or why a counter cannot be kept.
pub fn choose<'a, E>(
    script: &'a Script,
    request: &mut Request,
    mut read: impl FnMut(&mut Request) -> Result<(), E>,
    fault: impl Fn(String) -> E,
) -> Result<Option<(&'a Rule, String)>, E> {
    for (index, rule) in script.rule.iter().enumerate() {
        if rule.when.needs_prompt() && request.prompt.is_none() {
            read(request)?;
        }
        if !holds(&rule.when, request) {
            continue;
        }
        let name = rule.name.clone().unwrap_or_else(|| (index + 1).to_string());
        if !rule.when.nth.is_empty() {
            let folder = script.state.as_deref().unwrap_or(Path::new("."));
            let nth = count(folder, index).map_err(|error| fault(format!("state: {error}")))?;
            if !rule.when.nth.contains(&nth) {
                continue;
            }
        }
        if request.prompt.is_none() && !rule.actions.iter().any(|action| matches!(action, Action::Unread)) {
            read(request)?;
        }
        return Ok(Some((rule, name)));
    }
    if request.prompt.is_none() {
        read(request)?;
    }
    Ok(None)
}

fn holds(when: &When, request: &Request) -> bool {
    let text = request.text();
    when.vendor.is_none_or(|vendor| vendor == request.vendor)
        && when.model.as_ref().is_none_or(|model| Some(model) == request.asked.model.as_ref())
        && when.who.as_ref().is_none_or(|who| *who == request.who)
        && when.schema.is_none_or(|schema| schema == request.asked.schema.is_some())
        && when.phase.is_none_or(|phase| phase == request.call.phase)
        && (when.round.is_empty() || when.round.contains(&request.call.round))
        && when.begins.as_ref().is_none_or(|begins| text.starts_with(begins.as_str()))
        && when.contains.iter().all(|part| text.contains(part.as_str()))
        && !when.lacks.iter().any(|part| text.contains(part.as_str()))
}

/// Takes the next number of a rule's counter, from 1. Each number is a file that only one process
/// can create, so that no two get the same one.
fn count(folder: &Path, rule: usize) -> io::Result<u32> {
    std::fs::create_dir_all(folder)?;
    let mut nth = 1;
    loop {
        match OpenOptions::new().write(true).create_new(true).open(folder.join(format!("rule-{}.{nth}", rule + 1))) {
            Ok(_) => return Ok(nth),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => nth += 1,
            Err(error) => return Err(error),
        }
    }
}

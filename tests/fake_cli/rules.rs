//! Which rule of a scene is played.

use super::act::Act;
use super::request::Request;
use super::scene::{Rule, Scene, When};
use std::fs::OpenOptions;
use std::io;
use std::path::Path;

/// The rule that a request plays, and its name; `None`: the built-in default.
///
/// The prompt is read by `read` when the first rule needs it, so that a scene can have a child that
/// never reads.
///
/// # Errors
/// What `read` says, or why a counter cannot be kept.
pub fn choose<'a, E>(
    scene: &'a Scene,
    request: &mut Request,
    mut read: impl FnMut(&mut Request) -> Result<(), E>,
    fault: impl Fn(String) -> E,
) -> Result<Option<(&'a Rule, String)>, E> {
    for (index, rule) in scene.rule.iter().enumerate() {
        if rule.when.needs_prompt() && request.prompt.is_none() {
            read(request)?;
        }
        if !holds(&rule.when, request) {
            continue;
        }
        let name = rule.name.clone().unwrap_or_else(|| (index + 1).to_string());
        if !rule.when.nth.is_empty() {
            let folder = scene.state.as_deref().unwrap_or(Path::new("."));
            let nth = count(folder, index).map_err(|error| fault(format!("state: {error}")))?;
            if !rule.when.nth.contains(&nth) {
                continue;
            }
        }
        if request.prompt.is_none() && !rule.act.iter().any(|act| matches!(act, Act::Unread)) {
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
        && when.phase.is_none_or(|phase| phase == request.phase())
        && holds_of_turn(when, request)
        && when.begins.as_ref().is_none_or(|begins| text.starts_with(begins.as_str()))
        && when.contains.iter().all(|part| text.contains(part.as_str()))
        && !when.lacks.iter().any(|part| text.contains(part.as_str()))
}

fn holds_of_turn(when: &When, request: &Request) -> bool {
    if when.round.is_empty() && when.speaker.is_none() {
        return true;
    }
    request.floor().is_some_and(|floor| {
        (when.round.is_empty() || when.round.contains(&floor.round))
            && when.speaker.as_ref().is_none_or(|speaker| speaker == floor.speaker)
    })
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

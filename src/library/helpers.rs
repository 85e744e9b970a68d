//! Small functions that are of use without a run.

use super::provider::ModelId;
use crate::protocol::debate::{JUDGE, Judge, Persona, built_in};

/// The seven personas of this crate, in the order in which they are dealt.
#[must_use]
pub fn personas() -> &'static [Persona] {
    let all = built_in();
    all.iter().position(|persona| persona.id == JUDGE).map_or(all, |judge| &all[..judge])
}

/// The persona of an id, such as `pessimist`, `devils-advocate` or `judge`; `None` for an id that there is
/// not.
///
/// ```
/// assert_eq!(refinery_core::persona("pessimist").map(|one| one.name.as_str()), Some("Risk Analyst"));
/// assert!(refinery_core::persona("optimist").is_none());
/// ```
#[must_use]
pub fn persona(id: &str) -> Option<&'static Persona> {
    built_in().iter().find(|persona| persona.id == id)
}

impl Judge {
    /// A participant as the judge of this crate, who sums up and has no vote.
    #[must_use]
    pub fn new(participant: ModelId) -> Self {
        let usual = persona(JUDGE).cloned();
        let persona = usual.unwrap_or_else(|| Persona {
            id: JUDGE.to_owned(),
            name: "Judge".to_owned(),
            role: "Sums up.".to_owned(),
            prompt: "Sum up faithfully what was said.".to_owned(),
        });
        Self { participant, persona }
    }
}

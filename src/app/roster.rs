//! Who does what in a run, while its plan is drawn up: the room, those who sit aside, and everybody
//! who has a part of its own.

use crate::adapter::Catalog;
use crate::app::options::Options;
use crate::app::resolve::{ResolvedParticipant, resolve};
use crate::config::Settings;
use crate::config::settings::effort;
use crate::config::value::{at_least, number};
use crate::error::Error;
use crate::exchange::{Effort, Tuning};
use crate::ids::ParticipantId;
use crate::plan::parse_participants;
use crate::protocol::debate::{Persona, built_in};
use std::path::Path;
use std::sync::Arc;

/// What a command has at hand when it draws up its plan.
#[derive(Debug)]
pub struct RosterBuilder<'a> {
    /// All settings.
    pub settings: &'a Settings,
    /// The working directory, for files that it names.
    pub folder: &'a Path,
    /// The text that it is to work on, if there is one.
    pub draft: Option<Arc<str>>,
    /// What a person should know of the plan.
    pub warnings: Vec<String>,
    /// The personas that there are.
    pub personas: Vec<Persona>,
    /// Everybody of `--models`, those among them who turned out to be missing.
    pub listed: Vec<ParticipantId>,
    catalog: &'a Catalog,
    room: Vec<ResolvedParticipant>,
    aside: Vec<ResolvedParticipant>,
    parts: Vec<Assignment>,
}

/// A participant with a part of its own, and what gave it: it cannot be left out.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// Who.
    pub id: ParticipantId,
    /// `--judge`, ``step 2: `judge` ``.
    pub place: String,
}

/// A participant that a part was given to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Who.
    pub id: ParticipantId,
    /// How hard it is to think in this part, if that was said.
    pub effort: Option<Effort>,
}

impl<'a> RosterBuilder<'a> {
    /// With everybody of `--models` in the room, and the personas of this program.
    #[must_use]
    pub fn new(
        settings: &'a Settings,
        folder: &'a Path,
        catalog: &'a Catalog,
        room: Vec<ResolvedParticipant>,
        draft: Option<Arc<str>>,
    ) -> Self {
        let (aside, parts, warnings) = (Vec::new(), Vec::new(), Vec::new());
        let listed = room.iter().map(|one| one.id.clone()).collect();
        Self { settings, folder, draft, warnings, personas: built_in().to_vec(), listed, catalog, room, aside, parts }
    }

    /// Who takes part in everything, in the order in which they were named.
    #[must_use]
    pub fn room(&self) -> &[ResolvedParticipant] {
        &self.room
    }

    /// Who takes part only where it is named.
    #[must_use]
    pub fn aside(&self) -> &[ResolvedParticipant] {
        &self.aside
    }

    /// Everybody with a part of its own.
    #[must_use]
    pub fn parts(&self) -> &[Assignment] {
        &self.parts
    }

    /// Whether somebody is in the room more than once: `claude*3`.
    #[must_use]
    pub fn has_doubles(&self) -> bool {
        // A typed name has no such sign.
        self.room.iter().any(|one| one.id.as_str().contains('#'))
    }

    /// Gives a part to a participant, as it was typed at `place`: somebody of the room, if it is there
    /// by that name (the first of several), else somebody who sits aside.
    ///
    /// # Errors
    /// No such adapter, no such effort.
    pub fn give_part(&mut self, word: &str, place: &str) -> Result<ParticipantId, Error> {
        let id = match self.present(word) {
            Some(id) => id,
            None => self.seat_aside(word, place)?,
        };
        self.parts.push(Assignment { id: id.clone(), place: place.to_owned() });
        Ok(id)
    }

    /// The same, where `@effort` is how hard it is to think in this part alone: `codex@low` is also the
    /// `codex` of the room.
    ///
    /// # Errors
    /// Those of [`give_part`](Self::give_part).
    pub fn give_part_with_effort(&mut self, word: &str, place: &str) -> Result<Named, Error> {
        let typed = word.rsplit_once('@').and_then(|(bare, effort)| Some((bare, effort.parse().ok()?)));
        let effort = typed.map(|(_, effort)| effort);
        let same = typed.filter(|_| self.present(word).is_none()).and_then(|(bare, _)| self.present(bare));
        let id = self.give_part(same.as_ref().map_or(word, ParticipantId::as_str), place)?;
        Ok(Named { id, effort })
    }

    fn seat_aside(&mut self, word: &str, place: &str) -> Result<ParticipantId, Error> {
        let known: Vec<_> = self.catalog.iter().map(|manifest| manifest.id.as_str()).collect();
        let at_place = |error: Error| Error {
            messages: error.messages.into_iter().map(|message| format!("{place}: {message}")).collect(),
            ..error
        };
        let wanted = parse_participants(&[word], &known, &(1..=1)).map_err(at_place)?;
        let new = resolve(wanted, self.catalog, self.settings)?;
        let id = new.first().map_or_else(|| ParticipantId::new(word), |one| one.id.clone());
        self.aside.extend(new);
        Ok(id)
    }

    /// Somebody of that name, or the first of several.
    fn present(&self, name: &str) -> Option<ParticipantId> {
        let first = format!("{name}#1");
        let all = || self.room.iter().chain(&self.aside).map(|one| &one.id);
        let numbered = || all().find(|id| id.as_str() == first);
        all().find(|id| id.as_str() == name).or_else(numbered).cloned()
    }

    /// Leaves only the first in the room: the others are there for the parts that they were given, or
    /// not at all.
    pub fn first_alone(&mut self) {
        let others: Vec<ResolvedParticipant> = self.room.drain(1.min(self.room.len())..).collect();
        let (with_part, without): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|one| self.parts.iter().any(|part| part.id == one.id));
        self.aside.extend(with_part);
        if let (Some(first), false) = (self.room.first(), without.is_empty()) {
            let names: Vec<_> = without.iter().map(|one| one.id.as_str()).collect();
            self.warnings.push(format!(
                "{} {} no part: {}, the first of the list, writes; `--judge` and `--refiner` name others",
                names.join(", "),
                if names.len() == 1 { "takes" } else { "take" },
                first.id
            ));
        }
    }

    /// How the models run: what is said of it, else what the settings say. The effort of the settings
    /// stands with each participant: here it would overrule `@effort`.
    pub fn tuning(&self, options: &mut Options) -> Tuning {
        let temperature = options.read("temperature", |text| number(text, &(0.0..=2.0)));
        let reply_tokens = options.read("reply_tokens", |text| at_least(text, 1));
        let seed_name = options.read("max_tokens", |text| at_least(text, 1));
        Tuning {
            effort: options.read("effort", effort),
            temperature: temperature.or(self.settings.temperature),
            reply_tokens: reply_tokens.or(seed_name).or(self.settings.reply_tokens),
        }
    }
}

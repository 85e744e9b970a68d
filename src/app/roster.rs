//! Participants and their roles, while a plan is drawn up.

use crate::adapter::Catalog;
use crate::app::options::Options;
use crate::app::resolve::{ResolvedParticipant, resolve};
use crate::config::Settings;
use crate::error::Error;
use crate::exchange::Tuning;
use crate::ids::ParticipantId;
use crate::plan::parse_participants;
use crate::protocol::debate::{Persona, built_in};
use crate::protocol::options::Named;
use std::path::Path;
use std::sync::Arc;

/// What a command has at hand when it draws up its plan.
#[derive(Debug)]
pub struct RosterBuilder<'a> {
    /// All settings.
    pub settings: &'a Settings,
    /// The working directory, for files that it names.
    pub folder: &'a Path,
    /// The text to refine, if there is one.
    pub draft: Option<Arc<str>>,
    /// What a person should know of the plan.
    pub warnings: Vec<String>,
    /// The personas that there are.
    pub personas: Vec<Persona>,
    /// All of `--models`, with those that turned out to be missing.
    pub listed: Vec<ParticipantId>,
    catalog: &'a Catalog,
    members: Vec<ResolvedParticipant>,
    auxiliary: Vec<ResolvedParticipant>,
    assignments: Vec<Assignment>,
}

/// A role of its own for one participant, which then cannot be left out.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The participant.
    pub id: ParticipantId,
    /// `--judge`, ``step 2: `judge` ``.
    pub place: String,
}

impl<'a> RosterBuilder<'a> {
    /// With these members and the built-in personas.
    #[must_use]
    pub fn new(
        settings: &'a Settings,
        folder: &'a Path,
        catalog: &'a Catalog,
        members: Vec<ResolvedParticipant>,
        draft: Option<Arc<str>>,
    ) -> Self {
        let (auxiliary, assignments, warnings) = (Vec::new(), Vec::new(), Vec::new());
        let listed = members.iter().map(|one| one.id.clone()).collect();
        Self {
            settings,
            folder,
            draft,
            warnings,
            personas: built_in().to_vec(),
            listed,
            catalog,
            members,
            auxiliary,
            assignments,
        }
    }

    /// Participants in everything, in the order in which they were named.
    #[must_use]
    pub fn members(&self) -> &[ResolvedParticipant] {
        &self.members
    }

    /// Participants in single roles only.
    #[must_use]
    pub fn auxiliary(&self) -> &[ResolvedParticipant] {
        &self.auxiliary
    }

    /// All roles given to single participants.
    #[must_use]
    pub fn assignments(&self) -> &[Assignment] {
        &self.assignments
    }

    /// Whether a model is a member more than once: `claude*3`.
    #[must_use]
    pub fn has_doubles(&self) -> bool {
        // A typed name has no such sign.
        self.members.iter().any(|one| one.id.as_str().contains('#'))
    }

    /// Gives a role to a participant, as it was typed at `place`: a member of that name (the first of
    /// several), else an auxiliary one.
    ///
    /// # Errors
    /// No such adapter, no such effort.
    pub fn assign(&mut self, word: &str, place: &str) -> Result<ParticipantId, Error> {
        let id = match self.present(word) {
            Some(id) => id,
            None => self.seat_aside(word, place)?,
        };
        self.assignments.push(Assignment { id: id.clone(), place: place.to_owned() });
        Ok(id)
    }

    /// The same, where `@effort` holds for this role alone: `codex@low` is also the
    /// member `codex`.
    ///
    /// # Errors
    /// Those of [`assign`](Self::assign).
    pub fn assign_with_effort(&mut self, word: &str, place: &str) -> Result<Named, Error> {
        let typed = word.rsplit_once('@').and_then(|(bare, effort)| Some((bare, effort.parse().ok()?)));
        let effort = typed.map(|(_, effort)| effort);
        let same = typed.filter(|_| self.present(word).is_none()).and_then(|(bare, _)| self.present(bare));
        let id = self.assign(same.as_ref().map_or(word, ParticipantId::as_str), place)?;
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
        self.auxiliary.extend(new);
        Ok(id)
    }

    /// A participant of that name, or the first of several.
    fn present(&self, name: &str) -> Option<ParticipantId> {
        let first = format!("{name}#1");
        let all = || self.members.iter().chain(&self.auxiliary).map(|one| &one.id);
        let numbered = || all().find(|id| id.as_str() == first);
        all().find(|id| id.as_str() == name).or_else(numbered).cloned()
    }

    /// Leaves only the first member: the others are there for the roles that they were given, or
    /// not at all. With `judged`, the first of another vendor than the refiner, else the author, is to score.
    pub fn first_alone(&mut self, judged: bool, refiner: Option<&ParticipantId>) {
        let all = || self.members.iter().chain(&self.auxiliary);
        let writer = refiner.and_then(|id| all().find(|one| one.id == *id)).or(self.members.first());
        let words = writer.map(|one| one.manifest.vendor_words());
        let peer = all().find(|one| judged && Some(one.manifest.vendor_words()) != words).map(|one| one.id.clone());
        let others: Vec<ResolvedParticipant> = self.members.drain(1.min(self.members.len())..).collect();
        let (with_role, without): (Vec<_>, Vec<_>) = others
            .into_iter()
            .partition(|one| peer.as_ref() == Some(&one.id) || self.assignments.iter().any(|role| role.id == one.id));
        self.auxiliary.extend(with_role);
        if let (Some(first), false) = (self.members.first(), without.is_empty()) {
            let names: Vec<_> = without.iter().map(|one| one.id.as_str()).collect();
            self.warnings.push(format!(
                "{} {} unused: {}, the first of the list, is the author; `--judge` and `--refiner` assign other roles",
                names.join(", "),
                if names.len() == 1 { "is" } else { "are" },
                first.id
            ));
        }
    }

    /// How the models run: what is said of it, else what the settings say. The effort of the settings
    /// stands with each participant: here it would overrule `@effort`.
    pub fn tuning(&self, options: &mut Options) -> Tuning {
        let mut tuning = Tuning { effort: None, ..self.settings.tuning };
        options.fill(&mut tuning);
        tuning
    }
}

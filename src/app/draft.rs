//! A run that is drawn up: its input is read, its protocol and participants are settled, and no program was
//! looked for yet.

use crate::adapter::Catalog;
use crate::app::advice::advice;
use crate::app::confidential;
use crate::app::input::{self, Input};
use crate::app::persona_files;
use crate::app::plans::{self, self_refine};
use crate::app::request::RunRequest;
use crate::app::resolve::{ResolvedParticipant, resolve};
use crate::app::roster::{Assignment, RosterBuilder};
use crate::config::Settings;
use crate::error::Error;
use crate::host::{Machine, manifests};
use crate::ids::ParticipantId;
use crate::plan::{self, Estimate, ProtocolPlan, Wanted, parse_debaters, parse_participants};
use crate::protocol::debate::{Persona, built_in};
use crate::protocol::refine::SelfRefinePlan;
use crate::protocol::sampling::SamplingPlan;
use std::path::PathBuf;

/// What is asked about a draft if nothing is said.
const IMPLIED_QUESTION: &str =
    "Improve the quality and the accuracy of the text. Keep its purpose, its format and its language.";

/// A run that is drawn up.
#[derive(Debug)]
pub struct Draft {
    /// What is done, and by whom.
    pub drawn: Drawn,
    /// Question and files.
    pub input: Input,
    /// All settings.
    pub settings: Settings,
    /// All of `--models`, in order.
    pub(super) resolved: Vec<ResolvedParticipant>,
    pub(super) request: RunRequest,
    pub(super) catalog: Catalog,
    personas: Vec<Persona>,
    listed: Vec<ParticipantId>,
    folder: PathBuf,
}

/// What is done, and by whom.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// What is done with the question.
    pub protocol: ProtocolPlan,
    /// The critique pass over the answer, where one is asked for.
    pub self_refine: Option<SelfRefinePlan>,
    /// Those who take part in everything.
    pub members: Vec<ResolvedParticipant>,
    /// Those who take part only where they are named.
    pub auxiliary: Vec<ResolvedParticipant>,
    /// Roles that were given to single participants.
    pub(super) assignments: Vec<Assignment>,
    pub(super) warnings: Vec<String>,
}

impl Draft {
    /// Draws a run up. `warnings` takes what a person should know, whatever becomes of it.
    ///
    /// # Errors
    /// Wrong options, input, manifests, personas or names.
    pub fn of(
        request: RunRequest,
        settings: Settings,
        machine: &mut Machine,
        warnings: &mut Vec<String>,
    ) -> Result<Self, Error> {
        if !request.input.allow_secrets {
            confidential::check_paths(&request.input, &machine.cwd)?;
        }
        let implied = request.command.takes_draft().then_some(IMPLIED_QUESTION);
        let input =
            input::read(&request.input, implied, settings.no_stdin, &machine.cwd, &mut machine.stdin, warnings)?;
        let catalog = catalog(&request, &settings, machine, warnings)?;
        let personas = match request.command.has_personas() {
            true => persona_files::load(&machine.folders, &machine.cwd, &request.personas)?,
            false => built_in().to_vec(),
        };
        let resolved = resolve(wanted(&request, &settings, &catalog, &personas)?, &catalog, &settings)?;
        let listed = resolved.iter().map(|one| one.id.clone()).collect();
        let folder = machine.cwd.clone();
        let drawn = Drawn::of(ProtocolPlan::Sample(SamplingPlan::default()));
        let mut draft = Self { drawn, input, settings, resolved, request, catalog, personas, listed, folder };
        draft.drawn = draft.draw()?;
        warnings.extend(draft.drawn.warnings.iter().cloned());
        if draft.settings.verbose {
            let limits = draft.binding_limits();
            warnings.extend(limits.iter().map(|limit| format!("Concurrency: {}", limit.line())));
        }
        warnings.extend(advice(&draft.drawn.protocol, &draft.drawn.members, &draft.drawn.auxiliary));
        Ok(draft)
    }

    /// What is done by those of `--models` who are left.
    pub(super) fn draw(&self) -> Result<Drawn, Error> {
        let room = self.resolved.clone();
        let mut roster =
            RosterBuilder::new(&self.settings, &self.folder, &self.catalog, room, self.input.draft.clone());
        roster.listed.clone_from(&self.listed);
        roster.personas.clone_from(&self.personas);
        let protocol = plans::protocol(&self.request, &mut roster)?;
        let self_refine = if self.request.command.takes_draft() { None } else { self_refine::plan(&mut roster)? };
        Ok(Drawn {
            protocol,
            self_refine,
            members: roster.members().to_vec(),
            auxiliary: roster.auxiliary().to_vec(),
            assignments: roster.assignments().to_vec(),
            warnings: roster.warnings,
        })
    }

    /// The maximum number of calls.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        let Drawn { protocol, self_refine, members, auxiliary, .. } = &self.drawn;
        let limits = members.iter().chain(auxiliary).map(|one| one.manifest.prompt_bytes());
        let room = plan::prompt_room(limits, &self.input.question, &self.input.files);
        plan::estimate_run(protocol, self_refine.as_ref(), members.len(), room)
    }
}

impl Drawn {
    /// A protocol without participants.
    #[must_use]
    pub fn of(protocol: ProtocolPlan) -> Self {
        let (members, auxiliary, assignments, warnings) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { protocol, self_refine: None, members, auxiliary, assignments, warnings }
    }
}

/// All adapters that a request can name.
///
/// # Errors
/// A manifest that cannot be read, or is wrong.
pub(super) fn catalog(
    request: &RunRequest,
    settings: &Settings,
    machine: &Machine,
    warnings: &mut Vec<String>,
) -> Result<Catalog, Error> {
    let explicit: Vec<_> = request.adapters.iter().map(|path| machine.cwd.join(path)).collect();
    let catalog = manifests::load(&machine.folders, &explicit)?;
    let unknown = settings.adapters.keys().filter(|name| catalog.get(name).is_none());
    warnings.extend(unknown.map(|name| format!("settings for `{name}` are ignored: there is no such adapter")));
    Ok(catalog)
}

fn wanted(
    request: &RunRequest,
    settings: &Settings,
    catalog: &Catalog,
    personas: &[Persona],
) -> Result<Vec<Wanted>, Error> {
    if settings.models.iter().all(|list| list.trim().is_empty()) {
        return Err(Error::config("no models given (use -m)")
            .hint("refinery \"your question\" -m claude,codex,gemini")
            .hint("`refinery doctor` shows which ones work here; `models` in the configuration sets a default"));
    }
    let known: Vec<_> = catalog.iter().map(|manifest| manifest.id.as_str()).collect();
    let count = request.command.participants();
    if !request.command.has_personas() {
        return parse_participants(&settings.models, &known, &count);
    }
    let personas: Vec<_> = personas.iter().map(|persona| persona.id.as_str()).collect();
    parse_debaters(&settings.models, &known, &personas, &count)
}

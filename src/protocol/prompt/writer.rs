//! Writes the prompts of a run: what all protocols need to turn a template into a prompt that fits.

use super::{Slot, Stable, Template};
use crate::exchange::{Prompt, Shape};
use crate::ids::{ParticipantId, Round};
use crate::protocol::anonymise::Scrub;
use crate::protocol::draw::Draw;
use crate::protocol::fence::{Fences, neutralise};
use crate::protocol::material::{Material, Member, MemberIndex, Misfit};
use crate::protocol::quote::{Piece, fits};
use std::sync::Arc;

/// Bytes that a prompt for a structured reply leaves free, since a repair repeats it with that reply.
pub(crate) const REPAIR_BYTES: usize = 16_384;
/// A quote that is cut to less than this says nothing any more.
pub(crate) const USEFUL_QUOTE_BYTES: usize = 2_048;

/// A prompt, and how many bytes of quoted text did not fit into it.
pub(crate) type FittedPrompt = (Prompt, u64);

/// The members of a run, what it is about, and the fences, draws and names that follow from both.
pub(crate) struct PromptWriter {
    pub members: Vec<Member>,
    stable: Stable,
    fences: Fences,
    draw: Draw,
    scrub: Scrub,
}

/// A structured reply that could not be used.
pub(crate) struct Repair<'a> {
    pub template: Template,
    /// Names the fence.
    pub phase: &'a str,
    pub to: MemberIndex,
    pub round: Round,
    pub first: &'a Prompt,
    pub problem: String,
    pub reply: &'a str,
    pub shape: &'a Shape,
}

impl PromptWriter {
    pub fn new(members: Vec<Member>, material: Material) -> Self {
        let Material { question, files, nonce_root, seed } = material;
        let fences = Fences::new(nonce_root);
        let names = members.iter().flat_map(|member| {
            let own = [member.id.to_string(), member.model_id.clone()];
            member.vendor_words.iter().cloned().chain(own)
        });
        // An answer may quote what the person said about a model.
        let given = std::iter::once(&question).chain(files.iter().map(|(_, contents)| contents));
        Self {
            scrub: Scrub::new(names, given.map(Arc::clone).collect()),
            stable: Stable::new(&question, &files, &fences),
            draw: Draw::new(seed),
            fences,
            members,
        }
    }

    pub fn id(&self, member: MemberIndex) -> &ParticipantId {
        &self.members[member].id
    }

    pub fn name(&self, member: MemberIndex) -> &str {
        self.id(member).as_str()
    }

    /// A text as peers see it: without names that tell who wrote it, and without the run's own tags.
    pub fn anonymous(&self, text: &Arc<str>) -> Arc<str> {
        self.quotable(&self.scrub.copy(text))
    }

    /// A text as its own author sees it again: without the run's own tags.
    pub fn quotable(&self, text: &Arc<str>) -> Arc<str> {
        neutralise(text, self.stable.nonce())
    }

    /// The code of a fence around `texts`; `reader` tells prompts of one phase and round apart.
    pub fn nonce(&self, phase: &str, round: Round, reader: &str, texts: &[&str]) -> String {
        self.fences.nonce(phase, round.get(), reader, texts)
    }

    /// Items in the order that this reader sees them in.
    pub fn order<T>(
        &self,
        purpose: &str,
        round: Round,
        reader: MemberIndex,
        items: Vec<T>,
        member: impl Fn(&T) -> MemberIndex,
    ) -> Vec<T> {
        self.draw.order(purpose, round.get(), self.name(reader), items, |item| self.name(member(item)))
    }

    /// What the person gave, and nothing else.
    pub fn bare(&self) -> Prompt {
        self.stable.bare()
    }

    /// The prompt of these pieces, with `reserve` bytes of the member's limit left free.
    pub fn fit(&self, to: MemberIndex, pieces: Vec<Piece>, reserve: usize) -> FittedPrompt {
        let limit = self.members[to].prompt_bytes.map(|limit| limit.saturating_sub(reserve));
        self.stable.prompt(pieces, limit)
    }

    /// Whether these pieces need no cut to fit.
    pub fn fits(&self, to: MemberIndex, pieces: &[Piece], reserve: usize) -> bool {
        let limit = self.members[to].prompt_bytes;
        fits(pieces, limit.map(|limit| limit.saturating_sub(reserve).saturating_sub(self.stable.bytes())))
    }

    /// Bytes of a prompt that leaves `quotes` bytes for what it quotes.
    pub fn needs(&self, pieces: &[Piece], quotes: usize) -> usize {
        self.stable.needs(pieces, quotes)
    }

    /// The first prompt once more, with the reply that could not be used and what is wrong with it.
    pub fn repair(&self, repair: &Repair<'_>) -> Vec<Piece> {
        let reply = self.quotable(&repair.reply.into());
        let nonce = self.nonce(repair.phase, repair.round, self.name(repair.to), &[&reply]);
        let first = repair.first.varying().iter().map(|part| Piece::Fixed(Arc::clone(part)));
        let again = repair.template.fill(&[
            ("nonce", Slot::Text(nonce)),
            ("problem", Slot::Text(repair.problem.clone())),
            ("reply", Slot::Quote(reply)),
            ("schema", Slot::Text(repair.shape.to_json())),
        ]);
        first.chain(again).collect()
    }

    /// Members whose limit is below what their longest prompt needs.
    pub fn misfits(&self, needs: impl Fn(MemberIndex) -> usize) -> Vec<Misfit> {
        let misfit = |(at, member): (MemberIndex, &Member)| {
            let limit = member.prompt_bytes?;
            let needs = needs(at);
            (needs > limit).then(|| Misfit { participant: member.id.clone(), needs, limit })
        };
        self.members.iter().enumerate().filter_map(misfit).collect()
    }
}

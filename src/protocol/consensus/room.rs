//! What does not change during a run: who takes part, what it is about, and how prompts are made
//! of that.

use super::settings::{ConsensusPlan, Material, Member, ReviewMode};
use super::state::{Candidate, Who};
use crate::exchange::{Prompt, Shape};
use crate::ids::{ParticipantId, Round};
use crate::protocol::anonymise::Scrub;
use crate::protocol::draw::{Draw, letter};
use crate::protocol::fence::{Fences, neutralise};
use crate::protocol::parse::{Malformed, Review};
use crate::protocol::prompt::{self, Slot, Stable};
use crate::protocol::quote::{Piece, fits};
use std::sync::Arc;

/// Bytes that a review's prompt leaves for a repair, which repeats it.
const REPAIR_BYTES: usize = 16_384;
/// A quote that is cut to less than this says nothing any more.
const USEFUL_QUOTE_BYTES: usize = 2_048;

/// A participant whose limit the question and the files exceed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Who.
    pub participant: ParticipantId,
    /// How many bytes its longest prompt needs at least.
    pub needs: usize,
    /// How many it may have.
    pub limit: usize,
}

pub(super) struct Room {
    pub plan: ConsensusPlan,
    pub members: Vec<Member>,
    /// The participants' names in plan order.
    pub order: Vec<ParticipantId>,
    pub system: Arc<str>,
    stable: Stable,
    fences: Fences,
    draw: Draw,
    scrub: Scrub,
}

/// A prompt, and how many bytes of quoted text did not fit into it.
pub(super) type Made = (Prompt, u64);

impl Room {
    pub fn new(plan: ConsensusPlan, members: Vec<Member>, material: Material) -> Self {
        let Material { question, files, nonce_root, seed } = material;
        let fences = Fences::new(nonce_root);
        let names = members.iter().flat_map(|member| {
            let own = [member.id.to_string(), member.model_id.clone()];
            member.vendor_words.iter().cloned().chain(own)
        });
        let given = std::iter::once(&question).chain(files.iter().map(|(_, contents)| contents));
        Self {
            scrub: Scrub::new(names, given.map(Arc::clone).collect()),
            order: members.iter().map(|member| member.id.clone()).collect(),
            stable: Stable::new(&question, &files, &fences),
            draw: Draw::new(seed),
            system: prompt::system(),
            plan,
            members,
            fences,
        }
    }

    pub fn name(&self, who: Who) -> &str {
        self.order[who].as_str()
    }

    /// An answer as it enters the room.
    pub fn candidate(&self, text: &Arc<str>) -> Candidate {
        let shown = neutralise(&self.scrub.copy(text), self.stable.nonce());
        Candidate { text: Arc::clone(text), shown }
    }

    pub fn bare(&self) -> Prompt {
        self.stable.bare()
    }

    pub fn propose(&self, who: Who, round: Round, context: Option<&str>) -> Made {
        let context = self.context(context, round, self.name(who));
        self.made(who, prompt::PROPOSE.fill(&[("context", context)]), 0)
    }

    /// The label under which a reviewer sees the only answer in a prompt.
    pub fn label(&self, reviewer: Who, author: Who, round: Round) -> String {
        let others = (0..self.order.len()).filter(|who| *who != reviewer).collect();
        let place = self.drawn("labels", round, reviewer, others).iter().position(|who| *who == author);
        letter(place.unwrap_or(0))
    }

    pub fn review(&self, reviewer: Who, label: &str, shown: &Arc<str>, round: Round, context: Option<&str>) -> Made {
        let who = format!("{}/{label}", self.name(reviewer));
        let nonce = self.fences.nonce("review", round.get(), &who, &[shown]);
        let pieces = prompt::REVIEW.fill(&[
            ("nonce", Slot::Text(nonce)),
            ("label", Slot::Text(label.to_owned())),
            ("context", self.context(context, round, &who)),
            ("answer", Slot::Quote(Arc::clone(shown))),
        ]);
        self.made(reviewer, pieces, REPAIR_BYTES)
    }

    /// The answers that a reviewer sees, in a drawn order, in as many groups as its prompts need.
    pub fn groups<'a>(
        &self,
        reviewer: Who,
        answers: Vec<(Who, &'a Arc<str>)>,
        round: Round,
        context: Option<&str>,
    ) -> Vec<Vec<(Who, &'a Arc<str>)>> {
        let answers = self.draw.order("labels", round.get(), self.name(reviewer), answers, |(who, _)| self.name(*who));
        let mut groups: Vec<Vec<(Who, &Arc<str>)>> = Vec::new();
        for answer in answers {
            if let Some(group) = groups.last_mut() {
                group.push(answer);
                let texts: Vec<_> = group.iter().map(|(_, shown)| *shown).collect();
                let room = self.room_for_quotes(reviewer, REPAIR_BYTES);
                if fits(&self.batch(reviewer, &texts, round, context), room) {
                    continue;
                }
                group.pop();
            }
            groups.push(vec![answer]);
        }
        groups
    }

    /// A review of several answers, under the labels A, B, … in the order given.
    pub fn review_batch(&self, reviewer: Who, shown: &[&Arc<str>], round: Round, context: Option<&str>) -> Made {
        self.made(reviewer, self.batch(reviewer, shown, round, context), REPAIR_BYTES)
    }

    fn batch(&self, reviewer: Who, shown: &[&Arc<str>], round: Round, context: Option<&str>) -> Vec<Piece> {
        let fenced: Vec<&str> = shown.iter().map(|text| &***text).collect();
        let who = self.name(reviewer);
        let nonce = self.fences.nonce("review", round.get(), who, &fenced);
        let labels: Vec<String> = (0..shown.len()).map(letter).collect();
        let answers = shown.iter().zip(&labels).flat_map(|(text, label)| {
            prompt::ANSWER.fill(&[
                ("nonce", Slot::Text(nonce.clone())),
                ("label", Slot::Text(label.clone())),
                ("answer", Slot::Quote(Arc::clone(text))),
            ])
        });
        let answers = answers.collect();
        prompt::REVIEW_BATCH.fill(&[
            ("nonce", Slot::Text(nonce.clone())),
            ("labels", Slot::Text(labels.join(", "))),
            ("context", self.context(context, round, who)),
            ("answers", Slot::Pieces(answers)),
        ])
    }

    /// The prompt of a review once more, with the reply that was no use and what is wrong with it.
    pub fn repair(
        &self,
        reviewer: Who,
        first: &Prompt,
        round: Round,
        problem: &Malformed,
        reply: &str,
        shape: &Shape,
    ) -> Made {
        let reply = neutralise(&reply.into(), self.stable.nonce());
        let nonce = self.fences.nonce("repair", round.get(), self.name(reviewer), &[&reply]);
        let again = prompt::REPAIR.fill(&[
            ("nonce", Slot::Text(nonce)),
            ("problem", Slot::Text(problem.to_string())),
            ("reply", Slot::Quote(reply)),
            ("schema", Slot::Text(shape.to_json())),
        ]);
        let mut pieces: Vec<Piece> = first.varying().iter().map(|part| Piece::Fixed(Arc::clone(part))).collect();
        pieces.extend(again);
        self.made(reviewer, pieces, 0)
    }

    pub fn refine(
        &self,
        who: Who,
        answer: &Arc<str>,
        reviews: &[(Who, &Review)],
        round: Round,
        context: Option<&str>,
    ) -> Made {
        let reviews =
            self.draw.order("reviews", round.get(), self.name(who), reviews.to_vec(), |(who, _)| self.name(*who));
        let texts: Vec<Arc<str>> = reviews.iter().map(|(_, review)| self.review_text(review)).collect();
        let answer = neutralise(answer, self.stable.nonce());
        let mut fenced: Vec<&str> = texts.iter().map(|text| &**text).collect();
        fenced.push(&answer);
        let nonce = self.fences.nonce("refine", round.get(), self.name(who), &fenced);
        let reviews = texts.into_iter().enumerate().flat_map(|(place, text)| {
            prompt::REVIEW_OF_YOURS.fill(&[
                ("nonce", Slot::Text(nonce.clone())),
                ("label", Slot::Text(letter(place))),
                ("review", Slot::Quote(text)),
            ])
        });
        let reviews = reviews.collect();
        let pieces = prompt::REFINE.fill(&[
            ("nonce", Slot::Text(nonce.clone())),
            ("context", self.context(context, round, self.name(who))),
            ("answer", Slot::Quote(answer)),
            ("reviews", Slot::Pieces(reviews)),
        ]);
        self.made(who, pieces, 0)
    }

    /// Everything that a review says, but the score, as its author's peers may see it.
    fn review_text(&self, review: &Review) -> Arc<str> {
        let text = |text: &str| Slot::Text(text.trim().to_owned());
        let list = |items: &[String]| {
            let items: Vec<_> = items.iter().map(|item| format!("- {}", item.trim())).collect();
            Slot::Text(if items.is_empty() { "- none named".to_owned() } else { items.join("\n") })
        };
        let pieces = prompt::REVIEW_FIELDS.fill(&[
            ("overall_assessment", text(&review.overall_assessment)),
            ("strengths", list(&review.strengths)),
            ("weaknesses", list(&review.weaknesses)),
            ("suggestions", list(&review.suggestions)),
            ("rationale", text(&review.rationale)),
        ]);
        let whole = pieces.into_iter().map(|piece| match piece {
            Piece::Fixed(text) | Piece::Quote(text) => text,
        });
        let whole: Arc<str> = whole.collect::<Vec<_>>().concat().into();
        neutralise(&self.scrub.copy(&whole), self.stable.nonce())
    }

    /// Who cannot take part because question and files leave no useful room for a quote.
    pub fn misfits(&self) -> Vec<Misfit> {
        let fits = |who: Who| {
            let limit = self.members[who].prompt_bytes?;
            let needs = self.least_bytes(who);
            (needs > limit).then(|| Misfit { participant: self.order[who].clone(), needs, limit })
        };
        (0..self.order.len()).filter_map(fits).collect()
    }

    fn least_bytes(&self, who: Who) -> usize {
        let others = self.order.len() - 1;
        if others == 0 {
            return self.bare().bytes();
        }
        let nothing: Arc<str> = "".into();
        let review = Review::default();
        let reviews = vec![(who, &review); others];
        let (refine, _) = self.refine(who, &nothing, &reviews, Round::FIRST, None);
        let (batch, _) = self.review_batch(who, &[&nothing], Round::FIRST, None);
        let (single, _) = self.review(who, "A", &nothing, Round::FIRST, None);
        let review = if self.plan.review == ReviewMode::Batch { batch } else { single };
        let review = review.bytes() + USEFUL_QUOTE_BYTES + REPAIR_BYTES;
        review.max(refine.bytes() + USEFUL_QUOTE_BYTES * (others + 1))
    }

    fn made(&self, who: Who, pieces: Vec<Piece>, reserve: usize) -> Made {
        let limit = self.members[who].prompt_bytes.map(|limit| limit.saturating_sub(reserve));
        self.stable.prompt(pieces, limit)
    }

    fn room_for_quotes(&self, who: Who, reserve: usize) -> Option<usize> {
        let limit = self.members[who].prompt_bytes?;
        Some(limit.saturating_sub(reserve).saturating_sub(self.stable.bytes()))
    }

    fn drawn(&self, purpose: &str, round: Round, who: Who, items: Vec<Who>) -> Vec<Who> {
        self.draw.order(purpose, round.get(), self.name(who), items, |item| self.name(*item))
    }

    fn context(&self, text: Option<&str>, round: Round, who: &str) -> Slot {
        let Some(text) = text else { return Slot::Text(String::new()) };
        let nonce = self.fences.nonce("context", round.get(), who, &[text]);
        Slot::Pieces(prompt::CONTEXT.fill(&[("nonce", Slot::Text(nonce)), ("text", Slot::Text(text.to_owned()))]))
    }
}

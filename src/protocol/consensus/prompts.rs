//! The prompts of a consensus: proposals, reviews, refinements.

use super::settings::ReviewMode;
use crate::exchange::{Prompt, Shape};
use crate::ids::Round;
use crate::protocol::asking::unchanged;
use crate::protocol::draw::letter;
use crate::protocol::material::MemberIndex;
use crate::protocol::parse::{Malformed, Review};
use crate::protocol::prompt::{self, FittedPrompt, PromptWriter, REPAIR_BYTES, Repair, Slot, USEFUL_QUOTE_BYTES};
use crate::protocol::quote::{Piece, QUOTE_BYTES, joined};
use std::sync::Arc;

pub(super) fn propose(writer: &PromptWriter, who: MemberIndex, round: Round, context: Option<&str>) -> FittedPrompt {
    let context = self::context(writer, context, round, writer.name(who));
    writer.fit(who, prompt::PROPOSE.fill(&[("context", context)]), 0)
}

/// The label under which a reviewer sees the only answer in a prompt.
///
/// It is drawn anew for each reviewer and round: a letter that stayed with an author would let reviewers recognise it
/// from round to round, and an author could tell from a review that names a letter whose answer it prefers.
pub(super) fn label(writer: &PromptWriter, reviewer: MemberIndex, author: MemberIndex, round: Round) -> String {
    let others = (0..writer.members.len()).filter(|who| *who != reviewer).collect();
    let place = writer.order("labels", round, reviewer, others, |who| *who).iter().position(|who| *who == author);
    letter(place.unwrap_or(0))
}

pub(super) fn review(
    writer: &PromptWriter,
    reviewer: MemberIndex,
    label: &str,
    shown: &Arc<str>,
    round: Round,
    context: Option<&str>,
) -> FittedPrompt {
    let reader = format!("{}/{label}", writer.name(reviewer));
    let pieces = prompt::REVIEW.fill(&[
        ("nonce", Slot::Text(writer.nonce("review", round, &reader, &[shown]))),
        ("label", Slot::Text(label.to_owned())),
        ("context", self::context(writer, context, round, &reader)),
        ("answer", Slot::Quote(Arc::clone(shown))),
    ]);
    writer.fit(reviewer, pieces, REPAIR_BYTES)
}

/// The answers that a reviewer sees, in a drawn order, in as many groups as its prompts need.
pub(super) fn groups<'a>(
    writer: &PromptWriter,
    reviewer: MemberIndex,
    answers: Vec<(MemberIndex, &'a Arc<str>)>,
    round: Round,
    context: Option<&str>,
) -> Vec<Vec<(MemberIndex, &'a Arc<str>)>> {
    let mut groups: Vec<Vec<(MemberIndex, &Arc<str>)>> = Vec::new();
    for answer in writer.order("labels", round, reviewer, answers, |(who, _)| *who) {
        if let Some(group) = groups.last_mut() {
            group.push(answer);
            let texts: Vec<_> = group.iter().map(|(_, shown)| *shown).collect();
            if writer.fits(reviewer, &batch(writer, reviewer, &texts, round, context), REPAIR_BYTES) {
                continue;
            }
            group.pop();
        }
        groups.push(vec![answer]);
    }
    groups
}

/// A review of several answers, under the labels A, B, … in the order given.
pub(super) fn review_batch(
    writer: &PromptWriter,
    reviewer: MemberIndex,
    shown: &[&Arc<str>],
    round: Round,
    context: Option<&str>,
) -> FittedPrompt {
    writer.fit(reviewer, batch(writer, reviewer, shown, round, context), REPAIR_BYTES)
}

fn batch(
    writer: &PromptWriter,
    reviewer: MemberIndex,
    shown: &[&Arc<str>],
    round: Round,
    context: Option<&str>,
) -> Vec<Piece> {
    let fenced: Vec<&str> = shown.iter().map(|text| &***text).collect();
    let reader = writer.name(reviewer);
    let nonce = writer.nonce("review", round, reader, &fenced);
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
        ("context", self::context(writer, context, round, reader)),
        ("answers", Slot::Pieces(answers)),
    ])
}

/// The prompt of a review once more, with the reply that could not be used and what is wrong with it.
pub(super) fn repair(
    writer: &PromptWriter,
    to: MemberIndex,
    first: &Prompt,
    round: Round,
    problem: &Malformed,
    reply: &str,
    shape: &Shape,
) -> FittedPrompt {
    let problem = problem.to_string();
    let repair = Repair { template: prompt::REPAIR, phase: "repair", to, round, first, problem, reply, shape };
    writer.fit(to, writer.repair(&repair), 0)
}

/// The prompt of a refinement, and the code of its fences.
pub(super) struct Refinement {
    pub prompt: FittedPrompt,
    pub nonce: String,
}

/// Asks for a better version of a participant's own answer. `None` where that answer does not fit whole: who does not
/// see all of a text cannot be asked to rewrite it.
pub(super) fn refine(
    writer: &PromptWriter,
    who: MemberIndex,
    answer: &Arc<str>,
    reviews: &[(MemberIndex, &Review)],
    round: Round,
    context: Option<&str>,
) -> Option<Refinement> {
    let (pieces, nonce) = refinement(writer, who, answer, reviews, round, context);
    let least = writer.needs(&pieces, USEFUL_QUOTE_BYTES);
    let fits = answer.len() <= QUOTE_BYTES && writer.members[who].prompt_bytes.is_none_or(|limit| least <= limit);
    fits.then(|| Refinement { prompt: writer.fit(who, pieces, 0), nonce })
}

fn refinement(
    writer: &PromptWriter,
    who: MemberIndex,
    answer: &Arc<str>,
    reviews: &[(MemberIndex, &Review)],
    round: Round,
    context: Option<&str>,
) -> (Vec<Piece>, String) {
    let reviews = writer.order("reviews", round, who, reviews.to_vec(), |(reviewer, _)| *reviewer);
    let texts: Vec<Arc<str>> = reviews.iter().map(|(_, review)| review_text(writer, review)).collect();
    let answer = writer.quotable(answer);
    let mut fenced: Vec<&str> = texts.iter().map(|text| &**text).collect();
    fenced.push(&answer);
    let nonce = writer.nonce("refine", round, writer.name(who), &fenced);
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
        ("unchanged", Slot::Text(unchanged(&nonce))),
        ("context", self::context(writer, context, round, writer.name(who))),
        ("answer", Slot::Whole(answer)),
        ("reviews", Slot::Pieces(reviews)),
    ]);
    (pieces, nonce)
}

/// Everything that a review says, but the score, as its author's peers may see it.
fn review_text(writer: &PromptWriter, review: &Review) -> Arc<str> {
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
    writer.anonymous(&joined(&pieces).into())
}

/// Bytes of a member's longest prompt with no more than a useful part of each quote.
pub(super) fn least_bytes(writer: &PromptWriter, who: MemberIndex, mode: ReviewMode) -> usize {
    let others = writer.members.len() - 1;
    if others == 0 {
        return writer.bare().bytes();
    }
    let nothing: Arc<str> = "".into();
    let blank = Review::default();
    let reviews = vec![(who, &blank); others];
    let (refine, _) = refinement(writer, who, &nothing, &reviews, Round::FIRST, None);
    let (review, _) = match mode {
        ReviewMode::Batch => review_batch(writer, who, &[&nothing], Round::FIRST, None),
        ReviewMode::Pairwise => review(writer, who, "A", &nothing, Round::FIRST, None),
    };
    let review = review.bytes() + USEFUL_QUOTE_BYTES + REPAIR_BYTES;
    review.max(writer.needs(&refine, USEFUL_QUOTE_BYTES * (others + 1)))
}

fn context(writer: &PromptWriter, text: Option<&str>, round: Round, reader: &str) -> Slot {
    let Some(text) = text else { return Slot::Text(String::new()) };
    let nonce = writer.nonce("context", round, reader, &[text]);
    Slot::Pieces(prompt::CONTEXT.fill(&[("nonce", Slot::Text(nonce)), ("text", Slot::Text(text.to_owned()))]))
}

//! What a stand-in says: its words, its drafts, its reviews.

use super::draw;
use super::marker::Mark;
use super::phase::Phase;
use super::request::Request;
use super::scene::{Draft, Opinion, Review, Say};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The words of an answer.
#[must_use]
pub fn say(say: &Say, request: &Request) -> String {
    let text = filled(&say.text, request);
    if text.is_empty() || text.len() >= say.fill_bytes {
        return text;
    }
    text.repeat(say.fill_bytes.div_ceil(text.len()))
}

/// A marked draft.
#[must_use]
pub fn draft(draft: &Draft, request: &Request) -> String {
    let version = match request.phase() {
        Phase::Refine => 1 + request.own_version(),
        Phase::Propose | Phase::Evaluate => 1,
    };
    let mark = Mark::new(&request.who, version);
    let opening = filled(&draft.opening, request);
    let opening = if opening.is_empty() { opening } else { opening + "\n\n" };
    let changed = if version == 1 { "" } else { " It takes up what the reviews asked for." };
    format!(
        "{opening}This is draft {mark}.{changed}\n\nMeasure first, so that the decision rests on this system and not \
         on another one. Change one thing at a time, behind a switch, and write down beforehand which number would \
         make you turn it off again. Keep the old path for one release; then delete it."
    )
}

/// A review of the marked draft in the prompt, whose score depends on its version and author.
#[must_use]
pub fn opinion(opinion: &Opinion, seed: u64, request: &Request) -> String {
    let marks = request.marks();
    let score = |mark: Option<&Mark>| {
        let version = mark.map_or(1, |mark| mark.version).max(1) as usize;
        let base = opinion.scores.get(version - 1).or(opinion.scores.last()).copied().unwrap_or(5.0);
        let extra = mark.map_or(0.0, |mark| draw::fraction(seed, &["spread", &mark.author]) * opinion.spread);
        ((base + extra).min(10.0) * 10.0).round() / 10.0
    };
    let review = |mark: Option<&Mark>| Review {
        score: Some(json!(score(mark))),
        strengths: vec!["It says what to do first, and why.".to_owned()],
        weaknesses: vec!["It does not say what would prove it wrong.".to_owned()],
        suggestions: vec!["Name the number at which the plan is given up.".to_owned()],
        overall_assessment: "Sound in its order, thin in its evidence.".to_owned(),
        rationale: "The steps follow from one another; none of them is backed by a measurement.".to_owned(),
    };
    let subject = marks.iter().max_by_key(|mark| mark.version);
    shaped(&review(subject), request)
}

/// A review in the shape that is asked for.
#[must_use]
pub fn shaped(review: &Review, request: &Request) -> String {
    let document = match &request.asked.schema {
        Some(schema) if !is_review(schema) => instance(schema, review),
        _ => return serde_json::to_string(&Ordered::of(review)).unwrap_or_default(),
    };
    document.to_string()
}

/// The keys of a review in the order that the prompt asks for: the score last.
#[derive(Serialize)]
struct Ordered<'a> {
    strengths: &'a [String],
    weaknesses: &'a [String],
    suggestions: &'a [String],
    overall_assessment: &'a str,
    rationale: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: &'a Option<Value>,
}

impl<'a> Ordered<'a> {
    fn of(review: &'a Review) -> Self {
        Self {
            strengths: &review.strengths,
            weaknesses: &review.weaknesses,
            suggestions: &review.suggestions,
            overall_assessment: &review.overall_assessment,
            rationale: &review.rationale,
            score: &review.score,
        }
    }
}

fn is_review(schema: &Value) -> bool {
    schema["properties"].get("score").is_some()
}

/// Something that a schema allows, with the words of the review where the names are its own.
fn instance(schema: &Value, review: &Review) -> Value {
    let own = serde_json::to_value(Ordered::of(review)).unwrap_or_default();
    fill(schema, &own)
}

fn fill(schema: &Value, own: &Value) -> Value {
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let properties = schema["properties"].as_object().cloned().unwrap_or_default();
            let filled = properties.into_iter().map(|(name, inner)| {
                let value = own.get(&name).cloned().unwrap_or_else(|| fill(&inner, own));
                (name, value)
            });
            Value::Object(filled.collect::<Map<_, _>>())
        }
        Some("array") => json!([fill(&schema["items"], own)]),
        Some("number" | "integer") => own.get("score").cloned().unwrap_or_else(|| json!(5)),
        Some("boolean") => json!(true),
        _ => json!("stand-in"),
    }
}

fn filled(text: &str, request: &Request) -> String {
    if !text.contains("{{") {
        return text.to_owned();
    }
    text.replace("{{who}}", &request.who)
        .replace("{{vendor}}", request.vendor.as_str())
        .replace("{{model}}", request.asked.model.as_deref().unwrap_or("default"))
}

//! What a fake says: its words, its drafts, its reviews, its critiques.

use super::action::{Critique, Draft, Opinion, Review, Say};
use super::call::Phase;
use super::draw;
use super::marker::Mark;
use super::request::Request;
use serde::Serialize;
use serde_json::{Value, json};

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
    let version = match request.call.phase {
        Phase::Refine | Phase::Critique => 1 + request.version(),
        _ => 1,
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

/// A critique and a rewrite, in the two blocks that are asked for.
#[must_use]
pub fn critique(critique: &Critique, request: &Request) -> String {
    let points: Vec<String> = critique.points.iter().map(|point| format!("- {point}")).collect();
    let revised = filled(&critique.revised, request);
    let revised = if revised.is_empty() { draft(&Draft::default(), request) } else { revised };
    format!("<critique>\n{}\n</critique>\n\n<revised>\n{revised}\n</revised>", points.join("\n"))
}

/// A review of the marked drafts in the prompt, whose score depends on version and author.
#[must_use]
pub fn opinion(opinion: &Opinion, seed: u64, request: &Request) -> String {
    let score = |mark: Option<&Mark>| {
        let version = mark.map_or(1, |mark| mark.version).max(1) as usize;
        let base = opinion.scores.get(version - 1).or(opinion.scores.last()).copied().unwrap_or(5.0);
        let extra = mark.map_or(0.0, |mark| draw::fraction(seed, &["spread", &mark.author]) * opinion.spread);
        ((base + extra).min(10.0) * 10.0).round() / 10.0
    };
    shaped_by(request, |answer| Review {
        score: Some(json!(score(Mark::find_all(answer).last()))),
        strengths: vec!["It says what to do first, and why.".to_owned()],
        weaknesses: vec!["It does not say what would prove it wrong.".to_owned()],
        suggestions: vec!["Name the number at which the plan is given up.".to_owned()],
        overall_assessment: "Sound in its order, thin in its evidence.".to_owned(),
        rationale: "The steps follow from one another; none of them is backed by a measurement.".to_owned(),
    })
}

/// A review in the shape that is asked for.
#[must_use]
pub fn shaped(review: &Review, request: &Request) -> String {
    shaped_by(request, |_| review.clone())
}

/// Reviews of the answers in a prompt, in the shape that is asked for: one object, or one for each
/// label where the schema wants `reviews`; of a text that is to be refined, only what a score is.
fn shaped_by(request: &Request, review: impl Fn(&str) -> Review) -> String {
    let properties = request.asked.schema.as_ref().map(|schema| &schema["properties"]);
    let text = match properties {
        _ if request.call.phase == Phase::Score => {
            let Review { rationale, score, .. } = review(request.text());
            serde_json::to_string(&Judgement { rationale, score })
        }
        Some(properties) if properties.get("reviews").is_some() => {
            let reviews = answers(request.text()).map(|(label, answer)| Ordered::of(&review(answer), Some(label)));
            serde_json::to_string(&Batch { reviews: reviews.collect() })
        }
        Some(properties) if properties.get("score").is_none() => {
            serde_json::to_string(&fill(request.asked.schema.as_ref().unwrap_or(&Value::Null)))
        }
        _ => serde_json::to_string(&Ordered::of(&review(request.text()), None)),
    };
    text.unwrap_or_default()
}

/// The answers that a prompt quotes, with their labels.
fn answers(prompt: &str) -> impl Iterator<Item = (&str, &str)> {
    prompt.split("<answer-").skip(1).filter_map(|block| {
        let (label, rest) = block.split_once("label=\"Answer ")?.1.split_once('"')?;
        Some((label, rest.split("</answer-").next()?))
    })
}

#[derive(Serialize)]
struct Batch {
    reviews: Vec<Ordered>,
}

/// The keys of a judgement in the order that the prompt asks for.
#[derive(Serialize)]
struct Judgement {
    rationale: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<Value>,
}

/// The keys of a review in the order that the prompt asks for: the score last.
#[derive(Serialize)]
struct Ordered {
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    strengths: Vec<String>,
    weaknesses: Vec<String>,
    suggestions: Vec<String>,
    overall_assessment: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    accuracy: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completeness: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clarity: Option<Value>,
    rationale: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<Value>,
}

impl Ordered {
    fn of(review: &Review, label: Option<&str>) -> Self {
        let part = || review.score.clone().filter(|_| label.is_some());
        let review = review.clone();
        Self {
            answer: label.map(str::to_owned),
            accuracy: part(),
            completeness: part(),
            clarity: part(),
            strengths: review.strengths,
            weaknesses: review.weaknesses,
            suggestions: review.suggestions,
            overall_assessment: review.overall_assessment,
            rationale: review.rationale,
            score: review.score,
        }
    }
}

/// Something that a schema allows.
pub(super) fn fill(schema: &Value) -> Value {
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            Value::Object(properties.map(|(name, inner)| (name.clone(), fill(inner))).collect())
        }
        Some("array") => json!([fill(&schema["items"])]),
        Some("number" | "integer") => json!(5),
        Some("boolean") => json!(true),
        _ => json!("fake"),
    }
}

/// A text with its placeholders filled in.
pub(super) fn filled(text: &str, request: &Request) -> String {
    if !text.contains("{{") {
        return text.to_owned();
    }
    text.replace("{{who}}", &request.who)
        .replace("{{vendor}}", request.vendor.as_str())
        .replace("{{model}}", request.asked.model.as_deref().unwrap_or("default"))
        .replace("{{unchanged}}", unchanged(request.text()))
}

/// The word by which a reply says that nothing is to be changed, as the prompt has it.
fn unchanged(prompt: &str) -> &str {
    let word = prompt.rfind("unchanged-").map_or("", |at| &prompt[at..]);
    &word[..word.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(word.len())]
}

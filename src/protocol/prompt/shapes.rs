//! The shapes of structured replies, as JSON Schema in the strict form that every vendor takes:
//! all properties required, no others allowed, no bounds on numbers (not everybody's strict mode
//! knows them; the reader checks the range).

use crate::exchange::Shape;
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};

/// One review of one answer; the order of its `required` keys is the order to write them in.
#[must_use]
pub fn review_shape() -> Shape {
    static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape {
        name: "review".into(),
        schema: Arc::new(object(vec![
            ("weaknesses", texts("Each names one thing that is wrong or missing")),
            ("strengths", texts("Each names one thing that is right")),
            ("suggestions", texts("Each names one change")),
            ("overall_assessment", text("Two or three sentences on the answer as a whole")),
            ("rationale", text("The reasons for the score, without any number")),
            ("would_sign", boolean("Whether you would sign this answer instead of your own")),
            ("score", number("From 1 to 10")),
        ])),
    });
    SHAPE.clone()
}

/// What a judge makes of a debate.
#[must_use]
pub fn synthesis_shape() -> Shape {
    static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape {
        name: "synthesis".into(),
        schema: Arc::new(object(vec![
            ("majority_position", text("What most participants hold, with the reasons that carry it")),
            ("minority_positions", text("What the others hold, with reasons and conditions")),
            ("unresolved_disputes", text("What stays open, one point each, with what would settle it")),
            ("judge_confidence", number("From 0 to 100: how complete and fair this account is")),
        ])),
    });
    SHAPE.clone()
}

/// A judgement of one text, with a score from 0 to 10.
#[must_use]
pub fn score_shape() -> Shape {
    static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape {
        name: "score".into(),
        schema: Arc::new(object(vec![
            ("rationale", text("What is wrong or missing, what is good, and what follows for the score")),
            ("score", number("From 0 to 10")),
        ])),
    });
    SHAPE.clone()
}

/// Reviews of several answers in one reply.
#[must_use]
pub fn review_batch_shape() -> Shape {
    static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
        let review = object(vec![
            ("answer", text("The label of the answer, such as A")),
            ("weaknesses", texts("Each names one thing that is wrong or missing")),
            ("strengths", texts("Each names one thing that is right")),
            ("suggestions", texts("Each names one change")),
            ("overall_assessment", text("Two or three sentences on the answer as a whole")),
            ("accuracy", number("From 1 to 10")),
            ("completeness", number("From 1 to 10")),
            ("clarity", number("From 1 to 10")),
            ("rationale", text("The reasons for the score, without any number")),
            ("would_sign", boolean("Whether you would sign this answer instead of your own")),
            ("score", number("From 1 to 10, for the whole")),
        ]);
        let reviews = json!({"type": "array", "items": review, "description": "One review for each label"});
        Shape { name: "review_batch".into(), schema: Arc::new(object(vec![("reviews", reviews)])) }
    });
    SHAPE.clone()
}

fn object(properties: Vec<(&str, Value)>) -> Value {
    let required: Vec<&str> = properties.iter().map(|(name, _)| *name).collect();
    let required = json!(required);
    let properties: serde_json::Map<_, _> =
        properties.into_iter().map(|(name, property)| (name.to_owned(), property)).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

fn texts(description: &str) -> Value {
    json!({"type": "array", "items": {"type": "string"}, "description": description})
}

fn boolean(description: &str) -> Value {
    json!({"type": "boolean", "description": description})
}

fn number(description: &str) -> Value {
    json!({"type": "number", "description": description})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_is_written_last() {
        for shape in [review_shape(), review_batch_shape()] {
            let json = shape.to_json();
            let at = |key: &str| json.rfind(&format!("\"{key}\":{{")).unwrap_or_else(|| panic!("{key} in {json}"));
            assert!(at("weaknesses") < at("strengths") && at("overall_assessment") < at("rationale"));
            assert!(at("rationale") < at("would_sign") && at("would_sign") < at("score"));
            let read: Value = serde_json::from_str(&json).unwrap();
            assert_eq!(read, *shape.schema);
        }
    }
}

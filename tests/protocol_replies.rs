//! Replies of a real small model: what a person reads in them, and what the readers take from them.

use refinery_core::protocol::debate::confidence;
use refinery_core::protocol::parse::{Malformed, Shown, read_critique, read_review, read_score};
use serde_json::Value;

fn replies() -> Vec<Value> {
    serde_json::from_str(include_str!("../fixtures/replies/smollm2.json")).unwrap()
}

#[test]
fn no_reply_without_a_judgement_becomes_a_verdict() {
    let replies = replies();
    assert_eq!(replies.len(), 37);
    for reply in &replies {
        let [kind, reads, text] = ["kind", "person_reads", "reply"].map(|key| reply[key].as_str().unwrap());
        let shown = Shown::default();
        match kind {
            "review" => {
                let review = read_review(text, None, &shown);
                if reads.starts_with("the prompt's placeholder words") {
                    assert_eq!(review, Err(Malformed::EchoesForm), "{text}");
                } else {
                    assert!(review.is_err(), "{reads}: {text}");
                }
            }
            "score" => assert!(read_score(text, None, &shown).is_err(), "{text}"),
            "critique" => assert!(read_critique(text).is_whole_reply(), "{text}"),
            "debate" => assert!(!confidence(text).marker_found, "{text}"),
            kind => panic!("a reply of kind {kind} is not tested"),
        }
    }
}

//! What children are given to read.

use crate::process_harness::{Script, UNLIMITED};
use refinery_core::invocation::{Ending, Limits, Piece, StdinClose};
use std::time::Duration;

const FIVE_MB: usize = 5_000_000;

#[tokio::test]
async fn a_prompt_that_is_never_read_ends_with_the_clock() {
    let limits = Limits { hard: Duration::from_millis(300), ..UNLIMITED };
    let done = Script::new("echo ready; sleep 1000").input(&"x".repeat(FIVE_MB)).limits(limits).run().await;
    assert_eq!(done.stdout(), ["ready"]);
    assert_eq!(done.exit.ending, Ending::HardLimit);
    assert!(!done.exit.prompt_written);
}

#[tokio::test]
async fn an_answer_counts_although_the_prompt_was_not_read_to_its_end() {
    let done = Script::new("head -c 10; exec <&-; echo; echo answer").input(&"x".repeat(FIVE_MB)).run().await;
    assert_eq!(done.stdout(), ["xxxxxxxxxx", "answer"]);
    assert_eq!((done.exit.ending, done.exit.code), (Ending::Left, Some(0)));
    assert!(!done.exit.prompt_written);
}

#[tokio::test]
async fn a_prompt_that_is_read_slowly_arrives_whole() {
    let script = "total=0
        while count=$(dd bs=65536 count=4 iflag=fullblock 2>/dev/null | wc -c) && [ $count -gt 0 ]; do
            total=$((total+count)); sleep 0.01
        done
        echo $total";
    let done = Script::new(script).input(&"x".repeat(FIVE_MB)).run().await;
    assert_eq!(done.stdout(), [FIVE_MB.to_string()]);
    assert!(done.exit.prompt_written);
}

#[tokio::test]
async fn writing_and_reading_do_not_wait_for_each_other() {
    let part = format!("{}\n", "y".repeat(999));
    let mut script = Script::new("cat");
    script.input = vec![Piece::Raw(part.into()); FIVE_MB / 1000];
    let done = script.run().await;
    assert_eq!(done.exit.stdout_bytes, FIVE_MB as u64);
    assert_eq!(done.stdout().len(), FIVE_MB / 1000);
}

#[tokio::test]
async fn escaped_pieces_arrive_as_one_json_line() {
    let text = "line\nwith \"quotes\", \\, \u{1} and é🦀\u{2028}".repeat(50_000);
    let mut script = Script::new("head -n 1");
    script.inv.stdin = StdinClose::AtDone;
    script.input =
        vec![Piece::Raw("{\"text\":\"".into()), Piece::JsonEscaped(text.as_str().into()), Piece::Raw("\"}\n".into())];
    let done = script.run().await;
    let json: serde_json::Value = serde_json::from_str(done.stdout()[0]).unwrap();
    assert_eq!(json["text"], text);
}

#[tokio::test]
async fn no_prompt_is_an_empty_input() {
    let done = Script::new("wc -c").run().await;
    assert_eq!(done.stdout()[0].trim(), "0");
    assert!(done.exit.prompt_written);
}

//! Children that print far too much.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use crate::process_harness::{Script, never};
use refinery_core::invocation::{Capture, Ending, Flow, Stream};
use std::process::Command;

const GIB: u64 = 1 << 30;

#[tokio::test]
async fn a_line_of_200_mb_is_cut_and_ends_the_child() {
    let done = Script::new("head -c 200000000 /dev/zero | tr '\\0' x; echo; echo more").run().await;
    assert_eq!(done.exit.ending, Ending::Flooded);
    assert_eq!(done.lines.len(), 1);
    let line = &done.lines[0];
    assert!(line.cut && line.text.len() == 16 << 20 && line.text.bytes().all(|byte| byte == b'x'));
    assert!(done.exit.stdout_bytes > 64 << 20 && done.exit.stdout_bytes < 200_000_000);
}

#[tokio::test]
async fn a_flood_that_is_deaf_to_term_is_killed() {
    let done = Script::new("trap '' TERM; cat /dev/zero").run().await;
    assert_eq!((done.exit.ending, done.exit.signal), (Ending::Flooded, Some(9)));
}

#[tokio::test]
async fn a_flooded_file_ends_the_child_too() {
    let mut script = Script::new("yes $(printf %0999d 0) | head -c 400000000; exit 0");
    script.inv.stdout = Capture::File(script.scratch.path().join("out"));
    let done = script.run().await;
    assert_eq!(done.exit.ending, Ending::Flooded);
    assert!(done.exit.stdout_bytes > 64 << 20);
}

#[tokio::test]
async fn a_flood_on_standard_error_is_thrown_away_and_stalls_nobody() {
    let script = Script::new("yes $(printf %0999d 0) | head -c 1073741824 >&2; echo answer");
    let mut shown = 0;
    let mut answer = None;
    let exit = script
        .supervise(never(), |line| {
            match line.stream {
                Stream::Stderr => shown += line.text.len(),
                Stream::Stdout => answer = Some(line.text),
            }
            Flow::More
        })
        .await;
    assert_eq!((exit.ending, exit.code, exit.stderr_bytes), (Ending::Left, Some(0), GIB));
    assert_eq!(answer.as_deref(), Some("answer"));
    assert!(shown <= 8 << 20);
}

/// The peak of this process's memory, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Each flood in a process of its own, whose peak is that of the flood alone.
fn assert_costs_little(flood: &str) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "process_flood::flooded", "--nocapture"])
        .env("FLOOD", flood)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let growth: u64 = text.lines().find_map(|line| line.split_once("grew by ")).unwrap().1.parse().unwrap();
    assert!(growth <= 32 << 10, "{flood}: grew by {growth} KiB");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc")]
fn a_flood_of_1_gb_costs_at_most_32_mb() {
    assert_costs_little("cat /dev/zero");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc")]
fn a_flood_that_is_no_text_does_not_cost_more() {
    assert_costs_little("tr '\\0' '\\377' < /dev/zero");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc")]
fn floods_on_both_streams_do_not_add_up() {
    assert_costs_little("cat /dev/zero >&2 & cat /dev/zero");
}

#[tokio::test]
#[ignore = "run by the tests above, in a process of its own"]
async fn flooded() {
    let script = Script::new(&format!("{} | head -c {GIB}", std::env::var("FLOOD").unwrap()));
    let before = peak();
    let mut cut = false;
    let exit = script
        .supervise(never(), |line| {
            cut |= line.cut;
            Flow::More
        })
        .await;
    assert_eq!(exit.ending, Ending::Flooded);
    assert!(cut);
    println!("grew by {}", peak() - before);
}

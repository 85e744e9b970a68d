//! A crate outside the package, with the library as its users have it, runs the seed's snippets as they are
//! printed.

use std::path::Path;
use std::process::Command;

const EXPECTED: &str = r#"as printed: there is no provider for the model model-a; there is no provider for the model model-b
model-a: Paris
whole: model-a: Paris
Round 1: Continue
Round 2: Converged { winner: ParticipantId("model-a") }
stepped: Paris after 2 rounds
overridden: round 1, in every prompt: true
finalized: Paris
printed provider: response (max_rounds_exceeded)
6 calls/round, 20 total
estimated: 6 calls/round, 20 total
"#;

#[test]
fn the_seeds_snippets_run_in_another_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let outside = root.join("tests/outside");
    // The same versions as ours, so that nothing has to be fetched; cargo leaves out what it does not need.
    std::fs::copy(root.join("Cargo.lock"), outside.join("Cargo.lock")).unwrap();
    // Where this test was built: what it was built of need not be built again.
    let target = Path::new(env!("CARGO_BIN_EXE_refinery")).parent().and_then(Path::parent).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline"])
        .current_dir(outside)
        .env("CARGO_TARGET_DIR", target)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), EXPECTED);
}

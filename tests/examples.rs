//! Every example runs, offline, and is content with what it sees.

use std::path::Path;
use std::process::Command;

#[test]
fn every_example_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = Path::new(env!("CARGO_BIN_EXE_refinery")).parent().and_then(Path::parent).unwrap();
    let built = Command::new(env!("CARGO"))
        .args(["build", "--examples", "--quiet", "--offline"])
        .current_dir(root)
        .env("CARGO_TARGET_DIR", target)
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let mut ran = 0;
    for entry in std::fs::read_dir(root.join("examples")).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.extension().is_none_or(|end| end != "rs") {
            continue;
        }
        let program = target.join("debug/examples").join(path.file_stem().unwrap());
        let output = Command::new(&program).env_clear().output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !output.stdout.is_empty(), "{}: {said}", path.display());
        ran += 1;
    }
    assert!(ran >= 8, "{ran} examples");
}

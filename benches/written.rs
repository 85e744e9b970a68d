//! What every bench does with its result.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

/// Why a bench could not be made.
pub type Failure = Box<dyn std::error::Error>;

/// The exit code: 0 if the bench was made and every figure is within its limit.
pub fn exit(result: Result<bool, Failure>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints a table; with `--write`, also puts it between two marks in the README beside this file.
///
/// # Errors
/// It cannot be written, or the README has no such marks.
pub fn publish(table: &str, [begin, end]: [&str; 2]) -> Result<(), Failure> {
    write!(std::io::stdout(), "{table}")?;
    if !std::env::args().any(|arg| arg == "--write") {
        return Ok(());
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/README.md");
    let text = std::fs::read_to_string(&path)?;
    let missing = |mark: &str| format!("README.md has no `{mark}`");
    let (before, rest) = text.split_once(&format!("{begin}\n")).ok_or_else(|| missing(begin))?;
    let (_, after) = rest.split_once(end).ok_or_else(|| missing(end))?;
    std::fs::write(&path, format!("{before}{begin}\n{table}{end}{after}"))?;
    Ok(())
}

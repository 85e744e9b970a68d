//! Command-line tools as providers, through an adapter of one's own: here the shell plays the tool.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod support;

use refinery_core::{CliOptions, CliProvider, ModelProvider, Runner, SamplingPlan};
use std::sync::Arc;
use support::Done;

const ORACLE: &str = r#"
name = "oracle"
verified = false
concurrency = 2

[program]
names = ["oracle"]
install = "see oracle.example"
version_args = ["--version"]

[models]
default = "delphi"
as_of = "2026-11-21"

[[pool]]
name = "local"
kind = "none"

[invocation]
args = [["--model", "{model}"]]
pass = ["PATH"]

[stdin]
system_first = true

[output]
codec = "plain"
"#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    // A real tool is found on the PATH, under the names of its manifest.
    let script = r#"cat > /dev/null; echo "Know thyself.""#;
    let shell = ["-c", script, "oracle"].map(str::to_owned);
    let options = CliOptions::new().manifest("oracle.toml", ORACLE).program("/bin/sh", shell);
    let oracle = CliProvider::from_adapter("oracle", options)?;
    println!("{} (pays: {})", oracle.model_id(), oracle.pays());

    let runner = Runner::new(vec![Arc::new(oracle)]);
    let outcome =
        runner.sample("What should I know?", SamplingPlan { num_samples: 3, ..SamplingPlan::default() }).await?;
    println!("{} ({} children)", outcome.answer, outcome.cost().attempts);
    assert_eq!(outcome.answer, "Know thyself.");
    Ok(())
}
